//! One side of a comparison with all that metrics need of it, each made when first asked for and once.

use std::borrow::Cow;
use std::cell::OnceCell;

use mrprism_protocol::spec::Metric;
use ndarray::Array2;

use crate::fusion::{FusedMap, Votes};
use crate::metric::{
    Levels, Overlap, Surface, above_half, average_surface_distance, brier,
    expected_calibration_error, hausdorff_95, majority_of, soft_dice, soft_iou,
};

/// A prediction's map or a reference's votes, `[h, w]`.
#[derive(Debug)]
pub(super) struct Prepared {
    source: Source,
    levels: OnceCell<Levels>,
    hard: OnceCell<Array2<u8>>,
    surface: OnceCell<Surface>,
}

#[derive(Debug)]
enum Source {
    Map(Array2<f32>),
    Votes(Votes),
}

impl Prepared {
    /// A probability map.
    pub(super) fn map(map: Array2<f32>) -> Self {
        Self::new(Source::Map(map))
    }

    /// Votes; a hard mask is the vote of one.
    pub(super) fn votes(votes: Votes) -> Self {
        Self::new(Source::Votes(votes))
    }

    /// A fused mask.
    pub(super) fn fused(map: FusedMap) -> Self {
        match map {
            FusedMap::Votes(votes) => Self::votes(votes),
            FusedMap::Soft(map) => Self::map(map),
        }
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            levels: OnceCell::new(),
            hard: OnceCell::new(),
            surface: OnceCell::new(),
        }
    }

    /// Probabilities; of votes, their share.
    pub(super) fn probabilities(&self) -> Cow<'_, Array2<f32>> {
        match &self.source {
            Source::Map(map) => Cow::Borrowed(map),
            Source::Votes(votes) => {
                let of = f32::from(votes.of);
                Cow::Owned(votes.counts.mapv(|count| f32::from(count) / of))
            }
        }
    }

    fn levels(&self) -> &Levels {
        self.levels.get_or_init(|| match &self.source {
            Source::Map(map) => Levels::of_map(map),
            Source::Votes(votes) => Levels::of_votes(votes),
        })
    }

    /// Marked above one half.
    pub(super) fn hard(&self) -> &Array2<u8> {
        self.hard.get_or_init(|| match &self.source {
            Source::Map(map) => above_half(map),
            Source::Votes(votes) => majority_of(votes),
        })
    }

    fn surface(&self) -> &Surface {
        self.surface.get_or_init(|| Surface::of(self.hard()))
    }

    /// This prediction's score against a reference; none for metrics that compare sets or heads.
    pub(super) fn against(&self, reference: &Self, metric: Metric) -> Option<f64> {
        let overlap = || Overlap::of(self.hard(), reference.hard());
        let value = match metric {
            Metric::SoftDice => soft_dice(self.levels(), reference.levels()),
            Metric::SoftIou => soft_iou(self.levels(), reference.levels()),
            Metric::Dice => overlap().dice(),
            Metric::Iou => overlap().iou(),
            Metric::Sensitivity => overlap().sensitivity(),
            Metric::Specificity => overlap().specificity(),
            Metric::Precision => overlap().precision(),
            Metric::Hausdorff95 => hausdorff_95(self.surface(), reference.surface()),
            Metric::AverageSurfaceDistance => {
                average_surface_distance(self.surface(), reference.surface())
            }
            Metric::Ece | Metric::Brier => {
                let Source::Votes(votes) = &reference.source else {
                    return None;
                };
                let map = self.probabilities();
                if metric == Metric::Ece {
                    expected_calibration_error(&map, votes)
                } else {
                    brier(&map, votes)
                }
            }
            Metric::GedSquared
            | Metric::BestMatchDice
            | Metric::HeadToRaterDice
            | Metric::HeadToRaterSoftDice
            | Metric::PairwiseDice
            | Metric::FleissKappa => return None,
        };
        Some(value)
    }
}
