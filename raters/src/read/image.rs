//! Pictures: PNG, TIFF, BMP and JPEG of 8 or 16 bits a channel.

use std::path::Path;

use ::image::{DynamicImage, ImageFormat, ImageReader, Limits};
use ndarray::Array3;

use crate::DataError;

const LARGEST_PICTURE: u64 = 1 << 28;
const LONGEST_SIDE: u32 = 1 << 15;

/// A decoded picture.
pub(super) struct Picture {
    /// `[c, h, w]`, values as stored.
    pub(super) pixels: Array3<f32>,
    /// The pixel format's largest value.
    pub(super) largest: f32,
}

/// Whether colours are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// Three channels; grey pictures are repeated.
    Rgb,
    /// One channel; colours become their luminance.
    Grey,
    /// As many channels as the file has, transparency left out.
    AsStored,
}

/// Decodes a picture whose format its content tells.
pub(super) fn read(path: &Path, colour: Colour) -> Result<Picture, DataError> {
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

fn pixels(picture: DynamicImage, colour: Colour) -> Option<Picture> {
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
    let pixels = interleaved
        .permuted_axes([2, 0, 1])
        .as_standard_layout()
        .into_owned();
    Some(Picture { pixels, largest })
}

fn widened<T: Into<f32>>(values: Vec<T>) -> Vec<f32> {
    values.into_iter().map(Into::into).collect()
}
