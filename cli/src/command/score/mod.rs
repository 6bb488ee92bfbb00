//! `mrprism score`: predictions of one image against its raters' masks, from files.

mod print;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use mrprism_protocol::spec::{EvaluationSpec, Foreground, Metric, ReferenceFamily};
use mrprism_protocol::wire::Score as Number;
use mrprism_raters::case::Case;
use mrprism_raters::fusion;
use mrprism_raters::metric::Reliability;
use mrprism_raters::read::{read_map_file, read_mask_file};
use mrprism_raters::score::{human, score_maps};

use crate::failure::{as_wrong_use, wrong_use};
use crate::{foreground, output};

/// What a structure is called where files name none.
const STRUCTURE: &str = "mask";

/// What is scored where no metric is named.
const USUAL: [Metric; 7] = [
    Metric::SoftDice,
    Metric::Dice,
    Metric::Hausdorff95,
    Metric::Ece,
    Metric::GedSquared,
    Metric::BestMatchDice,
    Metric::PairwiseDice,
];

/// Score predictions of one image against its raters' masks
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism score --pred map.png --rater r1.png r2.png r3.png\n  \
    mrprism score --pred map.nii.gz --rater seg0*.nii.gz --reference mean --metric dice,hausdorff_95\n  \
    mrprism score --pred h*.png --rater r*.png --foreground above:127 --metric ged_squared --json\n  \
    mrprism score --list\n\n\
    A prediction is a map of probabilities: a grey PNG, TIFF or BMP of 8 or 16 bits (full scale is 1)\n\
    or a NIfTI slice of values from 0 to 1. Several predictions are hypotheses: each is scored, and all\n\
    together against the set of raters.\n\
    Without --metric: soft_dice, dice, hausdorff_95, ece, ged_squared, best_match_dice, pairwise_dice.\n\
    Text prints fractions ×100 with two decimals; csv and json hold fractions, unrounded.")]
pub(crate) struct Score {
    /// Maps of one image, one file a hypothesis
    #[arg(long = "pred", value_name = "FILE", num_args = 1.., required_unless_present = "list")]
    predictions: Vec<PathBuf>,
    /// The raters' masks, one file a rater
    #[arg(long = "rater", value_name = "FILE", num_args = 1.., required_unless_present = "list")]
    raters: Vec<PathBuf>,
    /// An arbitrated mask, scored against beside the raters
    #[arg(long, value_name = "FILE")]
    arbitrated: Option<PathBuf>,
    /// What is scored against (default: all that the files allow)
    #[arg(
        long = "reference",
        value_name = "REFERENCE",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(ReferenceFamily::ALL.iter().map(|family| family.as_str()))
            .try_map(|name| name.parse::<ReferenceFamily>())
    )]
    references: Vec<ReferenceFamily>,
    /// What is computed; see --list (default: those named below)
    #[arg(
        long = "metric",
        value_name = "METRIC",
        value_delimiter = ',',
        value_parser = PossibleValuesParser::new(Metric::ALL.iter().map(|metric| metric.as_str()))
            .try_map(|name| name.parse::<Metric>())
    )]
    metrics: Vec<Metric>,
    /// Which stored values of masks are marked: above:N, below:N or equals:N,… (default: anything but 0)
    #[arg(long, value_name = "RULE", value_parser = foreground::parse)]
    foreground: Option<Foreground>,
    /// Read predictions as masks too, by this rule
    #[arg(long, value_name = "RULE", value_parser = foreground::parse)]
    pred_foreground: Option<Foreground>,
    /// Print every metric with its rule and source, and score nothing
    #[arg(long, exclusive = true)]
    list: bool,
    /// Print JSON, with the reliability curve where ece is asked for
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print one line a number
    #[arg(long)]
    csv: bool,
}

/// Everything that was computed.
struct Scored {
    case: Case,
    numbers: Vec<Number>,
    /// One a prediction, against the raters' mean; empty where ece was not asked for.
    reliability: Vec<Reliability>,
}

impl Score {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if self.list {
            output::line(print::list());
            return Ok(ExitCode::SUCCESS);
        }
        let scored = self.score()?;
        if self.json {
            output::json(&print::json(&self, &scored))?;
        } else if self.csv {
            output::line(print::csv(&scored.numbers));
        } else {
            output::line(print::text(&self, &scored));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn score(&self) -> anyhow::Result<Scored> {
        let case = self.case()?;
        let spec = EvaluationSpec {
            recurrences: 1,
            references: self.references()?,
            metrics: match self.metrics.as_slice() {
                [] => USUAL.to_vec(),
                metrics => once_each(metrics),
            },
            fusions: Vec::new(),
        };
        let read = self
            .predictions
            .iter()
            .map(|path| match &self.pred_foreground {
                None => read_map_file(path),
                rule => Ok(read_mask_file(path, rule.as_ref())?.mapv(f32::from)),
            });
        let maps = as_wrong_use(read.collect::<Result<Vec<_>, _>>())?;
        let mut numbers = as_wrong_use(score_maps(&case, &maps, &spec, STRUCTURE))?;
        numbers.extend(human(
            std::slice::from_ref(&case),
            &spec,
            &[STRUCTURE.to_owned()],
        ));
        for metric in &self.metrics {
            if !numbers.iter().any(|number| is_of(number, *metric)) {
                return Err(wrong_use(format!("{metric} {}", lacks(*metric))));
            }
        }
        let votes = fusion::mean(&case, 0).filter(|_| spec.metrics.contains(&Metric::Ece));
        let reliability = votes.map_or_else(Vec::new, |votes| {
            maps.iter()
                .map(|map| Reliability::of(map, &votes))
                .collect()
        });
        Ok(Scored {
            case,
            numbers,
            reliability,
        })
    }

    fn case(&self) -> anyhow::Result<Case> {
        let read = |path: &PathBuf| read_mask_file(path, self.foreground.as_ref());
        let masks = as_wrong_use(self.raters.iter().map(read).collect::<Result<Vec<_>, _>>())?;
        let arbitrated = as_wrong_use(self.arbitrated.as_ref().map(read).transpose())?;
        as_wrong_use(Case::of_masks("files", &masks, arbitrated.as_ref()))
    }

    /// What was asked for, or all that these files allow.
    fn references(&self) -> anyhow::Result<Vec<ReferenceFamily>> {
        let lacks = |family| match family {
            ReferenceFamily::Arbitrated if self.arbitrated.is_none() => {
                Some("needs a mask: give --arbitrated FILE")
            }
            ReferenceFamily::LeaveOneOut if self.raters.len() < 2 => {
                Some("needs two raters or more: give more files after --rater")
            }
            _ => None,
        };
        if self.references.is_empty() {
            let families = ReferenceFamily::ALL.iter().copied();
            return Ok(families.filter(|family| lacks(*family).is_none()).collect());
        }
        for family in &self.references {
            if let Some(why) = lacks(*family) {
                return Err(wrong_use(format!("--reference {family} {why}")));
            }
        }
        Ok(once_each(&self.references))
    }
}

/// Whether a number is of this metric, whatever its version.
fn is_of(number: &Number, metric: Metric) -> bool {
    number.metric.split('@').next() == Some(metric.as_str())
}

/// Why a metric has no number here, and what to do.
fn lacks(metric: Metric) -> &'static str {
    match metric {
        Metric::HeadToRaterDice | Metric::HeadToRaterSoftDice => {
            "compares several maps with the raters: give two files or more after --pred"
        }
        Metric::PairwiseDice | Metric::FleissKappa => {
            "compares raters with each other: give two files or more after --rater"
        }
        _ => "has no number against these references: give others with --reference",
    }
}

fn once_each<T: Copy + PartialEq>(items: &[T]) -> Vec<T> {
    let mut kept = Vec::new();
    for item in items {
        if !kept.contains(item) {
            kept.push(*item);
        }
    }
    kept
}
