//! What every figure is: numbers that can be drawn, as SVG, PNG or PDF, and written as CSV.

use mrprism_raters::picture::register_fonts;
use plotters::coord::Shift;
use plotters::prelude::*;

use super::panel::NoFigure;
use super::pdf;

/// A figure, whatever its kind. Drawing it twice gives the same bytes.
pub trait Picture {
    /// Pixels across and down.
    fn size(&self) -> (u32, u32);

    /// Draws it on a white ground of its size.
    ///
    /// # Errors
    /// [`NoFigure::Drawing`].
    fn draw<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure>;

    /// The numbers that are drawn, one line each under a header.
    fn csv(&self) -> String;

    /// As an SVG file's content.
    ///
    /// # Errors
    /// [`NoFigure::Drawing`].
    fn svg(&self) -> Result<String, NoFigure> {
        let mut file = String::new();
        self.on_white(&SVGBackend::with_string(&mut file, self.size()).into_drawing_area())?;
        Ok(file)
    }

    /// As a PNG file's content.
    ///
    /// # Errors
    /// [`NoFigure::Drawing`].
    fn png(&self) -> Result<Vec<u8>, NoFigure> {
        let (pixels, width, height) = self.pixels()?;
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let written = encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&pixels));
        written.map_err(|error| NoFigure::Drawing(error.to_string()))?;
        Ok(file)
    }

    /// As a PDF file's content: the SVG on one page of its size, a pixel a point.
    ///
    /// # Errors
    /// [`NoFigure::Drawing`].
    fn pdf(&self) -> Result<Vec<u8>, NoFigure> {
        pdf::of_svg(&self.svg()?)
    }

    /// As pixels, red, green and blue, with width and height.
    ///
    /// # Errors
    /// [`NoFigure::Drawing`].
    fn pixels(&self) -> Result<(Vec<u8>, u32, u32), NoFigure> {
        let (width, height) = self.size();
        let mut pixels = vec![0; width as usize * height as usize * 3];
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        self.on_white(&area)?;
        drop(area);
        Ok((pixels, width, height))
    }

    /// Draws it with the fonts at hand.
    ///
    /// # Errors
    /// [`NoFigure::Drawing`].
    fn on_white<DB: DrawingBackend>(&self, root: &DrawingArea<DB, Shift>) -> Result<(), NoFigure> {
        let failed =
            |error: DrawingAreaErrorKind<DB::ErrorType>| NoFigure::Drawing(error.to_string());
        if !register_fonts() {
            return Err(NoFigure::Drawing("the font is broken".to_owned()));
        }
        root.fill(&WHITE).map_err(failed)?;
        self.draw(root)?;
        root.present().map_err(failed)
    }
}
