//! `PHiSeg`'s parts (Baumgartner et al., "`PHiSeg`: capturing uncertainty in medical image segmentation", MICCAI 2019), on the
//! shared encoder: latent maps on five grids, coarse to fine, each drawn given the coarser ones.
//!
//! s side, w encoder width, d = 2w, n latent channels, K structures; level l = 5 … 1 on the grid s/2ˡ, `t_l` the encoder's map
//! there (f5 … f1).
//!
//! ```text
//! ladder:     a_l = CBR3x3([t_l ; up(CBR3x3(z_{l+1} → d))] → d),  z_l ~ N(halves of Conv1x1(a_l → 2n))
//! prior       sees x, posterior sees [x ; y] with an encoder of its own
//! likelihood: u_l = CBR3x3([CBR3x3(z_l → d) ; up(u_{l+1})] → d),  s_l = up to s(Conv1x1(u_l → K))
//! logits of level l = s_5 + … + s_l; those of level 1 are the segmentation's
//! ```

use mrprism_protocol::spec::Backbone;
use tch::Tensor;

use super::Sizes;
use super::gaussian::Gaussian;
use crate::block::{Conv, ConvConfig, ConvNormRelu, Mode, ResNet};
use crate::params::Scope;

/// Grids with latent maps.
pub const LEVELS: usize = 5;

/// A prior or posterior over all levels.
#[derive(Debug)]
struct Ladder {
    encoder: ResNet,
    rungs: Vec<Rung>,
}

/// One level.
#[derive(Debug)]
struct Rung {
    /// From the coarser level's latent map; the coarsest has none.
    above: Option<ConvNormRelu>,
    joined: ConvNormRelu,
    halves: Conv,
}

impl Ladder {
    /// Names: `encoder`, `level5` … `level1`.
    fn new(scope: &Scope, spec: &Backbone, channels: i64, latent: i64) -> Self {
        let (depth, width) = (spec.encoder_depth, i64::from(spec.encoder_width));
        let [f2, f3, f4, f5] = ResNet::channels(depth, width);
        let own = 2 * width;
        let rung = |(at, tap): (usize, i64)| {
            let scope = scope.sub(format!("level{}", LEVELS - at));
            let above = (at > 0).then(|| {
                ConvNormRelu::new(&scope.sub("above"), ConvConfig::same(latent, own, 3, 1))
            });
            let inputs = if at > 0 { tap + own } else { tap };
            Rung {
                above,
                joined: ConvNormRelu::new(
                    &scope.sub("joined"),
                    ConvConfig::same(inputs, own, 3, 1),
                ),
                halves: Conv::new(&scope.sub("halves"), pointwise(own, 2 * latent)),
            }
        };
        Self {
            encoder: ResNet::new(&scope.sub("encoder"), depth, channels, width),
            rungs: [f5, f4, f3, f2, width]
                .into_iter()
                .enumerate()
                .map(rung)
                .collect(),
        }
    }

    /// The encoder's maps, coarse first.
    fn taps(&self, seen: &Tensor, mode: Mode) -> Vec<Tensor> {
        let (stem, features) = self.encoder.forward_with_stem(seen, mode);
        let [f2, f3, f4, f5] = features.0;
        vec![f5, f4, f3, f2, stem]
    }

    /// The distribution of the level at position `at` (0 is the coarsest), given the map drawn above it.
    fn level(&self, at: usize, tap: &Tensor, above: Option<&Tensor>, mode: Mode) -> Gaussian {
        let rung = &self.rungs[at];
        let joined = match (&rung.above, above) {
            (Some(conv), Some(z)) => {
                let wide = doubled(&conv.forward(z, mode));
                Tensor::cat(&[tap, &wide], 1)
            }
            _ => tap.shallow_clone(),
        };
        let found = rung.joined.forward(&joined, mode);
        Gaussian::from_halves(&rung.halves.forward(&found))
    }
}

/// Segmentations from latent maps.
#[derive(Debug)]
struct Likelihood {
    /// By level, coarse first.
    levels: Vec<(ConvNormRelu, ConvNormRelu, Conv)>,
}

impl Likelihood {
    fn new(scope: &Scope, own: i64, latent: i64, structures: i64) -> Self {
        let level = |at: usize| {
            let scope = scope.sub(format!("level{}", LEVELS - at));
            let block = |name, inputs| {
                ConvNormRelu::new(&scope.sub(name), ConvConfig::same(inputs, own, 3, 1))
            };
            let inputs = if at > 0 { 2 * own } else { own };
            (
                block("own", latent),
                block("joined", inputs),
                Conv::new(&scope.sub("out"), pointwise(own, structures)),
            )
        };
        Self {
            levels: (0..LEVELS).map(level).collect(),
        }
    }

    /// Logits of every level, coarse first. Shapes: maps by level → five \[b, k, s, s\]
    fn forward(&self, latents: &[Tensor], side: i64, mode: Mode) -> Vec<Tensor> {
        let mut above: Option<Tensor> = None;
        let mut sums: Vec<Tensor> = Vec::new();
        for ((own, joined, out), z) in self.levels.iter().zip(latents) {
            let own = own.forward(z, mode);
            let seen = match &above {
                Some(above) => Tensor::cat(&[&own, &doubled(above)], 1),
                None => own,
            };
            let found = joined.forward(&seen, mode);
            let logits = out
                .forward(&found)
                .upsample_bilinear2d([side, side], false, None, None);
            sums.push(match sums.last() {
                Some(sum) => sum + logits,
                None => logits,
            });
            above = Some(found);
        }
        sums
    }
}

/// Prior, posterior and likelihood.
#[derive(Debug)]
pub struct Phiseg {
    prior: Ladder,
    posterior: Ladder,
    likelihood: Likelihood,
    side: i64,
}

/// A walk down the posterior: the maps drawn, and both distributions of every level, coarse first.
#[derive(Debug)]
pub struct Walked {
    /// z by level.
    pub latents: Vec<Tensor>,
    /// q and p by level.
    pub distributions: Vec<(Gaussian, Gaussian)>,
}

impl Phiseg {
    /// The prior's encoder is the method's: its names stand at the root. Names: `encoder`, `level5` …, `posterior`, `likelihood`.
    pub fn new(scope: &Scope, spec: &Backbone, sizes: Sizes, latent: i64) -> Self {
        let (channels, structures) = (sizes.channels, sizes.structures);
        let own = 2 * i64::from(spec.encoder_width);
        let posterior = scope.sub("posterior");
        Self {
            prior: Ladder::new(scope, spec, channels, latent),
            posterior: Ladder::new(&posterior, spec, channels + structures, latent),
            likelihood: Likelihood::new(&scope.sub("likelihood"), own, latent, structures),
            side: sizes.side,
        }
    }

    /// Draws every level from the posterior; `noise` gives a level's ε, by its position and shape.
    pub fn walk(
        &self,
        images: &Tensor,
        masks: &Tensor,
        noise: impl Fn(usize, &[i64]) -> Tensor,
    ) -> Walked {
        let of_prior = self.prior.taps(images, Mode::Train);
        let seen = Tensor::cat(&[images, masks], 1);
        let of_posterior = self.posterior.taps(&seen, Mode::Train);
        let mut walked = Walked {
            latents: Vec::new(),
            distributions: Vec::new(),
        };
        for at in 0..LEVELS {
            let above = walked.latents.last();
            let q = self
                .posterior
                .level(at, &of_posterior[at], above, Mode::Train);
            let p = self.prior.level(at, &of_prior[at], above, Mode::Train);
            let drawn = q.at(&noise(at, &q.mean.size()));
            walked.latents.push(drawn);
            walked.distributions.push((q, p));
        }
        walked
    }

    /// The prior's encoder, once an image.
    pub fn taps(&self, images: &Tensor) -> Vec<Tensor> {
        self.prior.taps(images, Mode::Eval)
    }

    /// Draws every level from the prior and segments. Shapes: → probabilities \[b, k, s, s\]
    pub fn draw(&self, taps: &[Tensor], noise: impl Fn(usize, &[i64]) -> Tensor) -> Tensor {
        let mut latents: Vec<Tensor> = Vec::new();
        for (at, tap) in taps.iter().enumerate() {
            let p = self.prior.level(at, tap, latents.last(), Mode::Eval);
            latents.push(p.at(&noise(at, &p.mean.size())));
        }
        let mut levels = self.likelihood.forward(&latents, self.side, Mode::Eval);
        levels.pop().unwrap_or_default().sigmoid()
    }

    /// Probabilities of every level, coarse first. Shapes: five \[b, k, s, s\]
    pub fn segment(&self, latents: &[Tensor], mode: Mode) -> Vec<Tensor> {
        let levels = self.likelihood.forward(latents, self.side, mode);
        levels.iter().map(Tensor::sigmoid).collect()
    }
}

/// Twice the side, bilinear.
fn doubled(x: &Tensor) -> Tensor {
    let sizes = x.size();
    x.upsample_bilinear2d([2 * sizes[2], 2 * sizes[3]], false, None, None)
}

/// With a bias.
const fn pointwise(inputs: i64, outputs: i64) -> ConvConfig {
    ConvConfig {
        bias: true,
        ..ConvConfig::same(inputs, outputs, 1, 1)
    }
}
