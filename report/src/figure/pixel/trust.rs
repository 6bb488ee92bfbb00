//! Maps of trust: how much each rater counts at each pixel of one case, by recurrence.

use mrprism_raters::case::Case;
use mrprism_raters::contour::{Contour, contours};
use mrprism_raters::metric::{above_half, mean_confidences};
use mrprism_raters::prediction::{StoredPrediction, map_from_fixed};
use ndarray::{Array2, Array3, s};

use super::super::panel::NoFigure;
use super::arms::fits;
use super::raster::Raster;
use super::trust_drawn::tint;

/// Every rater's confidence at every pixel of one structure of one case.
#[derive(Debug, Clone, PartialEq)]
pub struct Trust {
    /// Over the figure.
    pub title: String,
    /// The case's name.
    pub case: String,
    /// The case's image.
    pub image: Raster,
    /// The maps as they are shown, all on one scale: `[recurrence][m]`.
    pub maps: Vec<Vec<Raster>>,
    /// Their numbers, in the same order.
    pub recurrences: Vec<TrustAt>,
    /// How far the scale reaches from 1/M, on both sides.
    pub reach: f64,
    /// One a rater: whether he is present, and the contours of what he drew.
    pub raters: Vec<(bool, Vec<Contour>)>,
}

/// One recurrence's numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustAt {
    /// The recurrence, from 0.
    pub recurrence: usize,
    /// One a rater.
    pub raters: Vec<TrustIn>,
}

/// How much one rater counts, in 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrustIn {
    /// Over the pixels that a present rater marks or whose prediction is above 0.5 (`confidence@1`); none where there is none, and of an absent rater.
    pub mean: Option<f64>,
    /// Over the image.
    pub lowest: f64,
    /// Over the image.
    pub highest: f64,
}

impl Trust {
    /// One structure's learned confidences c, every recurrence up to three, the first and the last of more.
    ///
    /// # Errors
    /// [`NoFigure`] where none is stored, for another number of raters, or the prediction is not of the case.
    pub fn of(case: &Case, stored: &StoredPrediction, structure: usize) -> Result<Self, NoFigure> {
        fits(case, stored, structure)?;
        let (count, raters, structures, height, width) = stored.confidences.dim();
        if count == 0 || raters == 0 {
            return Err(NoFigure::Empty(format!(
                "the prediction of '{}' holds no confidences: its method learns none",
                case.name
            )));
        }
        let predicted = stored.prediction.dim().0;
        if raters != case.raters()
            || structure >= structures
            || (height, width) != case.side()
            || count > predicted
        {
            return Err(NoFigure::Refused(format!(
                "the confidences of '{}' are of {raters} raters and {width}x{height} pixels, the case has {} raters: show the data set that the run predicted",
                case.name,
                case.raters()
            )));
        }
        let shown = match count {
            1..=3 => (0..count).collect(),
            _ => vec![0, count - 1],
        };
        let mut maps = Vec::new();
        let mut recurrences = Vec::new();
        for recurrence in shown {
            let confidences = stored
                .confidences
                .slice(s![recurrence, .., structure, .., ..]);
            let confidences = map_from_fixed(&confidences);
            let prediction = stored.prediction.slice(s![recurrence, structure, .., ..]);
            let prediction = above_half(&map_from_fixed(&prediction));
            recurrences.push(TrustAt {
                recurrence,
                raters: measured(case, structure, &confidences, &prediction),
            });
            let owned = confidences.outer_iter().map(|map| map.to_owned());
            maps.push(owned.collect::<Vec<Array2<f32>>>());
        }
        let equal = 1.0 / raters as f64;
        let reach = reach(&recurrences, equal);
        let draw = |map: &Array2<f32>| Raster::of_map(map, |value| tint((value - equal) / reach));
        Ok(Self {
            title: "Trust in each rater".to_owned(),
            case: case.name.clone(),
            image: Raster::of_image(&case.image),
            maps: maps
                .iter()
                .map(|maps| maps.iter().map(draw).collect())
                .collect(),
            recurrences,
            reach,
            raters: (0..raters)
                .map(|rater| {
                    (
                        is_present(case, rater),
                        contours(&case.mask(rater, structure), 0.5),
                    )
                })
                .collect(),
        })
    }
}

fn is_present(case: &Case, rater: usize) -> bool {
    case.present.get(rater).copied().unwrap_or(false)
}

/// Each rater's numbers at one recurrence, from confidences `[m, h, w]` and what is predicted, `[h, w]`.
fn measured(
    case: &Case,
    structure: usize,
    confidences: &Array3<f32>,
    prediction: &Array2<u8>,
) -> Vec<TrustIn> {
    let mut region = prediction.mapv(|mark| mark != 0);
    for rater in case.present_raters() {
        let mask = case.mask(rater, structure);
        region.zip_mut_with(&mask, |inside, mark| *inside |= *mark != 0);
    }
    let means = mean_confidences(confidences, &region).unwrap_or_default();
    let numbers = confidences.outer_iter().enumerate().map(|(rater, map)| {
        let values = map.iter().map(|value| f64::from(*value));
        let (lowest, highest) = values.fold((1.0_f64, 0.0_f64), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let mean = means.get(rater).copied();
        TrustIn {
            mean: mean.filter(|_| is_present(case, rater)),
            lowest,
            highest,
        }
    });
    numbers.collect()
}

/// The farthest that any pixel is from equal trust, in whole hundredths. A thousandth of one is noise of fixed point, not trust.
fn reach(recurrences: &[TrustAt], equal: f64) -> f64 {
    let all = recurrences.iter().flat_map(|at| &at.raters);
    let far = all
        .map(|trust| (trust.highest - equal).max(equal - trust.lowest))
        .fold(0.0, f64::max);
    ((far * 100.0 - 1e-3).ceil() / 100.0).max(0.01)
}
