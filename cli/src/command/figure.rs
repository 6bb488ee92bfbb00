//! `mrprism figure`: a picture of an experiment's results.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use mrprism_report::figure::{FigureKind, Picture, figure};
use mrprism_settings::Flags;

use crate::failure::{as_wrong_use, wrong_use};
use crate::{output, source};

/// Draw an experiment's results, as SVG or PNG by the file's name, and write the drawn numbers as CSV beside it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism figure quickstart --kind recurrence --out recurrence.svg\n  \
    mrprism figure table1 --kind raters --arm mrprism --arm mrnet --out figure4.png\n  \
    mrprism table quickstart --json > q.json; mrprism figure q.json --kind confidence --out trust.svg\n\n\
    Numbers are ×100; bars on bars and points are ± standard deviation over seeds.")]
pub(crate) struct Figure {
    /// The experiment's name or id, a folder that `mrprism export` wrote, or a file with a table as `mrprism table --json` prints it
    experiment: String,
    /// What is drawn
    #[arg(long, value_enum)]
    kind: Kind,
    /// The picture: a name that ends in .svg or .png
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only this arm; may be repeated
    #[arg(long = "arm", value_name = "ARM")]
    arms: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Soft Dice against each rater (the paper's Fig. 4)
    Raters,
    /// Soft Dice and mask area by recurrence
    Recurrence,
    /// How much each rater is trusted, beside equal trust
    Confidence,
}

impl From<Kind> for FigureKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Raters => Self::Raters,
            Kind::Recurrence => Self::Recurrence,
            Kind::Confidence => Self::Confidence,
        }
    }
}

impl Figure {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let ends_in = |ending: &str| {
            let found = self.out.extension();
            found.is_some_and(|found| found.eq_ignore_ascii_case(ending))
        };
        let (svg, png) = (ends_in("svg"), ends_in("png"));
        if !svg && !png {
            return Err(wrong_use(format!(
                "{}: give a name that ends in .svg or .png",
                self.out.display()
            )));
        }
        let table = source::table(flags, &self.experiment).await?;
        let drawn = as_wrong_use(figure(&table, self.kind.into(), &self.arms))?;
        let picture = if svg {
            drawn.svg()?.into_bytes()
        } else {
            drawn.png()?
        };
        let numbers = self.out.with_extension("csv");
        write(&self.out, &picture)?;
        write(&numbers, drawn.csv().as_bytes())?;
        output::note(format!(
            "{} and its numbers, {}",
            self.out.display(),
            numbers.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, content).with_context(|| format!("writing {}", path.display()))
}
