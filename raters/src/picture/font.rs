//! The font: `DejaVu` Sans, which comes with the program, so that pictures look the same on every machine.

use std::sync::OnceLock;

use plotters::style::{FontStyle, register_font};

/// The family's name in plotters, for whoever draws with it.
pub const FAMILY: &str = "sans-serif";

/// The files of [`FAMILY`], regular and bold, for whoever draws with another library.
pub fn font_files() -> [&'static [u8]; 2] {
    [dejavu::sans::regular(), dejavu::sans::bold()]
}

/// Makes [`FAMILY`] known to plotters, regular and bold; only the first call does anything. False where the font is broken.
pub fn register_fonts() -> bool {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    *REGISTERED.get_or_init(|| {
        register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular()).is_ok()
            && register_font(FAMILY, FontStyle::Bold, dejavu::sans::bold()).is_ok()
    })
}
