//! Prediction and what is made of it: stored files, validation scores.

mod recurrences;
mod store;
mod validate;
mod weights;

pub use recurrences::{Pass, Predicted, Predictor, passes};
pub use store::stored;
pub use validate::{Change, changes, validate};
pub use weights::{FinalWeights, WEIGHTS_NAME, read_weights, write_weights};
