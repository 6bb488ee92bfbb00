//! Contrast and brightness, a draw for each channel of each case.
//!
//! b batch, c channels, s side.
//!
//! ```text
//! x' = clip((x − mean) · (1 + a) + mean + d, 0, 1),    a, d ~ U(−strength, strength)
//! ```
//!
//! The mean is the channel's own. Channels differ in their draws, which shifts hues where the channels are colours.

use tch::Tensor;

use crate::draw::Random;

/// Shapes: \[b, c, s, s\], in 0 to 1 → the same
pub(super) fn apply(strength: f64, random: Random, images: Tensor) -> Tensor {
    if strength <= 0.0 {
        return images;
    }
    let (cases, channels) = (images.size()[0] as u64, images.size()[1] as u64);
    let drawn = |offset: u64| {
        let numbers: Vec<f32> = (0..cases)
            .flat_map(|case| {
                let stream = random.child(case).child(1);
                (0..channels).map(move |channel| {
                    ((2.0 * stream.uniform(2 * channel + offset) - 1.0) * strength) as f32
                })
            })
            .collect();
        Tensor::from_slice(&numbers)
            .to_device(images.device())
            .reshape([cases as i64, channels as i64, 1, 1])
    };
    let mean = images.mean_dim([2_i64, 3].as_slice(), true, None::<tch::Kind>);
    ((&images - &mean) * (drawn(0) + 1.0) + mean + drawn(1)).clamp(0.0, 1.0)
}
