//! Which part of a case is kept.
//!
//! A window is cut first, so that the intensity rule sees only what is kept. A square round a structure is cut from the
//! finished image, because what it needs beyond the image's edge is black: 0 after the intensity rule.

mod rule;

use mrprism_protocol::spec::{CropFrom, CropOrigin};
use ndarray::{Array2, Array3, Array4, ArrayView2, Axis, s};

use crate::DataError;
use crate::case::Case;
use crate::fusion::mean;

/// A square that is longer than this many image sides shows an image that was cropped before.
const LONGEST_SQUARE: usize = 3;

/// The `crop` rule of a data set, checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Crop {
    /// Everything.
    Whole,
    /// First and one past the last row and column; all where none.
    Window {
        rows: Option<(usize, usize)>,
        columns: Option<(usize, usize)>,
    },
    /// The middle rows and columns, no more than these.
    Central { rows: usize, columns: usize },
    /// A square round a structure: its side is twice `margin` times the height or width, whichever is greater, of the
    /// structure's box, whose middle is the square's.
    Around {
        structure: usize,
        margin: f64,
        from: CropFrom,
    },
}

impl Crop {
    /// What it knows of the masks.
    pub(crate) fn origin(self) -> Option<CropOrigin> {
        match self {
            Self::Whole => None,
            Self::Window { .. } | Self::Central { .. } => Some(CropOrigin::Fixed),
            Self::Around { .. } => Some(CropOrigin::Oracle),
        }
    }

    /// Cuts a window; to be called before the intensity rule.
    pub(crate) fn cut_window(self, case: Case) -> Result<Case, DataError> {
        let (height, width) = case.side();
        let whole = |range: Option<(usize, usize)>, length| range.unwrap_or((0, length));
        let (rows, columns) = match self {
            Self::Whole | Self::Around { .. } => return Ok(case),
            Self::Window { rows, columns } => (whole(rows, height), whole(columns, width)),
            Self::Central { rows, columns } => (middle(height, rows), middle(width, columns)),
        };
        if rows.1 > height || columns.1 > width {
            let message = format!(
                "it has {width}x{height} pixels, and `crop` asks for rows to {} and columns to {}: mend the key, or say central = [rows, columns] where sizes differ",
                rows.1, columns.1
            );
            return Err(DataError::case(&case.name, message));
        }
        let size = (rows.1 - rows.0, columns.1 - columns.0);
        Ok(cut(&case, (rows.0 as isize, columns.0 as isize), size))
    }

    /// Cuts a square round a structure; to be called after the intensity rule.
    pub(crate) fn cut_square(self, case: Case) -> Result<Case, DataError> {
        let Self::Around {
            structure,
            margin,
            from,
        } = self
        else {
            return Ok(case);
        };
        let refuse = |message: &str| Err(DataError::case(&case.name, message));
        let Some(mask) = mask_of(&case, structure, from) else {
            return refuse(
                "it has no arbitrated mask to crop around: add one, or say from = \"mean\"",
            );
        };
        let Some((rows, columns)) = extent(&mask.view()) else {
            return refuse(
                "no pixel of the structure that `crop` goes around is marked: mend the mask or remove the case",
            );
        };
        let greatest = (rows.1 - rows.0).max(columns.1 - columns.0);
        let side = (2.0 * margin * greatest as f64).round() as usize;
        let (height, width) = case.side();
        if side > LONGEST_SQUARE * height.max(width) {
            return refuse(
                "the square that `crop` asks for is more than three times as long as the image: the image is cropped already, so leave the key out, or give a smaller margin",
            );
        }
        // Half a pixel towards the origin where the middle falls between two.
        let begin = |(first, end): (usize, usize)| {
            (first as isize + end as isize - side as isize).div_euclid(2)
        };
        Ok(cut(&case, (begin(rows), begin(columns)), (side, side)))
    }
}

fn middle(length: usize, most: usize) -> (usize, usize) {
    let kept = length.min(most);
    let first = (length - kept) / 2;
    (first, first + kept)
}

/// `[h, w]`: where the structure is; none where nobody says.
fn mask_of(case: &Case, structure: usize, from: CropFrom) -> Option<Array2<bool>> {
    match from {
        CropFrom::Arbitrated => {
            let mask = case.arbitrated.as_ref()?.index_axis(Axis(0), structure);
            Some(mask.mapv(|pixel| pixel != 0))
        }
        CropFrom::Mean => {
            let votes = mean(case, structure)?;
            let half = |count| 2 * u32::from(count) >= u32::from(votes.of);
            Some(votes.counts.mapv(half))
        }
    }
}

type Range = (usize, usize);

/// Rows and columns of the box that holds every marked pixel, ends excluded.
fn extent(mask: &ArrayView2<'_, bool>) -> Option<(Range, Range)> {
    let along = |axis| {
        let marked = |line: ndarray::ArrayView1<'_, bool>| line.iter().any(|pixel| *pixel);
        let first = mask.axis_iter(axis).position(marked)?;
        let last = mask.axis_iter(axis).rposition(marked)?;
        Some((first, last + 1))
    };
    Some((along(Axis(0))?, along(Axis(1))?))
}

/// The part of `size` (rows, columns) whose first pixel is `begin`; 0 beyond the edge.
fn cut(case: &Case, begin: (isize, isize), (height, width): (usize, usize)) -> Case {
    let (rows, columns) = case.side();
    let rows = overlap(begin.0, height, rows);
    let columns = overlap(begin.1, width, columns);
    let (channels, _, _) = case.image.dim();
    let (raters, structures, _, _) = case.masks.dim();
    let (from_y, to_y) = (rows.from(), rows.to());
    let (from_x, to_x) = (columns.from(), columns.to());
    let mut image = Array3::zeros((channels, height, width));
    image
        .slice_mut(s![.., to_y.clone(), to_x.clone()])
        .assign(&case.image.slice(s![.., from_y.clone(), from_x.clone()]));
    let mut masks = Array4::zeros((raters, structures, height, width));
    masks
        .slice_mut(s![.., .., to_y.clone(), to_x.clone()])
        .assign(&case.masks.slice(s![.., .., from_y.clone(), from_x.clone()]));
    let arbitrated = case.arbitrated.as_ref().map(|source| {
        let mut target = Array3::zeros((structures, height, width));
        target
            .slice_mut(s![.., to_y, to_x])
            .assign(&source.slice(s![.., from_y, from_x]));
        target
    });
    Case {
        name: case.name.clone(),
        patient: case.patient.clone(),
        label: case.label,
        image,
        masks,
        present: case.present.clone(),
        arbitrated,
    }
}

/// What two lines share: where it begins in each, and how long it is.
#[derive(Debug, Clone, Copy)]
struct Overlap {
    source: usize,
    target: usize,
    length: usize,
}

impl Overlap {
    fn from(self) -> std::ops::Range<usize> {
        self.source..self.source + self.length
    }

    fn to(self) -> std::ops::Range<usize> {
        self.target..self.target + self.length
    }
}

fn overlap(begin: isize, length: usize, source_length: usize) -> Overlap {
    let first = begin.clamp(0, source_length as isize);
    let end = (begin + length as isize).clamp(first, source_length as isize);
    Overlap {
        source: first as usize,
        target: if end > first {
            (first - begin) as usize
        } else {
            0
        },
        length: (end - first) as usize,
    }
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::spec::CropFrom;
    use ndarray::{Array3, Array4, s};

    use super::Crop;
    use crate::case::Case;

    /// 10 rows, 12 columns; pixel values tell their place. Two raters, one structure.
    fn case(marked: [(usize, usize, usize, usize); 2]) -> Case {
        let mut masks = Array4::zeros((2, 1, 10, 12));
        for (rater, (top, bottom, left, right)) in marked.into_iter().enumerate() {
            masks
                .slice_mut(s![rater, 0, top..bottom, left..right])
                .fill(1);
        }
        Case {
            name: "hand".to_owned(),
            patient: "hand".to_owned(),
            image: Array3::from_shape_fn((1, 10, 12), |(_, y, x)| (100 * y + x + 1) as f32),
            arbitrated: Some(masks.slice(s![0, .., .., ..]).to_owned()),
            masks,
            label: None,
            present: vec![true; 2],
        }
    }

    fn around(margin: f64, from: CropFrom) -> Crop {
        Crop::Around {
            structure: 0,
            margin,
            from,
        }
    }

    #[test]
    fn the_square_has_three_times_the_longer_side_round_the_middle_of_the_box() {
        // A box of 2 rows (4, 5) and 3 columns (5, 6, 7): half the side is 1.5 × 3, the middle is row 5.0, column 6.5.
        let cropped = around(1.5, CropFrom::Arbitrated)
            .cut_square(case([(4, 6, 5, 8), (0, 1, 0, 1)]))
            .unwrap();
        assert_eq!(cropped.image.dim(), (1, 9, 9));
        assert_eq!(cropped.masks.dim(), (2, 1, 9, 9));
        // First row: (4 + 6 − 9) / 2, rounded down, is 0; first column (5 + 8 − 9) / 2 is 2.
        assert_eq!(cropped.image[[0, 0, 0]] as i32, 3);
        assert_eq!(cropped.masks.slice(s![0, 0, 4..6, 3..6]).sum(), 6);
        assert_eq!(cropped.masks.slice(s![0, .., .., ..]).sum(), 6);
        assert_eq!(cropped.masks.slice(s![1, .., .., ..]).sum(), 0);
        assert_eq!(cropped.arbitrated.unwrap().sum(), 6);
    }

    #[test]
    fn what_lies_beyond_the_edge_is_black() {
        let cropped = around(1.5, CropFrom::Arbitrated)
            .cut_square(case([(0, 4, 0, 4), (0, 4, 0, 4)]))
            .unwrap();
        // Side 12, first pixel (−4, −4).
        assert_eq!(cropped.image.dim(), (1, 12, 12));
        assert!(
            cropped
                .image
                .slice(s![0, ..4, ..])
                .iter()
                .all(|v| *v == 0.0)
        );
        assert!(
            cropped
                .image
                .slice(s![0, .., ..4])
                .iter()
                .all(|v| *v == 0.0)
        );
        assert_eq!(cropped.image[[0, 4, 4]] as i32, 1);
        assert_eq!(cropped.image[[0, 11, 11]] as i32, 708);
        assert_eq!(cropped.masks.slice(s![1, 0, 4..8, 4..8]).sum(), 16);
    }

    #[test]
    fn the_mean_counts_pixels_that_half_of_the_present_raters_marked() {
        let mut case = case([(4, 6, 4, 6), (4, 8, 4, 6)]);
        let side = |case: &Case| {
            let cropped = around(0.5, CropFrom::Mean)
                .cut_square(case.clone())
                .unwrap();
            cropped.side()
        };
        assert_eq!(side(&case), (4, 4));
        case.present[1] = false;
        assert_eq!(side(&case), (2, 2));
    }

    #[test]
    fn nothing_to_crop_around_is_told() {
        let told = |from, case| around(1.5, from).cut_square(case).unwrap_err().to_string();
        let empty = case([(0, 0, 0, 0); 2]);
        assert!(told(CropFrom::Mean, empty.clone()).contains("'hand': no pixel"));
        let without = Case {
            arbitrated: None,
            ..empty
        };
        assert!(told(CropFrom::Arbitrated, without).contains("from = \"mean\""));
        let full = case([(0, 10, 0, 12); 2]);
        let error = around(2.0, CropFrom::Mean).cut_square(full).unwrap_err();
        assert!(error.to_string().contains("cropped already"));
    }

    #[test]
    fn a_window_keeps_its_rows_and_the_middle_keeps_no_more_than_is_there() {
        let whole = case([(4, 6, 5, 8), (0, 1, 0, 1)]);
        let window = Crop::Window {
            rows: Some((2, 9)),
            columns: None,
        };
        let cropped = window.cut_window(whole.clone()).unwrap();
        assert_eq!(cropped.side(), (7, 12));
        assert_eq!(cropped.image[[0, 0, 0]] as i32, 201);
        let central = Crop::Central {
            rows: 20,
            columns: 6,
        };
        let cropped = central.cut_window(whole.clone()).unwrap();
        assert_eq!(cropped.side(), (10, 6));
        assert_eq!(cropped.image[[0, 0, 0]] as i32, 4);
        let beyond = Crop::Window {
            rows: Some((2, 11)),
            columns: None,
        };
        let told = beyond.cut_window(whole).unwrap_err().to_string();
        assert!(
            told.contains("12x10") && told.contains("rows to 11"),
            "{told}"
        );
    }
}
