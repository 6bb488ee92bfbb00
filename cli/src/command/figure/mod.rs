//! `mrprism figure`: a picture of an experiment's results.

mod curves;
mod pixels;
mod predictions;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use mrprism_report::figure::{FigureKind, Picture, figure, forest, ranks};
use mrprism_settings::Flags;
use mrprism_settings::flags::DataRootFlags;

use self::pixels::Chosen;

use crate::failure::{as_wrong_use, wrong_use};
use crate::{output, source};

/// Draw an experiment's results, as SVG, PNG or PDF by the file's name, and write the drawn numbers as CSV beside it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism figure quickstart --kind recurrence --out recurrence.svg\n  \
    mrprism figure table1 --kind raters --arm mrprism --arm mrnet --out figure4.pdf\n  \
    mrprism figure table4 --kind forest --out ablation.pdf\n  \
    mrprism figure quickstart --kind curves --series train/loss --out loss.svg\n  \
    mrprism figure quickstart --kind sheet --out sheet.png\n  \
    mrprism figure --kind agreement --dataset phantom --out agreement.svg\n  \
    mrprism figure docs/results/exports/small-folds --kind ranks --out ranks.svg\n\n\
    Numbers are ×100; bars on bars and points are ± standard deviation over seeds. reliability, sheet and trust show the first \
    seed and fold of each arm, and need its data set on this machine.")]
pub(crate) struct Figure {
    /// The experiment's name or id, a folder that `mrprism export` wrote, or a file with its table as `mrprism table --json` prints it
    #[arg(required_unless_present = "dataset")]
    experiment: Option<String>,
    /// What is drawn
    #[arg(long, value_enum)]
    kind: Kind,
    /// The picture: a name that ends in .svg, .png or .pdf
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only this arm; may be repeated
    #[arg(long = "arm", value_name = "ARM")]
    arms: Vec<String>,
    /// Of curves: what is drawn, e.g. train/loss; may be repeated. Without it, the loss and the last recurrence's soft Dice
    #[arg(long = "series", value_name = "SERIES")]
    series: Vec<String>,
    /// Of reliability, sheet and trust: a test case; may be repeated. Without it, the first ones
    #[arg(long = "case", value_name = "CASE")]
    cases: Vec<String>,
    /// Of pictures with pixels: where the cases are, a folder or a name. Without it, the experiment's data set
    #[arg(long, value_name = "DIR|NAME")]
    dataset: Option<String>,
    /// Of pictures with pixels: what is shown. Without it, the first structure
    #[arg(long, value_name = "STRUCTURE")]
    structure: Option<String>,
    #[command(flatten)]
    roots: DataRootFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Soft Dice against each rater (the paper's Fig. 4)
    Raters,
    /// Soft Dice and mask area by recurrence
    Recurrence,
    /// How much each rater is trusted, beside equal trust
    Confidence,
    /// What each arm gains over the baseline, with intervals
    Forest,
    /// Mean ranks of arms over patients, with the critical difference
    Ranks,
    /// Learning curves: mean over runs, and the band between the lowest and the highest
    Curves,
    /// Predicted probability against the share of raters who marked
    Reliability,
    /// Dice of each rater with each other, and how much each marks
    Agreement,
    /// Cases with raters' contours and every arm's recurrences (the paper's Fig. 7)
    Sheet,
    /// Maps of learned confidence, one a rater
    Trust,
}

impl Kind {
    fn is_of_pixels(self) -> bool {
        matches!(
            self,
            Self::Reliability | Self::Agreement | Self::Sheet | Self::Trust
        )
    }
}

/// What a picture's name says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Svg,
    Png,
    Pdf,
}

impl Figure {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let format = self.format()?;
        if self.kind != Kind::Curves && !self.series.is_empty() {
            return Err(wrong_use("--series goes with --kind curves"));
        }
        let names_pixels =
            !self.cases.is_empty() || self.dataset.is_some() || self.structure.is_some();
        if names_pixels && !self.kind.is_of_pixels() {
            return Err(wrong_use(
                "--case, --dataset and --structure go with reliability, agreement, sheet and trust",
            ));
        }
        if self.experiment.is_none() && self.kind != Kind::Agreement {
            return Err(wrong_use(
                "give an experiment: only agreement is of a data set alone",
            ));
        }
        if self.kind == Kind::Ranks && !self.arms.is_empty() {
            return Err(wrong_use(
                "ranks are of all arms: a rank among others is another number",
            ));
        }
        let experiment = self.experiment.as_deref().unwrap_or_default();
        let chosen = Chosen {
            experiment,
            arms: &self.arms,
            cases: &self.cases,
            dataset: self.dataset.as_deref(),
            structure: self.structure.as_deref(),
            roots: &self.roots,
        };
        let table = async || source::table(flags, experiment).await;
        let of = async |kind| as_wrong_use(figure(&table().await?, kind, &self.arms));
        match self.kind {
            Kind::Raters => self.write(&of(FigureKind::Raters).await?, format),
            Kind::Recurrence => self.write(&of(FigureKind::Recurrence).await?, format),
            Kind::Confidence => self.write(&of(FigureKind::Confidence).await?, format),
            Kind::Forest => self.write(&as_wrong_use(forest(&table().await?, &self.arms))?, format),
            Kind::Ranks => self.write(&as_wrong_use(ranks(&table().await?))?, format),
            Kind::Curves => {
                let found = curves::of(flags, experiment, &self.arms, &self.series).await?;
                self.write(&found, format)
            }
            Kind::Reliability => self.write(&pixels::reliability(chosen, flags).await?, format),
            Kind::Agreement => self.write(&pixels::agreement(chosen, flags).await?, format),
            Kind::Sheet => self.write(&pixels::sheet(chosen, flags).await?, format),
            Kind::Trust => self.write(&pixels::trust(chosen, flags).await?, format),
        }
    }

    fn format(&self) -> anyhow::Result<Format> {
        let ending = self.out.extension().and_then(|ending| ending.to_str());
        match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("svg") => Ok(Format::Svg),
            Some("png") => Ok(Format::Png),
            Some("pdf") => Ok(Format::Pdf),
            _ => Err(wrong_use(format!(
                "{}: give a name that ends in .svg, .png or .pdf",
                self.out.display()
            ))),
        }
    }

    fn write(&self, drawn: &impl Picture, format: Format) -> anyhow::Result<ExitCode> {
        let picture = match format {
            Format::Svg => drawn.svg()?.into_bytes(),
            Format::Png => drawn.png()?,
            Format::Pdf => drawn.pdf()?,
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
