//! How each method trains and predicts on the shared loop. Adding one: its file here, its line in [`catalog`].

pub mod catalog;
mod learned;
pub mod mrprism;
pub mod unet;

pub use learned::Learned;

use crate::predict::Predictor;
use crate::train::Learner;

/// A method: it learns and it predicts.
pub trait Method: Learner + Predictor {
    /// The recurrence by whose validation score the best weights are chosen; 0 for a method that makes one pass.
    fn chosen_recurrence(&self) -> u32 {
        0
    }

    /// What people should know before it trains on this data, one sentence each.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// What it has learned of each rater over all cases: sensitivities, weights, confusion matrices.
    fn learned(&self) -> Vec<Learned> {
        Vec::new()
    }
}
