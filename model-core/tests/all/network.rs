//! Parameter counts, shapes, names, and what a seed decides.

use mrprism_model_core::block::{Mode, ResNet};
use mrprism_model_core::method::mrprism::MrPrism;
use mrprism_model_core::network::mrprism::{Network, Sizes};
use mrprism_model_core::params::{Builder, Parameters, file};
use mrprism_model_core::predict::Predictor;
use mrprism_model_core::train::Learner;
use mrprism_protocol::spec::{EncoderDepth, MrPrismNetwork, Residual, Seed};
use tch::{Device, Kind, Tensor};

use crate::common::{mrprism_of, run_spec, uniform};

fn network_spec(width: u32) -> MrPrismNetwork {
    let spec = run_spec(3, 2, 3, 32);
    let method = mrprism_of(&spec).clone();
    MrPrismNetwork {
        encoder_width: width,
        ..method.network
    }
}

fn count_below(parameters: &Parameters, prefix: &str) -> usize {
    parameters
        .trained()
        .filter(|entry| entry.name.starts_with(prefix))
        .map(|entry| entry.tensor.numel())
        .sum()
}

/// The prototype of docs/model.md counts 29,330,992. With biases on `W_o`, the point-wise and the depth-wise convolutions
/// (960 numbers each) ours is equal to the last parameter.
#[test]
fn the_paper_s_network_has_the_counted_parameters() {
    let sizes = Sizes {
        raters: 7,
        structures: 2,
        channels: 3,
        side: 256,
    };
    let builder = Builder::new(Device::Cpu, 0);
    let network = Network::new(&builder.root(), &network_spec(64), sizes);
    let parameters = builder.finish();
    assert_eq!(count_below(&parameters, "encoder."), 21_284_672);
    assert_eq!(count_below(&parameters, "conp."), 7_731_010);
    assert_eq!(count_below(&parameters, "divp."), 315_310);
    assert_eq!(parameters.count(), 29_330_992);
    drop(network);
}

#[test]
fn other_channels_change_the_first_convolution_only() {
    let count = |channels| {
        let builder = Builder::new(Device::Cpu, 0);
        let network = ResNet::new(&builder.root(), EncoderDepth::R34, channels, 64);
        let count = builder.finish().count();
        drop(network);
        count
    };
    assert_eq!(count(3) - count(1), 2 * 64 * 49);
    assert_eq!(count(4) - count(3), 64 * 49);
}

#[test]
fn any_raters_structures_channels_and_size_fit() {
    for (m, k, c, side) in [(1, 1, 1, 32), (2, 3, 4, 96), (7, 1, 1, 64)] {
        let spec = run_spec(m, k, c, side);
        let mut method = mrprism_of(&spec).clone();
        method.network.residual = Residual::Value;
        let mrprism = MrPrism::new(&spec, &method, Seed(0), Device::Cpu);
        let [m, k, c, side] = [m, k, c, side].map(i64::from);
        let predicted = mrprism.predict(&uniform("x", &[2, c, side, side]), 2);
        assert_eq!(predicted.prediction.size(), [2, 2, k, side, side]);
        assert_eq!(predicted.heads.size(), [2, 2, m, k, side, side]);
        assert_eq!(predicted.confidences.size(), [2, 2, m, k, side, side]);
        let sums = predicted
            .confidences
            .sum_dim_intlist(2, false, None::<Kind>);
        assert!(
            (sums - 1.0).abs().max().double_value(&[]) < 1e-3,
            "confidences sum to 1"
        );
    }
}

#[test]
fn a_seed_decides_every_weight() {
    let hash = |seed| {
        let spec = run_spec(3, 2, 3, 32);
        let method = mrprism_of(&spec);
        file::hash(
            &MrPrism::new(&spec, method, Seed(seed), Device::Cpu)
                .parameters()
                .snapshot(),
        )
    };
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
fn initial_weights_have_the_stated_distributions() {
    let spec = run_spec(3, 2, 3, 64);
    let method = mrprism_of(&spec);
    let mrprism = MrPrism::new(&spec, method, Seed(5), Device::Cpu);
    let deviation = |name: &str| {
        let tensor: &Tensor = mrprism.parameters().get(name).unwrap();
        tensor.std(false).double_value(&[])
    };
    let near = |name: &str, wanted: f64| {
        let found = deviation(name);
        assert!(
            (found / wanted - 1.0).abs() < 0.05,
            "{name}: {found}, not {wanted}"
        );
    };
    near(
        "encoder.layer4.2.conv2.weight",
        (2.0_f64 / (64.0 * 9.0)).sqrt(),
    );
    near(
        "conp.stage1.join.conv.weight",
        (1.0_f64 / (3.0 * 64.0 * 9.0)).sqrt(),
    );
    near("conp.stage4.attention.key_position", 0.02);
    near("divp.heads.mlp1", (1.0_f64 / (3.0 * 32.0)).sqrt());
}

#[test]
fn evaluation_changes_nothing_and_does_not_mix_cases() {
    let spec = run_spec(3, 2, 1, 32);
    let method = mrprism_of(&spec);
    let mrprism = MrPrism::new(&spec, method, Seed(0), Device::Cpu);
    let before = file::hash(&mrprism.parameters().snapshot());
    let images = uniform("x", &[3, 1, 32, 32]);
    let together = mrprism.predict(&images, 3).prediction;
    let alone = mrprism.predict(&images.narrow(0, 1, 1), 3).prediction;
    let difference = (together.narrow(1, 1, 1) - alone)
        .abs()
        .max()
        .double_value(&[]);
    assert!(difference < 1e-5, "{difference}");
    assert_eq!(file::hash(&mrprism.parameters().snapshot()), before);
}

#[test]
fn training_moves_running_statistics() {
    let builder = Builder::new(Device::Cpu, 0);
    let network = ResNet::new(&builder.root(), EncoderDepth::R34, 1, 8);
    let parameters = builder.finish();
    let mean = || {
        parameters
            .get("bn1.running_mean")
            .unwrap()
            .abs()
            .sum(None)
            .double_value(&[])
    };
    let x = uniform("x", &[2, 1, 32, 32]);
    network.forward(&x, Mode::Eval);
    assert_eq!(mean().to_bits(), 0.0_f64.to_bits());
    network.forward(&x, Mode::Train);
    assert!(mean() > 0.0);
}
