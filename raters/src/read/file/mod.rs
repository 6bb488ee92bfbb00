//! File formats: one file a format, and the door that chooses among them by a path's name.

#[cfg(test)]
mod golden;
mod image;
mod nifti;
mod npy;
mod number;
mod orientation;
mod volume;

use std::path::Path;

use ndarray::Array3;

use super::Intensity;
use crate::DataError;

pub(super) use self::image::Colour;
use orientation::Plane;

/// An axis of a numeric file that is longer than this holds pixels or slices, not channels.
const MOST_CHANNELS: usize = 8;
/// Numbers that one numeric file may hold: a slice of 8192 x 8192, or 512 MiB of the widest type.
const MOST_NUMBERS: usize = 1 << 26;

/// A file of pixels, decoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pixels {
    /// `[c, h, w]`, values as stored or, where a file says how it is scaled, as meant.
    pub(super) values: Array3<f32>,
    /// What counts as white in the file's number format.
    pub(super) largest: f32,
    /// Where the slice lies, where the file says so.
    plane: Option<Plane>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Nifti,
    Npy,
    Picture,
}

/// Decodes a file: NIfTI and npy by name, pictures by content.
pub(super) fn read(path: &Path, colour: Colour) -> Result<Pixels, DataError> {
    match format(path)? {
        Format::Nifti if colour == Colour::Rgb => {
            let message = "a NIfTI image has no colours: give another `intensity`, e.g. \"minmax\"";
            Err(DataError::broken(path, message))
        }
        Format::Nifti => nifti::read(path),
        Format::Npy => npy::read(path, colour),
        Format::Picture => image::read(path, colour),
    }
}

/// Decodes one axial slice, from 0, of a NIfTI volume.
pub(super) fn read_slice(path: &Path, slice: usize) -> Result<Pixels, DataError> {
    refuse_unless_nifti(path)?;
    volume::read(path, slice)
}

/// How many voxels of each axial slice of a NIfTI volume are not 0.
pub(super) fn marked_by_slice(path: &Path) -> Result<Vec<usize>, DataError> {
    refuse_unless_nifti(path)?;
    volume::marked(path)
}

fn refuse_unless_nifti(path: &Path) -> Result<(), DataError> {
    if format(path)? == Format::Nifti {
        return Ok(());
    }
    Err(DataError::broken(
        path,
        "it is no NIfTI volume: slices are read of .nii and .nii.gz files",
    ))
}

/// Channels of the image that [`read`] will give, from the file's header alone.
pub(super) fn channels(path: &Path, intensity: Intensity) -> Result<usize, DataError> {
    match format(path)? {
        Format::Nifti => nifti::channels(path),
        _ if intensity == Intensity::Rgb => Ok(3),
        Format::Npy => npy::channels(path),
        Format::Picture => Ok(1),
    }
}

/// Whether a file of this name holds numbers, of which zero means background, rather than a picture's shades.
pub(super) fn is_numeric(path: &Path) -> bool {
    !matches!(format(path), Ok(Format::Picture))
}

impl Pixels {
    /// These pixels in the rows and columns of `image`, by both files' affines.
    ///
    /// Rows and columns are swapped and reversed where that lays the slices on each other. Nothing is done where a file has
    /// no affine, or where the sizes cannot fit (which the caller tells).
    pub(super) fn laid_on(self, image: &Self) -> Result<Self, String> {
        let (Some(own), Some(its)) = (&self.plane, &image.plane) else {
            return Ok(self);
        };
        let (_, height, width) = image.values.dim();
        let values = orientation::lay(self.values, own, (height, width), its)?;
        Ok(Self {
            values,
            plane: image.plane.clone(),
            ..self
        })
    }
}

fn format(path: &Path) -> Result<Format, DataError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ends_in = |extension: &str| Path::new(name).extension() == Some(extension.as_ref());
    if ends_in("nii") {
        Ok(Format::Nifti)
    } else if ends_in("hdr") || ends_in("img") {
        let message =
            "a .hdr/.img pair is not read: save header and voxels as one .nii or .nii.gz file";
        Err(DataError::broken(path, message))
    } else if ends_in("npy") {
        Ok(Format::Npy)
    } else {
        Ok(Format::Picture)
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, format};

    #[test]
    fn names_choose_the_format() {
        let of = |name: &str| format(name.as_ref()).ok();
        for name in ["a/b.nii", "b.nii.gz", "B.NII.GZ"] {
            assert_eq!(of(name), Some(Format::Nifti), "{name}");
        }
        assert_eq!(of("a.npy"), Some(Format::Npy));
        for name in ["a.png", "a.nii.png", "nii", "npy/a"] {
            assert_eq!(of(name), Some(Format::Picture), "{name}");
        }
        for name in ["a.hdr", "a.img", "a.img.gz"] {
            let told = format(name.as_ref()).unwrap_err().to_string();
            assert!(told.contains(name) && told.contains("one .nii"), "{told}");
        }
    }
}
