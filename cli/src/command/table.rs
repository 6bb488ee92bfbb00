//! `mrprism table`: an experiment's results.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use mrprism_report::print;
use mrprism_report::table::Selection;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::{as_wrong_use, wrong_use};
use crate::{output, source};

/// Print an experiment's results: Rec0, Rec1, … against each reference, mask areas, per-rater scores, the human row.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism table quickstart\n  \
    mrprism table quickstart --format csv > quickstart.csv\n  \
    mrprism table quickstart --format latex > table.tex; pdflatex table.tex\n  \
    mrprism table quickstart --format json | jq .notes\n  \
    mrprism table docs/results/exports/quickstart\n  \
    mrprism table quickstart --arm tau-3 --recurrence 2 --reference mean --metric soft_dice\n  \
    mrprism table --snapshot quickstart-3f2a9c01 --format latex\n\n\
    text, latex and markdown print ×100 with two decimals, mean ± standard deviation over seeds; csv and json hold fractions, unrounded.\n\
    A folder is read without a server. What is left out of a table changes nothing in the rest:\n\
    best and second are those of the whole table.")]
pub(crate) struct Table {
    /// The experiment's name or id, or a folder that `mrprism export` wrote
    #[arg(required_unless_present = "snapshot")]
    experiment: Option<String>,
    /// Print this frozen table instead
    #[arg(long, value_name = "NAME", conflicts_with = "experiment")]
    snapshot: Option<String>,
    #[command(flatten)]
    part: Part,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

/// What is shown.
#[derive(Debug, Args)]
struct Part {
    /// Only this arm; may be repeated
    #[arg(long = "arm", value_name = "ARM")]
    arms: Vec<String>,
    /// Only this recurrence, from 0; may be repeated
    #[arg(long = "recurrence", value_name = "N")]
    recurrences: Vec<u32>,
    /// Only this reference, e.g. mean, leave-one-out, rater, rater:2; may be repeated
    #[arg(long = "reference", value_name = "REFERENCE")]
    references: Vec<String>,
    /// Only this metric, e.g. `soft_dice`; may be repeated
    #[arg(long = "metric", value_name = "METRIC")]
    metrics: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// Soft Dice for a paper: compiles alone, one macro a cell
    Latex,
    /// Soft Dice for a page
    Markdown,
    /// One line a cell
    Csv,
    /// mrprism.table/1
    Json,
}

impl Table {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let table = match (&self.snapshot, &self.experiment) {
            (Some(name), _) => Client::new(flags)?.snapshot(name).await?.table,
            (None, Some(word)) => source::table(flags, word).await?,
            (None, None) => return Err(wrong_use("give an experiment, a folder or --snapshot")),
        };
        let part = Selection {
            arms: self.part.arms,
            recurrences: self.part.recurrences,
            references: self.part.references,
            metrics: self.part.metrics,
        };
        let results = as_wrong_use(part.of(&table))?;
        match if self.json { Format::Json } else { self.format } {
            Format::Text => output::line(print::text(&results)),
            Format::Latex => output::line(print::latex(&results)),
            Format::Markdown => output::line(print::markdown(&results)),
            Format::Csv => output::line(print::csv(&results)),
            Format::Json => output::json(&results)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
