//! A file's pixels as they are stored, for whoever must guess what they mean.

use std::path::Path;

use ndarray::Array3;

use super::file::{self, Colour};
use crate::DataError;

/// Pixels and where they come from.
#[derive(Debug)]
pub(crate) struct Stored {
    /// `[c, h, w]`, values as stored (of NIfTI: scaled).
    pub(crate) pixels: Array3<f32>,
    /// The pixel format's largest value.
    pub(crate) largest: f32,
    /// Whether the file holds numbers rather than a picture's shades: NIfTI, npy.
    pub(crate) numeric: bool,
    /// Whether the format changes pixels: JPEG.
    pub(crate) lossy: bool,
}

/// Whether the name says that this crate can decode the file.
pub(crate) fn is_readable(path: &Path) -> bool {
    let pictures = ["png", "tif", "tiff", "bmp", "jpg", "jpeg"];
    // Halves of a .hdr/.img pair are refused by name, with a sentence of their own.
    let refused = has_extension(path, &["hdr", "img"]);
    has_extension(path, &pictures) || (file::is_numeric(path) && !refused)
}

/// Decodes one file.
pub(crate) fn stored(path: &Path) -> Result<Stored, DataError> {
    let read = file::read(path, Colour::AsStored)?;
    Ok(Stored {
        pixels: read.values,
        largest: read.largest,
        numeric: file::is_numeric(path),
        lossy: has_extension(path, &["jpg", "jpeg"]),
    })
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| known.contains(&extension.to_ascii_lowercase().as_str()))
}
