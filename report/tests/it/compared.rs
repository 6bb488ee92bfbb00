//! Arms against the baseline: hand-worked differences, refusals, Holm over a column, and that order decides nothing.

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::wire::{HumanRange, Table, TableCell};
use mrprism_report::Results;
use mrprism_report::print::text;
use mrprism_report::table::build;

use crate::study::{Scoring, dice, human, near, results};

/// Gains of arm `three` over arm `one`, a case each; `one` scores a half everywhere.
fn with_gains(gains: &[f64]) -> Results {
    let mut results = results(1, "");
    results.baseline = Some("one".to_owned());
    for (at, gain) in gains.iter().enumerate() {
        let case = format!("c{at:02}");
        results.score(0, [dice(&case, Reference::Mean, 0.5)]);
        results.score(1, [dice(&case, Reference::Mean, 0.5 + gain)]);
    }
    results
}

fn cells<'a>(table: &'a Table, arm: &str) -> Vec<&'a TableCell> {
    let of_arm = |cell: &&TableCell| table.rows[cell.row].arm == arm;
    table.cells.iter().filter(of_arm).collect()
}

const TWELVE: [f64; 12] = [
    0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.11, -0.12,
];

#[test]
fn the_difference_is_paired_by_case_and_tested_over_patients() {
    let table = build(&with_gains(&TWELVE));
    assert!(cells(&table, "one")[0].difference.is_none());
    let cell = cells(&table, "three")[0];
    let found = cell.difference.as_ref().unwrap();
    near(found.mean, 0.54 / 12.0);
    // Ranks 1 to 11 are positive, 12 is negative: the sum below is 12, r is (66 − 12) / 78.
    near(found.effect.unwrap(), 54.0 / 78.0);
    assert_eq!(
        (found.patients, found.test.as_deref()),
        (12, Some("wilcoxon"))
    );
    // Subsets of 1…12 that sum to at most 12, of 4096, twice: scipy.stats.wilcoxon(…, mode="exact") says 0.0341796875.
    near(found.p.unwrap(), 0.034_179_687_5);
    assert_eq!(cell.p_adjusted, found.p);
    let [low, high] = found.interval.unwrap();
    assert!(
        low < found.mean && found.mean < high && low > -0.06 && high < 0.11,
        "{low} {high}"
    );
    assert!(found.refused.is_empty());
    let printed = text(&table);
    assert!(printed.contains("+4.50 ["), "{printed}");
    assert!(printed.contains("p 0.034 r 0.69"), "{printed}");
    let notes = table.notes.join("\n");
    assert!(
        notes.contains("Tests are against 'one' alone: Wilcoxon"),
        "{notes}"
    );
    assert!(
        notes.contains("every case counts as one of its own"),
        "{notes}"
    );
}

#[test]
fn five_cases_refuse_a_test_and_nine_an_interval() {
    let told = |count: usize| {
        let table = build(&with_gains(&TWELVE[..count]));
        let found = cells(&table, "three")[0].difference.clone().unwrap();
        (
            found.p.is_some(),
            found.interval.is_some(),
            found.refused.len(),
            table.notes.join("\n"),
        )
    };
    let (tested, interval, refused, notes) = told(5);
    assert_eq!((tested, interval, refused), (false, false, 2));
    assert!(notes.contains("n = 5: too few"), "{notes}");
    let (tested, interval, refused, _) = told(9);
    assert_eq!((tested, interval, refused), (true, false, 1));
    let (tested, interval, refused, _) = told(10);
    assert_eq!((tested, interval, refused), (true, true, 0));
}

#[test]
fn cases_of_one_patient_are_one_unit() {
    let mut results = with_gains(&TWELVE);
    for run in &mut results.runs {
        for at in 0..12 {
            run.patients
                .insert(format!("c{at:02}"), format!("p{}", at / 2));
        }
    }
    let table = build(&results);
    let found = cells(&table, "three")[0].difference.as_ref().unwrap();
    assert_eq!(found.patients, 6);
    assert!(
        found.interval.is_none(),
        "six patients are too few for an interval"
    );
    // Means of pairs are positive but the last, −0.005, which ranks first: p = 2 · 2/64.
    near(found.p.unwrap(), 0.0625);
    assert!(!table.notes.join("\n").contains("of its own"));
}

#[test]
fn equal_methods_have_p_1_and_no_effect() {
    let table = build(&with_gains(&[0.0; 12]));
    let found = cells(&table, "three")[0].difference.as_ref().unwrap();
    assert_eq!(
        (found.p, found.effect, found.mean),
        (Some(1.0), Some(0.0), 0.0)
    );
    assert_eq!(found.interval, Some([0.0, 0.0]));
}

#[test]
fn the_order_of_cases_and_scores_changes_nothing() {
    let results = with_gains(&TWELVE);
    let mut turned = results.clone();
    turned.scores.reverse();
    assert_eq!(build(&turned), build(&results));
}

#[test]
fn holm_corrects_over_the_column_and_not_over_the_table() {
    let mut results = with_gains(&TWELVE);
    for (at, gain) in TWELVE.iter().enumerate() {
        let case = format!("c{at:02}");
        let mut later = dice(&case, Reference::Mean, 0.5 + gain.abs());
        later.recurrence = Some(1);
        results.score(1, [later]);
        results.score(0, [dice(&case, Reference::Majority, 0.5)]);
        results.score(1, [dice(&case, Reference::Majority, 0.5 + gain)]);
    }
    let table = build(&results);
    let p: Vec<_> = cells(&table, "three")
        .into_iter()
        .map(|cell| {
            let metric = table.columns[cell.column].reference;
            let found = cell.difference.as_ref().unwrap().p.unwrap();
            (
                metric,
                table.rows[cell.row].recurrence,
                found,
                cell.p_adjusted.unwrap(),
            )
        })
        .collect();
    let all_above = 2.0 / 4096.0;
    for (reference, recurrence, raw, adjusted) in p {
        let expected = match (reference, recurrence) {
            (Reference::Mean, Some(1)) => (all_above, 2.0 * all_above),
            _ => (0.034_179_687_5, 0.034_179_687_5),
        };
        near(raw, expected.0);
        near(adjusted, expected.1);
    }
}

#[test]
fn arms_with_other_seeds_are_compared_by_their_means() {
    let mut results = results(2, "");
    results.baseline = Some("one".to_owned());
    // Arm `one` keeps seed 0 alone; arm `three` has 0 and 1.
    results.runs.remove(1);
    for at in 0..10 {
        let case = format!("c{at}");
        results.score(0, [dice(&case, Reference::Mean, 0.5)]);
        results.score(1, [dice(&case, Reference::Mean, 0.6)]);
        results.score(2, [dice(&case, Reference::Mean, 0.8)]);
    }
    let table = build(&results);
    let found = cells(&table, "three")[0].difference.as_ref().unwrap();
    near(found.mean, 0.2);
    let [low, high] = found.interval.unwrap();
    near(low, 0.2);
    near(high, 0.2);
}

#[test]
fn what_only_describes_is_not_tested() {
    let mut results = with_gains(&TWELVE);
    for run in 0..2 {
        for at in 0..12 {
            let mut area = dice(&format!("c{at:02}"), Reference::Alone, 0.1);
            area.metric = "area@1".to_owned();
            results.score(run, [area]);
        }
    }
    let table = build(&results);
    let area = table
        .columns
        .iter()
        .position(|column| column.metric == "area@1");
    let mut cells = table.cells.iter().filter(|cell| Some(cell.column) == area);
    assert!(cells.all(|cell| cell.difference.is_none()));
}

#[test]
fn three_arms_are_ranked_over_patients_the_best_first() {
    let mut results = with_gains(&TWELVE);
    let mut third = results.runs[1].clone();
    third.arm = "third".to_owned();
    third.run = uuid::Uuid::from_u128(99).into();
    results.runs.push(third);
    for at in 0..12 {
        results.score(2, [dice(&format!("c{at:02}"), Reference::Mean, 0.9)]);
    }
    let table = build(&results);
    let ranks = &table.ranks[0];
    let arms: Vec<_> = ranks
        .rows
        .iter()
        .map(|row| table.rows[*row].arm.as_str())
        .collect();
    assert_eq!(arms, ["one", "three", "third"]);
    // `third` is best everywhere; `three` beats `one` in eleven of twelve.
    let expected = [(3.0 * 11.0 + 2.0) / 12.0, (2.0 * 11.0 + 3.0) / 12.0, 1.0];
    for (found, expected) in ranks.mean_ranks.iter().zip(expected) {
        near(*found, expected);
    }
    assert!(ranks.p.unwrap() < 0.001);
    let printed = text(&table);
    assert!(
        printed.contains("Mean rank over 12 patients, 1 for the best: phantom, disc"),
        "{printed}"
    );
    assert!(
        printed.replace("\n  ", " ").contains("mean p <0.001, 0.96"),
        "{printed}"
    );
    // Demšar's q of three methods at 0.05 is 2.343.
    let expected = 2.343 * (3.0 * 4.0 / (6.0 * 12.0_f64)).sqrt();
    assert!((ranks.critical_difference.unwrap() - expected).abs() < 1e-3);
    assert!(
        build(&with_gains(&TWELVE)).ranks.is_empty(),
        "two arms are no ranking"
    );
}

#[test]
fn a_method_stands_below_within_or_above_the_raters() {
    let place = |value: f64| {
        let mut results = results(1, "");
        results.score(0, [human(1, "a", 0.7), human(2, "a", 0.9)]);
        results.score(0, [dice("a", Reference::LeaveOneOut(1), value)]);
        let table = build(&results);
        let of = |cell: &&TableCell| table.rows[cell.row].output == Output::Prediction;
        table.cells.iter().find(of).unwrap().human_range
    };
    assert_eq!(place(0.65), Some(HumanRange::Below));
    assert_eq!(place(0.7), Some(HumanRange::Within));
    assert_eq!(place(0.95), Some(HumanRange::Above));
}
