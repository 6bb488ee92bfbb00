//! What methods with latent variables share: the bound they are taught by, and predictions from samples.

use tch::{Kind, Tensor};

use crate::network::Sizes;
use crate::predict::Predicted;
use crate::train::{LossTerm, detached};

/// Goes back through cross-entropy + β/(K s²) · KL. Cross-entropies are means over pixels where the originals sum, so KL is
/// divided by their number: the same optimum.
pub(super) fn learn_bound(
    segmentation: Tensor,
    divergence: Tensor,
    beta: f64,
    sizes: Sizes,
) -> Vec<LossTerm> {
    let loss = &segmentation + &divergence * (beta / pixels(sizes));
    loss.backward();
    detached([
        ("loss", loss),
        ("l_segmentation", segmentation),
        ("divergence", divergence),
    ])
}

/// K s².
pub(super) fn pixels(sizes: Sizes) -> f64 {
    (sizes.structures * sizes.side * sizes.side) as f64
}

/// The mean of samples, which are its hypotheses. Shapes: \[j, b, k, s, s\]
pub(super) fn mean_of(samples: Tensor) -> Predicted {
    let mean = samples.mean_dim([0_i64].as_slice(), false, None::<Kind>);
    Predicted::single(&mean).with_hypotheses(samples)
}
