//! What the losses promise: hand-worked numbers, symmetry, absent raters, routes of gradients.

use mrprism_model_core::block::{confidences, fuse};
use mrprism_model_core::draw::Random;
use mrprism_model_core::loss::{
    Permutations, ShuffleRule, Ssim, dissimilarity, initial, multi_head, permutations,
};
use mrprism_protocol::spec::{
    InitialDraw, InitialScale, MrPrismLoss, ShuffleForm, ShuffleGradient, ShuffleThreshold,
};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};
use tch::{Device, Kind, Tensor};

use crate::common::{mrprism_of, run_spec, uniform};

fn loss_spec() -> MrPrismLoss {
    let method = mrprism_of(&run_spec(3, 2, 1, 32)).clone();
    method.loss
}

/// The shuffle loss by the paper's rule.
fn shuffle(
    dealt: &Permutations,
    confidences: &Tensor,
    heads: &Tensor,
    masks: &Tensor,
    present: &[Vec<bool>],
) -> Tensor {
    let rule = ShuffleRule::of(&loss_spec());
    mrprism_model_core::loss::shuffle(rule, dealt, confidences, heads, masks, present)
}

fn value(tensor: &Tensor) -> f64 {
    tensor.double_value(&[])
}

fn largest(tensor: &Tensor) -> f64 {
    value(&tensor.abs().max())
}

fn everyone(cases: usize, raters: usize) -> Vec<Vec<bool>> {
    vec![vec![true; raters]; cases]
}

#[test]
fn equal_maps_are_not_unlike_and_opposite_ones_are() {
    let ssim = Ssim::new(11, 1.5, Device::Cpu);
    let x = uniform("x", &[2, 3, 16, 16]);
    assert!(value(&dissimilarity(&ssim, &x, &x)).abs() < 1e-5);
    let zeros = x.zeros_like();
    let ones = x.ones_like();
    // Away from the border both variances are 0 and SSIM is C₁ / (1 + C₁); three structures are summed.
    let far = ssim.map(&zeros, &ones).select(2, 8).select(2, 8);
    assert!(largest(&(far - 1e-4 / 1.0001)) < 1e-6);
    assert!(value(&dissimilarity(&ssim, &zeros, &ones)) > 2.9);
    let there = value(&dissimilarity(&ssim, &x, &zeros));
    assert!(
        (there - value(&dissimilarity(&ssim, &zeros, &x))).abs() < 1e-6,
        "symmetric"
    );
}

#[test]
fn confidences_follow_the_formula() {
    let heads = Tensor::from_slice(&[0.2_f32, 0.6]).reshape([1, 2, 1, 1, 1]);
    let c = Vec::<f64>::try_from(
        confidences(&heads, None)
            .flatten(0, -1)
            .to_kind(Kind::Double),
    )
    .unwrap();
    assert!(
        (c[0] - 0.25).abs() < 1e-5 && (c[1] - 0.75).abs() < 1e-5,
        "{c:?}"
    );
    let present = Tensor::from_slice(&[1.0_f32, 0.0]).reshape([1, 2, 1, 1, 1]);
    let c = confidences(&heads, Some(&present)).flatten(0, -1);
    assert!((c.double_value(&[0]) - 1.0).abs() < 1e-4);
    assert_eq!(c.double_value(&[1]).to_bits(), 0.0_f64.to_bits());
    let masks = Tensor::from_slice(&[0.0_f32, 1.0]).reshape([1, 2, 1, 1, 1]);
    let fused = fuse(&confidences(&heads, None), &masks);
    assert_eq!(fused.size(), [1, 1, 1, 1]);
    assert!((fused.double_value(&[0, 0, 0, 0]) - 0.75).abs() < 1e-5);
}

#[test]
fn a_shuffle_of_known_numbers() {
    // Two raters, one pixel: c = (0.25, 0.75), P = (0.2, 0.6), z = (0, 1).
    let pixel = |a: f32, b: f32| Tensor::from_slice(&[a, b]).reshape([1, 2, 1, 1, 1]);
    let (c, heads, masks) = (pixel(0.25, 0.75), pixel(0.2, 0.6), pixel(0.0, 1.0));
    let entropy = |predicted: f64, wanted: f64| {
        -(wanted * predicted.ln() + (1.0 - wanted) * (1.0 - predicted).ln())
    };
    let kept = entropy(0.25 * 0.2 + 0.75 * 0.6, 0.75);
    let swapped = entropy(0.75 * 0.2 + 0.25 * 0.6, 0.25);
    let loss =
        |dealt: Vec<Vec<Vec<i64>>>| value(&shuffle(&dealt, &c, &heads, &masks, &everyone(1, 2)));
    assert!((loss(vec![vec![vec![0, 1]]]) - kept).abs() < 1e-6);
    assert!((loss(vec![vec![vec![1, 0]]]) - swapped).abs() < 1e-6);
    let mean = f64::midpoint(kept, swapped);
    assert!((loss(vec![vec![vec![0, 1]], vec![vec![1, 0]]]) - mean).abs() < 1e-6);
}

#[test]
fn certain_and_wrong_predictions_stay_finite() {
    let shape = [1, 2, 1, 4, 4];
    let (ones, zeros) = (
        Tensor::ones(shape, (Kind::Float, Device::Cpu)),
        Tensor::zeros(shape, (Kind::Float, Device::Cpu)),
    );
    let half = &ones * 0.5;
    let loss = shuffle(
        &vec![vec![vec![0, 1]]],
        &half,
        &ones,
        &zeros,
        &everyone(1, 2),
    );
    assert!((value(&loss) + 1e-6_f64.ln()).abs() < 0.1, "{loss:?}");
}

#[test]
fn one_rater_has_nothing_to_shuffle() {
    let maps = uniform("maps", &[2, 3, 1, 4, 4]) / 3.0;
    let alone = vec![vec![true, false, false]; 2];
    let dealt = permutations(Random::new(1), 3, &alone);
    assert_eq!(
        value(&shuffle(&dealt, &maps, &maps, &maps, &alone)).to_bits(),
        0.0_f64.to_bits()
    );
    // A case that has two raters still counts beside one that has one.
    let mixed = vec![vec![true, false, false], vec![true, true, false]];
    let dealt = permutations(Random::new(1), 3, &mixed);
    assert!(value(&shuffle(&dealt, &maps, &maps, &maps, &mixed)) > 0.0);
}

#[test]
fn permutations_move_only_raters_who_are_present() {
    let present = vec![vec![true, false, true, true], vec![true, true, true, false]];
    for dealt in permutations(Random::new(9), 40, &present) {
        assert_eq!((dealt[0][1], dealt[1][3]), (1, 3));
        for of_case in dealt {
            let mut sorted = of_case;
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3]);
        }
    }
    let shared = permutations(Random::new(9), 2, &everyone(5, 4));
    assert!(
        shared.iter().all(|dealt| dealt.len() == 1),
        "one draw for the whole batch"
    );
}

#[test]
fn initial_confidences_are_shared_by_the_batch_and_have_the_drawn_mean() {
    let spec = MrPrismLoss {
        initial_mean: [0.5, 0.5],
        ..loss_spec()
    };
    let masks = uniform("z", &[2, 3, 1, 64, 64])
        .gt(0.5)
        .to_kind(Kind::Float);
    let drawn = initial(&spec, Random::new(4), &masks, None).confidences;
    assert!(largest(&(drawn.get(0) - drawn.get(1))) < 1e-9);
    assert!((value(&drawn.mean(Kind::Double)) - 0.5).abs() < 0.01);
    assert!((value(&drawn.std(false)) - 0.2).abs() < 0.01);
    let normalised = MrPrismLoss {
        initial_scale: InitialScale::Normalised,
        ..spec
    };
    let c = initial(&normalised, Random::new(4), &masks, None).confidences;
    assert!(largest(&(c.sum_dim_intlist(1, false, None::<Kind>) - 1.0)) < 1e-4);
}

#[test]
fn holes_of_the_initial_confidences_do_not_reach_the_target() {
    // Every weight is clipped to 0, yet where all raters agree the target is what they say.
    let spec = MrPrismLoss {
        initial_mean: [0.0, 0.0],
        initial_noise: 0.0,
        ..loss_spec()
    };
    let masks = Tensor::ones([1, 3, 1, 8, 8], (Kind::Float, Device::Cpu));
    let start = initial(&spec, Random::new(1), &masks, None);
    assert!(largest(&start.confidences) < 1e-9);
    assert!(largest(&(start.target - 1.0)) < 1e-5);
    // With a low mean some pixels are holes and the rest is not: the target is 1 everywhere all the same.
    let low = MrPrismLoss {
        initial_mean: [0.1, 0.1],
        ..loss_spec()
    };
    let start = initial(&low, Random::new(1), &masks, None);
    let sums = start.confidences.sum_dim_intlist(1, false, None::<Kind>);
    assert!(
        value(&sums.min()) < 1e-9 && value(&sums.max()) > 0.1,
        "holes and others"
    );
    assert!(largest(&(start.target - 1.0)) < 2e-3);
}

#[test]
fn an_absent_rater_has_no_weight_at_the_start() {
    let present = Tensor::from_slice(&[1.0_f32, 0.0, 1.0]).reshape([1, 3, 1, 1, 1]);
    let masks = uniform("z", &[1, 3, 2, 16, 16])
        .gt(0.5)
        .to_kind(Kind::Float);
    let start = initial(&loss_spec(), Random::new(2), &masks, Some(&present));
    assert!(largest(&start.confidences.select(1, 1)) < 1e-9);
    let other = Tensor::cat(
        &[
            masks.narrow(1, 0, 1),
            1.0 - masks.narrow(1, 1, 1),
            masks.narrow(1, 2, 1),
        ],
        1,
    );
    let again = initial(&loss_spec(), Random::new(2), &other, Some(&present));
    assert!(
        largest(&(start.target - again.target)) < 1e-9,
        "what the absent rater drew does not matter"
    );
}

#[test]
fn the_shuffle_loss_teaches_heads_and_not_confidences() {
    let leaf = |name| uniform(name, &[2, 3, 2, 8, 8]).set_requires_grad(true);
    let (heads, weights) = (leaf("heads"), leaf("weights"));
    let masks = uniform("z", &[2, 3, 2, 8, 8]).gt(0.5).to_kind(Kind::Float);
    let dealt = permutations(Random::new(1), 3, &everyone(2, 3));
    shuffle(&dealt, &(&weights / 3.0), &heads, &masks, &everyone(2, 3)).backward();
    assert!(largest(&heads.grad()) > 0.0);
    assert!(!weights.grad().defined());
}

#[test]
fn other_forms_of_the_shuffle_loss_by_hand() {
    // Two raters, one pixel, dealt the other way round.
    let pixel = |a: f32, b: f32| Tensor::from_slice(&[a, b]).reshape([1, 2, 1, 1, 1]);
    let (c, heads, masks) = (pixel(0.25, 0.75), pixel(0.2, 0.6), pixel(0.0, 1.0));
    let entropy = |predicted: f64, wanted: f64| {
        -(wanted * predicted.ln() + (1.0 - wanted) * (1.0 - predicted).ln())
    };
    let swapped = vec![vec![vec![1, 0]]];
    let plain = ShuffleRule::of(&loss_spec());
    let loss = |rule| {
        value(&mrprism_model_core::loss::shuffle(
            rule,
            &swapped,
            &c,
            &heads,
            &masks,
            &everyone(1, 2),
        ))
    };
    let per_rater = loss(ShuffleRule {
        form: ShuffleForm::PerRater,
        ..plain
    });
    let wanted = f64::midpoint(entropy(0.75 * 0.2, 0.0), entropy(0.25 * 0.6, 0.25));
    assert!((per_rater - wanted).abs() < 1e-6, "{per_rater} {wanted}");
    // T(0.2) = 0, T(0.6) = 1: what is left is the second rater's dealt confidence, on both sides.
    let cut = loss(ShuffleRule {
        threshold: ShuffleThreshold::StraightThrough,
        ..plain
    });
    assert!((cut - entropy(0.25, 0.25)).abs() < 1e-6, "{cut}");
    // A gradient's way changes no number.
    let both = loss(ShuffleRule {
        gradient: ShuffleGradient::Both,
        ..plain
    });
    assert_eq!(both.to_bits(), loss(plain).to_bits());
}

#[test]
fn a_straight_through_threshold_teaches_and_both_reaches_the_confidences() {
    let leaf = |name| uniform(name, &[2, 3, 2, 8, 8]).set_requires_grad(true);
    let (heads, weights) = (leaf("heads"), leaf("weights"));
    let masks = uniform("z", &[2, 3, 2, 8, 8]).gt(0.5).to_kind(Kind::Float);
    let dealt = permutations(Random::new(1), 3, &everyone(2, 3));
    let rule = ShuffleRule {
        threshold: ShuffleThreshold::StraightThrough,
        gradient: ShuffleGradient::Both,
        ..ShuffleRule::of(&loss_spec())
    };
    let c = confidences(&weights, None);
    mrprism_model_core::loss::shuffle(rule, &dealt, &c, &heads, &masks, &everyone(2, 3)).backward();
    assert!(largest(&heads.grad()) > 0.0);
    assert!(largest(&weights.grad()) > 0.0);
}

#[test]
fn the_multi_head_loss_is_the_mean_entropy_of_those_present() {
    let pixel = |a: f32, b: f32| Tensor::from_slice(&[a, b]).reshape([1, 2, 1, 1, 1]);
    let (heads, masks) = (pixel(0.2, 0.6), pixel(0.0, 1.0));
    let both = value(&multi_head(&heads, &masks, &everyone(1, 2)));
    let wanted = -f64::midpoint(0.8_f64.ln(), 0.6_f64.ln());
    assert!((both - wanted).abs() < 1e-6, "{both} {wanted}");
    let one = value(&multi_head(&heads, &masks, &[vec![false, true]]));
    assert!((one + 0.6_f64.ln()).abs() < 1e-6, "{one}");
}

#[test]
fn raters_may_begin_with_means_of_their_own_and_noise_in_cells() {
    let masks = uniform("z", &[2, 3, 1, 64, 64])
        .gt(0.5)
        .to_kind(Kind::Float);
    let of_raters = |spec: &MrPrismLoss, key| {
        let start = initial(spec, Random::new(key), &masks, None);
        let means =
            start
                .confidences
                .get(0)
                .mean_dim([1_i64, 2, 3].as_slice(), false, Kind::Double);
        Vec::<f64>::try_from(means).unwrap()
    };
    let spread = |means: &[f64]| {
        means.iter().copied().fold(f64::MIN, f64::max)
            - means.iter().copied().fold(f64::MAX, f64::min)
    };
    let own = MrPrismLoss {
        initial_draw: InitialDraw::PerRater,
        ..loss_spec()
    };
    assert!(spread(&of_raters(&loss_spec(), 3)) < 0.02);
    assert!(spread(&of_raters(&own, 3)) > 0.05);
    assert_ne!(
        of_raters(&own, 3),
        of_raters(&own, 4),
        "another batch, another draw"
    );
    // What ConP's average over 4x4 pixels leaves of the noise.
    let seen = |cell| {
        let spec = MrPrismLoss {
            initial_mean: [0.5, 0.5],
            initial_noise_cell: cell,
            ..loss_spec()
        };
        let drawn = initial(&spec, Random::new(4), &masks, None).confidences;
        value(
            &drawn
                .flatten(1, 2)
                .avg_pool2d([4, 4], [4, 4], [0, 0], false, true, None)
                .std(false),
        )
    };
    assert!((0.04..0.06).contains(&seen(1)), "{}", seen(1));
    assert!((0.17..0.23).contains(&seen(8)), "{}", seen(8));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Renaming the raters everywhere renames nothing in what is fused: MrPrism treats raters alike.
    #[test]
    fn raters_may_change_places(key: u64, raters in 2_usize..5) {
        let m = raters as i64;
        let maps = |name: &str| {
            Random::named(key, name).uniforms(m * 32, Device::Cpu).to_kind(Kind::Float).reshape([1, m, 2, 4, 4])
        };
        let (heads, masks) = (maps("heads"), maps("masks").gt(0.5).to_kind(Kind::Float));
        let order: Vec<i64> = Random::new(key).permutation(raters).iter().map(|rater| *rater as i64).collect();
        let order = Tensor::from_slice(&order);
        let renamed = |x: &Tensor| x.index_select(1, &order);
        let c = confidences(&heads, None);
        prop_assert!(largest(&(renamed(&c) - confidences(&renamed(&heads), None))) < 1e-6);
        let difference = fuse(&c, &masks) - fuse(&confidences(&renamed(&heads), None), &renamed(&masks));
        prop_assert!(largest(&difference) < 1e-5);
        // Over every permutation at once the shuffle loss does not see names either.
        let all: Vec<Vec<Vec<i64>>> = (0..m)
            .map(|turn| vec![(0..m).map(|rater| (rater + turn) % m).collect()])
            .collect();
        let loss = |c: &Tensor, heads: &Tensor, masks: &Tensor| value(&shuffle(&all, c, heads, masks, &everyone(1, raters)));
        if raters == 2 {
            let difference = loss(&c, &heads, &masks) - loss(&renamed(&c), &renamed(&heads), &renamed(&masks));
            prop_assert!(difference.abs() < 1e-5, "{difference}");
        }
        // Equal confidences cannot be dealt differently.
        let equal = c.full_like(1.0 / m as f64);
        let kept: Vec<Vec<Vec<i64>>> = vec![vec![(0..m).collect()]];
        let turned = value(&shuffle(&all, &equal, &heads, &masks, &everyone(1, raters)));
        let still = value(&shuffle(&kept, &equal, &heads, &masks, &everyone(1, raters)));
        prop_assert!((turned - still).abs() < 1e-5);
    }
}
