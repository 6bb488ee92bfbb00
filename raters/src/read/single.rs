//! One mask or one map from a file of its own, outside any data set.

use std::path::Path;

use mrprism_protocol::spec::Foreground;
use ndarray::{Array2, Array3, Axis};

use super::decode;
use super::file::{self, Colour};
use crate::DataError;

/// A mask, `[h, w]`, 0 or 1: a picture (PNG, TIFF, BMP, JPEG) or a single NIfTI slice.
///
/// `foreground` says which stored values are marked; without a rule, anything but 0. A pixel of a colour picture is marked
/// where any of its channels is.
///
/// # Errors
/// A file that cannot be read, is none of these formats, or has more than one slice.
pub fn read_mask_file(
    path: &Path,
    foreground: Option<&Foreground>,
) -> Result<Array2<u8>, DataError> {
    decode::read_mask(path, foreground, None)
}

/// A probability map, `[h, w]`, in 0 to 1: a grey picture of 8 or 16 bits divided by its format's largest value, or a NIfTI
/// slice whose values are taken as they are.
///
/// # Errors
/// As [`read_mask_file`]; and what no map holds: colours, NaN, values outside 0 to 1, or a picture of nothing but 0 and 1 of
/// 255, which is a mask.
pub fn read_map_file(path: &Path) -> Result<Array2<f32>, DataError> {
    let refuse = |message: String| DataError::broken(path, message);
    let read = file::read(path, Colour::AsStored)?;
    // Numbers are taken as they are, a picture's shades as shares of white.
    let largest = if file::is_numeric(path) {
        1.0
    } else {
        read.largest
    };
    let pixels = read.values;
    let mut map =
        grey(&pixels).ok_or_else(|| refuse("it has colours, and a map has one channel".into()))?;
    let greatest = map.iter().copied().fold(0.0_f32, f32::max);
    if largest > 1.0 && greatest > 0.0 && greatest <= 1.0 {
        return Err(refuse(format!(
            "its greatest value is 1 of {largest}, as in a mask of labels: store a map's probabilities as 0 to {largest}, or read the file as a mask"
        )));
    }
    map.mapv_inplace(|value| value / largest);
    match map.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        Some(value) => Err(refuse(format!(
            "it holds the value {value}, and a map's probabilities lie from 0 to 1: scale it, or read the file as a mask"
        ))),
        None => Ok(map),
    }
}

/// The one channel, or the one that all channels equal.
fn grey(pixels: &Array3<f32>) -> Option<Array2<f32>> {
    let mut channels = pixels.axis_iter(Axis(0));
    let first = channels.next()?;
    channels
        .all(|channel| channel == first)
        .then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use ::image::{GrayImage, ImageBuffer, Luma, Rgb, RgbImage};
    use mrprism_protocol::spec::Foreground;
    use ndarray::array;

    use super::{read_map_file, read_mask_file};

    fn grey(folder: &tempfile::TempDir, values: [u8; 4]) -> PathBuf {
        let path = folder.path().join("grey.png");
        let picture = GrayImage::from_raw(2, 2, values.to_vec()).unwrap();
        picture.save(&path).unwrap();
        path
    }

    #[test]
    fn a_mask_follows_its_rule_and_a_map_its_format() {
        let folder = tempfile::tempdir().unwrap();
        let path = grey(&folder, [0, 51, 255, 0]);
        let mask = |rule: Option<&Foreground>| read_mask_file(&path, rule).unwrap();
        assert_eq!(mask(None), array![[0, 1], [1, 0]]);
        assert_eq!(
            mask(Some(&Foreground::Above(127.0))),
            array![[0, 0], [1, 0]]
        );
        assert_eq!(
            read_map_file(&path).unwrap(),
            array![[0.0, 0.2], [1.0, 0.0]]
        );
        let wide = folder.path().join("wide.tiff");
        let values = vec![0_u16, 65_535, 13_107, 0];
        let picture: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_raw(2, 2, values).unwrap();
        picture.save(&wide).unwrap();
        assert_eq!(
            read_map_file(&wide).unwrap(),
            array![[0.0, 1.0], [0.2, 0.0]]
        );
    }

    #[test]
    fn what_is_no_map_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let told = |path: &std::path::Path| read_map_file(path).unwrap_err().to_string();
        let labels = told(&grey(&folder, [0, 1, 1, 0]));
        assert!(labels.contains("1 of 255"), "{labels}");
        // Nothing marked is a map as well as a mask.
        assert!(read_map_file(&grey(&folder, [0; 4])).is_ok());
        let path = folder.path().join("colour.png");
        let heat = RgbImage::from_pixel(2, 2, Rgb([255, 0, 0]));
        heat.save(&path).unwrap();
        assert!(told(&path).contains("colours"), "{}", told(&path));
        RgbImage::from_pixel(2, 2, Rgb([51, 51, 51]))
            .save(&path)
            .unwrap();
        assert_eq!(
            read_map_file(&path).unwrap(),
            array![[0.2, 0.2], [0.2, 0.2]]
        );
        let missing = folder.path().join("none.png");
        assert!(told(&missing).contains("cannot read"));
    }
}
