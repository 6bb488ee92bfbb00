//! One case on a sheet: its name, its image with every contour, and the areas below.

use ndarray::{Array2, ArrayView2, Axis, s};

use super::super::{Dataset, SplitName};
use super::{LINE, SheetStyle, TEXT, arbitrated_pen, short};
use crate::DataError;
use crate::case::Case;
use crate::contour::{Contour, Point, contours};
use crate::picture::{Canvas, Colour, INK, PALE, Pen, rater_pen};

/// Width of a contour; finer on an image that is shown smaller than it is, where contours lie closer.
const STROKE: f64 = 1.8;
const FINE_STROKE: f64 = 1.2;
/// The dark seam that keeps a white line visible on a bright image.
const SEAM: f64 = 1.4;
const SWATCH: f64 = 18.0;

/// What a panel draws, laid out.
pub(super) struct Panel<'a> {
    case: &'a Case,
    split: &'static str,
    side: f64,
    /// The part of the image that is shown, in pixels: left, top, width, height.
    window: [usize; 4],
    /// Lines of the legend: entries with a pen or without.
    lines: Vec<Vec<(Option<Pen>, String)>>,
    /// Width of one entry.
    column: f64,
}

impl<'a> Panel<'a> {
    pub(super) fn new(
        dataset: &Dataset,
        position: usize,
        case: &'a Case,
        style: &SheetStyle,
    ) -> Self {
        let holds = |split: &SplitName| {
            let positions = dataset.members.positions(*split);
            positions.binary_search(&position).is_ok()
        };
        let split = SplitName::ALL.into_iter().find(holds);
        let side = f64::from(style.panel);
        let groups = areas(dataset, case);
        let widest = groups
            .iter()
            .flatten()
            .map(|(_, text)| Canvas::text_width(TEXT, false, text))
            .fold(0.0, f64::max);
        let column = widest + SWATCH + 8.0 + 14.0;
        let in_a_line = ((side / column) as usize).max(1);
        let lines = groups.iter().flat_map(|group| lines(group, in_a_line));
        Self {
            case,
            split: split.map_or("", SplitName::as_str),
            side,
            window: window(case, style.detail),
            lines: lines.collect(),
            column,
        }
    }

    pub(super) fn height(&self) -> f64 {
        LINE + self.side + 8.0 + self.lines.len() as f64 * LINE
    }

    pub(super) fn draw(
        &self,
        canvas: &mut Canvas,
        (left, top): (f64, f64),
    ) -> Result<(), DataError> {
        let title = top + LINE / 2.0 - 2.0;
        let [x, y, width, height] = self.window;
        let whole = self.case.side() == (height, width);
        let note = if whole {
            format!("{}, {width} x {height}", self.split)
        } else {
            format!("{}, {width} x {height} at ({x}, {y})", self.split)
        };
        let note_width = Canvas::text_width(TEXT, false, &note);
        let name = fitted(&self.case.name, self.side - note_width - 12.0);
        canvas.text((left, title), (TEXT, true), INK, &name)?;
        let right = left + self.side - note_width;
        canvas.text((right, title), (TEXT, false), PALE, &note)?;
        self.draw_image(canvas, (left, top + LINE));
        let below = top + LINE + self.side + 8.0;
        for (number, line) in self.lines.iter().enumerate() {
            let y = below + (number as f64 + 0.5) * LINE;
            for (column, (pen, text)) in line.iter().enumerate() {
                let x = left + column as f64 * self.column;
                match pen {
                    Some(pen) => {
                        sample(canvas, (x, y), SWATCH, *pen);
                        canvas.text((x + SWATCH + 8.0, y), (TEXT, false), INK, text)?;
                    }
                    None => canvas.text((x, y), (TEXT, true), INK, text)?,
                }
            }
        }
        Ok(())
    }

    /// The image in the middle of its square, then the raters' contours in their order, then the arbitrated one.
    fn draw_image(&self, canvas: &mut Canvas, (left, top): (f64, f64)) {
        let [x0, y0, width, height] = self.window;
        let scale = self.side / width.max(height) as f64;
        let size = (width as f64 * scale, height as f64 * scale);
        let (left, top) = (
            left + (self.side - size.0) / 2.0,
            top + (self.side - size.1) / 2.0,
        );
        canvas.fill((left, top), size, |x, y| {
            self.colour(x0 as f64 + x / scale - 0.5, y0 as f64 + y / scale - 0.5)
        });
        let clip = [left, top, left + size.0, top + size.1];
        let stroke = if scale < 1.0 { FINE_STROKE } else { STROKE };
        let mut draw = |found: &[Contour], pen: Pen| {
            for contour in found {
                let placed: Vec<_> = contour
                    .points
                    .iter()
                    .map(|point| Point {
                        x: left + (point.x + 0.5 - x0 as f64) * scale,
                        y: top + (point.y + 0.5 - y0 as f64) * scale,
                    })
                    .collect();
                canvas.stroke(&placed, contour.closed, pen, clip);
            }
        };
        for k in 0..self.case.structures() {
            for rater in self.case.present_raters() {
                draw(
                    &contours(&self.case.mask(rater, k), 0.5),
                    rater_pen(rater, stroke),
                );
            }
            if let Some(arbitrated) = &self.case.arbitrated {
                let found = contours(&arbitrated.index_axis(Axis(0), k), 0.5);
                let pen = arbitrated_pen(stroke);
                let seam = Pen {
                    colour: [0; 3],
                    width: pen.width + SEAM,
                    ..pen
                };
                draw(&found, seam);
                draw(&found, pen);
            }
        }
    }

    /// The image at a place between pixels: grey of one channel, colours of three, the first of any other number.
    fn colour(&self, x: f64, y: f64) -> Colour {
        let image = &self.case.image;
        let channel = |c: usize| {
            let value = between(&image.index_axis(Axis(0), c), x, y);
            (f64::from(value) * 255.0).round().clamp(0.0, 255.0) as u8
        };
        if image.dim().0 == 3 {
            [channel(0), channel(1), channel(2)]
        } else {
            [channel(0); 3]
        }
    }
}

/// A short stroke of a pen, beside a name. The white one lies on a dark ground.
pub(super) fn sample(canvas: &mut Canvas, (left, y): (f64, f64), length: f64, pen: Pen) {
    if pen.colour == [255; 3] {
        canvas.fill((left - 2.0, y - 6.0), (length + 4.0, 12.0), |_, _| [60; 3]);
    }
    let line = [
        Point { x: left, y },
        Point {
            x: left + length,
            y,
        },
    ];
    let everywhere = [0.0, 0.0, f64::MAX, f64::MAX];
    let pen = Pen {
        width: pen.width.max(3.0),
        ..pen
    };
    canvas.stroke(&line, false, pen, everywhere);
}

/// For each structure: its name where there are several, each present rater's area, the arbitrated one's.
fn areas(dataset: &Dataset, case: &Case) -> Vec<Vec<(Option<Pen>, String)>> {
    let area = |mask: &ArrayView2<'_, u8>| mask.iter().map(|pixel| u64::from(*pixel)).sum::<u64>();
    let structures = dataset.definition.structures.iter().enumerate();
    let of_structure = |(k, structure): (usize, &String)| {
        let mut entries = Vec::new();
        if case.structures() > 1 {
            entries.push((None, short(structure)));
        }
        for rater in case.present_raters() {
            let name = short(&dataset.raters[rater]);
            let text = format!("{name}: {}", area(&case.mask(rater, k)));
            entries.push((Some(rater_pen(rater, 3.0)), text));
        }
        if let Some(arbitrated) = &case.arbitrated {
            let text = area(&arbitrated.index_axis(Axis(0), k)).to_string();
            entries.push((Some(arbitrated_pen(3.0)), text));
        }
        entries
    };
    structures.map(of_structure).collect()
}

/// A structure's entries, so many in a line; where it has a name, that stays alone in its column.
fn lines(group: &[(Option<Pen>, String)], in_a_line: usize) -> Vec<Vec<(Option<Pen>, String)>> {
    let Some((first @ (None, _), entries)) = group.split_first() else {
        return group.chunks(in_a_line).map(<[_]>::to_vec).collect();
    };
    let mut name = Some(first.clone());
    let chunks = entries.chunks(in_a_line.saturating_sub(1).max(1));
    chunks
        .map(|chunk| {
            let first = name.take().unwrap_or((None, String::new()));
            std::iter::once(first)
                .chain(chunk.iter().cloned())
                .collect()
        })
        .collect()
}

/// The whole image, or the window of `detail` pixels in which the most pairs of raters and pixels disagree.
fn window(case: &Case, detail: Option<u32>) -> [usize; 4] {
    let (height, width) = case.side();
    let Some(detail) = detail.map(|side| side.max(1) as usize) else {
        return [0, 0, width, height];
    };
    let (w, h) = (detail.min(width), detail.min(height));
    let disagreement = disagreement(case);
    // Sums over all rectangles from the origin, so that a window's sum takes four of them.
    let mut sums = Array2::<f64>::zeros((height + 1, width + 1));
    for y in 0..height {
        for x in 0..width {
            sums[[y + 1, x + 1]] =
                disagreement[[y, x]] + sums[[y, x + 1]] + sums[[y + 1, x]] - sums[[y, x]];
        }
    }
    let sum = |x: usize, y: usize| {
        sums[[y + h, x + w]] - sums[[y, x + w]] - sums[[y + h, x]] + sums[[y, x]]
    };
    let mut best = (f64::MIN, 0, 0);
    for y in 0..=height - h {
        for x in 0..=width - w {
            if sum(x, y) > best.0 {
                best = (sum(x, y), x, y);
            }
        }
    }
    [best.1, best.2, w, h]
}

/// At each pixel and over all structures: raters for times raters against.
fn disagreement(case: &Case) -> Array2<f64> {
    let (height, width) = case.side();
    let present = case.present_raters().count() as f64;
    Array2::from_shape_fn((height, width), |(y, x)| {
        let of_structure = |k: usize| {
            let votes: u32 = case
                .masks
                .slice(s![.., k, y, x])
                .iter()
                .map(|mark| u32::from(*mark))
                .sum();
            f64::from(votes) * (present - f64::from(votes))
        };
        (0..case.structures()).map(of_structure).sum()
    })
}

/// Bilinear between the four pixels around; the nearest beyond the border.
fn between(channel: &ArrayView2<'_, f32>, x: f64, y: f64) -> f32 {
    let (height, width) = channel.dim();
    let (x, y) = (
        x.clamp(0.0, (width - 1) as f64),
        y.clamp(0.0, (height - 1) as f64),
    );
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (fx, fy) = (x.fract() as f32, y.fract() as f32);
    let row = |y: usize| channel[[y, left]] * (1.0 - fx) + channel[[y, right]] * fx;
    row(top) * (1.0 - fy) + row(bottom) * fy
}

/// The text, cut in the middle where it is wider than `width`.
fn fitted(text: &str, width: f64) -> String {
    let fits = |text: &str| Canvas::text_width(TEXT, true, text) <= width;
    if fits(text) {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    for kept in (2..letters.len()).rev() {
        let front: String = letters[..kept / 2].iter().collect();
        let back: String = letters[letters.len() - (kept - kept / 2)..]
            .iter()
            .collect();
        let cut = format!("{front}…{back}");
        if fits(&cut) {
            return cut;
        }
    }
    "…".to_owned()
}
