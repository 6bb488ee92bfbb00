//! MrPrism's training step (paper Eq. 13–15; docs/model.md, training step) and its prediction.
//!
//! b batch, m raters, k structures, s side; sg stops the gradient; i counts recurrences.
//!
//! ```text
//! w, t ← initial confidences and target            (14), (15)
//! F ← Encoder(x), once
//! for i in 1…τ:
//!     ŷ ← σ(ConP(F, sg(w)))       P ← σ(DivP(sg(ŷ)))       c ← P / ΣP        s ← Σ_m c^m z^m      (5)
//!     L_con ← Σ_k 1 − SSIM(ŷ, sg(t))                       trains ConP and the encoder            (8)
//!     L_div ← Σ_k 1 − SSIM(s, sg(ŷ))                       trains DivP, through c                 (8)
//!     L_MH ← multi-head loss, where it has a weight        trains DivP, through P                 (9)
//!     L_shf ← shuffle loss                                 trains DivP, through P                 (10)–(12)
//!     backward of L_con + L_div + α L_shf + α_MH L_MH      nothing crosses recurrences            (13)
//!     t ← sg(s),  w ← sg(c ⊙ P)
//! backward through the encoder, once
//! ```
//!
//! ConP works on leaf copies of F whose gradients gather over the recurrences: the same sum as one backward of (13), at a
//! third of the memory. `loss.target = "self"` fuses T(P) in place of z (4). `train.update = "recurrence"` runs the encoder
//! anew in every recurrence, and the optimiser moves after each.

use mrprism_protocol::spec::{Defect, MrPrismSpec, RunSpec, Seed, Target, Update};
use tch::{Device, Kind, Tensor};

use super::Method;
use crate::block::{EPSILON, Mode, Taps, backward_from, fuse, leaf, shares, straight_through};
use crate::draw::Random;
use crate::loss::{ShuffleRule, Ssim, dissimilarity, initial, multi_head, permutations, shuffle};
use crate::network::mrprism::{Asking, Network, Sizes};
use crate::params::{Builder, Parameters};
use crate::parts::{Part, mark};
use crate::predict::{Pass, Predicted, Predictor, passes};
use crate::train::{Batch, Learner, LossTerm, Place};

/// The streams a step draws from.
#[derive(Debug, Clone, Copy)]
pub struct Draws {
    /// Initial confidences.
    pub initial: Random,
    /// Permutations; child stream i is recurrence i's.
    pub shuffle: Random,
    /// What variant `code` leaves out; child stream i is recurrence i's.
    pub drops: Random,
}

/// The method.
#[derive(Debug)]
pub struct MrPrism {
    spec: MrPrismSpec,
    update: Update,
    asking: Asking,
    sizes: Sizes,
    network: Network,
    parameters: Parameters,
    ssim: Ssim,
}

impl MrPrism {
    /// Builds the network for the run's data and size.
    pub fn new(run: &RunSpec, spec: &MrPrismSpec, seed: Seed, device: Device) -> Self {
        let sizes = Sizes::of(run);
        let builder = Builder::new(device, seed.draw("weights", 0, 0));
        let network = Network::new(&builder.root(), &spec.network, sizes);
        let ssim = Ssim::new(spec.loss.ssim_window, spec.loss.ssim_sigma, device);
        Self {
            spec: spec.clone(),
            update: run.train.update,
            asking: Asking::new(spec),
            sizes,
            network,
            parameters: builder.finish(),
            ssim,
        }
    }

    /// One step's losses and gradients with these draws: (13) summed over the recurrences, then its parts.
    pub fn gradients(&self, batch: &Batch, draws: Draws) -> Vec<LossTerm> {
        let taps = self.network.encoder.taps(&batch.images, Mode::Train);
        mark(Part::EncoderForward);
        let leaves = taps.leaves();
        let mut state = self.begin(batch, draws);
        mark(Part::Losses);
        let mut sums: Vec<LossTerm> = Vec::new();
        for i in 0..self.spec.network.recurrences {
            let found = self.recurrence(&leaves, &mut state, batch, draws, i);
            if sums.is_empty() {
                sums = found;
            } else {
                for ((_, sum), (_, term)) in sums.iter_mut().zip(found) {
                    *sum = &*sum + term;
                }
            }
        }
        taps.backward_from(&leaves);
        mark(Part::EncoderBackward);
        sums
    }

    /// The same step with an update after every recurrence: each item leaves that recurrence's gradients behind and says
    /// its losses. Gradients of the one before must be gone by then.
    pub fn rounds<'a>(
        &'a self,
        batch: &'a Batch,
        draws: Draws,
    ) -> impl Iterator<Item = Vec<LossTerm>> + 'a {
        let mut state = self.begin(batch, draws);
        (0..self.spec.network.recurrences).map(move |i| {
            let taps = self.network.encoder.taps(&batch.images, Mode::Train);
            mark(Part::EncoderForward);
            let leaves = taps.leaves();
            let losses = self.recurrence(&leaves, &mut state, batch, draws, i);
            taps.backward_from(&leaves);
            mark(Part::EncoderBackward);
            losses
        })
    }

    fn begin(&self, batch: &Batch, draws: Draws) -> State {
        let present = batch.present.weights.as_ref();
        let start = initial(&self.spec.loss, draws.initial, &batch.masks, present);
        State {
            asking: self.asking.first(start.confidences, present),
            target: start.target,
        }
    }

    /// Runs recurrence `i` and its backward, and moves `state` on. Says the whole loss and its parts, detached.
    fn recurrence(
        &self,
        leaves: &Taps,
        state: &mut State,
        batch: &Batch,
        draws: Draws,
        i: u32,
    ) -> Vec<LossTerm> {
        let Batch {
            images,
            masks,
            present,
            ..
        } = batch;
        let spec = &self.spec.loss;
        let weights = present.weights.as_ref();
        let drops = Some(draws.drops.child(u64::from(i)));
        let made = self
            .network
            .pass(images, leaves, &state.asking, Mode::Train, drops);
        // Cut, so that losses, DivP and ConP are gone back through one after the other.
        let (logits, heads) = (leaf(&made.0), leaf(&made.1));
        let segmentation = logits.sigmoid();
        let c = self.shares(&heads, weights);
        let fused = match spec.target {
            Target::Rater => fuse(&c, masks),
            Target::SelfFusion => fuse(&c, &straight_through(&heads)),
        };
        let count = u64::from(spec.shuffle_permutations);
        let dealt = permutations(draws.shuffle.child(u64::from(i)), count, &present.raters);
        let compared = if self.keeps(Defect::SsimLogits) {
            &logits
        } else {
            &segmentation
        };
        let converging = self.recurrence_loss(compared, &state.target);
        let diverging = self.recurrence_loss(&fused, &compared.detach());
        let rule = ShuffleRule::of(spec);
        let shuffled = shuffle(rule, &dealt, &c, &heads, masks, &present.raters);
        let mut loss = &converging + &diverging + &shuffled * spec.shuffle;
        let mut parts = vec![
            ("l_con", converging),
            ("l_div", diverging),
            ("l_shf", shuffled),
        ];
        if spec.multi_head > 0.0 {
            let own = multi_head(&heads, masks, &present.raters);
            loss += &own * spec.multi_head;
            parts.push(("l_mh", own));
        }
        loss.backward();
        mark(Part::Losses);
        backward_from([(&made.1, &heads)]);
        mark(Part::Divp);
        backward_from([(&made.0, &logits)]);
        mark(Part::Conp);
        state.target = fused.detach();
        state.asking = self.asking.next(&c, &heads, weights).detach();
        parts.insert(0, ("loss", loss));
        parts
            .into_iter()
            .map(|(name, term)| (name, term.detach()))
            .collect()
    }

    fn keeps(&self, defect: Defect) -> bool {
        self.spec.loss.compat.contains(&defect)
    }

    /// c.
    fn shares(&self, heads: &Tensor, present: Option<&Tensor>) -> Tensor {
        let epsilon = if self.keeps(Defect::ShareWithoutEpsilon) {
            0.0
        } else {
            EPSILON
        };
        shares(heads, present, epsilon)
    }

    /// A term of (8), or SSIM itself where that defect is kept.
    fn recurrence_loss(&self, x: &Tensor, y: &Tensor) -> Tensor {
        let unlike = dissimilarity(&self.ssim, x, y);
        if self.keeps(Defect::SsimSimilarity) {
            unlike.neg() + self.sizes.structures as f64
        } else {
            unlike
        }
    }

    fn draws(place: Place) -> Draws {
        let stream = |name| Random::new(place.seed.draw(name, place.epoch, place.step));
        Draws {
            initial: stream("initial"),
            shuffle: stream("shuffle"),
            drops: stream("drops"),
        }
    }

    /// The network, for those who look inside.
    pub fn network(&self) -> &Network {
        &self.network
    }
}

/// What a recurrence begins with.
struct State {
    asking: Tensor,
    target: Tensor,
}

impl Learner for MrPrism {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<LossTerm> {
        self.gradients(batch, Self::draws(place))
    }

    fn updates_per_step(&self) -> u64 {
        match self.update {
            Update::Step => 1,
            Update::Recurrence => u64::from(self.spec.network.recurrences),
        }
    }

    fn updates<'a>(
        &'a self,
        batch: &'a Batch,
        place: Place,
    ) -> Box<dyn Iterator<Item = Vec<LossTerm>> + 'a> {
        match self.update {
            Update::Step => Box::new(std::iter::once_with(move || self.accumulate(batch, place))),
            Update::Recurrence => Box::new(self.rounds(batch, Self::draws(place))),
        }
    }
}

impl Predictor for MrPrism {
    fn predict(&self, images: &Tensor, count: u32) -> Predicted {
        let Sizes {
            raters,
            structures,
            side,
            ..
        } = self.sizes;
        let options = (Kind::Float, images.device());
        let start = Tensor::full(
            [images.size()[0], raters, structures, side, side],
            self.asking.start(raters),
            options,
        );
        let taps = tch::no_grad(|| self.network.encoder.taps(images, Mode::Eval));
        passes(start, count, |asking| {
            let (logits, heads) = self.network.pass(images, &taps, asking, Mode::Eval, None);
            let confidences = self.shares(&heads, None);
            let next = self.asking.next(&confidences, &heads, None);
            Pass {
                prediction: logits.sigmoid(),
                heads,
                confidences,
                next,
            }
        })
    }
}

impl Method for MrPrism {
    fn chosen_recurrence(&self) -> u32 {
        self.spec.network.recurrences.saturating_sub(1)
    }

    fn warnings(&self) -> Vec<String> {
        if self.sizes.raters > 1 {
            return Vec::new();
        }
        vec![
            "the data have one rater: the shuffle loss is 0 and every confidence is 1, so nothing is calibrated".to_owned(),
        ]
    }
}
