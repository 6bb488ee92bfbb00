//! A file's pixels as they are stored, for whoever must guess what they mean.

use std::path::Path;

use ndarray::Array3;

use super::image::Colour;
use super::{image, nifti};
use crate::DataError;

/// Pixels and where they come from.
#[derive(Debug)]
pub(crate) struct Stored {
    /// `[c, h, w]`, values as stored (of NIfTI: scaled).
    pub(crate) pixels: Array3<f32>,
    /// The pixel format's largest value; of NIfTI 1.
    pub(crate) largest: f32,
    pub(crate) nifti: bool,
    /// Whether the format changes pixels: JPEG.
    pub(crate) lossy: bool,
}

/// Whether the name says that this crate can decode the file.
pub(crate) fn is_readable(path: &Path) -> bool {
    let known = ["png", "tif", "tiff", "bmp", "jpg", "jpeg"];
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    nifti::is_nifti(path) || known.contains(&extension.as_str())
}

/// Decodes one file.
pub(crate) fn stored(path: &Path) -> Result<Stored, DataError> {
    if nifti::is_nifti(path) {
        return Ok(Stored {
            pixels: nifti::read(path)?,
            largest: 1.0,
            nifti: true,
            lossy: false,
        });
    }
    let picture = image::read(path, Colour::AsStored)?;
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    Ok(Stored {
        pixels: picture.pixels,
        largest: picture.largest,
        nifti: false,
        lossy: extension.is_some_and(|extension| extension == "jpg" || extension == "jpeg"),
    })
}
