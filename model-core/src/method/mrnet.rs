//! `MRNet` (Ji et al., CVPR 2021): a network is told how much each rater counts, and answers as they would together.
//!
//! ```text
//! three vectors a step, each over the raters present: one rater alone; integers 1…10 over their sum; all alike
//! t = Σ_m v_m z^m                     what v's raters mark together
//! L_v = 0.7 BCE(σ(y_c), t) + BCE(σ(y), t)
//! L = (3 L_alike + 2 L_drawn + 1 L_alone) / 6 + mean over the three of 1/M Σ_m BCE(MRM's map m, z^m)
//! ```
//!
//! The published code has a reconstruction loss of weight 0.3 from MRM to EIM whose input is cut before it: it has no
//! gradient and is left out, the 0.7 beside it stays. Its three optimisers are one here: no part's loss reaches another, and
//! Adam treats each number alone. A prediction is MPM's with all raters alike, as in the paper's Tables 1 and 2.

use mrprism_protocol::spec::{MrnetLoss, OnBackbone, RunSpec, Seed};
use tch::{Device, Kind, Tensor};

use super::Method;
use crate::block::{Mode, Taps, fuse};
use crate::draw::Random;
use crate::loss::{multi_head, soft_cross_entropy};
use crate::network::{Mrnet as Network, Sizes};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The largest integer of a drawn vector.
const LARGEST: f64 = 10.0;

/// The method.
#[derive(Debug)]
pub struct Mrnet {
    loss: MrnetLoss,
    raters: i64,
    network: Network,
    parameters: Parameters,
}

impl Mrnet {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<MrnetLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        Self {
            loss: spec.loss.clone(),
            raters: sizes.raters,
            network: Network::new(&builder.root(), &spec.network, sizes, device),
            parameters: builder.finish(),
        }
    }

    /// `y_c`, MRM's maps and y. MRM and MPM see what they are given cut.
    fn forward(
        &self,
        images: &Tensor,
        taps: &Taps,
        vector: &Tensor,
        present: Option<&Tensor>,
        mode: Mode,
    ) -> [Tensor; 3] {
        let (fea, logits) = self.network.coarse.decode(taps, vector, mode);
        let coarse = logits.sigmoid();
        let seen = coarse.detach();
        let heads = self
            .network
            .reconstruction
            .forward(images, &seen, vector, mode);
        let uncertainty = deviation(&heads.detach(), present);
        let refined = self
            .network
            .perception
            .forward(&fea.detach(), &seen, &uncertainty);
        [coarse, heads, refined.sigmoid()]
    }
}

/// Standard deviation over the raters present (n in the denominator).
/// Shapes: \[b, m, k, s, s\], present \[b, m, 1, 1, 1\] or none → \[b, k, s, s\]
pub fn deviation(maps: &Tensor, present: Option<&Tensor>) -> Tensor {
    let mean = |maps: &Tensor| match present {
        None => maps.mean_dim([1_i64].as_slice(), true, None::<Kind>),
        Some(present) => {
            let sum = (maps * present).sum_dim_intlist(1, true, None::<Kind>);
            sum / present.sum_dim_intlist(1, true, None::<Kind>)
        }
    };
    let centre = mean(maps);
    mean(&(maps - centre).square())
        .squeeze_dim(1)
        .clamp_min(1e-12)
        .sqrt()
}

/// The step's vectors: all alike, drawn, one alone; a case's absent raters count 0. Numbers of `random`'s child stream i are
/// case i's. Shapes: `present` b times m → three of b times m
pub fn rater_vectors(random: Random, present: &[Vec<bool>]) -> [Vec<Vec<f32>>; 3] {
    let rows = |weigh: &dyn Fn(Random, &[bool]) -> Vec<f64>| -> Vec<Vec<f32>> {
        let of_case = |(case, there): (usize, &Vec<bool>)| {
            let weights = weigh(random.child(case as u64), there);
            let counted: Vec<f64> = weights
                .iter()
                .zip(there)
                .map(|(weight, there)| if *there { *weight } else { 0.0 })
                .collect();
            let sum: f64 = counted.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            counted.iter().map(|weight| (weight / sum) as f32).collect()
        };
        present.iter().enumerate().map(of_case).collect()
    };
    let alike = rows(&|_, there| vec![1.0; there.len()]);
    let drawn = rows(&|random, there| {
        (0..there.len() as u64)
            .map(|rater| (random.uniform(rater) * LARGEST).floor() + 1.0)
            .collect()
    });
    let alone = rows(&|random, there| {
        let present: Vec<usize> = (0..there.len()).filter(|rater| there[*rater]).collect();
        let at = (random.uniform(there.len() as u64) * present.len() as f64) as usize;
        let mut one = vec![0.0; there.len()];
        if let Some(rater) = present.get(at) {
            one[*rater] = 1.0;
        }
        one
    });
    [alike, drawn, alone]
}

impl Learner for Mrnet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let Batch {
            images,
            masks,
            present,
            ..
        } = batch;
        let made = self.network.coarse.encoder.taps(images, Mode::Train);
        let leaves = made.leaves();
        let random = Random::new(place.seed.draw("vectors", place.epoch, place.step));
        let vectors = rater_vectors(random, &present.raters);
        let whole: f64 = self.loss.vectors.iter().sum();
        let mut sums: Vec<LossTerm> = Vec::new();
        for (vector, weight) in vectors.iter().zip(self.loss.vectors) {
            let vector = Tensor::from_slice(&vector.concat())
                .to_device(images.device())
                .reshape([-1, self.raters]);
            let weights = vector.unsqueeze(-1).unsqueeze(-1).unsqueeze(-1);
            let wanted = fuse(&weights, masks);
            let [coarse, heads, refined] = self.forward(
                images,
                &leaves,
                &vector,
                present.weights.as_ref(),
                Mode::Train,
            );
            let of_coarse = soft_cross_entropy(&coarse, &wanted);
            let of_heads = multi_head(&heads, masks, &present.raters);
            let of_refined = soft_cross_entropy(&refined, &wanted);
            let loss = (&of_coarse * self.loss.coarse + &of_refined) * (weight / whole)
                + &of_heads * (1.0 / vectors.len() as f64);
            loss.backward();
            let terms = [
                ("loss", loss),
                ("l_coarse", of_coarse),
                ("l_raters", of_heads),
                ("l_refined", of_refined),
            ];
            if sums.is_empty() {
                sums = terms.map(|(name, term)| (name, term.detach())).into();
            } else {
                for ((_, sum), (_, term)) in sums.iter_mut().zip(terms) {
                    *sum = &*sum + term.detach();
                }
            }
        }
        made.backward_from(&leaves);
        sums
    }
}

impl Predictor for Mrnet {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| {
            let taps = self.network.coarse.encoder.taps(images, Mode::Eval);
            let alike = Tensor::full(
                [images.size()[0], self.raters],
                1.0 / self.raters as f64,
                (Kind::Float, images.device()),
            );
            let [_, heads, refined] = self.forward(images, &taps, &alike, None, Mode::Eval);
            Predicted::single(&refined).with_heads(&heads)
        })
    }
}

impl Method for Mrnet {}
