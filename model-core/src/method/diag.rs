//! Diag (Wu et al., "Opinions Vary? Diagnosis First!", MICCAI 2022): the fusion of the raters' masks from which a network
//! tells the diagnosis best.
//!
//! b batch, m raters, k structures, s side. A warm-up trains the diagnosis network alone, on masks joined by chance; then each
//! case is fused once, the diagnosis network at rest, and the shared backbone learns the fused masks.
//!
//! ```text
//! warm-up     d(x, Σ_m a_m z^m),  a drawn uniformly from the simplex;  L = BCE, an ill case counts positive_weight times
//! fusion      z* = Σ_m softmax_m(e) ⊙ z^m,  e drawn by a network of places (Cppn) that begins with the mean;
//!             256 steps of Adam that raise d(x, z*) of an ill case and lower that of a healthy one
//! training    L = BCE(p, z*)
//! ```
//!
//! The original joins disc and cup into one picture of three greys; here each structure is a channel of its own and all share
//! one map of weights a rater, so that any number of structures will do. A case whose diagnosis is unknown keeps the mean.
//! The diagnosis is part of what is fused, so z* of a test case is no prediction (Table 3); the backbone sees the image alone.

use std::cell::RefCell;
use std::collections::BTreeMap;

use mrprism_protocol::spec::{DiagLoss, OnBackbone, RunSpec, Seed, TrainingLabels, TrainingSpec};
use tch::{Device, Kind, Tensor};

use super::{Learned, Method, learned};
use crate::block::Mode;
use crate::draw::Random;
use crate::loss::{joined_labels, soft_cross_entropy};
use crate::network::{Cppn, Diagnosis, Sizes, Unet};
use crate::params::{Builder, Parameters};
use crate::predict::{Predicted, Predictor};
use crate::train::{Adam, Batch, Learner, LossTerm, Member, Place};

/// Where the diagnosis network's parameters stand.
const DIAGNOSIS: &str = "diagnosis";
/// The number of each rater that tables show.
const WEIGHT: &str = "weight";

/// One case's raters joined.
#[derive(Debug)]
pub struct FusedCase {
    /// z*, \[k, s, s\].
    pub map: Tensor,
    /// Each rater's mean weight where the present raters disagree, \[m\]; everywhere where they nowhere do.
    pub trust: Tensor,
}

/// The method.
#[derive(Debug)]
pub struct Diag {
    loss: DiagLoss,
    fusion: TrainingSpec,
    seed: Seed,
    structures: i64,
    network: Unet,
    diagnosis: Diagnosis,
    /// Trust summed over the cases that steps have seen, \[m\], and their number, \[1\].
    trust: Tensor,
    seen: Tensor,
    parameters: Parameters,
    /// By position in the training split. A function of the weights after the warm-up, so it need not be in a checkpoint.
    fused: RefCell<BTreeMap<usize, FusedCase>>,
}

impl Diag {
    /// Builds the networks for the run's data and size.
    pub fn new(run: &RunSpec, spec: &OnBackbone<DiagLoss>, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let root = builder.root();
        let (channels, structures) = (sizes.channels, sizes.structures);
        let trust = root.sub("trust");
        Self {
            loss: spec.loss.clone(),
            fusion: TrainingSpec {
                lr: spec.loss.fusion_lr,
                betas: [0.9, 0.999],
                eps: 1e-8,
                weight_decay: 0.0,
                ..run.train.clone()
            },
            seed,
            structures,
            network: Unet::new(&root, &spec.network, channels, structures),
            diagnosis: Diagnosis::new(&root.sub(DIAGNOSIS), &spec.network, channels + structures),
            trust: trust.buffer("sum", &[sizes.raters], 0.0),
            seen: trust.buffer("cases", &[1], 0.0),
            parameters: builder.finish(),
            fused: RefCell::default(),
        }
    }

    /// What the diagnosis network, at rest, says of masks: the logit of illness.
    /// Shapes: images \[b, c, s, s\], masks \[b, k, s, s\] → \[b\]
    pub fn logit(&self, images: &Tensor, masks: &Tensor) -> Tensor {
        self.diagnosis.forward(images, masks, Mode::Eval)
    }

    /// Every case of the batch fused, each once in a run. Shapes: → \[b, k, s, s\]
    fn fused(&self, batch: &Batch) -> Tensor {
        if batch.members.iter().all(|member| member.ill.is_none()) {
            return joined_labels(TrainingLabels::Mean, &batch.masks, &batch.present.raters);
        }
        let mut known = self.fused.borrow_mut();
        let mut maps = Vec::new();
        for (row, member) in batch.members.iter().enumerate() {
            let fresh = || self.fuse_row(batch, row, *member);
            let case = match member.case {
                Some(case) => known.entry(case).or_insert_with(fresh),
                None => &mut fresh(),
            };
            let _ = self.trust.shallow_clone().g_add_(&case.trust);
            let _ = self.seen.shallow_clone().g_add_scalar_(1.0);
            maps.push(case.map.shallow_clone());
        }
        Tensor::stack(&maps, 0)
    }

    /// One row of a batch, by itself whatever stands beside it: the same bits in every batch.
    fn fuse_row(&self, batch: &Batch, row: usize, member: Member) -> FusedCase {
        let at = |all: &Tensor| all.narrow(0, row as i64, 1);
        let (images, masks) = (at(&batch.images), at(&batch.masks));
        let present = &batch.present.raters[row];
        let steps = match member.ill {
            Some(_) if present.iter().filter(|there| **there).count() > 1 => self.loss.fusion_steps,
            _ => 0,
        };
        let (sizes, device) = (masks.size(), masks.device());
        let width = i64::from(self.loss.fusion_width);
        let builder = Builder::new(device, self.seed.draw("fusion", 0, 0));
        let places = Cppn::new(&builder.root(), sizes[3], width, sizes[1], device);
        let drawing = builder.finish();
        let mut adam = Adam::new(&self.fusion, &drawing);
        let down = if member.ill == Some(true) { -1.0 } else { 1.0 };
        self.at_rest(|| {
            for _ in 0..steps {
                drawing.clear_gradients();
                let map = joined(&weights(&places.forward(), present), &masks);
                let logit = self.logit(&images, &map);
                (logit * down).sum(None::<Kind>).backward();
                adam.step();
            }
        });
        tch::no_grad(|| {
            let weights = weights(&places.forward(), present);
            FusedCase {
                map: joined(&weights, &masks).squeeze_dim(0),
                trust: trust(&weights, &masks, present),
            }
        })
    }

    /// Runs `work` while the diagnosis network's weights gather no gradients.
    fn at_rest(&self, work: impl FnOnce()) {
        let gather = |wanted| {
            let below = |name: &str| {
                name.strip_prefix(DIAGNOSIS)
                    .is_some_and(|rest| rest.starts_with('.'))
            };
            for entry in self.parameters.trained().filter(|entry| below(&entry.name)) {
                let _ = entry.tensor.set_requires_grad(wanted);
            }
        };
        gather(false);
        tch::with_grad(work);
        gather(true);
    }

    fn diagnose(&self, batch: &Batch, place: Place) -> Tensor {
        let device = batch.images.device();
        let random = Random::new(place.seed.draw("mixture", place.epoch, place.step));
        let shares = mixtures(random, &batch.present.raters);
        let shares = Tensor::from_slice(&shares.concat())
            .to_device(device)
            .view([shares.len() as i64, -1, 1, 1, 1]);
        let mixed = (&batch.masks * shares).sum_dim_intlist(1, false, None::<Kind>);
        let logits = self.diagnosis.forward(&batch.images, &mixed, Mode::Train);
        let ill: Vec<_> = batch.members.iter().map(|member| member.ill).collect();
        diagnosis_loss(&logits, &ill, self.loss.positive_weight)
    }
}

/// Each rater's share at each pixel; an absent rater has none. Shapes: e \[m, s, s\] → \[m, s, s\]
pub fn weights(e: &Tensor, present: &[bool]) -> Tensor {
    let absent: Vec<bool> = present.iter().map(|there| !there).collect();
    let absent = Tensor::from_slice(&absent)
        .to_device(e.device())
        .view([-1, 1, 1]);
    e.masked_fill(&absent, f64::NEG_INFINITY)
        .softmax(0, None::<Kind>)
}

/// Σ w ⊙ z over raters. Shapes: weights \[m, s, s\], masks \[1, m, k, s, s\] → \[1, k, s, s\]
pub fn joined(weights: &Tensor, masks: &Tensor) -> Tensor {
    (weights.unsqueeze(1) * masks).sum_dim_intlist(1, false, None::<Kind>)
}

/// Shapes: weights \[m, s, s\], masks \[1, m, k, s, s\] → \[m\]
fn trust(weights: &Tensor, masks: &Tensor, present: &[bool]) -> Tensor {
    let mean = joined_labels(TrainingLabels::Mean, masks, &[present.to_vec()]);
    let disputed = mean.gt(0.0).logical_and(&mean.lt(1.0));
    let disputed = disputed.any_dim(1, false).to_kind(Kind::Float);
    // Where nobody disagrees every pixel counts.
    let counted = &disputed + disputed.max().neg() + 1.0;
    let all = [1_i64, 2];
    let sum = (weights * &counted).sum_dim_intlist(all.as_slice(), false, None::<Kind>);
    sum / counted.sum(None::<Kind>)
}

/// A point of the present raters' simplex for each case, uniformly drawn: exponential numbers over their sum.
pub fn mixtures(random: Random, present: &[Vec<bool>]) -> Vec<Vec<f32>> {
    let row = |(case, raters): (usize, &Vec<bool>)| {
        let own = random.child(case as u64);
        let drawn: Vec<f64> = (0_u64..)
            .zip(raters)
            .map(|(rater, there)| {
                let waited = -(1.0 - own.uniform(rater)).ln();
                f64::from(u8::from(*there)) * waited.max(f64::MIN_POSITIVE)
            })
            .collect();
        let sum: f64 = drawn.iter().sum();
        drawn.iter().map(|share| (share / sum) as f32).collect()
    };
    present.iter().enumerate().map(row).collect()
}

/// Binary cross-entropy in which an ill case counts `positive_weight` times, the mean over cases whose diagnosis is known.
/// Shapes: logits \[b\] → a scalar
pub fn diagnosis_loss(logits: &Tensor, ill: &[Option<bool>], positive_weight: f64) -> Tensor {
    let numbers = |of: &dyn Fn(Option<bool>) -> f64| {
        let row: Vec<f32> = ill.iter().map(|ill| of(*ill) as f32).collect();
        Tensor::from_slice(&row).to_device(logits.device())
    };
    let weight_ill = numbers(&|ill| {
        if ill == Some(true) {
            positive_weight
        } else {
            0.0
        }
    });
    let weight_healthy = numbers(&|ill| if ill == Some(false) { 1.0 } else { 0.0 });
    let known = ill.iter().flatten().count().max(1);
    let each = logits.neg().softplus() * weight_ill + logits.softplus() * weight_healthy;
    each.sum(None::<Kind>) / known as f64
}

impl Learner for Diag {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn prepares(&self, place: Place) -> bool {
        place.epoch < self.loss.warm_up_epochs
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        let loss = if self.prepares(place) {
            self.diagnose(batch, place)
        } else {
            let wanted = tch::no_grad(|| self.fused(batch));
            let p = self.network.forward(&batch.images, Mode::Train).sigmoid();
            soft_cross_entropy(&p, &wanted)
        };
        loss.backward();
        vec![("loss", loss.detach())]
    }
}

impl Predictor for Diag {
    fn predict(&self, images: &Tensor, _passes: u32) -> Predicted {
        tch::no_grad(|| Predicted::single(&self.network.forward(images, Mode::Eval).sigmoid()))
    }
}

impl Method for Diag {
    fn fuse(&self, case: &Batch) -> Option<Tensor> {
        let member = case.members.first().copied()?;
        member.ill?;
        Some(self.fuse_row(case, 0, member).map)
    }

    fn learned(&self) -> Vec<Learned> {
        let mean = &self.trust / self.seen.clamp_min(1.0);
        // One weight a rater, whatever the structure.
        learned::by_rater(
            WEIGHT,
            &mean.unsqueeze(1).expand([-1, self.structures], false),
        )
    }
}
