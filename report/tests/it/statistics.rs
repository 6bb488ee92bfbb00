//! Statistics beside SciPy, scikit-posthocs and statsmodels, and what holds whatever the data.

use mrprism_report::statistics::{
    Nest, Refusal, bootstrap, critical_difference, friedman, holm, nemenyi, permutation,
    range_above, rank_biserial, standardised_mean, wilcoxon,
};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    wilcoxon: Vec<Signed>,
    permutation: Vec<Signed>,
    friedman: Vec<Ranked>,
    range: Vec<Range>,
    holm: Adjusted,
    bootstrap: Vec<Resampled>,
}

#[derive(Deserialize)]
struct Signed {
    differences: Vec<f64>,
    statistic: Option<f64>,
    p: f64,
    units: Option<usize>,
}

#[derive(Deserialize)]
struct Ranked {
    rows: Vec<Vec<f64>>,
    statistic: f64,
    p: f64,
    mean_ranks: Vec<f64>,
    nemenyi: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Range {
    q: f64,
    count: usize,
    p: f64,
}

#[derive(Deserialize)]
struct Adjusted {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

#[derive(Deserialize)]
struct Resampled {
    nest: Vec<Vec<Vec<f64>>>,
    alpha: f64,
    draws: u32,
    seed: u64,
    mean: f64,
    low: f64,
    high: f64,
    scipy: Option<[f64; 2]>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/statistics.json")).unwrap()
}

fn near(what: &str, found: f64, wanted: f64, tolerance: f64) {
    assert!(
        (found - wanted).abs() <= tolerance,
        "{what}: {found} where {wanted} is expected"
    );
}

#[test]
fn wilcoxons_test_is_scipys_with_and_without_ties() {
    for (number, golden) in golden().wilcoxon.iter().enumerate() {
        let found = wilcoxon(&golden.differences).unwrap();
        near(
            "statistic",
            found.statistic,
            golden.statistic.unwrap(),
            1e-9,
        );
        near(&format!("p of {number}"), found.p, golden.p, 1e-9);
        assert_eq!(Some(found.units), golden.units);
    }
}

#[test]
fn the_permutation_test_is_scipys_and_drawn_ones_come_near() {
    for golden in golden().permutation {
        let found = permutation(&golden.differences, 0).unwrap();
        near("p", found.p, golden.p, 1e-9);
    }
    // 17 units are drawn for; every one of 2¹⁷ arrangements is counted here.
    let differences: Vec<f64> = (0..17).map(|n| f64::from(n % 5) - 1.2).collect();
    let sum: f64 = differences.iter().sum();
    let far = (0..1_u32 << 17).filter(|signs| {
        let turned: f64 = (0..17)
            .map(|bit| differences[bit] * (1.0 - 2.0 * f64::from(signs >> bit & 1)))
            .sum();
        turned.abs() >= sum.abs() - 1e-9
    });
    let exact = far.count() as f64 / f64::from(1 << 17);
    let found = permutation(&differences, 1).unwrap();
    near("drawn", found.p, exact, 0.01);
    assert_eq!(found, permutation(&differences, 1).unwrap());
}

#[test]
fn friedmans_test_and_nemenyis_pairs_are_the_libraries() {
    for golden in golden().friedman {
        let found = friedman(&golden.rows).unwrap();
        near("χ²", found.statistic, golden.statistic, 1e-8);
        near("p", found.p, golden.p, 1e-8);
        let (units, methods) = (golden.rows.len(), golden.mean_ranks.len());
        for (one, ranks) in found.mean_ranks.iter().enumerate() {
            near("rank", *ranks, golden.mean_ranks[one], 1e-9);
            for (other, wanted) in golden.nemenyi[one].iter().enumerate() {
                let difference = ranks - found.mean_ranks[other];
                near("pair", nemenyi(difference, methods, units), *wanted, 1e-3);
            }
        }
        let critical = critical_difference(0.05, methods, units);
        near("critical", nemenyi(critical, methods, units), 0.05, 1e-9);
    }
    for golden in golden().range {
        near("range", range_above(golden.q, golden.count), golden.p, 1e-7);
    }
    // Demšar 2006, Table 5: q₀.₀₅ of 4 methods is 2.569, of 10 methods 3.164.
    for (methods, q) in [(4, 2.569), (10, 3.164)] {
        let k = methods as f64;
        let wanted = q * (k * (k + 1.0) / (6.0 * 30.0)).sqrt();
        near(
            "Demšar",
            critical_difference(0.05, methods, 30),
            wanted,
            1e-3,
        );
    }
}

#[test]
fn holms_correction_is_statsmodels() {
    let golden = golden().holm;
    for (found, wanted) in holm(&golden.p).iter().zip(&golden.adjusted) {
        near("adjusted", *found, *wanted, 1e-12);
    }
}

#[test]
fn intervals_are_numpys_on_the_same_draws_and_scipys_on_others() {
    for golden in golden().bootstrap {
        let nest = Nest(&golden.nest);
        let found = bootstrap(nest, golden.alpha, golden.draws, golden.seed).unwrap();
        near("mean", found.mean, golden.mean, 1e-9);
        near("low", found.low, golden.low, 1e-9);
        near("high", found.high, golden.high, 1e-9);
        if let Some([low, high]) = golden.scipy {
            let width = high - low;
            near("SciPy's low", found.low, low, 0.06 * width);
            near("SciPy's high", found.high, high, 0.06 * width);
        }
    }
}

#[test]
fn effects_are_those_worked_by_hand() {
    // Ranks of 1, 2, 3: 1 + 3 above, 2 below.
    near("r", rank_biserial(&[0.1, -0.2, 0.3]), 2.0 / 6.0, 1e-12);
    near("none", rank_biserial(&[0.0, 0.0]), 0.0, 1e-12);
    let d = standardised_mean(&[1.0, 2.0, 3.0]).unwrap();
    near("d", d, 2.0, 1e-12);
    assert_eq!(standardised_mean(&[1.0, 1.0]), None);
    assert_eq!(standardised_mean(&[1.0]), None);
}

#[test]
fn what_would_mean_nothing_is_refused_in_a_sentence() {
    let five = wilcoxon(&[0.1; 5]).unwrap_err();
    assert_eq!(
        five.to_string(),
        "n = 5: too few (its smallest possible p is 0.062, above 0.05)"
    );
    assert_eq!(permutation(&[0.1; 5], 0).unwrap_err(), five);
    assert!(wilcoxon(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]).unwrap().p < 0.05);
    let nine = vec![vec![vec![1.0]]; 9];
    let refused = bootstrap(Nest(&nine), 0.05, 10, 0).unwrap_err();
    assert_eq!(refused, Refusal::TooFewForInterval { units: 9 });
    assert_eq!(
        refused.to_string(),
        "n = 9: too few for an interval, which needs 10"
    );
    let mut ragged = vec![vec![vec![1.0, 2.0]]; 12];
    ragged[3][0].pop();
    assert_eq!(
        bootstrap(Nest(&ragged), 0.05, 10, 0).unwrap_err(),
        Refusal::Ragged
    );
    assert_eq!(wilcoxon(&[f64::NAN; 8]).unwrap_err(), Refusal::NotFinite);
    assert_eq!(
        friedman(&[vec![1.0, 2.0]]).unwrap_err().to_string(),
        "2 to compare: at least 3 are needed"
    );
    assert_eq!(
        friedman(&[vec![1.0; 3], vec![1.0; 4]]).unwrap_err(),
        Refusal::Ragged
    );
}

#[test]
fn methods_that_are_alike_do_not_differ() {
    for test in [
        wilcoxon(&[0.0; 8]),
        permutation(&[0.0; 8], 0),
        permutation(&[0.0; 30], 0),
    ] {
        near("p", test.unwrap().p, 1.0, 1e-12);
    }
    let alike = friedman(&vec![vec![0.5; 4]; 10]).unwrap();
    near("χ²", alike.statistic, 0.0, 1e-12);
    near("p", alike.p, 1.0, 1e-12);
    let flat = vec![vec![vec![0.25]]; 10];
    let interval = bootstrap(Nest(&flat), 0.05, 100, 0).unwrap();
    assert!(interval.low.total_cmp(&0.25).is_eq() && interval.high.total_cmp(&0.25).is_eq());
}

proptest! {
    #[test]
    fn the_order_of_cases_changes_no_test(
        differences in prop::collection::vec(-1.0..1.0_f64, 6..40),
        turn in 0..40_usize,
    ) {
        let mut turned = differences.clone();
        let by = turn % differences.len();
        turned.rotate_left(by);
        prop_assert_eq!(wilcoxon(&differences), wilcoxon(&turned));
        let [one, other] = [&differences, &turned].map(|d| permutation(d, 5).unwrap().p);
        prop_assert_eq!(one.to_bits(), other.to_bits());
        prop_assert!((rank_biserial(&differences) - rank_biserial(&turned)).abs() < 1e-12);
    }

    #[test]
    fn turning_the_comparison_round_keeps_p(
        differences in prop::collection::vec(-1.0..1.0_f64, 6..40),
    ) {
        let turned: Vec<f64> = differences.iter().map(|d| -d).collect();
        let [one, other] = [&differences, &turned].map(|d| wilcoxon(d).unwrap().p);
        prop_assert!((one - other).abs() < 1e-9);
        prop_assert!((0.0..=1.0).contains(&one));
    }

    #[test]
    fn holm_is_monotone_and_never_below_p(p in prop::collection::vec(0.0..1.0_f64, 1..20)) {
        let adjusted = holm(&p);
        for (one, p_one) in adjusted.iter().zip(&p) {
            prop_assert!(one >= p_one && *one <= 1.0);
            for (other, p_other) in adjusted.iter().zip(&p) {
                prop_assert!(p_one > p_other || one <= other);
            }
        }
    }

    #[test]
    fn an_interval_holds_its_mean_and_comes_out_again(
        values in prop::collection::vec(0.0..1.0_f64, 10..30),
        seed in 0..9_u64,
    ) {
        let nest: Vec<_> = values.iter().map(|value| vec![vec![*value]]).collect();
        let found = bootstrap(Nest(&nest), 0.05, 400, seed).unwrap();
        prop_assert!(found.low <= found.high);
        prop_assert!(found.low <= found.mean + 0.05 && found.high >= found.mean - 0.05);
        prop_assert_eq!(found, bootstrap(Nest(&nest), 0.05, 400, seed).unwrap());
    }
}
