//! Numbers of independent implementations (tools/golden/*.py): torchvision, pytorch-msssim, and PyTorch modules of our own.
//! Both sides fill their tensors from one counter-based generator; only outputs are committed.

use crate::common::{
    Sample, fill, golden, masks_and_images, mrprism_of, run_spec, sampled, uniform, with_option,
};
use mrprism_model_core::block::{Attention, AttentionConfig, Mode, ResNet};
use mrprism_model_core::draw::Random;
use mrprism_model_core::loss::{Ssim, dissimilarity};
use mrprism_model_core::method::mrprism::{Draws, MrPrism};
use mrprism_model_core::params::Builder;
use mrprism_model_core::predict::Predictor;
use mrprism_model_core::train::{Adam, Batch, Learner, LossTerm, Presence};
use mrprism_protocol::spec::{EncoderDepth, RunSpec, Seed, Update};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tch::{Device, Kind, Tensor, no_grad};

#[test]
fn ssim_equals_pytorch_msssim() {
    #[derive(Deserialize)]
    struct Golden {
        shape: Vec<i64>,
        similarity: Vec<Vec<f64>>,
        loss: f64,
        gradient: Sample,
    }
    let golden: Golden = golden("ssim");
    let x = uniform("ssim.x", &golden.shape).set_requires_grad(true);
    let y = uniform("ssim.y", &golden.shape);
    let y = Tensor::stack(
        &[
            y.get(0) * 0.5 + x.detach().get(0) * 0.5,
            y.get(1).gt(0.5).to_kind(Kind::Float),
        ],
        0,
    );
    let ssim = Ssim::new(11, 1.5, Device::Cpu);
    let found = ssim
        .map(&x, &y)
        .mean_dim([2_i64, 3].as_slice(), false, None::<Kind>);
    for (case, row) in golden.similarity.iter().enumerate() {
        for (structure, wanted) in row.iter().enumerate() {
            let found = found.double_value(&[case as i64, structure as i64]);
            assert!(
                (found - wanted).abs() < 1e-5,
                "{case} {structure}: {found} {wanted}"
            );
        }
    }
    let loss = dissimilarity(&ssim, &x, &y);
    assert!((loss.double_value(&[]) - golden.loss).abs() < 1e-5);
    loss.backward();
    golden.gradient.check("gradient", &x.grad(), 1e-5);
}

#[test]
fn resnets_equal_torchvision() {
    #[derive(Deserialize)]
    struct Golden {
        parameters: usize,
        evaluation: Vec<Sample>,
        training: Vec<Sample>,
        running: BTreeMap<String, Sample>,
    }
    let goldens: BTreeMap<u32, Golden> = golden("resnet");
    assert_eq!(goldens.len(), EncoderDepth::ALL.len());
    for (layers, golden) in goldens {
        let builder = Builder::new(Device::Cpu, 0);
        let depth = EncoderDepth::try_from(layers).unwrap();
        let network = ResNet::new(&builder.root(), depth, 3, 64);
        let parameters = builder.finish();
        assert_eq!(parameters.count(), golden.parameters);
        fill(&parameters, "");
        let x = uniform(&format!("resnet{layers}.x"), &[2, 3, 64, 64]);
        no_grad(|| {
            for (mode, samples) in [
                (Mode::Eval, &golden.evaluation),
                (Mode::Train, &golden.training),
            ] {
                let taps = network.forward(&x, mode).0;
                let channels = ResNet::channels(depth, 64);
                for (tap, (wanted, found)) in samples.iter().zip(&taps).enumerate() {
                    assert_eq!(found.size()[1], channels[tap]);
                    // In training f5 is normalised by eight numbers a channel, after up to 48 such layers: sums taken in
                    // another order, as another processor does, show in the fourth digit.
                    let tolerance = match (mode, tap) {
                        (Mode::Eval, _) => 1e-5,
                        (Mode::Train, 3) => 1e-3,
                        (Mode::Train, _) => 1e-4,
                    };
                    wanted.check(&format!("{layers} {mode:?} f{}", tap + 2), found, tolerance);
                }
            }
        });
        for (name, wanted) in &golden.running {
            wanted.check(name, parameters.get(name).unwrap(), 1e-4);
        }
    }
}

#[test]
fn attention_equals_a_plain_module() {
    #[derive(Deserialize)]
    struct Golden {
        output: Sample,
        features_gradient: Sample,
        query_gradient: Sample,
        position_gradient: Sample,
    }
    let goldens: BTreeMap<String, Golden> = golden("attention");
    for (name, golden) in goldens {
        let cross = name == "cross";
        let builder = Builder::new(Device::Cpu, 0);
        let config = AttentionConfig {
            channels: 16,
            tokens: 12,
            heads: 4,
            cross,
        };
        let block = Attention::new(&builder.root(), config);
        let parameters = builder.finish();
        fill(&parameters, &format!("{name}."));
        let features = uniform(&format!("{name}.features"), &[2, 12, 16]).set_requires_grad(true);
        let output = if cross {
            let query = uniform("cross.query", &[2, 12, 16]);
            block.forward(&query, &features, &query)
        } else {
            block.forward_self(&features)
        };
        (&output * uniform(&format!("{name}.weights"), &[2, 12, 16]))
            .sum(None)
            .backward();
        let gradient = |name| parameters.get(name).unwrap().grad();
        golden.output.check("output", &output, 1e-5);
        golden
            .features_gradient
            .check("features", &features.grad(), 1e-5);
        golden
            .query_gradient
            .check("query", &gradient("query.weight"), 1e-5);
        let position = if cross { "key_position" } else { "position" };
        golden
            .position_gradient
            .check(position, &gradient(position), 1e-5);
    }
}

#[derive(Deserialize)]
struct StepGolden {
    /// What differs from the paper's step, by key.
    options: BTreeMap<String, Value>,
    present: Vec<Vec<bool>>,
    losses: BTreeMap<String, f64>,
    gradient_norm: f64,
    gradients: BTreeMap<String, Sample>,
    stepped: BTreeMap<String, Sample>,
    running: BTreeMap<String, Sample>,
    predictions: Vec<PassGolden>,
}

#[derive(Deserialize)]
struct PassGolden {
    prediction: Sample,
    heads: Sample,
    confidences: Sample,
}

/// The specification of the golden step: 3 raters, 2 structures, 64², width 8.
fn golden_spec(options: &BTreeMap<String, Value>) -> RunSpec {
    let mut spec = run_spec(3, 2, 3, 64);
    spec.train.lr = 1e-3;
    for (key, value) in options {
        spec = with_option(&spec, key, value.clone());
    }
    spec
}

#[test]
fn a_whole_step_equals_plain_pytorch() {
    let goldens: BTreeMap<String, StepGolden> = golden("mrprism_step");
    assert_eq!(goldens.len(), 3);
    for (name, golden) in goldens {
        check_step(&name, golden);
    }
}

#[test]
fn the_step_with_each_option_equals_plain_pytorch() {
    let goldens: BTreeMap<String, StepGolden> = golden("mrprism_switches");
    assert_eq!(goldens.len(), 14);
    for (name, golden) in goldens {
        check_step(&name, golden);
    }
}

#[test]
fn the_step_of_variant_code_equals_plain_pytorch() {
    let goldens: BTreeMap<String, StepGolden> = golden("mrprism_code");
    assert_eq!(goldens.len(), 3);
    for (name, golden) in goldens {
        check_step(&name, golden);
    }
}

fn check_step(name: &str, golden: StepGolden) {
    let spec = golden_spec(&golden.options);
    let method = mrprism_of(&spec);
    let mrprism = MrPrism::new(&spec, method, Seed(0), Device::Cpu);
    fill(mrprism.parameters(), "");
    let (images, masks) = masks_and_images(name, 4, 3, 2, 3, 64);
    let present = Presence::new(golden.present, Device::Cpu);
    let stream = |draw: &str| Random::named(1, &format!("{name}.{draw}"));
    let draws = Draws {
        initial: stream("initial"),
        shuffle: stream("shuffle"),
        drops: Random::new(0),
    };
    let mut adam = Adam::new(&spec.train, mrprism.parameters());
    let batch = Batch {
        members: Vec::new(),
        images: images.shallow_clone(),
        masks,
        present,
    };
    let parameter = |key: &String| mrprism.parameters().get(key).unwrap();
    let (losses, norm) = match spec.train.update {
        Update::Step => {
            let losses = mrprism.gradients(&batch, draws);
            (losses, gradient_norm(&mrprism))
        }
        Update::Recurrence => {
            let (mut sums, mut largest) = (Vec::new(), 0.0_f64);
            let mut rounds = mrprism.rounds(&batch, draws);
            for round in 0..3 {
                mrprism.parameters().clear_gradients();
                let losses = rounds.next().unwrap();
                sums = if round == 0 {
                    losses
                } else {
                    let pairs = sums.into_iter().zip(losses);
                    pairs
                        .map(|((name, sum), (_, term)): (LossTerm, LossTerm)| (name, sum + term))
                        .collect()
                };
                largest = largest.max(gradient_norm(&mrprism));
                if round < 2 {
                    adam.step();
                }
            }
            (sums, largest)
        }
    };
    for (term, found) in losses {
        let (found, wanted) = (found.double_value(&[]), golden.losses[term]);
        assert!(
            (found - wanted).abs() < 1e-5 * wanted.abs().max(1.0),
            "{name} {term}: {found} {wanted}"
        );
    }
    assert!(
        (norm / golden.gradient_norm - 1.0).abs() < 1e-4,
        "{name}: {norm} {}",
        golden.gradient_norm
    );
    for (key, wanted) in &golden.gradients {
        let found = parameter(key).grad();
        wanted.check_relative(&format!("{name} gradient {key}"), &found, 1e-4);
    }
    adam.step();
    for (key, wanted) in &golden.stepped {
        // Adam's first step is lr · sign(g) nearly everywhere: a gradient near 0 may fall on either side.
        wanted.check(&format!("{name} stepped {key}"), parameter(key), 1e-5);
    }
    for (key, wanted) in &golden.running {
        wanted.check(&format!("{name} running {key}"), parameter(key), 1e-5);
    }
    let predicted = mrprism.predict(&images, golden.predictions.len() as u32);
    for (rec, wanted) in golden.predictions.iter().enumerate() {
        let rec = rec as i64;
        for (what, wanted, found) in [
            ("prediction", &wanted.prediction, &predicted.prediction),
            ("heads", &wanted.heads, &predicted.heads),
            ("confidences", &wanted.confidences, &predicted.confidences),
        ] {
            wanted.check(&format!("{name} Rec{rec} {what}"), &found.get(rec), 1e-3);
        }
    }
}

/// √ of the sum of all squared gradients.
fn gradient_norm(mrprism: &MrPrism) -> f64 {
    let squares = mrprism.parameters().trained().map(|entry| {
        let gradient = entry.tensor.grad().to_kind(Kind::Double);
        gradient.square().sum(None).double_value(&[])
    });
    squares.sum::<f64>().sqrt()
}

#[test]
fn samples_see_a_difference() {
    let tensor = uniform("any", &[5, 20]);
    let sample = sampled(&tensor, 10);
    sample.check("same", &tensor, 1e-9);
    let other = tensor + 1e-4;
    assert!(
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(
            || sample.check("other", &other, 1e-5)
        ))
        .is_err()
    );
}
