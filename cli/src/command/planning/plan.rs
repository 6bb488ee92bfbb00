//! `mrprism plan`: what an experiment file would do, before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::wire::{
    Basis, CellState, Likeness, Plan as Planned, PlanEstimate, PlannedCell,
};
use mrprism_report::print::plain;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::command::submit::faults_are_wrong_use;
use crate::{bundle, output};

/// Say what submitting or extending by a file would do: cells, cost, and what nobody can run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism plan experiments/studies/table1.toml\n  \
    mrprism plan study.toml --json | jq .counts\n\n\
    Nothing is written. Times and sizes are medians of runs that this server has seen, the nearest there are; what was never\n\
    measured is unknown.")]
pub(crate) struct Plan {
    /// The experiment file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

impl Plan {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let bundle = bundle::read(&self.file)?;
        let client = Client::new(flags)?;
        let plan = client.plan(&bundle).await.map_err(faults_are_wrong_use)?;
        if self.json {
            output::json(&plan)?;
        } else {
            output::line(text(&plan));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The plan, for people.
fn text(plan: &Planned) -> String {
    let mut parts = vec![headline(plan), matrix(plan)];
    parts.push("+ new   = there   ! there with another specification   · not asked for".to_owned());
    parts.extend(list(
        "other specifications (`extend` refuses):",
        plan.cells.iter().filter_map(|cell| match &cell.state {
            CellState::Differs { keys, .. } => {
                Some(format!("{}: {}", label(cell), keys.join(", ")))
            }
            _ => None,
        }),
    ));
    let dropped = plan.dropped.iter();
    parts.extend(list(
        "left out by a rule of the experiment:",
        dropped.map(ToString::to_string),
    ));
    let new = || {
        plan.cells
            .iter()
            .filter(|cell| cell.state == CellState::New)
    };
    parts.extend(list(
        "done already by another experiment:",
        new().filter_map(|cell| Some(format!("{} is {}", label(cell), cell.elsewhere.as_ref()?))),
    ));
    let mut nobody: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for cell in new() {
        if let Some(reason) = &cell.nobody {
            *nobody.entry((&cell.dataset, reason)).or_default() += 1;
        }
    }
    parts.extend(list(
        "nobody can run now:",
        nobody
            .into_iter()
            .map(|((dataset, reason), cells)| format!("{cells} on {dataset}: {reason}")),
    ));
    if plan.counts.new > 0 {
        parts.push(cost(&plan.estimate));
    }
    parts.join("\n\n")
}

fn headline(plan: &Planned) -> String {
    let counts = &plan.counts;
    let verb = if plan.exists { "extend" } else { "submit" };
    let mut words = vec![
        format!("{} new", counts.new),
        format!("{} there", counts.there),
    ];
    for (count, word) in [
        (counts.differs, "differ"),
        (counts.unnamed, "not named by the file"),
    ] {
        if count > 0 {
            words.push(format!("{count} {word}"));
        }
    }
    let name = &plan.experiment;
    format!("{name}: {} (`mrprism {verb}`)", words.join(", "))
}

/// Arms (and data sets, where there are several) × seeds.
fn matrix(plan: &Planned) -> String {
    let seeds: BTreeSet<_> = plan.cells.iter().map(|cell| cell.seed).collect();
    let datasets: BTreeSet<_> = plan.cells.iter().map(|cell| &cell.dataset).collect();
    let mut header = vec!["arm".to_owned()];
    if datasets.len() > 1 {
        header.push("data set".to_owned());
    }
    header.extend(seeds.iter().map(|seed| format!("seed {seed}")));
    let mut rows: Vec<((&str, &str), BTreeMap<_, String>)> = Vec::new();
    for cell in &plan.cells {
        let key = (cell.arm.as_str(), cell.dataset.as_str());
        if rows.last().is_none_or(|(last, _)| *last != key) {
            rows.push((key, BTreeMap::new()));
        }
        if let Some((_, signs)) = rows.last_mut() {
            // One sign a fold.
            signs.entry(cell.seed).or_default().push(sign(cell));
        }
    }
    let header: Vec<_> = header.iter().map(String::as_str).collect();
    let rows = rows.into_iter().map(|((arm, dataset), signs)| {
        let mut row = vec![arm.to_owned()];
        if datasets.len() > 1 {
            row.push(dataset.to_owned());
        }
        row.extend(
            seeds
                .iter()
                .map(|seed| signs.get(seed).cloned().unwrap_or_else(|| "·".to_owned())),
        );
        row
    });
    plain(&header, rows)
}

fn sign(cell: &PlannedCell) -> char {
    match cell.state {
        CellState::New => '+',
        CellState::There { .. } => '=',
        CellState::Differs { .. } => '!',
    }
}

fn label(cell: &PlannedCell) -> String {
    let fold = cell
        .fold
        .map_or_else(String::new, |fold| format!("/{fold}"));
    format!("{}/{}{fold} on {}", cell.arm, cell.seed, cell.dataset)
}

/// Lines under a heading; none where there is no line. Long lists are cut.
fn list(heading: &str, lines: impl Iterator<Item = String>) -> Option<String> {
    const MOST: usize = 12;
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() {
        return None;
    }
    let mut text = heading.to_owned();
    for line in lines.iter().take(MOST) {
        text.push_str("\n  ");
        text.push_str(line);
    }
    if lines.len() > MOST {
        let more = lines.len() - MOST;
        let _ = write!(text, "\n  and {more} more (`--json` has all)");
    }
    Some(text)
}

fn cost(estimate: &PlanEstimate) -> String {
    let unknown = |cells: u64| match cells {
        0 => String::new(),
        cells => format!(", and {cells} unknown"),
    };
    let time = |seconds: Option<f64>| seconds.map_or_else(|| "unknown".to_owned(), duration);
    let training = match estimate.train_seconds {
        None => "unknown".to_owned(),
        Some(seconds) => format!("{}{}", duration(seconds), unknown(estimate.train_unknown)),
    };
    let disk = match estimate.bytes {
        None => "unknown".to_owned(),
        Some(bytes) => format!("{}{}", size(bytes), unknown(estimate.bytes_unknown)),
    };
    let mut text = format!(
        "training   {training}\nwall time  {} (live devices: {})\ndisk       {disk}",
        time(estimate.wall_seconds),
        estimate.devices
    );
    for (basis, cells) in &estimate.bases {
        let _ = write!(text, "\n  {cells} runs by {}", basis_words(*basis));
    }
    text
}

fn basis_words(basis: Basis) -> String {
    let like = match basis.like {
        Likeness::Spec => "with the same specification",
        Likeness::Network => "of the same network, size and batch",
        Likeness::Kind => "of the same kind of method, scaled by size² × batch",
    };
    format!("the median of {} {like}", basis.runs)
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} days", s / 86_400.0),
    }
}

fn size(bytes: f64) -> String {
    match bytes / 1_048_576.0 {
        mib if mib < 1.0 => format!("{:.0} KiB", bytes / 1024.0),
        mib if mib < 1024.0 => format!("{mib:.1} MiB"),
        mib => format!("{:.1} GiB", mib / 1024.0),
    }
}
