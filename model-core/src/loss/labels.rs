//! One mask a case for methods that want one.
//!
//! b batch, m raters, k structures, h, w.

use mrprism_protocol::spec::TrainingLabels;
use tch::{Kind, Tensor};

use super::entropy::mean_of_present;
use crate::draw::Random;

/// The raters' mean, or the majority (more than half of the present raters; ties to background).
/// Shapes: masks \[b, m, k, h, w\] of 0 and 1, `present` b times m → \[b, k, h, w\]
pub fn joined_labels(labels: TrainingLabels, masks: &Tensor, present: &[Vec<bool>]) -> Tensor {
    match labels {
        TrainingLabels::Mean => mean_of_present(masks, present),
        TrainingLabels::Majority => majority(masks, present),
    }
}

fn majority(masks: &Tensor, present: &[Vec<bool>]) -> Tensor {
    // Each case's half is a count, which is exact: half of three raters is no number of their mean.
    let flags: Vec<f32> = present
        .iter()
        .flatten()
        .map(|present| f32::from(u8::from(*present)))
        .collect();
    let flags = Tensor::from_slice(&flags)
        .to_device(masks.device())
        .reshape([present.len() as i64, -1, 1, 1, 1]);
    let votes = (masks * &flags).sum_dim_intlist(1, false, None::<Kind>);
    let raters = flags.sum_dim_intlist(1, false, None::<Kind>);
    (votes * 2.0).gt_tensor(&raters).to_kind(Kind::Float)
}

/// The masks of one present rater of each case, drawn uniformly: number i of `random` is case i's.
/// Shapes: masks \[b, m, k, h, w\], `present` b times m → \[b, k, h, w\]
pub fn drawn_labels(random: Random, masks: &Tensor, present: &[Vec<bool>]) -> Tensor {
    let drawn: Vec<i64> = present
        .iter()
        .enumerate()
        .map(|(case, raters)| {
            let there: Vec<usize> = (0..raters.len()).filter(|rater| raters[*rater]).collect();
            let at = (random.uniform(case as u64) * there.len() as f64) as usize;
            there.get(at).map_or(0, |rater| *rater as i64)
        })
        .collect();
    let cases = Tensor::arange(drawn.len() as i64, (Kind::Int64, masks.device()));
    let drawn = Tensor::from_slice(&drawn).to_device(masks.device());
    masks.index(&[Some(cases), Some(drawn)])
}
