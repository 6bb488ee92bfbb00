//! The masks that a fusion joins: at least one, all of one size.

use std::cmp::Ordering;

use ndarray::{Array2, ArrayView2, Zip};

use super::Votes;
use crate::case::Case;

/// Masks that cannot be fused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MasksError {
    /// Nothing to fuse.
    #[error("no mask to fuse: give at least one")]
    None,
    /// Two masks of different sizes.
    #[error(
        "mask {number} has {width}x{height} pixels and mask 1 {first_width}x{first_height}: masks that are fused have one size"
    )]
    Sizes {
        /// Which mask, from 1.
        number: usize,
        /// Its columns.
        width: usize,
        /// Its rows.
        height: usize,
        /// Columns of the first mask.
        first_width: usize,
        /// Rows of the first mask.
        first_height: usize,
    },
}

/// Masks of one structure of one case, `[h, w]` each, with the slots of the raters who drew them. 0 is background.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masks<'a> {
    slots: Vec<usize>,
    masks: Vec<ArrayView2<'a, u8>>,
}

impl<'a> Masks<'a> {
    /// Masks in slot order.
    ///
    /// # Errors
    /// No mask, or masks of different sizes.
    pub fn new(masks: Vec<ArrayView2<'a, u8>>) -> Result<Self, MasksError> {
        let (first_height, first_width) = masks.first().ok_or(MasksError::None)?.dim();
        for (position, mask) in masks.iter().enumerate() {
            let (height, width) = mask.dim();
            if (height, width) != (first_height, first_width) {
                return Err(MasksError::Sizes {
                    number: position + 1,
                    width,
                    height,
                    first_width,
                    first_height,
                });
            }
        }
        Ok(Self {
            slots: (0..masks.len()).collect(),
            masks,
        })
    }

    /// The masks of the present raters; none where nobody is present.
    ///
    /// # Panics
    /// Where `structure` is out of range, as indexing does.
    pub fn of_case(case: &'a Case, structure: usize) -> Option<Self> {
        let slots: Vec<_> = case.present_raters().collect();
        let masks = slots.iter().map(|slot| case.mask(*slot, structure));
        let masks = masks.collect();
        (!slots.is_empty()).then_some(Self { slots, masks })
    }

    /// The same without the rater in `slot`; none where nobody else is left.
    #[must_use]
    pub fn without(&self, slot: usize) -> Option<Self> {
        let kept = self.iter().filter(|(other, _)| *other != slot);
        let (slots, masks): (Vec<_>, Vec<_>) = kept.unzip();
        (!slots.is_empty()).then_some(Self { slots, masks })
    }

    /// Slot and mask of each rater, in slot order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (usize, ArrayView2<'a, u8>)> + '_ {
        self.slots
            .iter()
            .zip(&self.masks)
            .map(|(slot, mask)| (*slot, *mask))
    }

    /// The raters' slots, from 0, rising.
    pub fn slots(&self) -> &[usize] {
        &self.slots
    }

    /// Rows and columns.
    pub fn side(&self) -> (usize, usize) {
        self.masks[0].dim()
    }

    /// The mask of the rater in `slot`.
    pub fn of_slot(&self, slot: usize) -> Option<ArrayView2<'a, u8>> {
        let position = self.slots.binary_search(&slot).ok()?;
        Some(self.masks[position])
    }

    /// How many raters mark each pixel.
    pub fn votes(&self) -> Votes {
        let mut counts = Array2::<u16>::zeros(self.side());
        for mask in &self.masks {
            Zip::from(&mut counts)
                .and(mask)
                .for_each(|count, pixel| *count += u16::from(*pixel != 0));
        }
        Votes {
            counts,
            of: self.masks.len() as u16,
        }
    }

    /// Whether every rater marks the same pixels.
    pub fn agree(&self) -> bool {
        let first = &self.masks[0];
        let same =
            |mask: &ArrayView2<'_, u8>| first.iter().zip(mask).all(|(a, b)| (*a != 0) == (*b != 0));
        self.masks[1..].iter().all(same)
    }
}

/// The slots that appear in `cases`, ordered by what the raters drew and not by who they are: by marked pixels, then by the
/// masks themselves. Sums taken in this order are the same bits whatever the raters' numbers.
pub(super) fn order_by_content(cases: &[Masks<'_>]) -> Vec<usize> {
    let mut slots: Vec<_> = cases
        .iter()
        .flat_map(|masks| masks.slots.iter().copied())
        .collect();
    slots.sort_unstable();
    slots.dedup();
    let area = |slot: usize| -> u64 {
        let drawn = cases.iter().filter_map(|masks| masks.of_slot(slot));
        drawn.map(|mask| marked(&mask)).sum()
    };
    let mut keyed: Vec<_> = slots.into_iter().map(|slot| (area(slot), slot)).collect();
    keyed.sort_by(|(area_a, a), (area_b, b)| {
        area_a.cmp(area_b).then_with(|| {
            let unequal = cases
                .iter()
                .map(|masks| compare(masks.of_slot(*a), masks.of_slot(*b)));
            let mut unequal = unequal.filter(|order| order.is_ne());
            unequal.next().unwrap_or(Ordering::Equal)
        })
    });
    keyed.into_iter().map(|(_, slot)| slot).collect()
}

fn marked(mask: &ArrayView2<'_, u8>) -> u64 {
    mask.iter().map(|pixel| u64::from(*pixel != 0)).sum()
}

fn compare(a: Option<ArrayView2<'_, u8>>, b: Option<ArrayView2<'_, u8>>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a
            .iter()
            .map(|pixel| *pixel != 0)
            .cmp(b.iter().map(|pixel| *pixel != 0)),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::{Masks, MasksError, order_by_content};
    use crate::testing::case_of_rows;

    #[test]
    fn masks_of_two_sizes_and_no_masks_are_refused() {
        assert_eq!(Masks::new(Vec::new()), Err(MasksError::None));
        let (small, large) = (Array2::zeros((2, 3)), Array2::zeros((2, 4)));
        let error = Masks::new(vec![small.view(), large.view()]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("mask 2 has 4x2 pixels and mask 1 3x2"),
            "{error}"
        );
    }

    #[test]
    fn an_absent_rater_is_left_out_and_slots_stay() {
        let mut case = case_of_rows(&[&[1, 1], &[0, 0], &[1, 0]]);
        case.present[1] = false;
        let masks = Masks::of_case(&case, 0).unwrap();
        assert_eq!(masks.slots(), [0, 2]);
        assert_eq!(masks.of_slot(1), None);
        assert_eq!(masks.of_slot(2).unwrap(), array![[1, 0]]);
        assert_eq!(masks.without(0).unwrap().slots(), [2]);
        assert_eq!(masks.without(0).unwrap().without(2), None);
    }

    #[test]
    fn the_order_does_not_know_the_raters_numbers() {
        let rows: [&[u8]; 3] = [&[1, 1, 0], &[0, 1, 1], &[1, 0, 0]];
        let case = case_of_rows(&rows);
        let order = order_by_content(&[Masks::of_case(&case, 0).unwrap()]);
        assert_eq!(order, [2, 1, 0]);
        let turned = case_of_rows(&[rows[1], rows[2], rows[0]]);
        let turned = order_by_content(&[Masks::of_case(&turned, 0).unwrap()]);
        assert_eq!(turned, [1, 0, 2]);
    }
}
