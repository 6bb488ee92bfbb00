//! Hand-made cases for this crate's own tests.

use ndarray::{Array3, Array4};

use crate::case::Case;

/// One structure, one row of pixels a rater, everyone present.
pub(crate) fn case_of_rows(rows: &[&[u8]]) -> Case {
    let width = rows[0].len();
    let masks = Array4::from_shape_fn((rows.len(), 1, 1, width), |(rater, _, _, x)| rows[rater][x]);
    Case {
        name: "hand".to_owned(),
        patient: "hand".to_owned(),
        label: None,
        image: Array3::zeros((1, 1, width)),
        present: vec![true; rows.len()],
        masks,
        arbitrated: None,
    }
}
