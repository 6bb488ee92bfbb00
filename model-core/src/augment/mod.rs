//! Training images changed by chance: mirrored, turned, sized, recoloured, their masks with them.
//!
//! One draw a case, applied to its image and to every rater's masks alike: two draws would teach masks that lie beside
//! their images. Draws are functions of the run's seed and the step's place, so a resumed run sees the same images.
//! Everything happens on the device.
//!
//! | child stream of a case | what |
//! | --- | --- |
//! | 0 | mirrors, angle, size |
//! | 1 | contrast and brightness, a channel |

mod colour;
mod geometry;

use mrprism_protocol::spec::AugmentSpec;
use tch::Tensor;

use crate::draw::Random;

/// Changes a batch's images and masks; child stream i of `random` is its case number i's. Absent raters' masks stay as
/// they are.
/// Shapes: images \[b, c, s, s\], masks \[b, m, k, s, s\], present \[b, m, 1, 1, 1\] or none → images, masks
pub fn augment(
    spec: &AugmentSpec,
    random: Random,
    images: Tensor,
    masks: Tensor,
    present: Option<&Tensor>,
) -> (Tensor, Tensor) {
    if spec.is_nothing() {
        return (images, masks);
    }
    let (images, moved) = geometry::apply(spec, random, images, &masks);
    let masks = match present {
        Some(present) => moved.where_self(&present.gt(0.5), &masks),
        None => moved,
    };
    (colour::apply(spec.colour, random, images), masks)
}
