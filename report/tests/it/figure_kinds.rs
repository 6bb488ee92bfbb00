//! Forest plots, critical-difference diagrams and learning curves: which numbers they hold, and how they look.

use mrprism_protocol::spec::Reference;
use mrprism_protocol::wire::{Curve, Table};
use mrprism_report::figure::{ArmCurves, NoFigure, Picture, RankDiagram, curves, forest, ranks};
use mrprism_report::table::build;
use proptest::prelude::*;

use crate::study::{Scoring, dice, results};

/// Four arms over `patients` cases: arm `one` is the baseline, each later arm gains a little, unevenly.
fn table(patients: u32) -> Table {
    let mut results = results(1, "");
    results.baseline = Some("one".to_owned());
    for (number, name) in [(2_u128, "third"), (3, "fourth")] {
        let mut run = results.runs[1].clone();
        name.clone_into(&mut run.arm);
        run.run = uuid::Uuid::from_u128(90 + number).into();
        results.runs.push(run);
    }
    for case in 0..patients {
        let wobble = f64::from((case * 7) % 11) / 500.0 - 0.01;
        for (run, gain) in [(0, 0.0), (1, 0.004), (2, 0.021), (3, -0.03)] {
            let value = 0.8 + gain + wobble * f64::from(u8::from(run % 2 == 1));
            let name = format!("c{case:02}");
            results.score(run, [dice(&name, Reference::Mean, value)]);
        }
    }
    build(&results)
}

#[test]
fn a_forest_holds_every_difference_with_its_interval() {
    let drawn = forest(&table(12), &[]).unwrap();
    assert_eq!(drawn.panels.len(), 1);
    let names: Vec<_> = drawn.panels[0]
        .lines
        .iter()
        .map(|line| line.name.as_str())
        .collect();
    assert_eq!(names, ["three Rec0", "third Rec0", "fourth Rec0"]);
    assert!(
        drawn.panels[0]
            .lines
            .iter()
            .all(|line| line.interval.is_some())
    );
    insta::assert_snapshot!("forest.csv", drawn.csv());
    insta::assert_snapshot!("forest.svg", drawn.svg().unwrap());
    let one = forest(&table(12), &["third".to_owned()]).unwrap();
    assert_eq!(one.panels[0].lines.len(), 1);
}

#[test]
fn a_forest_of_few_patients_has_no_intervals_and_says_so() {
    let drawn = forest(&table(5), &[]).unwrap();
    assert!(
        drawn.panels[0]
            .lines
            .iter()
            .all(|line| line.interval.is_none() && line.p.is_none())
    );
    assert!(drawn.svg().unwrap().contains("(n = 5: no interval)"));
}

#[test]
fn a_forest_without_a_baseline_says_what_to_add() {
    let mut table = table(12);
    table.baseline = None;
    let told = forest(&table, &[]).unwrap_err().to_string();
    assert!(told.contains("add table.baseline"), "{told}");
}

#[test]
fn ranks_are_hung_with_the_best_first() {
    let drawn = ranks(&table(12)).unwrap();
    let names: Vec<_> = drawn.diagrams[0]
        .arms
        .iter()
        .map(|(arm, _)| arm.as_str())
        .collect();
    assert_eq!(names, ["third", "three", "one", "fourth"]);
    insta::assert_snapshot!("ranks.csv", drawn.csv());
    insta::assert_snapshot!("ranks.svg", drawn.svg().unwrap());
    let told = ranks(&table(1)).unwrap_err().to_string();
    assert!(told.contains("n = 1: too few"), "{told}");
}

/// Demšar 2006, fig. 1a: mean ranks 2.000, 1.964, 2.893, 3.143 of four classifiers on 14 sets; CD 1.25 at 0.05.
#[test]
fn bars_join_the_largest_groups_within_the_critical_difference() {
    let diagram = |ranks: &[f64], critical_difference| RankDiagram {
        title: String::new(),
        arms: ranks.iter().map(|rank| (String::new(), *rank)).collect(),
        critical_difference,
        p: 0.01,
        patients: 14,
    };
    let demsar = [1.964, 2.0, 2.893, 3.143];
    assert_eq!(diagram(&demsar, 1.25).groups(), [(0, 3)]);
    assert_eq!(diagram(&demsar, 1.0).groups(), [(0, 2), (2, 3)]);
    assert_eq!(diagram(&demsar, 0.2).groups(), [(0, 1)]);
    assert_eq!(diagram(&demsar, 0.01).groups(), []);
}

fn run(arm: &str, points: Vec<(u64, f64)>) -> ArmCurves {
    ArmCurves {
        arm: arm.to_owned(),
        curves: vec![Curve {
            series: "train/loss".to_owned(),
            points,
        }],
    }
}

#[test]
fn curves_are_means_with_a_band_from_the_lowest_to_the_highest_run() {
    let runs = [
        run(
            "one",
            (0..40)
                .map(|step| (step, 1.0 / (1.0 + step as f64)))
                .collect(),
        ),
        run(
            "one",
            (0..30)
                .map(|step| (step, 1.5 / (1.0 + step as f64)))
                .collect(),
        ),
        run(
            "three",
            (0..40)
                .map(|step| (step, 0.8 - 0.01 * step as f64))
                .collect(),
        ),
    ];
    let drawn = curves("Is it so?", &runs, &["train/loss".to_owned()]).unwrap();
    let one = &drawn.panels[0].lines[0];
    assert_eq!((one.runs, one.points.len()), (2, 40));
    let first = one.points[0];
    assert_eq!(
        (first.step, first.mean, first.low, first.high),
        (0.0, 1.25, 1.0, 1.5)
    );
    let last = one.points[39];
    assert!(last.low.total_cmp(&last.high).is_eq(), "one run went on");
    insta::assert_snapshot!("curves.svg", drawn.svg().unwrap());
    assert!(
        drawn
            .csv()
            .starts_with("series,arm,step,mean,low,high\ntrain/loss,one,0,1.25,1,1.5\n")
    );
}

#[test]
fn a_curve_that_nobody_has_is_named_with_those_there_are() {
    let runs = [run("one", vec![(0, 1.0)])];
    let told = curves("?", &runs, &["train/los".to_owned()]).unwrap_err();
    assert!(
        matches!(&told, NoFigure::Empty(why) if why.contains("there are train/loss")),
        "{told}"
    );
}

proptest! {
    /// Thinning keeps the mean of equally long buckets, and never draws more than a page can show.
    #[test]
    fn long_curves_are_thinned_and_stay_within_their_reach(length in 301_u64..3000, seed in 0_u64..1000) {
        let value = |step: u64| f64::from((step.wrapping_mul(seed + 7) % 101) as u32);
        let points: Vec<_> = (0..length).map(|step| (step, value(step))).collect();
        let drawn = curves("?", &[run("one", points.clone())], &["train/loss".to_owned()]).unwrap();
        let line = &drawn.panels[0].lines[0];
        prop_assert!(line.points.len() <= 300 && line.points.len() > 100);
        for pair in line.points.windows(2) {
            prop_assert!(pair[0].step < pair[1].step);
        }
        for point in &line.points {
            prop_assert!((0.0..=100.0).contains(&point.mean));
        }
    }
}

#[test]
fn every_picture_is_a_pdf_page_of_its_size_too() {
    let drawn = ranks(&table(12)).unwrap();
    let pdf = drawn.pdf().unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    let text = String::from_utf8_lossy(&pdf);
    let (width, height) = drawn.size();
    assert!(
        text.contains(&format!("/MediaBox [0 0 {width} {height}]")),
        "no page of {width}x{height}"
    );
    assert!(text.contains("DejaVu"), "its font is in it");
    assert_eq!(pdf, drawn.pdf().unwrap());
}
