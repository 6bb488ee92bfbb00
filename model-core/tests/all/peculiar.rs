//! What is peculiar to the methods of Table 2 and beyond, by numbers worked by hand: each fails when its term is switched off.

use mrprism_model_core::draw::Random;
use mrprism_model_core::method::beal::{boundary_target, entropy};
use mrprism_model_core::method::dpersona::bounds_loss;
use mrprism_model_core::method::mrnet::{deviation, rater_vectors};
use mrprism_model_core::method::phiseg::weighted_divergence;
use mrprism_model_core::method::posal::{smoothness, squared_dice_loss, structure_weights};
use mrprism_model_core::network::{Gaussian, chosen, gauss, local_lines, soft_attention};
use tch::{Device, Kind, Tensor};

use crate::common::{near, number, uniform};

/// The window of one pixel, solved as weighted least squares with a ridge on the slope.
#[test]
fn guided_filters_solve_every_windows_ridge_regression() {
    let guide = uniform("guided.guide", &[1, 1, 7, 7]);
    let input = uniform("guided.input", &[1, 1, 7, 7]);
    let weight = uniform("guided.weight", &[1, 1, 7, 7]);
    let (slope, offset) = local_lines(&guide, &input, &weight);
    let at = |map: &Tensor, row: i64, column: i64| map.double_value(&[0, 0, row, column]);
    for (row, column) in [(0, 0), (3, 3), (2, 6)] {
        // Normal equations of Σ w (A I + b − p)² + ε A² Σ w over the window.
        let (mut w, mut i, mut p, mut ii, mut ip) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for r in (row - 2).max(0)..(row + 3).min(7) {
            for c in (column - 2).max(0)..(column + 3).min(7) {
                let weigh = at(&weight, r, c).powi(2) + 1e-6;
                let (x, y) = (at(&guide, r, c), at(&input, r, c));
                w += weigh;
                i += weigh * x;
                p += weigh * y;
                ii += weigh * x * x;
                ip += weigh * x * y;
            }
        }
        let determinant = (ii + 1e-2 * w) * w - i * i;
        near("A", at(&slope, row, column), (ip * w - i * p) / determinant);
        near(
            "b",
            at(&offset, row, column),
            ((ii + 1e-2 * w) * p - i * ip) / determinant,
        );
    }
}

#[test]
fn the_dice_loss_has_squared_denominators_and_weighs_disc_and_cup() {
    let p = Tensor::from_slice(&[0.8_f32, 0.2, 0.6, 0.0]).reshape([1, 2, 1, 2]);
    let y = Tensor::from_slice(&[1.0_f32, 0.0, 0.0, 1.0]).reshape([1, 2, 1, 2]);
    let weights = structure_weights(&[0.4, 0.6], 2);
    let loss = squared_dice_loss(&p, &y, &Tensor::from_slice(&weights));
    let disc = 1.0 - 2.0 * 0.8 / (0.64 + 0.04 + 1.0);
    near("loss", number(&loss), 0.4 * disc + 0.6);
    assert_eq!(structure_weights(&[0.4, 0.6], 4), [0.25; 4]);
}

#[test]
fn smoothness_looks_only_where_four_neighbours_have_the_pixels_label() {
    let p = Tensor::from_slice(&[
        0.0_f32, 0.2, 0.0, 0.0, 0.1, 0.5, 0.4, 0.0, 0.0, 0.6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    ])
    .reshape([1, 1, 4, 4]);
    let flat = Tensor::zeros([1, 1, 4, 4], (Kind::Float, Device::Cpu));
    // Inner pixels 0.5, 0.4, 0.6, 0.0; mean |difference| to the four neighbours of each.
    let each = [
        (0.3 + 0.1 + 0.4 + 0.1) / 4.0,
        (0.4 + 0.4 + 0.1 + 0.4) / 4.0,
        (0.1 + 0.6 + 0.6 + 0.6) / 4.0,
        (0.4 + 0.0 + 0.6 + 0.0) / 4.0,
    ];
    near(
        "everywhere",
        number(&smoothness(&p, &flat)),
        each.iter().sum::<f64>() / 4.0,
    );
    // One marked pixel in the corner of the inner four: it and its two inner neighbours are left out.
    let marked = flat.copy();
    let _ = marked.get(0).get(0).get(1).get(1).fill_(1.0);
    near("one edge", number(&smoothness(&p, &marked)), each[3]);
}

#[test]
fn boundaries_are_blurred_borders_and_entropy_is_textbook() {
    let y = Tensor::zeros([1, 2, 64, 64], (Kind::Float, Device::Cpu));
    let _ = y
        .narrow(1, 0, 1)
        .narrow(2, 16, 32)
        .narrow(3, 16, 32)
        .fill_(1.0);
    let target = boundary_target(&y);
    assert_eq!(target.size(), [1, 1, 64, 64]);
    near("largest", number(&target.max()), 1.0);
    let at = |row, column| target.double_value(&[0, 0, row, column]);
    assert!(
        at(16, 32) > at(32, 32) && at(16, 32) > at(10, 32),
        "highest at the border"
    );
    assert!(at(0, 0) < 0.1, "nothing far away");
    near(
        "empty",
        number(&boundary_target(&y.zeros_like()).max()),
        0.0,
    );
    let p = Tensor::from_slice(&[0.5_f32]);
    near(
        "entropy",
        number(&entropy(&p).sum(None::<Kind>)),
        -0.5 * 0.5_f64.ln(),
    );
}

#[test]
fn mrnets_vectors_are_alike_drawn_and_alone_over_the_raters_present() {
    let present = vec![vec![true, true, false], vec![true, true, true]];
    let [alike, drawn, alone] = rater_vectors(Random::new(5), &present);
    assert_eq!(alike[0], [0.5, 0.5, 0.0]);
    for rows in [&alike, &drawn, &alone] {
        for (row, there) in rows.iter().zip(&present) {
            near(
                "sum",
                row.iter().map(|weight| f64::from(*weight)).sum(),
                1.0,
            );
            assert!(
                row.iter()
                    .zip(there)
                    .all(|(weight, there)| *there || *weight == 0.0)
            );
        }
    }
    for row in &alone {
        assert_eq!(
            row.iter().filter(|weight| **weight > 0.5).count(),
            1,
            "{row:?}"
        );
    }
    // Integers 1 to 10 over their sum: every ratio of two is a ratio of such.
    let ratio = drawn[1][0] / drawn[1][1];
    let found = (1..=10).any(|a| (1..=10).any(|b| (ratio - a as f32 / b as f32).abs() < 1e-4));
    assert!(found, "{drawn:?}");
}

#[test]
fn uncertainty_is_the_deviation_over_raters_and_attention_never_less() {
    let maps = Tensor::from_slice(&[0.2_f32, 0.6, 0.9]).reshape([1, 3, 1, 1, 1]);
    let all = deviation(&maps, None);
    let mean = 1.7 / 3.0;
    let by_hand = [0.2, 0.6, 0.9]
        .map(|x: f64| (x - mean).powi(2))
        .iter()
        .sum::<f64>()
        / 3.0;
    near(
        "three raters",
        number(&all.sum(None::<Kind>)),
        by_hand.sqrt(),
    );
    let present = Tensor::from_slice(&[1.0_f32, 1.0, 0.0]).reshape([1, 3, 1, 1, 1]);
    let two = deviation(&maps, Some(&present));
    near("two raters", number(&two.sum(None::<Kind>)), 0.2);

    let blur = gauss(Device::Cpu);
    near("Gaussian", number(&blur.sum(None::<Kind>)), 1.0);
    let map = uniform("attention", &[1, 2, 32, 32]) * 0.3;
    let attention = soft_attention(&map, &blur);
    assert!(number(&(&attention - &map).min()) >= 0.0);
    near("minmax", number(&attention.max()), 1.0);
}

/// Two levels, the coarse first: its divergence counts four times.
#[test]
fn phisegs_coarser_levels_weigh_four_times_as_much() {
    let gaussian =
        |mean: f32| Gaussian::from_halves(&Tensor::from_slice(&[mean, 0.0]).reshape([1, 2, 1, 1]));
    // KL of two normals of deviation 1 is half the squared distance.
    let levels = [
        (gaussian(1.0), gaussian(0.0)),
        (gaussian(0.0), gaussian(2.0)),
    ];
    near("Σ", number(&weighted_divergence(&levels)), 4.0 * 0.5 + 2.0);
}

#[test]
fn dpersonas_bounds_are_union_and_intersection_of_the_raters_present() {
    let samples = Tensor::from_slice(&[0.9_f32, 0.4, 0.6, 0.2]).reshape([2, 1, 1, 1, 2]);
    let masks = Tensor::from_slice(&[1.0_f32, 0.0, 1.0, 1.0, 0.0, 1.0]).reshape([1, 3, 1, 1, 2]);
    let entropy = |p: f64, y: f64| -(y * p.ln() + (1.0 - y) * (1.0 - p).ln());
    // Largest 0.9 and 0.4, smallest 0.6 and 0.2; all three: union 1 1, intersection 0 0.
    let all = (entropy(0.9, 1.0) + entropy(0.4, 1.0) + entropy(0.6, 0.0) + entropy(0.2, 0.0)) / 4.0;
    near("all", number(&bounds_loss(&samples, &masks, None)), all);
    // Without the third: union 1 1, intersection 1 0.
    let there = Tensor::from_slice(&[1.0_f32, 1.0, 0.0]).reshape([1, 3, 1, 1, 1]);
    let two = (entropy(0.9, 1.0) + entropy(0.4, 1.0) + entropy(0.6, 1.0) + entropy(0.2, 0.0)) / 4.0;
    near(
        "two",
        number(&bounds_loss(&samples, &masks, Some(&there))),
        two,
    );
}

#[test]
fn a_rater_chooses_by_the_softmax_of_likeness() {
    let bank = Tensor::from_slice(&[1.0_f32, 0.0, 0.0, 1.0]).reshape([1, 2, 2]);
    let asked = Tensor::from_slice(&[1.0_f32, 0.0]).reshape([1, 2]);
    let found = chosen(&asked, &bank);
    let first = 1.0 / (1.0 + (-1.0_f64).exp());
    near("first axis", found.double_value(&[0, 0]), first);
    near("second axis", found.double_value(&[0, 1]), 1.0 - first);
}

#[test]
fn divergences_of_normals_are_the_closed_form() {
    let gaussian = |mean: f32, log_deviation: f32| {
        Gaussian::from_halves(&Tensor::from_slice(&[mean, log_deviation]).reshape([1, 2]))
    };
    let (q, p) = (gaussian(1.0, 0.5_f32.ln()), gaussian(0.0, 2.0_f32.ln()));
    let by_hand = 4.0_f64.ln() + (0.25 + 1.0) / 8.0 - 0.5;
    near("KL", number(&q.divergence(&p).sum(None::<Kind>)), by_hand);
    near(
        "KL of itself",
        number(&q.divergence(&q).sum(None::<Kind>)),
        0.0,
    );
    let drawn = q.at(&Tensor::from_slice(&[2.0_f32]).reshape([1, 1]));
    near("μ + σ ε", number(&drawn.sum(None::<Kind>)), 2.0);
}
