//! Who marks what, counted once: pixels on which the raters vote alike cannot be told apart, so EM walks over vote patterns.
//!
//! M hard masks make at most 2^M patterns (128 for seven raters), whatever the number of pixels. Nothing is approximated.

use ndarray::{Array2, ArrayView2, Axis, Zip};

/// Up to this many raters a pattern is a number that indexes a table; beyond it patterns are numbered as they are met.
const TABLE_RATERS: usize = 16;

/// The distinct votes of one case's raters. Shapes: p patterns, m raters, h rows, w columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Patterns {
    /// `[p, m]`: whether the rater marks the pixels of this pattern.
    pub(super) votes: Array2<bool>,
    /// `[p]`: pixels with this pattern; each at least 1.
    pub(super) counts: Vec<f64>,
    /// `[h, w]`: the pixel's pattern.
    of_pixel: Array2<u32>,
}

impl Patterns {
    /// Counts the patterns of masks of one size; column m of `votes` is `masks[m]`.
    pub(super) fn count(masks: &[ArrayView2<'_, u8>]) -> Self {
        let side = masks.first().map_or((0, 0), ArrayView2::dim);
        if masks.len() <= TABLE_RATERS {
            Self::by_table(masks, side)
        } else {
            Self::by_refinement(masks, side)
        }
    }

    fn by_table(masks: &[ArrayView2<'_, u8>], side: (usize, usize)) -> Self {
        let mut keys = Array2::<u16>::zeros(side);
        for (bit, mask) in masks.iter().enumerate() {
            Zip::from(&mut keys)
                .and(mask)
                .for_each(|key, pixel| *key |= u16::from(*pixel != 0) << bit);
        }
        let mut counts = vec![0_u32; 1 << masks.len()];
        for key in &keys {
            counts[usize::from(*key)] += 1;
        }
        let met: Vec<usize> = (0..counts.len()).filter(|key| counts[*key] > 0).collect();
        let mut numbers = vec![0_u32; counts.len()];
        for (number, key) in met.iter().enumerate() {
            numbers[*key] = number as u32;
        }
        Self {
            votes: Array2::from_shape_fn((met.len(), masks.len()), |(p, m)| met[p] >> m & 1 == 1),
            counts: met.iter().map(|key| f64::from(counts[*key])).collect(),
            of_pixel: keys.mapv(|key| numbers[usize::from(key)]),
        }
    }

    /// Splits the pixels by one rater after another: a number and the next rater's vote make a new number.
    fn by_refinement(masks: &[ArrayView2<'_, u8>], side: (usize, usize)) -> Self {
        let mut of_pixel = Array2::<u32>::zeros(side);
        let mut rows: Vec<Vec<bool>> = vec![Vec::new()];
        for mask in masks {
            let mut refined: Vec<Vec<bool>> = Vec::new();
            let mut next = vec![[None::<u32>; 2]; rows.len()];
            Zip::from(&mut of_pixel)
                .and(mask)
                .for_each(|number, pixel| {
                    let vote = *pixel != 0;
                    let old = *number as usize;
                    *number = *next[old][usize::from(vote)].get_or_insert_with(|| {
                        let mut row = rows[old].clone();
                        row.push(vote);
                        refined.push(row);
                        refined.len() as u32 - 1
                    });
                });
            rows = refined;
        }
        let mut counts = vec![0.0; rows.len()];
        for number in &of_pixel {
            counts[*number as usize] += 1.0;
        }
        Self {
            votes: Array2::from_shape_fn((rows.len(), masks.len()), |(p, m)| rows[p][m]),
            counts,
            of_pixel,
        }
    }

    /// Pixels.
    pub(super) fn pixels(&self) -> f64 {
        self.of_pixel.len() as f64
    }

    /// `[p]`: the share of raters who mark each pattern's pixels.
    pub(super) fn shares(&self) -> Vec<f64> {
        let raters = self.votes.ncols() as f64;
        let marks = |row: ndarray::ArrayView1<'_, bool>| row.iter().filter(|vote| **vote).count();
        let rows = self.votes.axis_iter(Axis(0));
        rows.map(|row| marks(row) as f64 / raters).collect()
    }

    /// `[h, w]`: one value a pattern, put where the pattern is.
    pub(super) fn spread(&self, values: &[f64]) -> Array2<f32> {
        let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        self.of_pixel.mapv(|number| values[number as usize])
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ArrayView2, array};

    use super::Patterns;

    #[test]
    fn pixels_that_are_voted_alike_are_one_pattern() {
        let (a, b) = (array![[1, 1, 0], [0, 1, 0]], array![[1, 0, 0], [0, 1, 0]]);
        let patterns = Patterns::count(&[a.view(), b.view()]);
        assert_eq!(
            patterns.votes,
            array![[false, false], [true, false], [true, true]]
        );
        assert_eq!(patterns.counts, [3.0, 1.0, 2.0]);
        assert_eq!(patterns.shares(), [0.0, 0.5, 1.0]);
        assert_eq!(
            patterns.spread(&[0.0, 0.5, 1.0]),
            array![[1.0, 0.5, 0.0], [0.0, 1.0, 0.0]]
        );
    }

    #[test]
    fn both_ways_of_counting_find_the_same() {
        let masks: Vec<Array2<u8>> = (0..9_usize)
            .map(|m| {
                Array2::from_shape_fn((7, 11), |(y, x)| {
                    u8::from((y * 5 + x * x + m * (3 * x + y)) % 4 == 0)
                })
            })
            .collect();
        let views: Vec<ArrayView2<'_, u8>> = masks.iter().map(|mask| mask.view()).collect();
        let (table, refined) = (
            Patterns::by_table(&views, (7, 11)),
            Patterns::by_refinement(&views, (7, 11)),
        );
        let tell = |patterns: &Patterns| {
            let mut rows: Vec<_> = patterns
                .votes
                .rows()
                .into_iter()
                .zip(&patterns.counts)
                .map(|(row, count)| (row.to_vec(), *count as u64))
                .collect();
            rows.sort();
            rows
        };
        assert!(table.counts.len() > 4);
        assert_eq!(tell(&table), tell(&refined));
        assert_eq!(
            table.spread(&table.shares()),
            refined.spread(&refined.shares())
        );
    }

    #[test]
    fn no_pixel_is_no_pattern() {
        let none = Array2::<u8>::zeros((0, 4));
        let patterns = Patterns::count(&[none.view()]);
        assert!(patterns.counts.is_empty());
    }
}
