//! Figures from a table, or from cases and what was predicted of them: what is drawn, as numbers first, then as SVG or PNG with the
//! same numbers as CSV beside it.

mod csv;
mod draw;
mod kind;
mod legend;
mod panel;
mod picture;
mod pixel;

pub use kind::{FigureKind, figure};
pub use panel::{Figure, NoFigure, Panel, Point, Series, Shape};
pub use picture::Picture;
pub use pixel::{
    Agreement, AgreementCell, ArmPredictions, Raster, Reliability, Sheet, SheetArm, SheetRow,
    Trust, TrustAt, TrustIn,
};
