//! The shared backbone and the labels of methods that learn one mask a case.

use mrprism_model_core::loss::{joined_labels, soft_cross_entropy};
use mrprism_model_core::network::Unet;
use mrprism_model_core::params::Builder;
use mrprism_protocol::spec::{Backbone, EncoderDepth, EncoderWeights, TrainingLabels};
use tch::{Device, Tensor};

fn backbone(encoder_width: u32) -> Backbone {
    Backbone {
        encoder_depth: EncoderDepth::R34,
        encoder_width,
        encoder_weights: EncoderWeights::Random,
    }
}

#[test]
fn the_backbone_has_the_originals_parameters() {
    let builder = Builder::blank(Device::Cpu);
    Unet::new(&builder.root(), &backbone(64), 3, 2);
    assert_eq!(builder.finish().count(), 22_010_690);
}

#[test]
fn labels_count_votes_and_ties_are_background() {
    // Three raters, one pixel a column: 3, 2, 1 and 0 votes.
    let masks = Tensor::from_slice(&[
        1.0_f32, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0,
    ])
    .reshape([1, 3, 1, 1, 4]);
    let label = |labels, raters: &[bool]| {
        let present = vec![raters.to_vec()];
        Vec::<f32>::try_from(joined_labels(labels, &masks, &present).flatten(0, -1)).unwrap()
    };
    let all = [true; 3];
    assert_eq!(label(TrainingLabels::Majority, &all), [1.0, 1.0, 0.0, 0.0]);
    let mean = label(TrainingLabels::Mean, &all);
    for (found, wanted) in mean.iter().zip([1.0, 2.0 / 3.0, 1.0 / 3.0, 0.0]) {
        assert!((found - wanted).abs() < 1e-6, "{mean:?}");
    }
    // Without the second rater the second pixel has one vote of two.
    let two = [true, false, true];
    assert_eq!(label(TrainingLabels::Majority, &two), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(label(TrainingLabels::Mean, &two), [1.0, 0.5, 0.5, 0.0]);
}

#[test]
fn cross_entropy_of_soft_labels_is_the_textbooks() {
    let predicted = Tensor::from_slice(&[0.9_f32, 0.2]).reshape([1, 1, 1, 2]);
    let wanted = Tensor::from_slice(&[1.0_f32, 0.5]).reshape([1, 1, 1, 2]);
    let loss = soft_cross_entropy(&predicted, &wanted).double_value(&[]);
    let by_hand = f64::midpoint(-0.9_f64.ln(), -f64::midpoint(0.2_f64.ln(), 0.8_f64.ln()));
    assert!((loss - by_hand).abs() < 1e-6, "{loss} {by_hand}");
}
