//! From a mask's source to its pixels.

use std::path::{Path, PathBuf};

use mrprism_protocol::spec::Foreground;
use ndarray::{Array2, Array3, Axis};

use super::drawn::{Drawn, drawn};
use super::file::{self, Colour, Pixels};
use super::source::{Contour, Marked, MaskSource};
use super::{Inside, decode};
use crate::DataError;

/// How far a corner may lie from black or white, as a share of the value range, to be background.
const CORNER_SPREAD: f32 = 0.25;

/// Reads one case's masks. What several masks share is decoded once: the clean picture, and a picture with two contours.
#[derive(Debug)]
pub(super) struct MaskReader<'a> {
    inside: &'a Inside,
    foreground: Option<&'a Foreground>,
    on: Option<&'a Pixels>,
    slice: Option<usize>,
    clean: Option<(PathBuf, Array3<f32>)>,
    drawn: Option<(PathBuf, Drawn)>,
}

impl<'a> MaskReader<'a> {
    /// `foreground` is the definition's; `on` the image whose rows and columns masks are laid on by their affines; `slice` the
    /// one that is read of volumes.
    pub(super) fn new(
        inside: &'a Inside,
        foreground: Option<&'a Foreground>,
        on: Option<&'a Pixels>,
        slice: Option<usize>,
    ) -> Self {
        Self {
            inside,
            foreground,
            on,
            slice,
            clean: None,
            drawn: None,
        }
    }

    /// `[h, w]`, 0 or 1, at the file's own size.
    pub(super) fn read(&mut self, source: &MaskSource) -> Result<Array2<u8>, DataError> {
        let path = self.inside.resolve(&source.path)?;
        match &source.marked {
            Marked::AsDefined => decode::read_mask(&path, self.foreground, self.on),
            Marked::Where(foreground) => decode::read_mask(&path, Some(foreground), self.on),
            Marked::Labelled { labels, known } => self.labelled(&path, labels, known),
            Marked::OffCorners(share) => off_corners(&path, *share),
            Marked::Inside { contour, clean } => self.within(&path, *contour, clean),
        }
    }

    fn labelled(
        &self,
        path: &Path,
        labels: &[f32],
        known: &[f32],
    ) -> Result<Array2<u8>, DataError> {
        let stored = match self.slice {
            Some(slice) => file::read_slice(path, slice)?,
            None => file::read(path, Colour::AsStored)?,
        };
        if let Some(stranger) = stored.values.iter().find(|value| !known.contains(value)) {
            let message = format!(
                "it has the label {stranger}, and {known:?} are known: give the labels their usual numbers, or remove the file"
            );
            return Err(DataError::broken(path, message));
        }
        let laid = match self.on {
            Some(image) => stored.laid_on(image),
            None => Ok(stored),
        };
        let laid = laid.map_err(|message| DataError::broken(path, message))?;
        let mask = laid.values.index_axis_move(Axis(0), 0);
        Ok(mask.mapv(|value| u8::from(labels.contains(&value))))
    }

    fn within(
        &mut self,
        path: &Path,
        contour: Contour,
        clean: &Path,
    ) -> Result<Array2<u8>, DataError> {
        let known = self.drawn.take().filter(|(known, _)| known == path);
        let known = match known {
            Some(known) => known,
            None => (path.to_path_buf(), self.contours(path, clean)?),
        };
        let (_, drawn) = self.drawn.insert(known);
        Ok(match contour {
            Contour::Outer => drawn.outer.clone(),
            Contour::Inner => drawn.inner.clone(),
        })
    }

    fn contours(&mut self, path: &Path, clean: &Path) -> Result<Drawn, DataError> {
        let clean = self.inside.resolve(clean)?;
        let known = self.clean.take().filter(|(known, _)| *known == clean);
        let known = match known {
            Some(known) => known,
            None => (clean.clone(), share_of_largest(&clean)?),
        };
        let (clean, before) = self.clean.insert(known);
        let after = share_of_largest(path)?;
        let ((_, h, w), (_, height, width)) = (after.dim(), before.dim());
        if (h, w) != (height, width) {
            return Err(DataError::broken(
                path,
                format!(
                    "it has {w}x{h} pixels and the picture without contours, {}, {width}x{height}: give both at one size",
                    clean.display()
                ),
            ));
        }
        let mut difference = Array2::<f32>::zeros((height, width));
        for (before, after) in before.axis_iter(Axis(0)).zip(after.axis_iter(Axis(0))) {
            difference.zip_mut_with(&(&after - &before), |difference, change| {
                *difference = difference.max(change.abs());
            });
        }
        drawn(&difference.view()).map_err(|fault| {
            DataError::broken(
                path,
                format!(
                    "{fault}; draw it again, or name its case and rater under the key `absent`"
                ),
            )
        })
    }
}

/// `[3, h, w]` in 0 to 1.
fn share_of_largest(path: &Path) -> Result<Array3<f32>, DataError> {
    let picture = file::read(path, Colour::Rgb)?;
    Ok(picture.values / picture.largest)
}

/// Values further than `share` of the range from the corners' end of it.
fn off_corners(path: &Path, share: f32) -> Result<Array2<u8>, DataError> {
    let picture = file::read(path, Colour::Grey)?;
    let values = picture.values.index_axis_move(Axis(0), 0) / picture.largest;
    let (bottom, right) = (
        values.nrows().saturating_sub(1),
        values.ncols().saturating_sub(1),
    );
    let corners = [[0, 0], [0, right], [bottom, 0], [bottom, right]].map(|corner| values[corner]);
    let near = |end: f32| {
        corners
            .iter()
            .all(|value| (value - end).abs() <= CORNER_SPREAD)
    };
    let background = match (near(0.0), near(1.0)) {
        (true, false) => 0.0,
        (false, true) => 1.0,
        _ => {
            return Err(DataError::broken(
                path,
                "its four corners do not show whether the background is black or white: paint the background in one of them up to the edge",
            ));
        }
    };
    Ok(values.mapv(|value| u8::from((value - background).abs() > share)))
}
