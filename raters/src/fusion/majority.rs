//! The hard majority of the raters who are present.

use crate::case::Case;

use super::{Votes, mean};

/// Pixels that more than half of the present raters mark. Ties go to the background.
///
/// None where nobody is present.
pub fn majority(case: &Case, structure: usize) -> Option<Votes> {
    Some(mean(case, structure)?.majority())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::majority;
    use crate::testing::case_of_rows;

    #[test]
    fn ties_go_to_the_background() {
        let case = case_of_rows(&[&[1, 1, 0], &[1, 0, 0]]);
        assert_eq!(majority(&case, 0).unwrap().counts, array![[1, 0, 0]]);
    }

    #[test]
    fn two_of_three_are_a_majority_and_two_of_four_are_none() {
        let three = case_of_rows(&[&[1], &[1], &[0]]);
        assert_eq!(majority(&three, 0).unwrap().counts, array![[1]]);
        let four = case_of_rows(&[&[1], &[1], &[0], &[0]]);
        assert_eq!(majority(&four, 0).unwrap().counts, array![[0]]);
    }
}
