//! What figures made of pixels share: colours of a scale, text that fits, the drawing library's complaints.

use mrprism_raters::picture::{Colour, FAMILY, INK, WHITE};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::super::draw::text;
use super::super::panel::NoFigure;

/// Both ends of the scale of one hue.
const LIGHT: Colour = [236, 244, 251];
const DARK: Colour = [8, 64, 129];

/// The scale of one hue, light to dark, at 0 to 1.
pub(super) fn shade(at: f64) -> Colour {
    between(LIGHT, DARK, at)
}

/// The colour at a share of the way.
pub(super) fn between(from: Colour, to: Colour, at: f64) -> Colour {
    let at = at.clamp(0.0, 1.0);
    let mut mixed = from;
    for (part, end) in mixed.iter_mut().zip(to) {
        *part = (f64::from(*part) * (1.0 - at) + f64::from(end) * at).round() as u8;
    }
    mixed
}

/// Dark text on light ground and light text on dark.
pub(super) fn readable_on([red, green, blue]: Colour) -> Colour {
    let light = 0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue);
    if light > 140.0 { INK } else { WHITE }
}

/// As the drawing library has it.
pub(super) fn rgb([red, green, blue]: Colour) -> RGBColor {
    RGBColor(red, green, blue)
}

/// The drawing library's complaint as ours.
#[expect(clippy::needless_pass_by_value, reason = "what `map_err` hands over")]
pub(super) fn failed<E: std::error::Error + Send + Sync>(
    error: DrawingAreaErrorKind<E>,
) -> NoFigure {
    NoFigure::Drawing(error.to_string())
}

/// Writes words with the anchor at a pixel of `area`.
pub(super) fn write<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    words: &str,
    place: (i32, i32),
    (size, colour): (i32, Colour),
    anchor: (HPos, VPos),
) -> Result<(), NoFigure> {
    let style = text(size, rgb(colour)).pos(Pos::new(anchor.0, anchor.1));
    area.draw(&Text::new(words.to_owned(), place, style))
        .map_err(failed)
}

/// How wide words of a size are, in pixels.
pub(super) fn width_of(words: &str, size: i32) -> f64 {
    let font = (FAMILY, size).into_font();
    font.box_size(words)
        .map_or(0.0, |(width, _)| f64::from(width))
}

/// The words, cut where they are wider than `room` pixels.
pub(super) fn fitted(words: &str, size: i32, room: f64) -> String {
    if width_of(words, size) <= room {
        return words.to_owned();
    }
    let mut kept: Vec<char> = words.chars().collect();
    while kept.pop().is_some() {
        let cut: String = kept.iter().chain(['…'].iter()).collect();
        if width_of(&cut, size) <= room {
            return cut;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::{between, fitted, readable_on, shade, width_of};

    #[test]
    fn the_scale_darkens_and_text_on_it_flips() {
        assert_eq!(between([0, 100, 200], [100, 0, 200], 0.25), [25, 75, 200]);
        assert!(readable_on(shade(0.0))[0] < 100);
        assert!(readable_on(shade(1.0))[0] > 200);
    }

    #[test]
    fn long_words_are_cut_to_their_room() {
        mrprism_raters::picture::register_fonts();
        let cut = fitted("an arm with a very long name", 13, 80.0);
        assert!(cut.ends_with('…') && width_of(&cut, 13) <= 80.0, "{cut}");
        assert_eq!(fitted("short", 13, 80.0), "short");
    }
}
