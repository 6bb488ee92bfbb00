//! The mean of the raters who are present: the soft "majority vote" of the paper's Table 2.

use crate::case::Case;

use super::Votes;

/// Mean of every present rater's mask of one structure, as votes; none where nobody is present.
///
/// An absent rater leaves the mean: it lowers `of`, not the counts.
pub fn mean(case: &Case, structure: usize) -> Option<Votes> {
    Votes::count(case, structure, case.present_raters())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::mean;
    use crate::testing::case_of_rows;

    #[test]
    fn an_absent_rater_leaves_the_mean() {
        let mut case = case_of_rows(&[&[1, 1, 0], &[1, 0, 0], &[0, 0, 0]]);
        case.present[2] = false;
        let votes = mean(&case, 0).unwrap();
        assert_eq!((votes.counts, votes.of), (array![[2, 1, 0]], 2));
        case.present = vec![false; 3];
        assert!(mean(&case, 0).is_none());
    }
}
