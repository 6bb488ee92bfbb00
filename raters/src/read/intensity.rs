//! From pixel values as stored to 0…1.

use std::str::FromStr;

use ndarray::{Array3, ArrayViewMut2, Axis};

/// The `intensity` rule of a data set. NaN and infinite pixels become 0 under every rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Intensity {
    /// Each image's and channel's least value becomes 0, its greatest 1.
    MinMax,
    /// As `MinMax` between two percentiles (linear interpolation), clipped.
    Percentile(f64, f64),
    /// A fixed window (Hounsfield units for CT), clipped.
    Window(f64, f64),
    /// Three colour channels divided by the pixel format's largest value; no stretching.
    Rgb,
}

impl FromStr for Intensity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            format!(
                "'{text}' is no intensity rule: give \"minmax\", \"percentile:1:99\", \"ct:-400:800\" or \"rgb\""
            )
        };
        match text {
            "minmax" => return Ok(Self::MinMax),
            "rgb" => return Ok(Self::Rgb),
            _ => {}
        }
        let mut parts = text.split(':');
        let (Some(kind), Some(low), Some(high), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite());
        let (Some(low), Some(high)) = (number(low), number(high)) else {
            return Err(wrong());
        };
        if low >= high {
            return Err(format!(
                "'{text}': the first number must be below the second"
            ));
        }
        match kind {
            "percentile" if (0.0..=100.0).contains(&low) && (0.0..=100.0).contains(&high) => {
                Ok(Self::Percentile(low, high))
            }
            "percentile" => Err(format!("'{text}': percentiles lie from 0 to 100")),
            "ct" => Ok(Self::Window(low, high)),
            _ => Err(wrong()),
        }
    }
}

impl Intensity {
    /// Applies the rule to `[c, h, w]` in place. `largest` is the pixel format's largest value, for [`Self::Rgb`].
    pub(crate) fn apply(self, image: &mut Array3<f32>, largest: f32) {
        for channel in image.axis_iter_mut(Axis(0)) {
            match self {
                Self::MinMax => between_percentiles(channel, 0.0, 100.0),
                Self::Percentile(low, high) => between_percentiles(channel, low, high),
                Self::Window(low, high) => stretch(channel, low as f32, high as f32),
                Self::Rgb => stretch(channel, 0.0, largest),
            }
        }
    }
}

fn between_percentiles(channel: ArrayViewMut2<'_, f32>, low: f64, high: f64) {
    let mut sorted: Vec<f32> = channel.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let (low, high) = (percentile(&sorted, low), percentile(&sorted, high));
    stretch(channel, low, high);
}

/// Linear interpolation between the two nearest ranks; 0 of nothing.
fn percentile(sorted: &[f32], percent: f64) -> f32 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let rank = percent / 100.0 * last as f64;
    let below = rank.floor() as usize;
    let above = (below + 1).min(last);
    let share = rank - below as f64;
    let (below, above) = (f64::from(sorted[below]), f64::from(sorted[above]));
    (below + (above - below) * share) as f32
}

/// A flat channel becomes 0 everywhere.
fn stretch(mut channel: ArrayViewMut2<'_, f32>, low: f32, high: f32) {
    let (low, width) = (f64::from(low), f64::from(high) - f64::from(low));
    channel.mapv_inplace(|value| {
        if value.is_finite() && width > 0.0 {
            ((f64::from(value) - low) / width).clamp(0.0, 1.0) as f32
        } else {
            0.0
        }
    });
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::Intensity;

    fn applied(rule: &str, values: [f32; 5]) -> Vec<f32> {
        let mut image = Array3::from_shape_vec((1, 1, 5), values.to_vec()).unwrap();
        rule.parse::<Intensity>().unwrap().apply(&mut image, 255.0);
        image.into_iter().collect()
    }

    #[test]
    fn each_rule_by_hand() {
        let values = [-10.0, 0.0, 10.0, 20.0, 30.0];
        assert_eq!(applied("minmax", values), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(
            applied("percentile:25:75", values),
            [0.0, 0.0, 0.5, 1.0, 1.0]
        );
        assert_eq!(applied("ct:0:20", values), [0.0, 0.0, 0.5, 1.0, 1.0]);
        assert_eq!(
            applied("rgb", [0.0, 51.0, 255.0, 300.0, -1.0]),
            [0.0, 0.2, 1.0, 1.0, 0.0]
        );
    }

    #[test]
    fn flat_and_non_finite_images_become_nought() {
        assert_eq!(applied("minmax", [3.0; 5]), [0.0; 5]);
        assert_eq!(applied("minmax", [f32::NAN; 5]), [0.0; 5]);
        let mixed = applied("minmax", [f32::NAN, 0.0, 1.0, f32::INFINITY, 2.0]);
        assert_eq!(mixed, [0.0, 0.0, 0.5, 0.0, 1.0]);
    }

    #[test]
    fn a_wrong_rule_is_told_what_is_allowed() {
        for rule in [
            "",
            "max",
            "ct:1",
            "ct:a:b",
            "ct:5:5",
            "percentile:1:101",
            "ct:1:2:3",
            "ct:nan:1",
        ] {
            assert!(
                rule.parse::<Intensity>().unwrap_err().contains('\''),
                "{rule}"
            );
        }
    }
}
