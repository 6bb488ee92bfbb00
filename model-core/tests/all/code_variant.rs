//! Variant `code`: its size, and what each of the authors' defects does where it is kept.

use mrprism_model_core::block::shares;
use mrprism_model_core::draw::Random;
use mrprism_model_core::loss::{Ssim, dissimilarity};
use mrprism_model_core::method::mrprism::{Draws, MrPrism};
use mrprism_model_core::network::mrprism::{Network, Sizes};
use mrprism_model_core::params::Builder;
use mrprism_model_core::train::{Batch, Learner, Presence};
use mrprism_protocol::spec::{MethodSpec, MrPrismNetwork, RunSpec, Seed};
use serde_json::json;
use tch::{Device, Kind, Tensor};

use crate::common::{masks_and_images, run_spec, uniform, with_option};

fn network(spec: &RunSpec) -> MrPrismNetwork {
    let MethodSpec::Mrprism(method) = &spec.method else {
        panic!("not MrPrism");
    };
    method.network.clone()
}

/// Variant `code` at this width and size.
fn code(raters: u32, width: u32, side: u32) -> RunSpec {
    let spec = run_spec(raters, 2, 3, side);
    let spec = with_option(&spec, "variant", json!("code"));
    let spec = with_option(&spec, "divp_input", json!("mask_image"));
    let spec = with_option(&spec, "divp_stride", json!(4));
    with_option(&spec, "encoder_width", json!(width))
}

fn count(spec: &RunSpec, below: &str) -> usize {
    let builder = Builder::blank(Device::Cpu);
    Network::new(&builder.root(), &network(spec), Sizes::of(spec));
    let parameters = builder.finish();
    parameters
        .trained()
        .filter(|entry| entry.name.starts_with(below))
        .map(|entry| entry.tensor.numel())
        .sum()
}

/// The original counts 12.23 M and 0.123 M with what it never trains left out, 9.58 M of them position tables.
#[test]
fn at_full_size_it_has_the_originals_parameters() {
    let spec = code(7, 64, 256);
    assert_eq!(count(&spec, "encoder."), 21_284_672);
    assert_eq!(count(&spec, "conp."), 12_213_762);
    assert_eq!(count(&spec, "divp."), 122_975);
}

/// D7: the third stage has no weights of its own, and the second's are used twice.
#[test]
fn a_tied_stage_has_no_weights_of_its_own() {
    let spec = code(7, 64, 256);
    let tied = with_option(&spec, "divp_tied", json!(true));
    assert_eq!(
        count(&spec, "divp.") - count(&tied, "divp."),
        count(&spec, "divp.stage3.")
    );
    assert_eq!(count(&tied, "divp.stage3."), 0);
    assert_eq!(count(&spec, "divp.stage3."), 35_080);
}

fn batch() -> Batch {
    let (images, masks) = masks_and_images("code", 2, 3, 2, 3, 32);
    Batch {
        members: Vec::new(),
        images,
        masks,
        present: Presence::new(vec![vec![true; 3]; 2], Device::Cpu),
    }
}

/// All gradients of one step, and its terms.
fn step(spec: &RunSpec) -> (Vec<Tensor>, Vec<f64>) {
    let MethodSpec::Mrprism(method) = &spec.method else {
        panic!("not MrPrism");
    };
    let mrprism = MrPrism::new(spec, method, Seed(1), Device::Cpu);
    let draws = Draws {
        initial: Random::new(1),
        shuffle: Random::new(2),
        drops: Random::new(3),
    };
    let terms = mrprism.gradients(&batch(), draws);
    let gradients = mrprism
        .parameters()
        .trained()
        .map(|entry| entry.tensor.grad());
    (
        gradients.collect(),
        terms
            .iter()
            .map(|(_, term)| term.double_value(&[]))
            .collect(),
    )
}

#[test]
fn every_weight_of_the_variant_learns() {
    let spec = code(3, 8, 32);
    let MethodSpec::Mrprism(method) = &spec.method else {
        panic!("not MrPrism");
    };
    let mrprism = MrPrism::new(&spec, method, Seed(1), Device::Cpu);
    let draws = Draws {
        initial: Random::new(1),
        shuffle: Random::new(2),
        drops: Random::new(3),
    };
    mrprism.gradients(&batch(), draws);
    for entry in mrprism.parameters().trained() {
        let gradient = entry.tensor.grad();
        let reached = gradient.defined() && gradient.abs().max().double_value(&[]) > 0.0;
        assert!(reached, "{} has no gradient", entry.name);
    }
}

#[test]
fn branches_left_out_differ_by_draw_and_predictions_leave_nothing_out() {
    let spec = code(3, 8, 32);
    let builder = Builder::new(Device::Cpu, 1);
    let network = Network::new(&builder.root(), &network(&spec), Sizes::of(&spec));
    let (images, masks) = masks_and_images("drops", 16, 3, 2, 3, 32);
    let mode = mrprism_model_core::block::Mode::Eval;
    let taps = network.encoder.taps(&images, mode);
    let pass = |drops: Option<u64>| {
        let drops = drops.map(Random::new);
        tch::no_grad(|| network.pass(&images, &taps, &(&masks / 3.0), mode, drops).0)
    };
    assert_eq!(pass(None), pass(None));
    assert_eq!(pass(Some(1)), pass(Some(1)));
    assert_ne!(pass(Some(1)), pass(Some(2)));
    assert_ne!(pass(Some(1)), pass(None));
}

/// D1: with SSIM itself added to the loss every gradient of (8) points the other way, so training makes maps unlike.
#[test]
fn kept_similarity_turns_every_gradient_round() {
    let spec = with_option(&code(3, 8, 32), "recurrences", json!(1));
    let spec = with_option(&spec, "shuffle", json!(0.0));
    let kept = with_option(&spec, "compat", json!(["ssim_similarity"]));
    let ((right, terms), (wrong, kept_terms)) = (step(&spec), step(&kept));
    for (right, wrong) in right.iter().zip(&wrong) {
        let sum = (right + wrong).abs().max().double_value(&[]);
        assert!(sum < 1e-6, "{sum}");
    }
    // Two structures: 1 − SSIM and SSIM of each sum to 2 in either term.
    assert!(
        (terms[1] + kept_terms[1] - 2.0).abs() < 1e-5,
        "{terms:?} {kept_terms:?}"
    );
}

/// D2: SSIM's constants are made for numbers in 0 to 1. On logits even a perfect prediction is unlike its target.
#[test]
fn ssim_on_logits_finds_a_perfect_prediction_unlike() {
    let ssim = Ssim::new(11, 1.5, Device::Cpu);
    let target = uniform("compat.target", &[1, 1, 32, 32]) * 0.8 + 0.1;
    let loss = |x: &Tensor| dissimilarity(&ssim, x, &target).double_value(&[]);
    assert!(loss(&target) < 1e-4);
    let logits = (&target / (target.neg() + 1.0)).log();
    assert!(loss(&logits) > 0.5, "{}", loss(&logits));
    let spec = code(3, 8, 32);
    let kept = with_option(&spec, "compat", json!(["ssim_logits"]));
    assert!((step(&spec).1[1] - step(&kept).1[1]).abs() > 1e-3);
}

/// D15: where no head says anything the share is 0 / 0.
#[test]
fn shares_without_epsilon_are_no_numbers_where_no_head_says_anything() {
    let heads = Tensor::from_slice(&[0.0_f32, 0.2, 0.0, 0.6]).reshape([1, 2, 1, 1, 2]);
    let with = shares(&heads, None, 1e-6);
    assert!(with.isfinite().all().int64_value(&[]) == 1);
    let without = Vec::<f32>::try_from(shares(&heads, None, 0.0).flatten(0, -1)).unwrap();
    assert!(without[0].is_nan() && without[2].is_nan(), "{without:?}");
    assert!((without[1] - 0.25).abs() < 1e-6 && (without[3] - 0.75).abs() < 1e-6);
}

/// D3: a mask of 0 and 255 is resized with its edges softened, and every touched pixel is above every threshold.
#[test]
fn truth_of_0_and_255_grows_when_it_is_resized() {
    let side = 96;
    let at = Tensor::arange(side, (Kind::Float, Device::Cpu)) - 47.5;
    let radius = (at.square().unsqueeze(0) + at.square().unsqueeze(1)).sqrt();
    let mask = radius
        .lt(30.0)
        .to_kind(Kind::Float)
        .reshape([1, 1, side, side]);
    let resized = |mask: &Tensor| mask.upsample_bilinear2d([128, 128], false, None, None);
    let area = |mask: &Tensor, above: f64| {
        mask.gt(above)
            .to_kind(Kind::Float)
            .mean(None)
            .double_value(&[])
    };
    let (true_area, kept) = (
        area(&resized(&mask), 0.5),
        area(&resized(&(&mask * 255.0)), 0.9),
    );
    assert!(kept > true_area * 1.02, "{kept} {true_area}");
}
