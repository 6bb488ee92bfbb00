//! A canvas of pixels: images, strokes and text, drawn at three times the size and averaged, so that edges are smooth.

use std::io::Cursor;

use ::image::{ImageFormat, RgbImage};
use plotters::backend::BitMapBackend;
use plotters::drawing::IntoDrawingArea;
use plotters::element::Text;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, FontTransform, IntoFont, RGBColor, TextStyle};

use super::{Colour, FAMILY, register_fonts};
use crate::DataError;
use crate::contour::Point;

/// Pixels drawn for each pixel of the picture, along each axis.
const FINER: u32 = 3;
/// The largest picture in pixels: 3 × 3 × 3 bytes each are held while drawing.
const LARGEST: u64 = 60_000_000;

/// How a line is drawn; lengths in pixels of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pen {
    /// Its colour.
    pub colour: Colour,
    /// Its width.
    pub width: f64,
    /// Lengths drawn and left out in turn; nothing for a whole line.
    pub dash: Option<(f64, f64)>,
}

/// A picture while it is drawn. Coordinates are pixels of the finished picture, (0, 0) its upper left corner.
#[derive(Debug)]
pub struct Canvas {
    width: u32,
    height: u32,
    /// RGB, row by row, at the finer size.
    pixels: Vec<u8>,
}

impl Canvas {
    /// An empty canvas of one colour.
    ///
    /// # Errors
    /// A picture that would be too large.
    pub fn new(width: u32, height: u32, ground: Colour) -> Result<Self, DataError> {
        if u64::from(width) * u64::from(height) > LARGEST {
            return Err(DataError::Picture(format!(
                "{width} x {height} pixels are too many: show fewer cases or smaller panels"
            )));
        }
        let count = width as usize * height as usize * (FINER * FINER) as usize;
        Ok(Self {
            width,
            height,
            pixels: ground.repeat(count),
        })
    }

    /// Fills a rectangle; `colour` is asked with coordinates from the rectangle's upper left corner.
    pub fn fill(
        &mut self,
        (left, top): (f64, f64),
        (width, height): (f64, f64),
        colour: impl Fn(f64, f64) -> Colour,
    ) {
        let finer = f64::from(FINER);
        let bound = |value: f64, end: u32| ((value * finer).round().max(0.0) as u32).min(end);
        let (columns, rows) = (self.width * FINER, self.height * FINER);
        for row in bound(top, rows)..bound(top + height, rows) {
            for column in bound(left, columns)..bound(left + width, columns) {
                let middle = |at: u32, start: f64| (f64::from(at) + 0.5) / finer - start;
                self.set(row, column, colour(middle(column, left), middle(row, top)));
            }
        }
    }

    /// Draws a polyline with round ends and joints. Nothing is drawn outside the rectangle `clip` (left, top, right, bottom).
    pub fn stroke(&mut self, points: &[Point], closed: bool, pen: Pen, clip: [f64; 4]) {
        let following = points.iter().cycle().skip(1);
        let sides = if closed {
            points.len()
        } else {
            points.len().saturating_sub(1)
        };
        let mut travelled = 0.0;
        for (from, to) in points.iter().zip(following).take(sides) {
            self.segment(*from, *to, travelled, pen, clip);
            travelled += (to.x - from.x).hypot(to.y - from.y);
        }
    }

    fn segment(&mut self, from: Point, to: Point, travelled: f64, pen: Pen, clip: [f64; 4]) {
        let finer = f64::from(FINER);
        let reach = pen.width / 2.0;
        let range = |a: f64, b: f64, low: f64, high: f64| {
            let first = (a.min(b) - reach).max(low).max(0.0) * finer;
            let end = (a.max(b) + reach).min(high) * finer;
            first.floor() as u32..end.ceil().max(0.0) as u32
        };
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = dx.hypot(dy);
        for row in range(from.y, to.y, clip[1], clip[3]) {
            for column in range(from.x, to.x, clip[0], clip[2]) {
                let x = (f64::from(column) + 0.5) / finer - from.x;
                let y = (f64::from(row) + 0.5) / finer - from.y;
                let along = if length > 0.0 {
                    ((x * dx + y * dy) / length).clamp(0.0, length)
                } else {
                    0.0
                };
                let share = if length > 0.0 { along / length } else { 0.0 };
                let near = (x - share * dx).hypot(y - share * dy) <= reach;
                let drawn = pen
                    .dash
                    .is_none_or(|(on, off)| (travelled + along).rem_euclid(on + off) < on);
                if near && drawn && row < self.height * FINER && column < self.width * FINER {
                    self.set(row, column, pen.colour);
                }
            }
        }
    }

    /// Writes one line of text, its left end in the middle of its height at (x, y).
    ///
    /// # Errors
    /// A font that cannot be used.
    pub fn text(
        &mut self,
        (x, y): (f64, f64),
        (size, bold): (f64, bool),
        colour: Colour,
        text: &str,
    ) -> Result<(), DataError> {
        register_fonts();
        let finer = f64::from(FINER);
        let style = TextStyle {
            font: (FAMILY, size * finer, style_of(bold)).into_font(),
            color: plotters::style::Color::to_backend_color(&RGBColor(
                colour[0], colour[1], colour[2],
            )),
            pos: Pos::new(HPos::Left, VPos::Center),
        };
        let style = style.transform(FontTransform::None);
        let at = ((x * finer).round() as i32, (y * finer).round() as i32);
        let size = (self.width * FINER, self.height * FINER);
        let area = BitMapBackend::with_buffer(&mut self.pixels, size).into_drawing_area();
        area.draw(&Text::new(text, at, style))
            .map_err(|error| DataError::Picture(error.to_string()))
    }

    /// The picture as a PNG file's content.
    ///
    /// # Errors
    /// An encoder that gives up.
    pub fn png(&self) -> Result<Vec<u8>, DataError> {
        let picture = RgbImage::from_raw(self.width, self.height, self.rgb())
            .ok_or_else(|| DataError::Picture("the canvas lost pixels".to_owned()))?;
        let mut file = Cursor::new(Vec::new());
        picture
            .write_to(&mut file, ImageFormat::Png)
            .map_err(|error| DataError::Picture(error.to_string()))?;
        Ok(file.into_inner())
    }

    /// The finished picture's pixels, row by row: red, green, blue.
    pub fn rgb(&self) -> Vec<u8> {
        let mut pixels = Vec::with_capacity(self.width as usize * self.height as usize * 3);
        for y in 0..self.height {
            for x in 0..self.width {
                pixels.extend(self.averaged(x, y));
            }
        }
        pixels
    }

    /// A pixel of the picture: the mean of what was drawn for it.
    fn averaged(&self, x: u32, y: u32) -> Colour {
        let mut sums = [0_u32; 3];
        for row in y * FINER..(y + 1) * FINER {
            let start = self.place(row, x * FINER);
            for pixel in self.pixels[start..start + 3 * FINER as usize].chunks_exact(3) {
                for (sum, part) in sums.iter_mut().zip(pixel) {
                    *sum += u32::from(*part);
                }
            }
        }
        let of = FINER * FINER;
        sums.map(|sum| ((sum + of / 2) / of) as u8)
    }

    /// How wide one line of text will be, in pixels of the picture.
    pub fn text_width(size: f64, bold: bool, text: &str) -> f64 {
        register_fonts();
        let finer = f64::from(FINER);
        let font = (FAMILY, size * finer, style_of(bold)).into_font();
        font.box_size(text)
            .map_or(0.0, |(width, _)| f64::from(width) / finer)
    }

    fn place(&self, row: u32, column: u32) -> usize {
        (row as usize * (self.width * FINER) as usize + column as usize) * 3
    }

    fn set(&mut self, row: u32, column: u32, colour: Colour) {
        let place = self.place(row, column);
        self.pixels[place..place + 3].copy_from_slice(&colour);
    }
}

fn style_of(bold: bool) -> FontStyle {
    if bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    }
}

#[cfg(test)]
mod tests {
    use super::{Canvas, Pen};
    use crate::contour::Point;

    fn decoded(canvas: &Canvas) -> image::RgbImage {
        image::load_from_memory(&canvas.png().unwrap())
            .unwrap()
            .to_rgb8()
    }

    #[test]
    fn a_stroke_colours_what_it_covers_and_fades_at_its_edge() {
        let mut canvas = Canvas::new(20, 10, [255; 3]).unwrap();
        let points = [Point { x: 4.0, y: 5.0 }, Point { x: 16.0, y: 5.0 }];
        let pen = Pen {
            colour: [0; 3],
            width: 3.0,
            dash: None,
        };
        canvas.stroke(&points, false, pen, [0.0, 0.0, 12.0, 10.0]);
        let picture = decoded(&canvas);
        assert_eq!(picture[(8, 4)].0, [0; 3]);
        assert_eq!(picture[(8, 1)].0, [255; 3]);
        let edge = picture[(8, 3)][0];
        assert!((50..220).contains(&edge), "{edge}");
        assert_eq!(picture[(13, 4)].0, [255; 3], "outside the clip");
    }

    #[test]
    fn dashes_leave_gaps() {
        let mut canvas = Canvas::new(40, 4, [255; 3]).unwrap();
        let points = [Point { x: 0.0, y: 2.0 }, Point { x: 40.0, y: 2.0 }];
        let pen = Pen {
            colour: [0; 3],
            width: 2.0,
            dash: Some((5.0, 5.0)),
        };
        canvas.stroke(&points, false, pen, [0.0, 0.0, 40.0, 4.0]);
        let picture = decoded(&canvas);
        let dark: Vec<_> = (0..40).map(|x| picture[(x, 2)][0] < 128).collect();
        assert!(dark[2] && !dark[7] && dark[12] && !dark[17]);
    }

    #[test]
    fn text_is_drawn_and_measured() {
        let mut canvas = Canvas::new(120, 30, [255; 3]).unwrap();
        canvas
            .text((5.0, 15.0), (16.0, false), [0; 3], "case 01")
            .unwrap();
        let picture = decoded(&canvas);
        let dark = picture
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel[0] < 128);
        let columns: Vec<_> = dark.map(|(x, _, _)| x).collect();
        let width = Canvas::text_width(16.0, false, "case 01");
        let end = f64::from(columns.iter().copied().max().unwrap());
        assert!((end - 5.0 - width).abs() < 4.0, "{end} and {width}");
        assert!(*columns.iter().min().unwrap() >= 5);
        assert!(Canvas::text_width(16.0, true, "case 01") > width);
    }

    #[test]
    fn a_picture_without_end_is_refused() {
        assert!(Canvas::new(100_000, 100_000, [0; 3]).is_err());
    }
}
