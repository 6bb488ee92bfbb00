//! What pOSAL and BEAL share: maps of unlabelled target images are taught to look like those of the source.
//!
//! The target domain is the validation split's images, without their masks; test images are never seen.
//!
//! ```text
//! generator:     weight · BCE(D(map of target), "source")                                       D stands still
//! discriminator: ½ (BCE(D(sg map of source), "source") + BCE(D(sg map of target), "target"))
//! ```
//!
//! The originals alternate two optimisers; here both moves are one update of one Adam, each with its own gradient.

use std::cell::OnceCell;

use tch::{Kind, Tensor};

use crate::block::leaf;
use crate::draw::Random;
use crate::network::Discriminator;
use crate::params::Parameters;

/// Unlabelled images of the target domain, \[n, c, s, s\].
#[derive(Debug, Default)]
pub(super) struct Target(OnceCell<Tensor>);

impl Target {
    pub(super) fn meet(&self, images: &Tensor) {
        let _ = self.0.set(images.shallow_clone());
    }

    /// `count` of them, drawn; none where the method met none.
    pub(super) fn batch(&self, random: Random, count: i64) -> Option<Tensor> {
        let images = self.0.get().filter(|images| images.size()[0] > 0)?;
        let all = images.size()[0];
        let drawn: Vec<i64> = (0..count as u64)
            .map(|number| ((random.uniform(number) * all as f64) as i64).min(all - 1))
            .collect();
        let index = Tensor::from_slice(&drawn).to_device(images.device());
        Some(images.index_select(0, &index))
    }
}

/// A map of the source and of the target, and who tells them apart.
pub(super) struct Game<'a> {
    /// Tells.
    pub(super) discriminator: &'a Discriminator,
    /// Its parameters' names begin so.
    pub(super) prefix: &'a str,
    /// \[b, c, s, s\].
    pub(super) source: &'a Tensor,
    /// \[b, c, s, s\], with its graph.
    pub(super) target: &'a Tensor,
}

/// The generator's gradient at a map of the target, and both losses.
pub(super) struct Played {
    /// Leaf below the target's map, with its gradient: go back from it.
    pub(super) leaf: Tensor,
    /// The generator's loss.
    pub(super) fooling: Tensor,
    /// The discriminator's loss.
    pub(super) telling: Tensor,
}

impl Game<'_> {
    /// Both moves' gradients: the discriminator's stay at its parameters, the generator's at the leaf.
    pub(super) fn play(&self, weight: f64, parameters: &Parameters) -> Played {
        let leaf = leaf(self.target);
        let fooling = odds_loss(&self.discriminator.forward(&leaf), true);
        (&fooling * weight).backward();
        // Going back passed through the discriminator, which is not to learn to be fooled.
        parameters.clear_gradients_below(self.prefix);
        let of =
            |maps: &Tensor, source| odds_loss(&self.discriminator.forward(&maps.detach()), source);
        let telling = (of(self.source, true) + of(self.target, false)) * 0.5;
        telling.backward();
        Played {
            leaf,
            fooling: fooling.detach(),
            telling: telling.detach(),
        }
    }
}

/// Cross-entropy of log odds with "source" or "target" everywhere.
fn odds_loss(odds: &Tensor, source: bool) -> Tensor {
    let signed = if source {
        odds.neg()
    } else {
        odds.shallow_clone()
    };
    signed.softplus().mean(None::<Kind>)
}
