//! How a rater's mask compares with a fused one: what was found of the foreground and what was left of the background.

use ndarray::{ArrayRef2, Zip};
use serde::Serialize;

use super::Masks;

/// Sensitivity and specificity of one rater, in 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// Share of the fused foreground that the rater marks; 1 where there is none to miss.
    pub sensitivity: f64,
    /// Share of the fused background that the rater leaves; 1 where there is none to leave.
    pub specificity: f64,
}

impl Rates {
    /// Of a rater who agrees with the fused mask everywhere.
    pub(super) const PERFECT: Self = Self {
        sensitivity: 1.0,
        specificity: 1.0,
    };
}

/// Each rater's rates against a fused map `[h, w]`, in slot order. A pixel counts as foreground to the degree the map says:
/// sensitivity is `Σ W·z / Σ W`, specificity `Σ (1−W)·(1−z) / Σ (1−W)`.
pub(super) fn against(masks: &Masks<'_>, map: &ArrayRef2<f32>) -> Vec<Rates> {
    let of = |mask: ndarray::ArrayView2<'_, u8>| {
        let [mut found, mut foreground, mut left, mut background] = [0.0_f64; 4];
        Zip::from(map).and(mask).for_each(|value, mark| {
            let value = f64::from(*value);
            foreground += value;
            background += 1.0 - value;
            if *mark == 0 {
                left += 1.0 - value;
            } else {
                found += value;
            }
        });
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
        Rates {
            sensitivity: share(found, foreground),
            specificity: share(left, background),
        }
    };
    masks.iter().map(|(_, mask)| of(mask)).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::against;
    use crate::fusion::Masks;
    use crate::testing::case_of_rows;

    #[test]
    fn hand_worked_rates() {
        let case = case_of_rows(&[&[1, 1, 0, 0], &[0, 0, 0, 0]]);
        let masks = Masks::of_case(&case, 0).unwrap();
        let rates = against(&masks, &array![[1.0, 0.5, 0.5, 0.0]]);
        assert!((rates[0].sensitivity - 0.75).abs() < 1e-12);
        assert!((rates[0].specificity - 0.75).abs() < 1e-12);
        assert!(rates[1].sensitivity.abs() < 1e-12);
        assert!((rates[1].specificity - 1.0).abs() < 1e-12);
        let nothing = against(&masks, &Array2::zeros((1, 4)));
        assert!((nothing[0].sensitivity - 1.0).abs() < 1e-12, "none to miss");
        assert!((nothing[0].specificity - 0.5).abs() < 1e-12);
    }
}
