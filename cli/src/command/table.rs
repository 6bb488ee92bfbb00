//! `mrprism table`: an experiment's results.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use mrprism_report::print;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::output;

/// Print an experiment's results: Rec0, Rec1, … against each reference, mask areas, per-rater scores, the human row.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism table quickstart\n  \
    mrprism table quickstart --format csv > quickstart.csv\n  \
    mrprism table quickstart --format latex > table.tex; pdflatex table.tex\n  \
    mrprism table quickstart --format json | jq .notes\n\n\
    text, latex and markdown print ×100 with two decimals, mean ± standard deviation over seeds; csv and json hold fractions, unrounded.")]
pub(crate) struct Table {
    /// The experiment's name or id
    experiment: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
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
        let results = Client::new(flags)?.table(&self.experiment).await?;
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
