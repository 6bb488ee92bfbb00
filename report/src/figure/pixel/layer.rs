//! What lies under a figure's words: images and lines with places between pixels, as pixels and as SVG.
//!
//! The drawing library places lines at whole pixels and writes an image into an SVG one rectangle a pixel. Here contours keep their
//! sub-pixel vertices, lines have smooth edges, and an SVG holds each image once, as PNG, however often it is shown.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mrprism_raters::contour::{Contour, Point};
use mrprism_raters::picture::{Canvas, Pen, WHITE, register_fonts};
use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;

use super::super::panel::NoFigure;
use super::super::picture::Picture;
use super::axes::failed;
use super::raster::Raster;

/// Bytes of images, uncompressed, that an SVG holds at twice the size they are shown; more are held as they are shown.
const FINE: usize = 400_000;

/// A rectangle, in pixels of the figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Frame {
    /// The largest of an image's shape, `[h, w]`, in a square of `side`.
    pub(super) fn within(
        (left, top): (f64, f64),
        side: f64,
        (rows, columns): (usize, usize),
    ) -> Self {
        let scale = side / rows.max(columns).max(1) as f64;
        Self {
            left,
            top,
            width: columns as f64 * scale,
            height: rows as f64 * scale,
        }
    }

    /// Contours of a map of `columns` columns that fills the frame, in pixels of the figure.
    pub(super) fn placed(self, contours: &[Contour], columns: usize) -> Vec<Contour> {
        let scale = self.width / columns.max(1) as f64;
        let place = |point: &Point| Point {
            x: self.left + (point.x + 0.5) * scale,
            y: self.top + (point.y + 0.5) * scale,
        };
        let contours = contours.iter().map(|contour| Contour {
            points: contour.points.iter().map(place).collect(),
            closed: contour.closed,
        });
        contours.collect()
    }
}

/// Images, then lines over them, each in the order given.
#[derive(Debug, Default)]
pub(super) struct Layer<'a> {
    images: Vec<&'a Raster>,
    frames: Vec<(usize, Frame)>,
    lines: Vec<(Contour, Pen)>,
}

impl<'a> Layer<'a> {
    /// Holds an image, to be shown by the number that is returned.
    pub(super) fn hold(&mut self, image: &'a Raster) -> usize {
        self.images.push(image);
        self.images.len() - 1
    }

    /// Shows a held image.
    pub(super) fn show(&mut self, image: usize, frame: Frame) {
        self.frames.push((image, frame));
    }

    /// Draws lines, in pixels of the figure.
    pub(super) fn lines(&mut self, lines: &[Contour], pen: Pen) {
        let lines = lines.iter().map(|line| (line.clone(), pen));
        self.lines.extend(lines);
    }

    /// The images, none more than `finer` times as fine as it is shown.
    fn scaled(&self, finer: f64) -> Vec<Raster> {
        let shown = |at: usize| {
            let frames = self.frames.iter().filter(move |(image, _)| *image == at);
            let sides = frames.map(|(_, frame)| frame.width.max(frame.height));
            sides.fold(1.0, f64::max)
        };
        let images = self.images.iter().enumerate();
        images
            .map(|(at, image)| image.at_most(finer * shown(at)))
            .collect()
    }

    /// Red, green and blue of a figure of this size, white where nothing lies.
    fn pixels(&self, (width, height): (u32, u32)) -> Result<Vec<u8>, NoFigure> {
        let failed = |error: mrprism_raters::DataError| NoFigure::Drawing(error.to_string());
        let mut canvas = Canvas::new(width, height, WHITE).map_err(failed)?;
        let images = self.scaled(2.0);
        for (image, frame) in &self.frames {
            let image = &images[*image];
            let scale = frame.width / image.side().1.max(1) as f64;
            canvas.fill(
                (frame.left, frame.top),
                (frame.width, frame.height),
                |x, y| image.at(x / scale - 0.5, y / scale - 0.5),
            );
        }
        let everywhere = [0.0, 0.0, f64::from(width), f64::from(height)];
        for (line, pen) in &self.lines {
            canvas.stroke(&line.points, line.closed, *pen, everywhere);
        }
        Ok(canvas.rgb())
    }

    /// Elements of an SVG.
    fn elements(&self) -> Result<String, NoFigure> {
        let mut images = self.scaled(2.0);
        if images.iter().map(Raster::bytes).sum::<usize>() > FINE {
            images = self.scaled(1.0);
        }
        let mut written = String::from("<defs>\n");
        let mut names = Vec::new();
        for image in &images {
            let file = BASE64_STANDARD.encode(image.png()?);
            // Figures that share a page must not share names.
            let name = format!("image-{:016x}", fnv1a(file.as_bytes()));
            let (rows, columns) = image.side();
            if !names.contains(&name) {
                line(
                    &mut written,
                    format_args!(
                        "<image id=\"{name}\" width=\"{columns}\" height=\"{rows}\" href=\"data:image/png;base64,{file}\"/>"
                    ),
                );
            }
            names.push(name);
        }
        written.push_str("</defs>\n");
        for (image, frame) in &self.frames {
            let scale = frame.width / images[*image].side().1.max(1) as f64;
            let (name, left, top) = (&names[*image], frame.left, frame.top);
            line(
                &mut written,
                format_args!(
                    "<use href=\"#{name}\" transform=\"translate({left:.2} {top:.2}) scale({scale:.5})\"/>"
                ),
            );
        }
        for (contour, pen) in &self.lines {
            let [red, green, blue] = pen.colour;
            let dash = pen.dash.map_or_else(String::new, |(on, off)| {
                format!(" stroke-dasharray=\"{on:.1} {off:.1}\"")
            });
            line(
                &mut written,
                format_args!(
                    "<path d=\"{}\" fill=\"none\" stroke=\"#{red:02X}{green:02X}{blue:02X}\" stroke-width=\"{:.1}\" stroke-linejoin=\"round\"{dash}/>",
                    path(contour),
                    pen.width
                ),
            );
        }
        Ok(written)
    }
}

/// A figure of a layer with words over it.
pub(super) trait Layered: Picture {
    /// What lies below.
    fn layer(&self) -> Layer<'_>;

    /// What is written, and drawn at whole pixels.
    fn words<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure>;
}

/// Draws both on a ground of pixels.
pub(super) fn draw<DB: DrawingBackend>(
    figure: &impl Layered,
    root: &DrawingArea<DB, Shift>,
) -> Result<(), NoFigure> {
    let size = figure.size();
    let pixels = figure.layer().pixels(size)?;
    let below =
        BitMapElement::<_, plotters::backend::RGBPixel>::with_owned_buffer((0, 0), size, pixels);
    let below = below.ok_or_else(|| NoFigure::Drawing("a layer lost pixels".to_owned()))?;
    root.draw(&below).map_err(failed)?;
    figure.words(root)
}

/// Both as an SVG file's content: the layer's elements follow the white ground.
pub(super) fn svg(figure: &impl Layered) -> Result<String, NoFigure> {
    let mut file = String::new();
    if !register_fonts() {
        return Err(NoFigure::Drawing("the font is broken".to_owned()));
    }
    let root = SVGBackend::with_string(&mut file, figure.size()).into_drawing_area();
    root.fill(&plotters::style::WHITE).map_err(failed)?;
    figure.words(&root)?;
    root.present().map_err(failed)?;
    drop(root);
    let ground = file
        .find("/>\n")
        .ok_or_else(|| NoFigure::Drawing("the SVG has no ground".to_owned()))?;
    file.insert_str(ground + 3, &figure.layer().elements()?);
    Ok(file)
}

/// Adds a line; writing to a string does not fail.
fn line(to: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = to.write_fmt(words);
    to.push('\n');
}

/// Vertices to a tenth of a pixel, none twice in a row.
fn path(contour: &Contour) -> String {
    let mut places: Vec<_> = contour
        .points
        .iter()
        .map(|point| ((point.x * 10.0).round(), (point.y * 10.0).round()))
        .collect();
    places.dedup();
    let mut written = String::new();
    for (at, (x, y)) in places.into_iter().enumerate() {
        let word = if at == 0 { 'M' } else { 'L' };
        let _ = write!(written, "{word}{} {}", x / 10.0, y / 10.0);
    }
    if contour.closed {
        written.push('Z');
    }
    written
}

/// The FNV-1a hash (Fowler, Noll, Vo): a name for bytes, nothing more.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
