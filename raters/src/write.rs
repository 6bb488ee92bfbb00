//! Maps and masks to PNG files, whole or not at all.

use std::ffi::OsString;
use std::path::Path;

use ::image::{ExtendedColorType, ImageFormat};
use ndarray::ArrayRef2;

use crate::DataError;
use crate::prediction::to_fixed;

/// Writes a map `[h, w]` in 0 to 1 as a grey 16-bit PNG: 65535 is 1.
///
/// # Errors
/// A name that does not end in `.png`, an empty map, or a folder that cannot be written to.
pub fn write_map_file(path: &Path, map: &ArrayRef2<f32>) -> Result<(), DataError> {
    let pixels: Vec<u8> = map
        .iter()
        .flat_map(|value| to_fixed(*value).to_ne_bytes())
        .collect();
    write(path, &pixels, map.dim(), ExtendedColorType::L16)
}

/// Writes a mask `[h, w]` as a grey 8-bit PNG: 255 where it is marked, else 0.
///
/// # Errors
/// As [`write_map_file`].
pub fn write_mask_file(path: &Path, mask: &ArrayRef2<u8>) -> Result<(), DataError> {
    let pixels: Vec<u8> = mask
        .iter()
        .map(|pixel| if *pixel == 0 { 0 } else { 255 })
        .collect();
    write(path, &pixels, mask.dim(), ExtendedColorType::L8)
}

/// Whether a file's name says that it is what this module writes.
pub fn is_png(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("png"))
}

/// Writes beside the target and renames, so that nobody meets half a file.
fn write(
    path: &Path,
    pixels: &[u8],
    (height, width): (usize, usize),
    colour: ExtendedColorType,
) -> Result<(), DataError> {
    let Some(name) = path.file_name().filter(|_| is_png(path)) else {
        return Err(DataError::broken(
            path,
            "only PNG is written: let the name end in .png",
        ));
    };
    let mut part = OsString::from(".");
    part.push(name);
    part.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(part);
    let encoded = ::image::save_buffer_with_format(
        &part,
        pixels,
        width as u32,
        height as u32,
        colour,
        ImageFormat::Png,
    );
    let written = match encoded {
        Ok(()) => std::fs::rename(&part, path).map_err(DataError::file("write", path)),
        Err(::image::ImageError::IoError(error)) => Err(DataError::file("write", path)(error)),
        Err(error) => Err(DataError::broken(path, error.to_string())),
    };
    if written.is_err() {
        // The fault is already told; that nothing is left to remove is no second one.
        let _ = std::fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::{write_map_file, write_mask_file};
    use crate::read::{read_map_file, read_mask_file};

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.png");
        let map = array![[0.0, 0.2, 1.0], [0.6, 0.4, 0.8]];
        write_map_file(&path, &map).unwrap();
        let gap = read_map_file(&path).unwrap() - map;
        assert!(gap.iter().all(|gap| gap.abs() < 1e-5));
        write_mask_file(&path, &array![[0, 1], [3, 0]]).unwrap();
        assert_eq!(read_mask_file(&path, None).unwrap(), array![[0, 1], [1, 0]]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_name_and_a_missing_folder_are_refused_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let mask = Array2::<u8>::zeros((2, 2));
        let told = |name: &str| {
            write_mask_file(&folder.path().join(name), &mask)
                .unwrap_err()
                .to_string()
        };
        assert!(told("map.tiff").contains(".png"));
        assert!(told("no/map.png").contains("cannot write"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
