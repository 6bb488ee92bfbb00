//! The probabilistic U-Net's parts (Kohl et al., "A probabilistic U-Net for segmentation of ambiguous images", `NeurIPS` 2018),
//! on the shared backbone.
//!
//! b batch, k structures, s side, w encoder width, l latent axes.
//!
//! ```text
//! p(z | x)    = N(halves of Linear(mean over pixels of ResNet(x)))               prior
//! q(z | x, y) = the same of a second network that sees [x ; y]                   posterior
//! logits      = Deconv(ReLU(Conv1x1(ReLU(Conv1x1([fea ; z everywhere])))))       fea from the backbone
//! ```

use mrprism_protocol::spec::Backbone;
use tch::{Kind, Tensor};

use super::gaussian::Gaussian;
use super::{Decoder, Sizes};
use crate::block::{Conv, ConvConfig, Deconv, Linear, Mode, ResNet};
use crate::params::Scope;

/// A distribution of one latent vector an image.
#[derive(Debug)]
pub struct LatentNet {
    encoder: ResNet,
    last: Linear,
}

impl LatentNet {
    /// Names: `encoder`, `last`.
    pub fn new(scope: &Scope, spec: &Backbone, channels: i64, latent: i64) -> Self {
        let (depth, width) = (spec.encoder_depth, i64::from(spec.encoder_width));
        let [.., coarsest] = ResNet::channels(depth, width);
        Self {
            encoder: ResNet::new(&scope.sub("encoder"), depth, channels, width),
            last: Linear::new(&scope.sub("last"), coarsest, 2 * latent),
        }
    }

    /// Shapes: \[b, channels, s, s\] → of \[b, l\]
    pub fn forward(&self, seen: &Tensor, mode: Mode) -> Gaussian {
        let features = self.encoder.forward(seen, mode);
        let [.., f5] = &features.0;
        let pooled = f5.mean_dim([2_i64, 3].as_slice(), false, None::<Kind>);
        Gaussian::from_halves(&self.last.forward(&pooled))
    }
}

/// Backbone, prior, posterior, and what joins a latent vector with the backbone's map.
#[derive(Debug)]
pub struct ProbUnet {
    encoder: ResNet,
    decoder: Decoder,
    /// p(z | x).
    pub prior: LatentNet,
    /// q(z | x, y).
    pub posterior: LatentNet,
    join: [Conv; 2],
    head: Deconv,
}

impl ProbUnet {
    /// The posterior sees `seen` channels: the image and masks. Names: `encoder`, `decoder`, `prior`, `posterior`, `join1`, `join2`, `head`.
    pub fn new(scope: &Scope, spec: &Backbone, sizes: Sizes, latent: i64, seen: i64) -> Self {
        let (depth, width) = (spec.encoder_depth, i64::from(spec.encoder_width));
        let taps = ResNet::channels(depth, width);
        let decoder = Decoder::new(&scope.sub("decoder"), taps, width);
        let pointwise = |inputs| ConvConfig {
            bias: true,
            ..ConvConfig::same(inputs, 2 * width, 1, 1)
        };
        let joined = pointwise(decoder.outputs() + latent);
        Self {
            encoder: ResNet::new(&scope.sub("encoder"), depth, sizes.channels, width),
            decoder,
            prior: LatentNet::new(&scope.sub("prior"), spec, sizes.channels, latent),
            posterior: LatentNet::new(&scope.sub("posterior"), spec, seen, latent),
            join: [
                Conv::new(&scope.sub("join1"), joined),
                Conv::new(&scope.sub("join2"), pointwise(2 * width)),
            ],
            head: Deconv::new(&scope.sub("head"), 2 * width, sizes.structures),
        }
    }

    /// The backbone's last map, once an image. Shapes: images \[b, c, s, s\] → \[b, 4w, s/2, s/2\]
    pub fn features(&self, images: &Tensor, mode: Mode) -> Tensor {
        let (stem, taps) = self.encoder.forward_with_stem(images, mode);
        self.decoder.forward(&stem, &taps, mode)
    }

    /// The segmentation that a latent vector stands for.
    /// Shapes: fea \[b, 4w, s/2, s/2\], latent \[b, l\] → probabilities \[b, k, s, s\]
    pub fn segment(&self, features: &Tensor, latent: &Tensor) -> Tensor {
        let sizes = features.size();
        let spread = latent
            .unsqueeze(-1)
            .unsqueeze(-1)
            .expand([sizes[0], -1, sizes[2], sizes[3]], false);
        let joined = Tensor::cat(&[features, &spread], 1);
        let [first, second] = &self.join;
        let x = second.forward(&first.forward(&joined).relu()).relu();
        self.head.forward(&x).sigmoid()
    }
}
