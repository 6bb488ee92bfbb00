//! One training step: who teaches whom, who is absent, what stops it.

use mrprism_model_core::block::Mode;
use mrprism_model_core::draw::Random;
use mrprism_model_core::error::RunError;
use mrprism_model_core::loss::{Ssim, dissimilarity};
use mrprism_model_core::method::mrprism::{Draws, MrPrism};
use mrprism_model_core::params::file;
use mrprism_model_core::train::{Adam, Batch, Learner, Place, Presence, step};
use mrprism_protocol::spec::{RunSpec, Seed};
use mrprism_protocol::state::AttemptOutcome;
use tch::{Device, Kind, Tensor, no_grad};

use crate::common::{PLAN, masks_and_images, mrprism_of, run_spec, uniform};

const PLACE: Place = Place {
    seed: Seed(3),
    epoch: 1,
    step: 2,
    plan: PLAN,
};

fn method(spec: &RunSpec) -> MrPrism {
    let method = mrprism_of(spec);
    MrPrism::new(spec, method, Seed(0), Device::Cpu)
}

fn batch(name: &str, present: Vec<Vec<bool>>) -> Batch {
    let (images, masks) = masks_and_images(name, 2, 3, 2, 1, 32);
    Batch {
        members: Vec::new(),
        images,
        masks,
        present: Presence::new(present, Device::Cpu),
    }
}

fn gradient(mrprism: &MrPrism, prefix: &str) -> f64 {
    let below = mrprism
        .parameters()
        .trained()
        .filter(|entry| entry.name.starts_with(prefix));
    let gradients = below
        .map(|entry| entry.tensor.grad())
        .filter(Tensor::defined);
    gradients
        .map(|gradient| gradient.abs().sum(Some(Kind::Double)).double_value(&[]))
        .fold(0.0, |a, b| a + b)
}

#[test]
fn the_converging_loss_teaches_conp_and_the_encoder_alone() {
    let mrprism = method(&run_spec(3, 2, 1, 32));
    let (images, masks) = masks_and_images("routes", 2, 3, 2, 1, 32);
    let taps = mrprism.network().encoder.taps(&images, Mode::Train);
    let leaves = taps.leaves();
    let (logits, heads) =
        mrprism
            .network()
            .pass(&images, &leaves, &(&masks / 3.0), Mode::Train, None);
    let segmentation = logits.sigmoid();
    let ssim = Ssim::new(11, 1.5, Device::Cpu);
    dissimilarity(&ssim, &segmentation, &masks.select(1, 0)).backward();
    assert!(gradient(&mrprism, "conp.") > 0.0);
    assert_eq!(gradient(&mrprism, "divp.").to_bits(), 0.0_f64.to_bits());
    assert_eq!(
        gradient(&mrprism, "encoder.").to_bits(),
        0.0_f64.to_bits(),
        "not before its own backward"
    );
    taps.backward_from(&leaves);
    let encoder = gradient(&mrprism, "encoder.");
    assert!(encoder > 0.0);
    // What is said of DivP's maps reaches DivP and nobody else.
    let conp = gradient(&mrprism, "conp.");
    heads.sum(None).backward();
    assert!(gradient(&mrprism, "divp.") > 0.0);
    assert_eq!(gradient(&mrprism, "conp.").to_bits(), conp.to_bits());
    assert_eq!(gradient(&mrprism, "encoder.").to_bits(), encoder.to_bits());
}

#[test]
fn a_step_reaches_every_parameter() {
    let spec = run_spec(3, 2, 1, 32);
    let mrprism = method(&spec);
    mrprism.accumulate(&batch("all", vec![vec![true; 3]; 2]), PLACE);
    let silent: Vec<_> = mrprism
        .parameters()
        .trained()
        .filter(|entry| !entry.tensor.grad().defined())
        .map(|entry| entry.name.as_str())
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn what_an_absent_rater_drew_changes_no_bit() {
    let run = |garbage: bool| {
        let spec = run_spec(3, 2, 1, 32);
        let mrprism = method(&spec);
        let mut batch = batch(
            "absent",
            vec![vec![true, true, false], vec![true, true, true]],
        );
        if garbage {
            let noise = uniform("garbage", &[2, 32, 32]);
            no_grad(|| batch.masks.get(0).get(2).copy_(&noise));
        }
        let mut adam = Adam::new(&spec.train, mrprism.parameters());
        let report = step(&mrprism, &mut adam, &batch, PLACE).unwrap();
        batch.images = Tensor::new();
        (report, file::hash(&mrprism.parameters().snapshot()))
    };
    let (clean, with_garbage) = (run(false), run(true));
    assert_eq!(clean.1, with_garbage.1);
    assert_eq!(clean.0, with_garbage.0);
    // And the same garbage of a rater who is present does change them.
    let spec = run_spec(3, 2, 1, 32);
    let mrprism = method(&spec);
    let mut adam = Adam::new(&spec.train, mrprism.parameters());
    let everyone = batch("absent", vec![vec![true; 3]; 2]);
    assert_ne!(
        step(&mrprism, &mut adam, &everyone, PLACE).unwrap(),
        clean.0
    );
}

#[test]
fn a_loss_that_is_no_number_stops_before_the_weights_change() {
    let spec = run_spec(3, 2, 1, 32);
    let mrprism = method(&spec);
    let mut adam = Adam::new(&spec.train, mrprism.parameters());
    no_grad(|| {
        let _ = mrprism
            .parameters()
            .get("conp.stage4.up.bias")
            .unwrap()
            .shallow_clone()
            .fill_(f64::NAN);
    });
    let trained = || {
        let snapshot: Vec<_> = mrprism
            .parameters()
            .trained()
            .map(|entry| (entry.name.clone(), entry.tensor.detach().copy()))
            .collect();
        file::hash(&snapshot)
    };
    let before = trained();
    let error = step(
        &mrprism,
        &mut adam,
        &batch("nan", vec![vec![true; 3]; 2]),
        PLACE,
    )
    .unwrap_err();
    assert!(
        matches!(error, RunError::Diverged { step: 1, .. }),
        "{error:?}"
    );
    assert_eq!(error.outcome(), AttemptOutcome::Failed);
    let text = error.to_string();
    assert!(
        text.contains("diverged at step 1: loss NaN") && text.contains("smaller train.lr"),
        "{text}"
    );
    assert_eq!(trained(), before);
    assert_eq!(adam.steps(), 0);
}

/// Spoils one gradient.
struct Overflowing<'a>(&'a MrPrism);
impl Learner for Overflowing<'_> {
    fn parameters(&self) -> &mrprism_model_core::params::Parameters {
        self.0.parameters()
    }

    fn accumulate(&self, batch: &Batch, place: Place) -> Vec<mrprism_model_core::train::LossTerm> {
        let terms = self.0.accumulate(batch, place);
        let _ = self
            .parameters()
            .get("conp.stage4.up.bias")
            .unwrap()
            .grad()
            .fill_(f64::INFINITY);
        terms
    }
}

#[test]
fn gradients_that_overflow_stop_too() {
    let spec = run_spec(3, 2, 1, 32);
    let mrprism = method(&spec);
    let mut adam = Adam::new(&spec.train, mrprism.parameters());
    let error = step(
        &Overflowing(&mrprism),
        &mut adam,
        &batch("inf", vec![vec![true; 3]; 2]),
        PLACE,
    )
    .unwrap_err();
    assert!(error.to_string().contains("gradient norm inf"), "{error}");
}

#[test]
fn every_step_draws_anew_and_the_same_place_draws_the_same() {
    let losses = |place: Place| {
        let mrprism = method(&run_spec(3, 2, 1, 32));
        let terms = mrprism.accumulate(&batch("draws", vec![vec![true; 3]; 2]), place);
        terms[1].1.double_value(&[])
    };
    assert_eq!(losses(PLACE).to_bits(), losses(PLACE).to_bits());
    assert_ne!(
        losses(PLACE).to_bits(),
        losses(Place { step: 3, ..PLACE }).to_bits()
    );
    assert_ne!(
        losses(PLACE).to_bits(),
        losses(Place { epoch: 2, ..PLACE }).to_bits()
    );
    assert_ne!(
        losses(PLACE).to_bits(),
        losses(Place {
            seed: Seed(4),
            ..PLACE
        })
        .to_bits()
    );
}

#[test]
fn a_single_rater_trains_without_a_shuffle_loss() {
    let mrprism = method(&run_spec(1, 2, 1, 32));
    let (images, masks) = masks_and_images("one", 2, 1, 2, 1, 32);
    let batch = Batch {
        members: Vec::new(),
        images,
        masks,
        present: Presence::new(vec![vec![true]; 2], Device::Cpu),
    };
    let draws = Draws {
        initial: Random::new(1),
        shuffle: Random::new(2),
        drops: Random::new(0),
    };
    let terms = mrprism.gradients(&batch, draws);
    assert_eq!(terms[3].0, "l_shf");
    assert_eq!(terms[3].1.double_value(&[]).to_bits(), 0.0_f64.to_bits());
    assert!(terms[0].1.double_value(&[]).is_finite());
    let warnings = mrprism_model_core::method::Method::warnings(&mrprism);
    assert!(warnings[0].contains("one rater"), "{warnings:?}");
}

#[test]
fn adam_makes_its_first_steps_by_hand() {
    let mut spec = run_spec(3, 2, 1, 32);
    spec.train.weight_decay = 0.5;
    let mrprism = method(&spec);
    let bias = mrprism
        .parameters()
        .get("conp.stage4.up.bias")
        .unwrap()
        .shallow_clone();
    let mut adam = Adam::new(&spec.train, mrprism.parameters());
    no_grad(|| {
        let _ = bias.shallow_clone().fill_(2.0);
    });
    let (mut p, mut m, mut v) = (2.0_f64, 0.0, 0.0);
    for (t, slope) in [(1, 3.0), (2, -1.0), (3, 0.25)] {
        mrprism.parameters().clear_gradients();
        (&bias * slope).sum(None).backward();
        adam.step();
        let g = slope + 0.5 * p;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        p -= 1e-3 * (m / (1.0 - 0.9_f64.powi(t))) / ((v / (1.0 - 0.999_f64.powi(t))).sqrt() + 1e-8);
        let found = bias.double_value(&[0]);
        assert!(
            (found - p).abs() < 1e-6,
            "step {t}: {found} where {p} is expected"
        );
    }
}
