//! `mrprism freeze`: a table as it is now, to be cited.

use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::SnapshotView;
use mrprism_report::print::plain;
use mrprism_settings::Flags;

use crate::client::{Client, Refusal};
use crate::failure::wrong_use;
use crate::{output, select};

/// Freeze an experiment's table under a name: it never changes again and says which runs it is made of.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism freeze table1 --name paper-table1\n  \
    mrprism table --snapshot paper-table1 --format latex\n  \
    mrprism freeze --list\n\n\
    An experiment may be frozen before it has finished: its table's notes say what is missing.\n\
    Equal content is frozen once.")]
pub(crate) struct Freeze {
    /// The experiment's name or id
    #[arg(required_unless_present = "list")]
    experiment: Option<String>,
    /// The snapshot's name [default: the experiment's with the first digits of the content's hash]
    #[arg(long)]
    name: Option<String>,
    /// List what is frozen, newest first
    #[arg(long, conflicts_with_all = ["experiment", "name"])]
    list: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Freeze {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        let Some(word) = self.experiment else {
            list(&client.snapshots().await?, self.json)?;
            return Ok(ExitCode::SUCCESS);
        };
        let experiment = select::experiment(&client, &word).await?;
        let asked = self.name.clone();
        let frozen = client.freeze(&experiment.id.to_string(), self.name).await;
        let (new, snapshot) = frozen.map_err(|error| match error.downcast_ref::<Refusal>() {
            Some(refusal) if matches!(refusal.0.status, 409 | 422) => {
                wrong_use(refusal.to_string())
            }
            _ => error,
        })?;
        if asked.is_some_and(|asked| asked != snapshot.name) {
            output::note(format_args!(
                "the same table is frozen already, as '{}'",
                snapshot.name
            ));
        }
        if self.json {
            output::json(&snapshot)?;
        } else {
            let word = if new { "frozen" } else { "frozen already" };
            output::line(format_args!("{} {word}: {}", snapshot.name, snapshot.hash));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(snapshots: &[SnapshotView], json: bool) -> anyhow::Result<()> {
    if json {
        return output::json(&snapshots);
    }
    if snapshots.is_empty() {
        output::line("nothing is frozen yet: `mrprism freeze EXPERIMENT` does it");
        return Ok(());
    }
    let rows = snapshots.iter().map(|snapshot| {
        let is_done = |run: &&mrprism_protocol::wire::Cited| run.state == JobState::Succeeded;
        let done = snapshot.cites.iter().filter(is_done).count();
        vec![
            snapshot.name.clone(),
            snapshot.experiment.clone(),
            format!("{done} of {}", snapshot.cites.len()),
            snapshot.created_at.format("%Y-%m-%d %H:%M UTC").to_string(),
            snapshot.hash.chars().take(12).collect(),
        ]
    });
    output::line(plain(
        &["snapshot", "experiment", "runs", "frozen", "hash"],
        rows,
    ));
    Ok(())
}
