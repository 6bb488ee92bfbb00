//! Figures made of cases and stored predictions, where those of a table are made of scores.

mod agreement;
mod agreement_drawn;
mod arms;
mod axes;
mod grid;
mod layer;
mod path;
mod pens;
mod raster;
mod reliability;
mod sheet;
mod trust;
mod trust_drawn;

pub use agreement::{Agreement, Cell as AgreementCell};
pub use arms::ArmPredictions;
pub use raster::Raster;
pub use reliability::Reliability;
pub use sheet::{Sheet, SheetArm, SheetRow};
pub use trust::{Trust, TrustAt, TrustIn};
