//! How each method trains and predicts on the shared loop. Adding one: its file here, its line in [`catalog`].

pub mod catalog;
pub mod mrprism;

use crate::predict::Predictor;
use crate::train::Learner;

/// A method: it learns and it predicts.
pub trait Method: Learner + Predictor {
    /// The recurrence by whose validation score the best weights are chosen.
    fn chosen_recurrence(&self) -> u32;

    /// What people should know before it trains on this data, one sentence each.
    fn warnings(&self) -> Vec<String>;
}
