//! A straight axis: numbers to pixels, and ticks at round numbers.

/// From a range of numbers to a range of pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) from: i32,
    pub(super) to: i32,
}

impl Axis {
    /// Where a number lies; beyond the ends it lies at them.
    pub(super) fn at(&self, value: f64) -> i32 {
        let share = (value.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        self.from + (share * f64::from(self.to - self.from)).round() as i32
    }

    /// Multiples of 1, 2 or 5 times a power of ten, at most `most` and one of them.
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        let least = (self.high - self.low) / most.max(1) as f64;
        let power = 10_f64.powf(least.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = steps.into_iter().find(|step| *step >= least);
        let step = step.unwrap_or(10.0 * power);
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|tick| tick as f64 * step).collect()
    }
}

/// A tick's number: as many decimals as its step needs, no minus before 0.
pub(super) fn tick(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6 + 0.0;
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::{Axis, tick};

    #[test]
    fn ticks_are_round_and_numbers_lie_between_the_ends() {
        let axis = Axis {
            low: -1.3,
            high: 4.2,
            from: 100,
            to: 650,
        };
        let ticks: Vec<_> = axis.ticks(6).into_iter().map(tick).collect();
        assert_eq!(ticks, ["-1", "0", "1", "2", "3", "4"]);
        assert_eq!(
            (axis.at(-1.3), axis.at(4.2), axis.at(99.0)),
            (100, 650, 650)
        );
        assert_eq!(axis.at(1.45), 375);
        let small = Axis {
            low: 0.0,
            high: 0.05,
            ..axis
        };
        assert_eq!(tick(small.ticks(5)[3]), "0.03");
    }
}
