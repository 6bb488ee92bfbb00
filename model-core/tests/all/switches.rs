//! Every option of MrPrism decides something: two steps with it end elsewhere than two steps without.

use std::collections::BTreeMap;

use mrprism_model_core::method::catalog;
use mrprism_model_core::params::file;
use mrprism_model_core::train::{Adam, Learner, Place, TrainingSet, step};
use mrprism_protocol::spec::{RunSpec, Seed};
use mrprism_raters::dataset::SplitName;
use serde_json::{Value, json};
use tch::Device;

use crate::common::{PLAN, phantom, run_spec, with_option};

/// Option and a value that is not the default.
fn switches() -> Vec<(&'static str, Value)> {
    let augment = |key: &str, value: Value| {
        let mut augment =
            json!({ "flip": "none", "rotation_degrees": 0.0, "scale": 0.0, "colour": 0.0 });
        augment[key] = value;
        ("augment", augment)
    };
    vec![
        ("variant", json!("code")),
        ("integration", json!("concat")),
        ("integration", json!("convlstm")),
        ("residual", json!("value")),
        ("recurrences", json!(1)),
        ("recurrences", json!(6)),
        ("encoder_depth", json!(18)),
        ("encoder_depth", json!(50)),
        ("encoder_width", json!(16)),
        ("confidence", json!("head")),
        ("confidence", json!("share")),
        ("confidence", json!("log_head")),
        ("confidence_scale", json!("raters")),
        ("divp_input", json!("mask_image")),
        ("divp_signal", json!("logit")),
        ("divp_stride", json!(4)),
        ("target", json!("self")),
        ("shuffle", json!(0.0)),
        ("shuffle_permutations", json!(1)),
        ("shuffle_form", json!("per_head")),
        ("shuffle_threshold", json!("straight_through")),
        ("shuffle_gradient", json!("both")),
        ("multi_head", json!(0.3)),
        ("ssim_window", json!(7)),
        ("ssim_sigma", json!(1.0)),
        ("initial_mean", json!([0.5, 0.5])),
        ("initial_draw", json!("per_rater")),
        ("initial_noise", json!(0.1)),
        ("initial_noise_cell", json!(8)),
        ("initial_scale", json!("normalised")),
        ("compat", json!(["ssim_similarity"])),
        ("compat", json!(["ssim_logits"])),
        ("compat", json!(["share_without_epsilon"])),
        ("update", json!("recurrence")),
        augment("flip", json!("both")),
        augment("rotation_degrees", json!(20.0)),
        augment("scale", json!(0.2)),
        augment("colour", json!(0.3)),
    ]
}

/// Hash of the weights after two steps.
fn trained(spec: &RunSpec) -> String {
    let data = phantom(32, 2, [4, 1, 1], &[0.0, 0.2, -0.2], 0.02);
    let cases = data.load(SplitName::Train, 32, None).unwrap();
    let method = catalog::build(spec, Seed(1), Device::Cpu);
    let set = TrainingSet::new(spec, &cases, Device::Cpu).unwrap();
    let learner: &dyn Learner = method.as_ref();
    let mut adam =
        Adam::new(&spec.train, learner.parameters()).updating(learner.updates_per_step());
    for number in 0..2 {
        let place = Place {
            seed: Seed(1),
            epoch: 0,
            step: number,
            plan: PLAN,
        };
        step(learner, &mut adam, &set.at(Seed(1), 0, number), place).unwrap();
        assert_eq!(adam.steps(), number + 1, "a training step counts once");
    }
    file::hash(&learner.parameters().snapshot())
}

#[test]
fn every_switch_changes_the_result_of_a_tiny_run() {
    let default = run_spec(3, 2, 1, 32);
    let mut seen = BTreeMap::from([(trained(&default), "the default".to_owned())]);
    assert!(
        seen.contains_key(&trained(&default)),
        "the same run gives the same bits"
    );
    for (key, value) in switches() {
        let spec = with_option(&default, key, value.clone());
        assert_ne!(spec, default, "{key} = {value} is the default");
        let name = format!("{key} = {value}");
        if let Some(other) = seen.insert(trained(&spec), name.clone()) {
            panic!("{name} trains as {other}");
        }
    }
}

/// A new option must be named above, or say here why it changes no training.
#[test]
fn no_option_is_forgotten() {
    let spec = serde_json::to_value(run_spec(3, 2, 1, 32)).unwrap();
    let named: Vec<_> = switches().into_iter().map(|(key, _)| key).collect();
    // Imported weights and the file behind them have a test of their own, and so has what only variant `code` can tie.
    let elsewhere = ["encoder_weights", "divp_tied"];
    for table in ["/method/mrprism/network", "/method/mrprism/loss"] {
        for key in spec.pointer(table).unwrap().as_object().unwrap().keys() {
            assert!(
                named.contains(&key.as_str()) || elsewhere.contains(&key.as_str()),
                "{key} has no row"
            );
        }
    }
}
