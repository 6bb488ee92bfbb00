//! One case: an image and its raters' masks, aligned pixel by pixel.

use ndarray::{Array2, Array3, Array4, ArrayView2, Axis, s};

use crate::DataError;

/// An image with what every rater drew on it. Shapes: c channels, m raters, k structures, h rows, w columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The case's name, unique in its data set.
    pub name: String,
    /// Whom it shows; cases of one patient stay in one split. The case's name where nothing else is known.
    pub patient: String,
    /// The diagnosis (0 healthy, 1 ill), where the data set tells it.
    pub label: Option<u8>,
    /// `[c, h, w]`, in 0 to 1.
    pub image: Array3<f32>,
    /// `[m, k, h, w]`, 0 or 1; zero where the rater is absent.
    pub masks: Array4<u8>,
    /// `[m]`: whether the rater marked this case.
    pub present: Vec<bool>,
    /// `[k, h, w]`, 0 or 1: the arbitrated mask, where there is one.
    pub arbitrated: Option<Array3<u8>>,
}

impl Case {
    /// A case of one structure and no image, from masks `[h, w]` of raters who are all present (0 is background).
    ///
    /// # Errors
    /// No rater, or masks of different sizes.
    pub fn of_masks(
        name: &str,
        raters: &[Array2<u8>],
        arbitrated: Option<&Array2<u8>>,
    ) -> Result<Self, DataError> {
        let refuse = |message: String| Err(DataError::case(name, message));
        let Some(first) = raters.first() else {
            return refuse("there is no rater's mask: give at least one".to_owned());
        };
        let (height, width) = first.dim();
        let named = (2..)
            .zip(&raters[1..])
            .map(|(number, mask)| (format!("rater {number}'s mask"), mask))
            .chain(arbitrated.map(|mask| ("the arbitrated mask".to_owned(), mask)));
        for (what, mask) in named {
            if mask.dim() != (height, width) {
                let (h, w) = mask.dim();
                return refuse(format!(
                    "{what} has {w}x{h} pixels and rater 1's {width}x{height}: bring them to one size"
                ));
            }
        }
        let mut masks = Array4::zeros((raters.len(), 1, height, width));
        for (mut target, mask) in masks.axis_iter_mut(Axis(0)).zip(raters) {
            let marked = mask.mapv(|value| u8::from(value != 0));
            target.index_axis_mut(Axis(0), 0).assign(&marked);
        }
        Ok(Self {
            name: name.to_owned(),
            patient: name.to_owned(),
            image: Array3::zeros((0, height, width)),
            masks,
            present: vec![true; raters.len()],
            label: None,
            arbitrated: arbitrated
                .map(|mask| mask.mapv(|value| u8::from(value != 0)).insert_axis(Axis(0))),
        })
    }

    /// Number of rater slots, absent ones included.
    pub fn raters(&self) -> usize {
        self.masks.dim().0
    }

    /// Number of structures.
    pub fn structures(&self) -> usize {
        self.masks.dim().1
    }

    /// Rows and columns.
    pub fn side(&self) -> (usize, usize) {
        (self.masks.dim().2, self.masks.dim().3)
    }

    /// Positions of the raters who marked this case, from 0.
    pub fn present_raters(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.raters()).filter(|rater| self.present.get(*rater).copied().unwrap_or(false))
    }

    /// One rater's mask of one structure, `[h, w]`.
    ///
    /// # Panics
    /// Where `rater` or `structure` is out of range, as indexing does.
    pub fn mask(&self, rater: usize, structure: usize) -> ArrayView2<'_, u8> {
        self.masks.slice(s![rater, structure, .., ..])
    }
}
