//! Pictures: PNG, TIFF, BMP and JPEG.
//!
//! One, two and four bits become the eight-bit shades from black to white, so that a one-bit mask is 0 and 255. A palette
//! becomes its colours: what a file calls "index 1" is the colour at that place of its palette. A picture that would take
//! more than 256 MiB decoded is refused; its pixels as 32-bit floats then take at most twice four times that.

use std::path::Path;

use ::image::{DynamicImage, ImageFormat, ImageReader, Limits};
use ndarray::Array3;

use super::Pixels;
use crate::DataError;

const LARGEST_PICTURE: u64 = 1 << 28;
const LONGEST_SIDE: u32 = 1 << 15;

/// Whether colours are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::read) enum Colour {
    /// Three channels; grey pictures are repeated.
    Rgb,
    /// One channel; colours become their luminance.
    Grey,
    /// As many channels as the file has, transparency left out.
    AsStored,
}

/// Decodes a picture whose format its content tells.
pub(super) fn read(path: &Path, colour: Colour) -> Result<Pixels, DataError> {
    let broken = |message: String| {
        DataError::broken(
            path,
            format!("{message}; replace the file or remove its case"),
        )
    };
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(DataError::file("read", path))?;
    let known = [
        ImageFormat::Png,
        ImageFormat::Tiff,
        ImageFormat::Bmp,
        ImageFormat::Jpeg,
    ];
    if !reader
        .format()
        .is_some_and(|format| known.contains(&format))
    {
        return Err(broken("it is no PNG, TIFF, BMP or JPEG picture".to_owned()));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(LARGEST_PICTURE);
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| broken(error.to_string()))?;
    pixels(picture, colour).ok_or_else(|| broken("its size is wrong".to_owned()))
}

fn pixels(picture: DynamicImage, colour: Colour) -> Option<Pixels> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let grey = match colour {
        Colour::Rgb => false,
        Colour::Grey => true,
        Colour::AsStored => !picture.color().has_color(),
    };
    let channels = if grey { 1 } else { 3 };
    let eight_bits = picture.color().bytes_per_pixel() == picture.color().channel_count();
    let floating = matches!(
        picture,
        DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_)
    );
    let (values, largest): (Vec<f32>, f32) = match (floating, eight_bits, grey) {
        (true, _, true) => (picture.to_luma32f().into_raw(), 1.0),
        (true, _, false) => (picture.into_rgb32f().into_raw(), 1.0),
        (_, true, true) => (widened(picture.into_luma8().into_raw()), 255.0),
        (_, true, false) => (widened(picture.into_rgb8().into_raw()), 255.0),
        (_, _, true) => (widened(picture.into_luma16().into_raw()), 65_535.0),
        (_, _, false) => (widened(picture.into_rgb16().into_raw()), 65_535.0),
    };
    let interleaved = Array3::from_shape_vec((height, width, channels), values).ok()?;
    let values = interleaved
        .permuted_axes([2, 0, 1])
        .as_standard_layout()
        .into_owned();
    Some(Pixels {
        values,
        largest,
        plane: None,
    })
}

fn widened<T: Into<f32>>(values: Vec<T>) -> Vec<f32> {
    values.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use ::image::{
        DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage,
    };
    use ndarray::{Array3, array};

    use super::{Colour, read};

    fn written(folder: &Path, name: &str, picture: &DynamicImage) -> PathBuf {
        let path = folder.join(name);
        picture.save(&path).unwrap();
        path
    }

    /// A 4 × 2 PNG of a depth that only the encoder below the image library writes.
    fn png(folder: &Path, depth: png::BitDepth, palette: Option<&[u8]>, rows: &[u8]) -> PathBuf {
        let path = folder.join("small.png");
        let mut encoder = png::Encoder::new(std::fs::File::create(&path).unwrap(), 4, 2);
        encoder.set_depth(depth);
        encoder.set_color(palette.map_or(png::ColorType::Grayscale, |_| png::ColorType::Indexed));
        if let Some(palette) = palette {
            encoder.set_palette(palette);
        }
        encoder
            .write_header()
            .unwrap()
            .write_image_data(rows)
            .unwrap();
        path
    }

    fn values(path: &Path, colour: Colour) -> Array3<f32> {
        read(path, colour).unwrap().values
    }

    #[test]
    fn few_bits_become_shades_from_black_to_white() {
        let folder = tempfile::tempdir().unwrap();
        let path = png(
            folder.path(),
            png::BitDepth::One,
            None,
            &[0b1010_0000, 0b0001_0000],
        );
        let expected = array![[[255.0, 0.0, 255.0, 0.0], [0.0, 0.0, 0.0, 255.0]]];
        for colour in [Colour::Grey, Colour::AsStored] {
            assert_eq!(values(&path, colour), expected);
        }
        let path = png(folder.path(), png::BitDepth::Two, None, &[0b0001_1011, 0]);
        let first = values(&path, Colour::AsStored).slice_move(ndarray::s![0, 0, ..]);
        assert_eq!(first, array![0.0, 85.0, 170.0, 255.0]);
        let path = png(
            folder.path(),
            png::BitDepth::Four,
            None,
            &[0x0f, 0x10, 0, 0],
        );
        let first = values(&path, Colour::AsStored).slice_move(ndarray::s![0, 0, ..]);
        assert_eq!(first, array![0.0, 255.0, 17.0, 0.0]);
    }

    #[test]
    fn a_palette_becomes_its_colours() {
        let folder = tempfile::tempdir().unwrap();
        let palette = [0, 0, 0, 200, 0, 0, 77, 77, 77];
        let rows = [0, 1, 2, 0, 0, 0, 0, 0];
        let path = png(folder.path(), png::BitDepth::Eight, Some(&palette), &rows);
        let colours = values(&path, Colour::AsStored);
        assert_eq!(colours.dim(), (3, 2, 4));
        assert_eq!(
            colours.slice(ndarray::s![.., 0, 1]),
            array![200.0, 0.0, 0.0]
        );
        let grey = values(&path, Colour::Grey);
        assert_eq!((grey.dim(), grey[[0, 0, 2]] as u8), ((1, 2, 4), 77));
    }

    #[test]
    fn every_format_keeps_eight_bits_and_those_that_have_sixteen_keep_them() {
        let folder = tempfile::tempdir().unwrap();
        let grey = GrayImage::from_fn(4, 2, |x, y| Luma([(60 * x + 13 * y) as u8]));
        let expected = Array3::from_shape_fn((1, 2, 4), |(_, y, x)| (60 * x + 13 * y) as f32);
        let grey = DynamicImage::from(grey);
        for name in ["a.png", "a.tif", "a.bmp"] {
            let path = written(folder.path(), name, &grey);
            assert_eq!(values(&path, Colour::Grey), expected, "{name}");
            // The content tells the format, whatever the name says.
            let renamed = folder.path().join("renamed.jpg");
            std::fs::rename(path, &renamed).unwrap();
            assert_eq!(values(&renamed, Colour::Grey), expected, "{name}");
        }
        let jpeg = values(&written(folder.path(), "a.jpg", &grey), Colour::Grey);
        assert!(
            (&jpeg - &expected).iter().all(|off| off.abs() < 12.0),
            "{jpeg}"
        );
        let deep = ImageBuffer::<Luma<u16>, _>::from_fn(4, 2, |x, _| Luma([x as u16 * 20_000 + 7]));
        for name in ["deep.png", "deep.tif"] {
            let path = written(folder.path(), name, &DynamicImage::from(deep.clone()));
            let picture = read(&path, Colour::Grey).unwrap();
            assert_eq!(
                (picture.values[[0, 1, 3]] as u32, picture.largest as u32),
                (60_007, 65_535)
            );
        }
        let real = ImageBuffer::<Rgb<f32>, _>::from_pixel(4, 2, Rgb([0.25, 0.5, 1.0]));
        let path = written(folder.path(), "real.tif", &DynamicImage::from(real));
        let picture = read(&path, Colour::Rgb).unwrap();
        assert_eq!(
            picture.values.slice(ndarray::s![.., 1, 2]),
            array![0.25, 0.5, 1.0]
        );
        assert_eq!(picture.largest as u32, 1);
    }

    #[test]
    fn colours_are_kept_and_transparency_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let colours = RgbImage::from_fn(4, 2, |x, y| Rgb([10 * x as u8, 100 * y as u8, 7]));
        for name in ["c.png", "c.tif", "c.bmp"] {
            let path = written(folder.path(), name, &DynamicImage::from(colours.clone()));
            let read = values(&path, Colour::Rgb);
            assert_eq!(
                read.slice(ndarray::s![.., 1, 3]),
                array![30.0, 100.0, 7.0],
                "{name}"
            );
            assert_eq!(values(&path, Colour::Grey).dim().0, 1);
        }
        let veiled = GrayAlphaImage::from_pixel(4, 2, LumaA([90, 3]));
        let path = written(folder.path(), "v.png", &DynamicImage::from(veiled));
        let read = values(&path, Colour::AsStored);
        assert_eq!((read.dim().0, read[[0, 0, 0]] as u8), (1, 90));
    }

    #[test]
    fn a_picture_that_promises_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (width, height) in [(20_000, 20_000), (1 << 20, 1)] {
            let path = folder.path().join("large.png");
            let file = std::fs::File::create(&path).unwrap();
            let mut encoder = png::Encoder::new(file, width, height);
            encoder.set_depth(png::BitDepth::Eight);
            encoder.set_color(png::ColorType::Rgb);
            let mut writer = encoder.write_header().unwrap();
            writer.write_chunk(png::chunk::IDAT, &[]).unwrap();
            drop(writer);
            let told = read(&path, Colour::Rgb).unwrap_err().to_string();
            assert!(
                told.contains("large.png") && told.to_lowercase().contains("limit"),
                "{told}"
            );
        }
    }
}
