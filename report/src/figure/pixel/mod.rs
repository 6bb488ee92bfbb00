//! Figures made of cases and stored predictions, where those of a table are made of scores.

mod agreement;
mod arms;
mod axes;
mod reliability;

pub use agreement::{Agreement, Cell as AgreementCell};
pub use arms::ArmPredictions;
pub use reliability::Reliability;
