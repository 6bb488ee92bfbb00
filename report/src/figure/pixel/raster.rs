//! Pixels of an image or a map: sampled between pixels, made smaller, as a PNG file.

use mrprism_raters::picture::Colour;
use ndarray::{Array2, Array3};

use super::super::panel::NoFigure;

/// The ground where a case has no image, only masks.
const NO_IMAGE: f32 = 0.85;

/// Colours, `[h, w]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster(Array2<Colour>);

impl Raster {
    /// A case's image `[c, h, w]` in 0 to 1: colours of three channels, else the first as grey.
    pub(super) fn of_image(image: &Array3<f32>) -> Self {
        let (channels, height, width) = image.dim();
        let value = |c: usize, y: usize, x: usize| {
            let value = image.get([c, y, x]).copied().unwrap_or(NO_IMAGE);
            (value * 255.0).round().clamp(0.0, 255.0) as u8
        };
        Self(Array2::from_shape_fn((height, width), |(y, x)| {
            if channels == 3 {
                [0, 1, 2].map(|channel| value(channel, y, x))
            } else {
                [value(0, y, x); 3]
            }
        }))
    }

    /// A map through a scale of colours.
    pub(super) fn of_map(map: &Array2<f32>, scale: impl Fn(f64) -> Colour) -> Self {
        Self(map.mapv(|value| scale(f64::from(value))))
    }

    /// Rows and columns.
    pub(super) fn side(&self) -> (usize, usize) {
        self.0.dim()
    }

    fn is_grey(&self) -> bool {
        let mut pixels = self.0.iter();
        pixels.all(|[red, green, blue]| red == green && green == blue)
    }

    /// The colour at a place, in pixels from the middle of the first, by linear interpolation.
    pub(super) fn at(&self, x: f64, y: f64) -> Colour {
        let (height, width) = self.side();
        if height == 0 || width == 0 {
            return [255; 3];
        }
        let part = |place: f64, end: usize| {
            let place = place.clamp(0.0, (end - 1) as f64);
            let before = place.floor() as usize;
            (before, (before + 1).min(end - 1), place - place.floor())
        };
        let (top, bottom, down) = part(y, height);
        let (left, right, across) = part(x, width);
        let mut mixed = [0; 3];
        for (channel, value) in mixed.iter_mut().enumerate() {
            let pixel = |row: usize, column: usize| f64::from(self.0[[row, column]][channel]);
            let upper = pixel(top, left) * (1.0 - across) + pixel(top, right) * across;
            let lower = pixel(bottom, left) * (1.0 - across) + pixel(bottom, right) * across;
            *value = (upper * (1.0 - down) + lower * down).round() as u8;
        }
        mixed
    }

    /// No longer than `longest` pixels along its longer side: each pixel the mean of those it covers.
    pub(super) fn at_most(&self, longest: f64) -> Self {
        let (height, width) = self.side();
        let factor = longest / height.max(width).max(1) as f64;
        if factor >= 1.0 {
            return self.clone();
        }
        let smaller = |side: usize| ((side as f64 * factor).round() as usize).max(1);
        let (rows, columns) = (smaller(height), smaller(width));
        Self(Array2::from_shape_fn((rows, columns), |(y, x)| {
            let span = |at: usize, of: usize, side: usize| at * side / of..(at + 1) * side / of;
            let (mut sums, mut count) = ([0_u64; 3], 0);
            for row in span(y, rows, height) {
                for column in span(x, columns, width) {
                    count += 1;
                    for (sum, part) in sums.iter_mut().zip(self.0[[row, column]]) {
                        *sum += u64::from(part);
                    }
                }
            }
            sums.map(|sum| ((sum + count / 2) / count.max(1)) as u8)
        }))
    }

    /// As a PNG file's content: one channel where every colour is grey.
    pub(super) fn png(&self) -> Result<Vec<u8>, NoFigure> {
        let grey = self.is_grey();
        let (height, width) = self.side();
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
        encoder.set_compression(png::Compression::High);
        encoder.set_color(if grey {
            png::ColorType::Grayscale
        } else {
            png::ColorType::Rgb
        });
        let channels = if grey { 1 } else { 3 };
        let pixels = self.0.iter().flat_map(|colour| &colour[..channels]);
        let pixels: Vec<u8> = pixels.copied().collect();
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&pixels));
        written.map_err(|error| NoFigure::Drawing(error.to_string()))?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::Raster;

    #[test]
    fn places_between_pixels_are_mixed_and_those_outside_are_the_border() {
        let raster = Raster::of_map(&array![[0.0, 1.0], [0.0, 1.0]], |v| [(v * 200.0) as u8; 3]);
        assert_eq!(raster.at(0.25, 0.5), [50; 3]);
        assert_eq!(raster.at(-3.0, 9.0), [0; 3]);
    }

    #[test]
    fn a_smaller_raster_holds_means() {
        let image =
            array![[0.0, 0.2, 1.0, 1.0], [0.2, 0.4, 1.0, 1.0]].insert_axis(ndarray::Axis(0));
        let smaller = Raster::of_image(&image).at_most(2.0);
        assert_eq!(smaller.side(), (1, 2));
        assert_eq!(
            [smaller.at(0.0, 0.0), smaller.at(1.0, 0.0)],
            [[51; 3], [255; 3]]
        );
        assert_eq!(smaller, smaller.at_most(2.0));
    }

    #[test]
    fn grey_is_one_channel_and_a_case_without_an_image_has_a_ground() {
        let bare = Raster::of_image(&Array3::zeros((0, 2, 3)));
        assert_eq!((bare.is_grey(), bare.at(1.0, 1.0)), (true, [217; 3]));
        let colours = Raster::of_map(&array![[0.0, 1.0]], |v| [0, (v * 9.0) as u8, 0]);
        assert!(!colours.is_grey());
    }
}
