//! A PDF page of an SVG, with the font that came with the program: no machine's own fonts are asked.

use std::sync::{Arc, OnceLock};

use mrprism_raters::picture::font_files;
use svg2pdf::usvg::{Options, Tree, fontdb};
use svg2pdf::{ConversionOptions, PageOptions};

use super::panel::NoFigure;

/// One page of the SVG's size; text stays text.
pub(super) fn of_svg(svg: &str) -> Result<Vec<u8>, NoFigure> {
    let options = Options {
        fontdb: fonts(),
        ..Options::default()
    };
    let tree =
        Tree::from_str(svg, &options).map_err(|error| NoFigure::Drawing(error.to_string()))?;
    // A pixel a point: text of 13 pixels is 13 points.
    let page = PageOptions { dpi: 72.0 };
    svg2pdf::to_pdf(&tree, ConversionOptions::default(), page)
        .map_err(|error| NoFigure::Drawing(error.to_string()))
}

/// The one family, under the name that drawings use.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut fonts = fontdb::Database::new();
        for file in font_files() {
            fonts.load_font_data(file.to_vec());
        }
        let family = fonts
            .faces()
            .find_map(|face| face.families.first().map(|(name, _)| name.clone()));
        if let Some(family) = family {
            fonts.set_sans_serif_family(family);
        }
        Arc::new(fonts)
    });
    Arc::clone(fonts)
}
