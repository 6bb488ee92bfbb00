//! Drawing for people: the palette, the font and a canvas that every picture of this project shares.

mod canvas;
mod font;
mod palette;

pub use canvas::{Canvas, Pen};
pub use font::{FAMILY, font_files, register_fonts};
pub use palette::{Colour, INK, OKABE_ITO, PALE, PAPER, WHITE, rater_pen};
