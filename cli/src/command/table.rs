//! `mrprism table`: an experiment's results.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use mrprism_report::against::{self, compare};
use mrprism_report::print::{self, Template};
use mrprism_report::table::Selection;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::{as_wrong_use, wrong_use};
use crate::{output, paper, source};

/// Print an experiment's results: Rec0, Rec1, … against each reference, mask areas, per-rater scores, the human row.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism table quickstart\n  \
    mrprism table quickstart --format csv > quickstart.csv\n  \
    mrprism table quickstart --format latex > table.tex; pdflatex table.tex\n  \
    mrprism table quickstart --format latex --template mine.tex > table.tex\n  \
    mrprism table brain-growth-full --against paper\n  \
    mrprism table quickstart --format json | jq .notes\n  \
    mrprism table docs/results/exports/quickstart\n  \
    mrprism table quickstart --arm tau-3 --recurrence 2 --reference mean --metric soft_dice\n  \
    mrprism table --snapshot quickstart-3f2a9c01 --format latex\n\n\
    text, latex and markdown print ×100 with two decimals, mean ± standard deviation over seeds; csv and json hold fractions, \
    unrounded. --against prints ours, the paper's and the difference, and what has no counterpart. A folder is read without a \
    server. What is left out of a table changes nothing in the rest: best and second are those of the whole table.")]
pub(crate) struct Table {
    /// The experiment's name or id, a folder that `mrprism export` wrote, or a file with its table as --json prints it
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
    /// A template in place of the built-in one, for latex and markdown (docs/templates.md)
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Print it beside the MrPrism paper's tables: `paper`, or the file of a map like experiments/reference/paper.toml
    #[arg(long, value_name = "PAPER", conflicts_with = "template")]
    against: Option<String>,
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
        let format = if self.json { Format::Json } else { self.format };
        let paper = self.against.as_deref().map(paper::read).transpose()?;
        let template = self.template(format)?;
        if paper.is_some() && format == Format::Latex {
            return Err(wrong_use(
                "--against prints text, markdown, csv or json: give another --format",
            ));
        }
        let whole = match (&self.snapshot, &self.experiment) {
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
        let table = as_wrong_use(part.of(&whole))?;
        if let Some(paper) = paper {
            let found = compare(&table, &paper);
            match format {
                Format::Markdown => output::line(against::markdown(&found)),
                Format::Csv => output::line(against::csv(&found)),
                Format::Json => output::json(&found)?,
                Format::Text | Format::Latex => output::line(against::text(&found)),
            }
            return Ok(ExitCode::SUCCESS);
        }
        let template = template.as_ref();
        match format {
            Format::Text => output::line(print::text(&table)),
            Format::Latex => output::line(as_wrong_use(print::latex(&table, template))?),
            Format::Markdown => output::line(as_wrong_use(print::markdown(&table, template))?),
            Format::Csv => output::line(print::csv(&table)),
            Format::Json => output::json(&table)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn template(&self, format: Format) -> anyhow::Result<Option<Template>> {
        let Some(path) = &self.template else {
            return Ok(None);
        };
        if !matches!(format, Format::Latex | Format::Markdown) {
            return Err(wrong_use(
                "--template is for --format latex and --format markdown: the others have none",
            ));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| wrong_use(format!("cannot read {}: {error}", path.display())))?;
        Ok(Some(Template {
            name: path.display().to_string(),
            text,
        }))
    }
}
