//! Raters' masks fused with learned confidences (paper, Eq. 5): Σ c ⊙ z, with the shares c of those who are fused made to sum to 1.
//!
//! Shares are stored as integers (65535 is 1), so that sums and ties are exact: equal shares give the mean of the masks to the bit.

use ndarray::{Array2, ArrayView2, ArrayView3, Axis, Zip};

use super::Masks;

/// The fusion of one structure's masks, kept as sums so that leaving one rater out costs one subtraction.
#[derive(Debug)]
pub struct LearnedFusion<'a> {
    masks: &'a Masks<'a>,
    confidences: ArrayView3<'a, u16>,
    /// `[h, w]`: the confidence of those who mark a pixel.
    marked: Array2<u32>,
    /// `[h, w]`: the confidence of all.
    all: Array2<u32>,
    votes: Array2<u16>,
}

impl<'a> LearnedFusion<'a> {
    /// Of `masks` with `confidences` `[m, h, w]` in fixed point; slot r of the masks has confidence r. Raters who are not among the
    /// masks take no part. None where the sizes differ or a slot has no confidence.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a view is a pointer, and is kept"
    )]
    pub fn new(masks: &'a Masks<'a>, confidences: ArrayView3<'a, u16>) -> Option<Self> {
        let (raters, height, width) = confidences.dim();
        if (height, width) != masks.side() || masks.slots().iter().any(|slot| *slot >= raters) {
            return None;
        }
        let mut marked = Array2::zeros((height, width));
        let mut all = Array2::zeros((height, width));
        for (slot, mask) in masks.iter() {
            Zip::from(&mut marked)
                .and(&mut all)
                .and(confidences.index_axis(Axis(0), slot))
                .and(mask)
                .for_each(|marked, all, confidence, pixel| {
                    *all += u32::from(*confidence);
                    *marked += u32::from(*confidence) * u32::from(*pixel != 0);
                });
        }
        let votes = masks.votes().counts;
        Some(Self {
            masks,
            confidences,
            marked,
            all,
            votes,
        })
    }

    /// Everybody's masks fused, `[h, w]` in 0 to 1. Where nobody is trusted at all, everybody is alike.
    pub fn map(&self) -> Array2<f32> {
        let raters = self.masks.slots().len() as u32;
        Zip::from(&self.marked)
            .and(&self.all)
            .and(&self.votes)
            .map_collect(|marked, all, votes| share(*marked, *all, u32::from(*votes), raters))
    }

    /// The same without the rater in `slot`; none where that rater is not there or nobody else is.
    pub fn without(&self, slot: usize) -> Option<Array2<f32>> {
        let own: ArrayView2<'_, u8> = self.masks.of_slot(slot)?;
        let raters = self.masks.slots().len() as u32 - 1;
        if raters == 0 {
            return None;
        }
        let map = Zip::from(&self.marked)
            .and(&self.all)
            .and(&self.votes)
            .and(self.confidences.index_axis(Axis(0), slot))
            .and(own)
            .map_collect(|marked, all, votes, confidence, pixel| {
                let confidence = u32::from(*confidence);
                let vote = u32::from(*pixel != 0);
                share(
                    marked - confidence * vote,
                    all - confidence,
                    u32::from(*votes) - vote,
                    raters,
                )
            });
        Some(map)
    }
}

/// Trusted share of those who mark.
fn share(marked: u32, all: u32, votes: u32, raters: u32) -> f32 {
    let share = match all {
        0 => f64::from(votes) / f64::from(raters),
        all => f64::from(marked) / f64::from(all),
    };
    share as f32
}
