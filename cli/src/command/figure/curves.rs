//! Learning curves, of a server's runs or of an export's.

use mrprism_protocol::wire::Curve;
use mrprism_report::figure::{ArmCurves, Curves, NoFigure, curves};
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::{as_wrong_use, wrong_use};
use crate::source;

/// What is drawn where nothing is named, with the validation's last recurrence.
const LOSS: &str = "train/loss";
const SOFT_DICE: &str = "validation/soft_dice/rec";

/// The curves of the arms named, or of every arm.
pub(super) async fn of(
    flags: &Flags,
    experiment: &str,
    arms: &[String],
    series: &[String],
) -> anyhow::Result<Curves> {
    let (question, mut runs) = if source::is_export(experiment) {
        of_export(experiment)?
    } else {
        of_server(flags, experiment).await?
    };
    if let Some(arm) = arms
        .iter()
        .find(|arm| !runs.iter().any(|run| run.arm == **arm))
    {
        let mut known: Vec<_> = runs.into_iter().map(|run| run.arm).collect();
        known.dedup();
        let unknown = NoFigure::Unknown {
            arm: arm.clone(),
            known: known.join(", "),
        };
        return Err(wrong_use(unknown.to_string()));
    }
    runs.retain(|run| arms.is_empty() || arms.contains(&run.arm));
    let series = if series.is_empty() {
        usual(&runs)
    } else {
        series.to_vec()
    };
    as_wrong_use(curves(&question, &runs, &series))
}

type Found = (String, Vec<ArmCurves>);

fn of_export(folder: &str) -> anyhow::Result<Found> {
    let export = source::export_in(folder)?;
    let runs = export.experiment.runs.into_iter().zip(export.curves);
    let runs = runs.map(|(run, curves)| ArmCurves {
        arm: run.arm,
        curves,
    });
    Ok((export.experiment.question, runs.collect()))
}

async fn of_server(flags: &Flags, experiment: &str) -> anyhow::Result<Found> {
    let client = Client::new(flags)?;
    let Some(view) = client.experiment(experiment).await? else {
        return Err(wrong_use(crate::client::no_experiment(experiment)));
    };
    let mut runs = Vec::new();
    for run in client.runs(&view.id.to_string()).await? {
        let curves = client.curves(&run.id.to_string()).await?;
        runs.push(ArmCurves {
            arm: run.arm,
            curves,
        });
    }
    Ok((view.question, runs))
}

/// The loss, and the last of all recurrences that some run was validated with.
fn usual(runs: &[ArmCurves]) -> Vec<String> {
    let all = runs.iter().flat_map(|run| &run.curves);
    let number = |curve: &Curve| curve.series.strip_prefix(SOFT_DICE)?.parse::<u32>().ok();
    let last = all.filter_map(number).max();
    let validation = last.map(|last| format!("{SOFT_DICE}{last}"));
    [LOSS.to_owned()].into_iter().chain(validation).collect()
}
