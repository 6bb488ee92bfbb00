//! ConP, the converging prism: segments the image, given each rater's confidence (paper section 3.2, supplement).
//!
//! b batch, m raters, k structures, s side of the image, w encoder width. Stages l = 1…4 have the channels of the
//! encoder's taps f5, f4, f3, f2 (8w, 4w, 2w, w; four times that with `ResNet-50`), 8, 4, 2, 1 heads, and a grid of
//! R = s/32 · 2^(l−1).
//!
//! ```text
//! a_l = Integrate(features s_l, embedding w̃_l)                              Eq. 7: attention; or see Table 4
//! c_l = ReLU(BN(Conv3x3([a_l ; tap]))) + a_l                                no tap at l = 1: s_1 is f5 itself
//! s_{l+1} = ReLU(BN(Deconv(c_l)))                                           l = 1…3
//! y = bilinear ×2 of Deconv(c_4)                                            logits
//! ```

use mrprism_protocol::spec::MrPrismNetwork;
use tch::Tensor;

use super::Sizes;
use super::embed::{AVERAGED, Embedding, average};
use super::integration::{Integrate, StageShape};
use crate::block::{BatchNorm, ConvConfig, ConvNormRelu, Deconv, Features, Mode, ResNet};
use crate::params::Scope;

#[derive(Debug)]
struct Stage {
    embedding: Embedding,
    integrate: Integrate,
    join: ConvNormRelu,
    up: Deconv,
    up_norm: Option<BatchNorm>,
}

/// The network. Shapes: taps and confidences \[b, m, k, s, s\] → logits \[b, k, s, s\]
#[derive(Debug)]
pub struct ConP {
    stages: Vec<Stage>,
    side: i64,
}

impl ConP {
    /// Names: `stage1` … `stage4`, each with `embedding`, `attention` (or `concat`, `convlstm`), `join`, `up` and, but
    /// for the last, `up_norm`.
    pub fn new(scope: &Scope, spec: &MrPrismNetwork, sizes: Sizes) -> Self {
        let mut taps = ResNet::channels(spec.encoder_depth, i64::from(spec.encoder_width));
        taps.reverse();
        let stages = (0_i64..)
            .zip(taps)
            .map(|(index, channels)| {
                let shape = StageShape {
                    channels,
                    grid: (sizes.side / 32) << index,
                    heads: 8 >> index,
                    skip: if index == 0 { 0 } else { channels },
                };
                Stage::new(
                    &scope.sub(format!("stage{}", index + 1)),
                    spec,
                    sizes,
                    shape,
                    index == 3,
                )
            })
            .collect();
        Self {
            stages,
            side: sizes.side,
        }
    }

    /// Applies it.
    pub fn forward(&self, features: &Features, confidences: &Tensor, mode: Mode) -> Tensor {
        let averaged = average(confidences);
        let [f2, f3, f4, f5] = &features.0;
        let skips = [None, Some(f4), Some(f3), Some(f2)];
        let mut s = f5.shallow_clone();
        for (stage, skip) in self.stages.iter().zip(skips) {
            s = stage.forward(&s, skip, &averaged, mode);
        }
        // Losses work map by map: from here on channels are the slowest axis.
        s.contiguous()
            .upsample_bilinear2d([self.side, self.side], false, None, None)
    }
}

impl Stage {
    fn new(
        scope: &Scope,
        spec: &MrPrismNetwork,
        sizes: Sizes,
        shape: StageShape,
        last: bool,
    ) -> Self {
        let StageShape {
            channels,
            grid,
            skip,
            ..
        } = shape;
        let outputs = if last { sizes.structures } else { channels / 2 };
        let maps = sizes.raters * sizes.structures;
        Self {
            embedding: Embedding::new(
                &scope.sub("embedding"),
                maps,
                channels,
                sizes.side / AVERAGED,
                grid,
            ),
            integrate: Integrate::new(scope, spec.integration, spec.residual, shape),
            join: ConvNormRelu::new(
                &scope.sub("join"),
                ConvConfig::same(channels + skip, channels, 3, 1),
            ),
            up: Deconv::new(&scope.sub("up"), channels, outputs),
            up_norm: (!last).then(|| BatchNorm::new(&scope.sub("up_norm"), outputs)),
        }
    }

    /// Shapes: s \[b, c, R, R\], skip \[b, c, R, R\], averaged \[b, m·k, s/4, s/4\] → \[b, c/2 or k, 2R, 2R\]
    fn forward(&self, s: &Tensor, skip: Option<&Tensor>, averaged: &Tensor, mode: Mode) -> Tensor {
        let a = self
            .integrate
            .forward(s, &self.embedding.forward(averaged), mode);
        let joined = skip.map_or_else(|| a.shallow_clone(), |skip| Tensor::cat(&[&a, skip], 1));
        let c = self.join.forward(&joined, mode) + &a;
        let up = self.up.forward(&c);
        match &self.up_norm {
            Some(norm) => norm.forward(&up, mode).relu(),
            None => up,
        }
    }
}
