//! `mrprism fuse`: raters' masks joined into one; fusions scored over a data set.

mod dataset;
mod masks;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args};
use mrprism_protocol::spec::{Foreground, FusionKind};
use mrprism_settings::Flags;
use mrprism_settings::flags::DataRootFlags;

use crate::foreground;

/// Join raters' masks into one without a network, or score every way of joining over a data set
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["masks", "dataset"]),
    after_help = "Examples:\n  \
    mrprism fuse --method staple --mask r1.png r2.png r3.png --out fused.png\n  \
    mrprism fuse --method staple --mask r*.png --margin 10 --threshold 0.5 --out hard.png\n  \
    mrprism fuse --dataset /srv/cfos\n  \
    mrprism fuse --dataset phantom --method majority --method staple --json\n\n\
    Masks are PNG, TIFF, BMP, JPEG or NIfTI files of one size. Over a data set each rater is held against the fusion of the others, \
    and the fusion of all against arbitrated masks, where there are some that are not themselves made of the raters'."
)]
pub(crate) struct Fuse {
    /// How masks are joined; with --dataset may be repeated (default there: every way)
    #[arg(
        long = "method",
        value_name = "METHOD",
        value_parser = PossibleValuesParser::new(FusionKind::ALL.iter().map(|kind| kind.as_str()))
            .try_map(|name| name.parse::<FusionKind>())
    )]
    methods: Vec<FusionKind>,
    /// One file a rater
    #[arg(long = "mask", value_name = "FILE", num_args = 1.., requires = "out")]
    masks: Vec<PathBuf>,
    /// A folder with a dataset.toml, or the name of a registered or built-in data set
    #[arg(long, value_name = "DIR|NAME")]
    dataset: Option<String>,
    /// Where the joined mask goes: a 16-bit PNG, 65535 where it is certain
    #[arg(long, value_name = "FILE", requires = "masks")]
    out: Option<PathBuf>,
    /// Which stored values are marked: above:N, below:N or equals:N,… (default: anything but 0)
    #[arg(long, value_name = "RULE", value_parser = foreground::parse, requires = "masks")]
    foreground: Option<Foreground>,
    /// Write a hard mask instead, 255 strictly above this probability and 0 elsewhere
    #[arg(long, value_name = "PROBABILITY", value_parser = probability, requires = "masks")]
    threshold: Option<f64>,
    /// staple: look at the masks' bounding box widened by so many pixels only (default: the whole image)
    #[arg(long, value_name = "PIXELS", requires = "masks")]
    margin: Option<usize>,
    /// Replace --out where it exists
    #[arg(long, requires = "masks")]
    force: bool,
    #[command(flatten)]
    roots: DataRootFlags,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Fuse {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        match (&self.dataset, &self.out) {
            (Some(what), _) => dataset::run(&self, what, flags)?,
            (None, Some(out)) => masks::run(&self, out)?,
            // The parser demands --out with --mask.
            (None, None) => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn probability(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok();
    value
        .filter(|value| (0.0..1.0).contains(value))
        .ok_or_else(|| "give a number from 0 to below 1".to_owned())
}
