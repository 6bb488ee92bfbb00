//! What lies under a figure's words: images and lines with places between pixels, as pixels and as SVG.
//!
//! The drawing library places lines at whole pixels and writes an image into an SVG one rectangle a pixel. Here contours keep their
//! sub-pixel vertices, lines have smooth edges, and an SVG holds each image (as PNG) and each contour once, however often it is shown.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mrprism_raters::contour::{Contour, Point};
use mrprism_raters::picture::{Canvas, Colour, Pen, WHITE, register_fonts};
use ndarray::Array2;
use plotters::coord::Shift;
use plotters::element::BitMapElement;
use plotters::prelude::*;

use super::super::panel::NoFigure;
use super::super::picture::Picture;
use super::axes::failed;
use super::path::Path;
use super::raster::Raster;

/// How much finer than shown an image is held, so that print and zoom show what it has; and the coarsest.
const FINEST: f64 = 2.0;
const COARSEST: f64 = 0.5;
/// Bytes of PNG that an SVG holds: where they are more, all images become coarser.
const MOST_BYTES: usize = 250_000;
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

    fn is_like(self, other: Self) -> bool {
        (self.width - other.width).abs() < 1e-9 && (self.height - other.height).abs() < 1e-9
    }

    /// An image at the frame's size, a colour a pixel.
    fn filled_with(self, image: &Raster) -> Array2<Colour> {
        let scale = self.width / image.side().1.max(1) as f64;
        let size = (self.height.ceil() as usize, self.width.ceil() as usize);
        let middle = |at: usize| (at as f64 + 0.5) / scale - 0.5;
        Array2::from_shape_fn(size, |(y, x)| image.at(middle(x), middle(y)))
    }

    /// Where a map of `columns` columns lies that fills the frame.
    pub(super) fn placement(self, columns: usize) -> Placement {
        let scale = self.width / columns.max(1) as f64;
        Placement {
            left: self.left + scale / 2.0,
            top: self.top + scale / 2.0,
            scale,
        }
    }
}

/// Where contours lie: the place of their (0, 0) in pixels of the figure, and how many of these a pixel of theirs takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Placement {
    left: f64,
    top: f64,
    scale: f64,
}

impl Placement {
    /// Of contours in pixels of the figure.
    pub(super) const AS_IS: Self = Self {
        left: 0.0,
        top: 0.0,
        scale: 1.0,
    };

    fn of(self, point: Point) -> Point {
        Point {
            x: self.left + point.x * self.scale,
            y: self.top + point.y * self.scale,
        }
    }
}

/// Images, then lines over them, each in the order given.
#[derive(Debug, Default)]
pub(super) struct Layer<'a> {
    images: Vec<&'a Raster>,
    frames: Vec<(usize, Frame)>,
    outlines: Vec<Cow<'a, [Contour]>>,
    lines: Vec<(usize, Placement, Pen)>,
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

    /// Holds contours, to be drawn by the number that is returned.
    pub(super) fn outline(&mut self, contours: impl Into<Cow<'a, [Contour]>>) -> usize {
        self.outlines.push(contours.into());
        self.outlines.len() - 1
    }

    /// Draws held contours with every pen in turn.
    pub(super) fn draw(&mut self, outline: usize, placement: Placement, pens: &[Pen]) {
        let lines = pens.iter().map(|pen| (outline, placement, *pen));
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
        let images = self.scaled(FINEST);
        let mut last: Option<(usize, Frame, Array2<Colour>)> = None;
        for (image, frame) in &self.frames {
            // Panels of one case show one image at one size: it is brought to that size once.
            let shown = match last.take() {
                Some((other, size, shown)) if other == *image && frame.is_like(size) => shown,
                _ => frame.filled_with(&images[*image]),
            };
            canvas.fill(
                (frame.left, frame.top),
                (frame.width, frame.height),
                |x, y| {
                    shown
                        .get([y as usize, x as usize])
                        .copied()
                        .unwrap_or(WHITE)
                },
            );
            last = Some((*image, *frame, shown));
        }
        let everywhere = [0.0, 0.0, f64::from(width), f64::from(height)];
        for (outline, placement, pen) in &self.lines {
            for contour in self.outlines[*outline].iter() {
                let points = contour.points.iter().map(|point| placement.of(*point));
                let points: Vec<_> = points.collect();
                canvas.stroke(&points, contour.closed, *pen, everywhere);
            }
        }
        Ok(canvas.rgb())
    }

    /// The images as PNG, as fine as the file may be large.
    fn encoded(&self) -> Result<Vec<(Raster, Vec<u8>)>, NoFigure> {
        let mut finer = FINEST;
        loop {
            let images = self.scaled(finer).into_iter();
            let files = images.map(|image| {
                let file = image.png()?;
                Ok((image, file))
            });
            let files = files.collect::<Result<Vec<_>, NoFigure>>()?;
            let bytes: usize = files.iter().map(|(_, file)| file.len()).sum();
            if bytes <= MOST_BYTES || finer <= COARSEST {
                return Ok(files);
            }
            finer = (finer * 0.8).max(COARSEST);
        }
    }

    /// Elements of an SVG: images and paths once each, then their uses.
    fn elements(&self) -> Result<String, NoFigure> {
        let mut held = Held::default();
        let mut names = Vec::new();
        let images = self.encoded()?;
        for (image, file) in &images {
            let file = BASE64_STANDARD.encode(file);
            let (rows, columns) = image.side();
            names.push(held.name(&format!(
                "image width=\"{columns}\" height=\"{rows}\" href=\"data:image/png;base64,{file}\""
            )));
        }
        let mut uses = String::new();
        for (image, frame) in &self.frames {
            let scale = frame.width / images[*image].0.side().1.max(1) as f64;
            let (name, left, top) = (&names[*image], frame.left, frame.top);
            line(
                &mut uses,
                format_args!(
                    "<use href=\"#{name}\" transform=\"translate({left:.2} {top:.2}) scale({scale:.5})\"/>"
                ),
            );
        }
        let mut names = Vec::new();
        for (at, contours) in self.outlines.iter().enumerate() {
            let drawn = self.lines.iter().filter(|(outline, ..)| *outline == at);
            let scale = drawn.map(|(_, placement, _)| placement.scale);
            let path = Path::of(contours, scale.fold(f64::EPSILON, f64::max));
            let name = held.name(&format!("path d=\"{}\"", path.data));
            names.push((name, path.units));
        }
        uses.push_str("<g fill=\"none\" stroke-linejoin=\"round\">\n");
        for (outline, Placement { left, top, scale }, pen) in &self.lines {
            let [red, green, blue] = pen.colour;
            let (name, units) = &names[*outline];
            let scale = scale / units;
            let dash = pen.dash.map_or_else(String::new, |(on, off)| {
                let (on, off) = (on / scale, off / scale);
                format!(" stroke-dasharray=\"{on:.1} {off:.1}\"")
            });
            line(
                &mut uses,
                format_args!(
                    "<use href=\"#{}\" transform=\"translate({left:.2} {top:.2}) scale({scale:.5})\" stroke=\"#{red:02X}{green:02X}{blue:02X}\" stroke-width=\"{:.1}\"{dash}/>",
                    name,
                    pen.width / scale
                ),
            );
        }
        Ok(format!("<defs>\n{}</defs>\n{uses}</g>\n", held.written))
    }
}

/// Elements that others use, each written once.
#[derive(Default)]
struct Held {
    written: String,
    names: Vec<String>,
}

impl Held {
    /// The element's name. It is made of what the element says, for figures on one page must not share names of other things.
    fn name(&mut self, element: &str) -> String {
        let name = format!("held-{:016x}", fnv1a(element.as_bytes()));
        if !self.names.contains(&name) {
            line(
                &mut self.written,
                format_args!("<{element} id=\"{name}\"/>"),
            );
            self.names.push(name.clone());
        }
        name
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

/// The FNV-1a hash (Fowler, Noll, Vo): a name for bytes, nothing more.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
