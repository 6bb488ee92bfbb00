//! Mirroring, turning and sizing around the image's middle.
//!
//! b batch, c channels, m raters, k structures, s side.
//!
//! Mirrors move whole pixels and are exact. Turning by φ and sizing by f resample: pixel (x, y) of the result, measured
//! from the middle, comes from
//!
//! ```text
//! (x cos φ − y sin φ, x sin φ + y cos φ) / f
//! ```
//!
//! bilinearly for images, from the nearest pixel for masks. What comes from outside is black and unmarked.

use mrprism_protocol::spec::{AugmentSpec, Flip};
use tch::{Kind, Tensor};

use crate::draw::Random;

/// libtorch's numbers for a way to resample and for zeros outside.
const BILINEAR: i64 = 0;
const NEAREST: i64 = 1;
const ZEROS: i64 = 0;

/// Shapes: images \[b, c, s, s\], masks \[b, m, k, s, s\] → the same
pub(super) fn apply(
    spec: &AugmentSpec,
    random: Random,
    images: Tensor,
    masks: &Tensor,
) -> (Tensor, Tensor) {
    let (m, k) = (masks.size()[1], masks.size()[2]);
    let cases: Vec<Draw> = (0..images.size()[0] as u64)
        .map(|case| Draw::new(spec, random.child(case).child(0)))
        .collect();
    let mut images = images;
    let mut masks = masks.flatten(1, 2);
    // Axis 3 is left and right, axis 2 top and bottom.
    for (axis, mirrored) in [
        (
            3,
            cases.iter().map(|draw| draw.sideways).collect::<Vec<_>>(),
        ),
        (2, cases.iter().map(|draw| draw.upright).collect()),
    ] {
        images = mirror(images, axis, &mirrored);
        masks = mirror(masks, axis, &mirrored);
    }
    if spec.rotation_degrees > 0.0 || spec.scale > 0.0 {
        let maps: Vec<f32> = cases.iter().flat_map(Draw::matrix).collect();
        let maps = Tensor::from_slice(&maps)
            .to_device(images.device())
            .reshape([-1, 2, 3]);
        let grid = Tensor::affine_grid_generator(&maps, images.size(), false);
        images = images.grid_sampler(&grid, BILINEAR, ZEROS, false);
        masks = masks.grid_sampler(&grid, NEAREST, ZEROS, false);
    }
    // The nearest pixel is 0 or 1 already; the cut says so whatever a device's rounding.
    let masks = masks.gt(0.5).to_kind(Kind::Float).unflatten(1, [m, k]);
    (images, masks)
}

/// Mirrors those cases along `axis`. Shapes: \[b, …, s, s\] → the same
fn mirror(maps: Tensor, axis: i64, cases: &[bool]) -> Tensor {
    if !cases.contains(&true) {
        return maps;
    }
    let chosen = Tensor::from_slice(cases)
        .to_device(maps.device())
        .reshape([-1, 1, 1, 1]);
    maps.flip([axis]).where_self(&chosen, &maps)
}

/// One case's draw.
struct Draw {
    sideways: bool,
    upright: bool,
    /// φ in radians.
    angle: f64,
    /// f.
    size: f64,
}

impl Draw {
    /// Numbers 0 and 1 of the stream decide the mirrors, 2 the angle, 3 the size.
    fn new(spec: &AugmentSpec, random: Random) -> Self {
        let to_both_sides = |number| 2.0 * random.uniform(number) - 1.0;
        Self {
            sideways: spec.flip != Flip::None && random.uniform(0) < 0.5,
            upright: spec.flip == Flip::Both && random.uniform(1) < 0.5,
            angle: to_both_sides(2) * spec.rotation_degrees.to_radians(),
            size: 1.0 + to_both_sides(3) * spec.scale,
        }
    }

    /// Where each pixel of the result comes from, as rows of a 2x3 matrix.
    fn matrix(&self) -> [f32; 6] {
        let (sine, cosine) = self.angle.sin_cos();
        [
            cosine / self.size,
            -sine / self.size,
            0.0,
            sine / self.size,
            cosine / self.size,
            0.0,
        ]
        .map(|number| number as f32)
    }
}
