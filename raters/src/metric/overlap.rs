//! Overlap of two hard masks: Dice, IoU, sensitivity, specificity, precision.

use ndarray::{ArrayRef2, Zip};

/// How the pixels of a prediction and a reference meet; what every overlap metric is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// Marked by both.
    pub both: u64,
    /// Marked by the prediction.
    pub prediction: u64,
    /// Marked by the reference.
    pub reference: u64,
    /// Pixels of the image.
    pub pixels: u64,
}

impl Overlap {
    /// Counts pixels of two masks `[h, w]`; 0 is background.
    ///
    /// # Panics
    /// Where the sizes differ.
    pub fn of(prediction: &ArrayRef2<u8>, reference: &ArrayRef2<u8>) -> Self {
        assert_eq!(prediction.dim(), reference.dim(), "masks of one size");
        let mut count = Self {
            both: 0,
            prediction: 0,
            reference: 0,
            pixels: prediction.len() as u64,
        };
        // Sums of one row fit 32 bits, which the compiler turns into vector code.
        for (a, b) in prediction.rows().into_iter().zip(reference.rows()) {
            let row = Zip::from(a).and(b).fold([0_u32; 3], |row, a, b| {
                let (a, b) = (u32::from(*a != 0), u32::from(*b != 0));
                [row[0] + (a & b), row[1] + a, row[2] + b]
            });
            count.both += u64::from(row[0]);
            count.prediction += u64::from(row[1]);
            count.reference += u64::from(row[2]);
        }
        count
    }

    /// `2·|A∩B| / (|A| + |B|)`; 1 where both are empty.
    pub fn dice(self) -> f64 {
        share(2 * self.both, self.prediction + self.reference)
    }

    /// `|A∩B| / |A∪B|` (Jaccard); 1 where both are empty.
    pub fn iou(self) -> f64 {
        share(self.both, self.prediction + self.reference - self.both)
    }

    /// Share of the reference's pixels that the prediction marks (recall); 1 where the reference is empty: nothing was missed.
    pub fn sensitivity(self) -> f64 {
        share(self.both, self.reference)
    }

    /// Share of the pixels outside the reference that the prediction leaves out; 1 where the reference fills the image.
    pub fn specificity(self) -> f64 {
        let either = self.prediction + self.reference - self.both;
        share(self.pixels - either, self.pixels - self.reference)
    }

    /// Share of the prediction's pixels that the reference marks; 1 where the prediction is empty: nothing was marked wrongly.
    pub fn precision(self) -> f64 {
        share(self.both, self.prediction)
    }
}

/// Dice of two hard masks of the same size (0 is background); 1 where both are empty.
///
/// # Panics
/// Where the sizes differ.
pub fn dice(a: &ArrayRef2<u8>, b: &ArrayRef2<u8>) -> f64 {
    Overlap::of(a, b).dice()
}

/// Nothing of nothing is all of it.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
#[expect(
    clippy::float_cmp,
    reason = "the expected numbers are quotients and roots that are rounded once"
)]
mod tests {
    use ndarray::{Array2, array};

    use super::Overlap;

    fn all(overlap: Overlap) -> [f64; 5] {
        [
            overlap.dice(),
            overlap.iou(),
            overlap.sensitivity(),
            overlap.specificity(),
            overlap.precision(),
        ]
    }

    #[test]
    fn hand_worked_masks() {
        // One pixel in common, one more marked, three more in the reference, three outside both.
        let prediction = array![[1, 1, 0, 0], [0, 0, 0, 0]];
        let reference = array![[1, 0, 1, 1], [1, 0, 0, 0]];
        let expected = [2.0 / 6.0, 1.0 / 5.0, 1.0 / 4.0, 3.0 / 4.0, 1.0 / 2.0];
        assert_eq!(all(Overlap::of(&prediction, &reference)), expected);
    }

    #[test]
    fn empty_and_full_masks_have_a_number() {
        let (empty, full) = (Array2::zeros((2, 3)), Array2::from_elem((2, 3), 255));
        assert_eq!(all(Overlap::of(&empty, &empty)), [1.0; 5]);
        assert_eq!(all(Overlap::of(&full, &full)), [1.0; 5]);
        assert_eq!(all(Overlap::of(&empty, &full)), [0.0, 0.0, 0.0, 1.0, 1.0]);
        assert_eq!(all(Overlap::of(&full, &empty)), [0.0, 0.0, 1.0, 0.0, 0.0]);
    }
}
