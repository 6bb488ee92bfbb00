//! Figures from a table, or from cases and what was predicted of them: what is drawn, as numbers first, then as SVG or PNG with the
//! same numbers as CSV beside it.

mod axis;
mod csv;
mod curves;
mod draw;
mod forest;
mod kind;
mod legend;
mod panel;
mod pdf;
mod picture;
mod pixel;
mod ranks;

pub use curves::{ArmCurves, CurveLine, CurvePanel, CurvePoint, Curves, curves};
pub use forest::{Forest, ForestLine, ForestPanel, forest};
pub use kind::{FigureKind, figure};
pub use panel::{Figure, NoFigure, Panel, Point, Series, Shape};
pub use picture::Picture;
pub use pixel::{
    Agreement, AgreementCell, ArmPredictions, Raster, Reliability, Sheet, SheetArm, SheetRow,
    Trust, TrustAt, TrustIn,
};
pub use ranks::{RankDiagram, RankDiagrams, ranks};
