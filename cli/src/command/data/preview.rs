//! `mrprism data preview`: a sheet of cases with every rater's contour.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use mrprism_raters::dataset::{self, Chosen, SheetStyle, SplitName};
use mrprism_settings::Flags;

use super::place::Place;
use crate::failure::{as_wrong_use, wrong_use};
use crate::output;

/// Draw a sheet of cases with every rater's contour, as a PNG.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism data preview /srv/cfos\n  \
    mrprism data preview /srv/cfos --cases 4 --detail 256 --out cfos.png\n  \
    mrprism data preview phantom --cases case003 case007\n  \
    mrprism data preview qubiq/brain-growth --data-root data=/srv/data --split test\n\n\
    Each rater has one colour everywhere; the arbitrated mask, where there is one, is white and dashed. Below each image \
    stands how many pixels each rater marked.")]
pub(crate) struct Preview {
    #[command(flatten)]
    place: Place,
    /// How many cases, or which
    #[arg(long, value_name = "N|NAME", num_args = 1.., default_value = "6")]
    cases: Vec<String>,
    /// Draw the cases from one split only
    #[arg(long)]
    split: Option<Split>,
    /// Another seed draws other cases
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Show a window of so many pixels, where the raters disagree most, instead of whole images
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(8..))]
    detail: Option<u32>,
    /// Side of one image on the sheet, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 480, value_parser = clap::value_parser!(u32).range(120..=2000))]
    panel: u32,
    /// The file to write [default: NAME-preview.png]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the file and the cases as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Split {
    Train,
    Validation,
    Test,
}

impl Preview {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let data = self.place.open(flags)?;
        let split = self.split.map(|split| match split {
            Split::Train => SplitName::Train,
            Split::Validation => SplitName::Validation,
            Split::Test => SplitName::Test,
        });
        let known = |name: &String| data.case_names().any(|case| case == name);
        let chosen = match self.cases.as_slice() {
            // A case may be called 12: its name stands before a count.
            [count] if !known(count) && count.parse::<usize>().is_ok() => {
                Chosen::Count(count.parse().unwrap_or_default())
            }
            names => Chosen::Named(names.to_vec()),
        };
        let positions = as_wrong_use(dataset::choose(&data, &chosen, split, self.seed))?;
        if positions.is_empty() {
            return Err(wrong_use(
                "no case to show: ask for at least one, of a split that has cases",
            ));
        }
        let style = SheetStyle {
            panel: self.panel,
            detail: self.detail,
        };
        let picture = dataset::preview(&data, &positions, &style)?;
        let file = self.out.unwrap_or_else(|| {
            Path::new(&format!("{}-preview.png", data.name().replace('/', "-"))).to_owned()
        });
        std::fs::write(&file, picture).with_context(|| format!("writing {}", file.display()))?;
        let names: Vec<_> = data.case_names().collect();
        let shown: Vec<_> = positions.iter().map(|position| names[*position]).collect();
        if self.json {
            output::json(&serde_json::json!({ "file": file, "cases": shown }))?;
        } else {
            output::line(format_args!("{}: {}", file.display(), shown.join(", ")));
        }
        Ok(ExitCode::SUCCESS)
    }
}
