//! How each method trains and predicts on the shared loop. Adding one: its file here, its line in [`catalog`].

mod adversarial;
pub mod aggnet;
pub mod agnet;
pub mod beal;
pub mod catalog;
pub mod confusion_matrix;
pub mod crowd_layer;
pub mod diag;
pub mod dpersona;
mod latent;
mod learned;
pub mod luw;
pub mod maxmig;
pub mod mrnet;
pub mod mrprism;
pub mod phiseg;
pub mod posal;
pub mod prob_unet;
pub mod uecnn;
pub mod unet;
pub mod wdnet;

pub use learned::Learned;
use tch::Tensor;

use crate::predict::Predictor;
use crate::train::{Batch, Learner};

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

    /// Whether it adapts to unlabelled images of a target domain.
    fn wants_target(&self) -> bool {
        false
    }

    /// Hands it those images, \[n, c, s, s\], before it trains.
    fn meet_target(&self, _images: &Tensor) {}

    /// Joins the labels that a case's present raters drew, in the method's own way, where that is not its confidences.
    /// The batch is one case. Shapes: → \[k, s, s\], in 0 to 1
    fn fuse(&self, _case: &Batch) -> Option<Tensor> {
        None
    }

    /// What it has learned of each rater over all cases: sensitivities, weights, confusion matrices.
    fn learned(&self) -> Vec<Learned> {
        Vec::new()
    }
}
