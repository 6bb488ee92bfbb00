//! A network that tells a diagnosis from an image and what is marked on it.

use mrprism_protocol::spec::Backbone;
use tch::Tensor;

use crate::block::{Linear, Mode, ResNet};
use crate::params::Scope;

/// A ResNet on image and masks, its last map averaged, and one output.
#[derive(Debug)]
pub struct Diagnosis {
    encoder: ResNet,
    head: Linear,
}

impl Diagnosis {
    /// For `channels` of image and masks together. Names: `encoder`, `head`.
    pub fn new(scope: &Scope, spec: &Backbone, channels: i64) -> Self {
        let (depth, width) = (spec.encoder_depth, i64::from(spec.encoder_width));
        let [.., last] = ResNet::channels(depth, width);
        Self {
            encoder: ResNet::new(&scope.sub("encoder"), depth, channels, width),
            head: Linear::new(&scope.sub("head"), last, 1),
        }
    }

    /// The logit of illness. Shapes: images \[b, c, s, s\], masks \[b, k, s, s\] → \[b\]
    pub fn forward(&self, images: &Tensor, masks: &Tensor, mode: Mode) -> Tensor {
        let taps = self
            .encoder
            .forward(&Tensor::cat(&[images, masks], 1), mode);
        let [.., last] = &taps.0;
        let seen = last.mean_dim([2_i64, 3].as_slice(), false, None::<tch::Kind>);
        self.head.forward(&seen).squeeze_dim(1)
    }
}
