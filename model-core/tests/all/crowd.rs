//! Methods that learn how raters err, by numbers worked by hand: each fails when its special term is switched off.

use mrprism_model_core::draw::Random;
use mrprism_model_core::loss::{drawn_labels, multi_head_of_logits};
use mrprism_model_core::method::aggnet::Raters;
use mrprism_model_core::method::confusion_matrix::Marking;
use mrprism_model_core::method::crowd_layer::Crowd;
use mrprism_model_core::method::luw::winner_weights;
use mrprism_model_core::method::maxmig::{
    CrowdAggregator, chosen_pixels, forecast, negative_information,
};
use mrprism_model_core::params::{Builder, Parameters};
use mrprism_protocol::spec::CrowdForm;
use tch::{Device, Kind, Tensor, no_grad};

fn numbers(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor
        .detach()
        .to_kind(Kind::Double)
        .contiguous()
        .flatten(0, -1);
    Vec::try_from(flat).unwrap()
}

fn close(what: &str, found: &Tensor, wanted: &[f64]) {
    let found = numbers(found);
    assert_eq!(found.len(), wanted.len(), "{what}: {found:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(
            (found - wanted).abs() < 1e-5,
            "{what}: {found} where {wanted} is expected"
        );
    }
}

fn set(parameters: &Parameters, name: &str, values: &[f32]) {
    let held = parameters.get(name).unwrap();
    let values = Tensor::from_slice(values).view_as(held);
    no_grad(|| held.shallow_clone().copy_(&values));
}

/// One case, one structure, `values` along the last axis. Shapes: → \[1, 1, 1, n\]
fn row(values: &[f32]) -> Tensor {
    Tensor::from_slice(values).reshape([1, 1, 1, -1])
}

/// Raters by rows. Shapes: → \[1, m, 1, 1, n\]
fn masks(rows: &[&[f32]]) -> Tensor {
    Tensor::from_slice(&rows.concat()).reshape([1, rows.len() as i64, 1, 1, -1])
}

#[test]
fn a_crowd_layer_begins_as_the_identity_and_its_outputs_are_logits() {
    let builder = Builder::new(Device::Cpu, 0);
    let crowd = Crowd::new(&builder.root(), CrowdForm::Matrix, 2, 1);
    let parameters = builder.finish();
    let foreground = row(&[0.9, 0.2]);
    // r = q, so r₁ − r₀ = 2q − 1, for both raters.
    close(
        "identity",
        &crowd.logits(&foreground),
        &[0.8, -0.6, 0.8, -0.6],
    );
    // Logits: a probability of 0.9 is a softmax of 1/(1 + e^−0.8), not 0.9.
    let marked = masks(&[&[1.0, 0.0], &[1.0, 0.0]]);
    let loss = multi_head_of_logits(&crowd.logits(&foreground), &marked, &[vec![true; 2]]);
    let by_hand = f64::midpoint((-0.8_f64).exp().ln_1p(), (-0.6_f64).exp().ln_1p());
    close("loss", &loss, &[by_hand]);
    // The second rater swaps the classes.
    set(
        &parameters,
        "matrix",
        &[1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0],
    );
    close(
        "swapped",
        &crowd.logits(&foreground),
        &[0.8, -0.6, -0.8, 0.6],
    );
}

#[test]
fn every_form_of_the_crowd_layer_begins_as_nothing() {
    let foreground = row(&[0.9, 0.2]);
    for form in CrowdForm::ALL {
        let builder = Builder::new(Device::Cpu, 0);
        let crowd = Crowd::new(&builder.root(), *form, 1, 1);
        close(&form.to_string(), &crowd.logits(&foreground), &[0.8, -0.6]);
    }
    let builder = Builder::new(Device::Cpu, 0);
    let crowd = Crowd::new(&builder.root(), CrowdForm::ScaleBias, 1, 1);
    let parameters = builder.finish();
    set(&parameters, "factors", &[0.5, 2.0]);
    set(&parameters, "summands", &[0.1, 0.3]);
    // 2·0.9 + 0.3 − 0.5·0.1 − 0.1
    close("both", &crowd.logits(&row(&[0.9])), &[1.95]);
}

#[test]
fn confusion_matrices_have_rows_that_sum_to_one_and_a_trace_that_counts() {
    let softplus = |x: f64| x.exp().ln_1p();
    // ρ₀₀, ρ₀₁, ρ₁₀, ρ₁₁: a rater who marks background often.
    let rho = Tensor::from_slice(&[1.0_f32, 0.5, -5.0, 1.0]).reshape([1, 1, 1, 2, 2, 1, 1]);
    let marking = Marking::of(&rho);
    let a01 = softplus(0.5) / (softplus(1.0) + softplus(0.5));
    let a11 = softplus(1.0) / (softplus(-5.0) + softplus(1.0));
    close("A01", &marking.background, &[a01]);
    close("A11", &marking.foreground, &[a11]);
    close("trace", &marking.trace(), &[1.0 - a01 + a11]);
    // p̃ = Aᵀ q.
    close(
        "heads",
        &marking.heads(&row(&[0.9])),
        &[0.1 * a01 + 0.9 * a11],
    );
}

/// Two raters, one structure, 2x2 pixels: the E and the M step of Raykar et al. written out.
#[test]
fn expectation_and_maximisation_are_those_of_a_2x2x2_example() {
    let builder = Builder::new(Device::Cpu, 0);
    let raters = Raters::new(&builder.root(), 2, 1);
    let parameters = builder.finish();
    set(&parameters, "sensitivity", &[0.8, 0.6]);
    set(&parameters, "specificity", &[0.9, 0.7]);
    let p = Tensor::from_slice(&[0.5_f32, 0.5, 0.5, 0.2]).reshape([1, 1, 2, 2]);
    let z =
        Tensor::from_slice(&[1.0_f32, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0]).reshape([1, 2, 1, 2, 2]);
    // Likelihoods of foreground and of background, pixel by pixel.
    let posterior = |p: f64, a: f64, b: f64| a * p / (a * p + b * (1.0 - p));
    let wanted = [
        posterior(0.5, 0.8 * 0.6, 0.1 * 0.3),
        posterior(0.5, 0.8 * 0.4, 0.1 * 0.7),
        posterior(0.5, 0.2 * 0.4, 0.9 * 0.7),
        posterior(0.2, 0.8 * 0.4, 0.1 * 0.7),
    ];
    close("E", &raters.expect(&p, &z, None), &wanted);
    // Without the second rater only the first one's factors stay.
    let present = Tensor::from_slice(&[1.0_f32, 0.0]).reshape([1, 2, 1, 1, 1]);
    let alone = [
        posterior(0.5, 0.8, 0.1),
        posterior(0.5, 0.8, 0.1),
        posterior(0.5, 0.2, 0.9),
        posterior(0.2, 0.8, 0.1),
    ];
    close(
        "E, one absent",
        &raters.expect(&p, &z, Some(&present)),
        &alone,
    );

    let mu = Tensor::from_slice(&[1.0_f32, 0.5, 0.0, 0.5]).reshape([1, 1, 2, 2]);
    no_grad(|| {
        raters.count(&mu, &z, None);
        raters.maximise(1.0);
    });
    // Σμ = 2, Σ(1 − μ) = 2; hits 2 and 1, rejections 1 and 2.
    let (a, b) = raters.rates();
    close("a", a, &[3.0 / 4.0, 2.0 / 4.0]);
    close("b", b, &[2.0 / 4.0, 3.0 / 4.0]);
    // The sums begin anew: nothing counted, the prior alone says one half.
    no_grad(|| raters.maximise(1.0));
    close("a of nothing", a, &[0.5, 0.5]);
}

#[test]
fn the_crowd_begins_with_the_majoritys_classes() {
    let builder = Builder::new(Device::Cpu, 0);
    let crowd = CrowdAggregator::new(&builder.root(), 2, 1);
    let parameters = builder.finish();
    let majority = row(&[1.0, 1.0, 0.0, 0.0]);
    let z = masks(&[&[1.0, 1.0, 0.0, 0.0], &[1.0, 0.0, 1.0, 0.0]]);
    no_grad(|| {
        crowd.count(&majority, &z, None);
        crowd.begin();
    });
    // The first rater always says what the majority says, the second half of the time.
    let (sure, never) = (1.0001_f64.ln(), 1e-4_f64.ln());
    let half = 0.5001_f64.ln();
    let wanted = [sure, never, never, sure, half, half, half, half];
    close("W", parameters.get("weights").unwrap(), &wanted);
    let g = crowd.foreground(&z, None);
    assert!(
        numbers(&g)[0] > 0.99 && numbers(&g)[2] < 0.01,
        "{:?}",
        numbers(&g)
    );

    // Polarity: a network that agrees with the crowd has more information in common with it than one that is upside down
    // once W is fixed; exchanging both sides changes nothing, which is why the start matters.
    let frequency = Tensor::from_slice(&[0.5_f32]);
    let h = Tensor::from_slice(&[0.9_f32, 0.8, 0.1, 0.2]).reshape([1, 4]);
    let g = g.reshape([1, 4]);
    let upside_down: Tensor = h.neg() + 1.0;
    let loss = |h: &Tensor, g: &Tensor| negative_information(h, g, &frequency).double_value(&[]);
    assert!(loss(&h, &g) < loss(&upside_down, &g) - 1.0);
    let crowd_down: Tensor = g.neg() + 1.0;
    assert!((loss(&h, &g) - loss(&upside_down, &crowd_down)).abs() < 1e-4);
}

#[test]
fn negative_information_is_the_divergence_of_two_pixels() {
    let h = Tensor::from_slice(&[0.9_f32, 0.2]).reshape([1, 2]);
    let g = Tensor::from_slice(&[0.7_f32, 0.4]).reshape([1, 2]);
    let ratio = |h: f64, g: f64| (1.0 - h) * (1.0 - g) / 0.75 + h * g / 0.25;
    let own = [ratio(0.9, 0.7), ratio(0.2, 0.4)];
    let others = f64::midpoint(ratio(0.9, 0.4), ratio(0.2, 0.7));
    let by_hand = others - f64::midpoint(1.0 + own[0].ln(), 1.0 + own[1].ln());
    let frequency = Tensor::from_slice(&[0.25_f32]);
    close(
        "−MIG",
        &negative_information(&h, &g, &frequency),
        &[by_hand],
    );
}

#[test]
fn half_of_the_chosen_pixels_are_disputed_and_none_comes_twice() {
    let mut disputed = vec![0.0_f32; 64];
    disputed[10..20].fill(1.0);
    let map = Tensor::from_slice(&disputed).reshape([1, 1, 8, 8]);
    let chosen =
        Vec::<i64>::try_from(chosen_pixels(Random::new(3), &map, 16).flatten(0, -1)).unwrap();
    let unique: std::collections::BTreeSet<_> = chosen.iter().collect();
    assert_eq!((chosen.len(), unique.len()), (16, 16));
    let of_disputed = chosen.iter().filter(|at| (10..20).contains(*at)).count();
    assert!(of_disputed >= 8, "{chosen:?}");
    // More than there are: everything, once.
    assert_eq!(chosen_pixels(Random::new(3), &map, 1000).size(), [1, 64]);
}

#[test]
fn the_nearest_hypothesis_has_the_winners_weight() {
    let losses = Tensor::from_slice(&[0.3_f32, 0.1, 0.5]).reshape([1, 3]);
    let weights = |aside: [bool; 3]| winner_weights(&losses, &[aside.to_vec()], 0.05);
    close("all asked", &weights([false; 3]), &[0.025, 0.95, 0.025]);
    close(
        "the nearest aside",
        &weights([false, true, false]),
        &[0.95, 0.025, 0.025],
    );
    close("all aside", &weights([true; 3]), &[0.025, 0.95, 0.025]);
    let one = Tensor::from_slice(&[0.3_f32]).reshape([1, 1]);
    close(
        "one hypothesis",
        &winner_weights(&one, &[vec![false]], 0.05),
        &[1.0],
    );
}

#[test]
fn drawn_labels_are_one_present_raters_and_all_come_up() {
    let z = masks(&[&[1.0, 0.0, 0.0], &[0.0, 1.0, 0.0], &[0.0, 0.0, 1.0]]);
    let mut seen = [0; 3];
    for draw in 0..300 {
        let drawn = drawn_labels(Random::new(1).child(draw), &z, &[vec![true, false, true]]);
        let at = numbers(&drawn)
            .iter()
            .position(|value| *value > 0.5)
            .unwrap();
        seen[at] += 1;
    }
    assert_eq!(seen[1], 0, "an absent rater was drawn");
    assert!(seen[0] > 100 && seen[2] > 100, "{seen:?}");
}

#[test]
fn the_aggregated_forecaster_multiplies_both_sides_and_counts_the_prior_once() {
    let pi = Tensor::from_slice(&[0.3_f32]);
    let (h, g) = (row(&[0.7, 0.3, 0.9]), row(&[0.6, 0.4, 0.3]));
    let by_hand = |h: f64, g: f64| {
        let (one, other) = (h * g / 0.3, (1.0 - h) * (1.0 - g) / 0.7);
        one / (one + other)
    };
    let wanted = [by_hand(0.7, 0.6), by_hand(0.3, 0.4), by_hand(0.9, 0.3)];
    close("ζ", &forecast(&h, &g, &pi), &wanted);
    // A side that only knows the prior leaves the other as it is.
    close(
        "h alone",
        &forecast(&h, &row(&[0.3; 3]), &pi),
        &[0.7, 0.3, 0.9],
    );
}
