//! A rater who did not mark a case is not there: every result equals that of a case without the slot.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

use mrprism_protocol::spec::{EvaluationSpec, Metric, Output, Reference, ReferenceFamily};
use mrprism_protocol::wire::Score;
use mrprism_raters::case::Case;
use mrprism_raters::fusion::{majority, mean};
use mrprism_raters::metric::pairwise_dice;
use mrprism_raters::prediction::StoredPrediction;
use mrprism_raters::score::{human, score_case};
use ndarray::{Array3, Array4, Array5, Axis, s};

const SIDE: usize = 6;
const ABSENT: usize = 1;

/// Three raters of whom the second is absent. Its slot is full of ones, which nobody may look at.
fn with_slot() -> Case {
    let mut masks = Array4::from_shape_fn((3, 1, SIDE, SIDE), |(rater, _, y, x)| {
        u8::from(x + y < 4 + rater)
    });
    masks.slice_mut(s![ABSENT, .., .., ..]).fill(1);
    Case {
        name: "one".to_owned(),
        patient: "one".to_owned(),
        image: Array3::zeros((1, SIDE, SIDE)),
        masks,
        label: None,
        present: vec![true, false, true],
        arbitrated: Some(Array3::from_shape_fn((1, SIDE, SIDE), |(_, y, _)| {
            u8::from(y < 3)
        })),
    }
}

fn without_slot() -> Case {
    let case = with_slot();
    Case {
        masks: case.masks.select(Axis(0), &[0, 2]),
        label: None,
        present: vec![true; 2],
        ..case
    }
}

fn nobody() -> Case {
    Case {
        present: vec![false; 3],
        ..with_slot()
    }
}

fn spec() -> EvaluationSpec {
    EvaluationSpec {
        recurrences: 1,
        references: ReferenceFamily::ALL.to_vec(),
        metrics: vec![Metric::SoftDice],
        fusions: Vec::new(),
    }
}

fn scores(case: &Case) -> Vec<Score> {
    let ramp = |x: usize| (x * 65_535 / SIDE) as u16;
    let stored = StoredPrediction {
        case: case.name.clone(),
        prediction: Array4::from_shape_fn((1, 1, SIDE, SIDE), |(_, _, _, x)| ramp(x)),
        heads: Array5::zeros((1, 0, 1, SIDE, SIDE)),
        confidences: Array5::zeros((1, 0, 1, SIDE, SIDE)),
        hypotheses: Array4::zeros((0, 1, SIDE, SIDE)),
    };
    score_case(case, &stored, &spec(), &["it".to_owned()]).unwrap()
}

/// The rater of the case without the slot, by the number in the case with it.
fn renumbered(score: &Score) -> Score {
    let number = |rater: u32| if rater == 3 { 2 } else { rater };
    let reference = match score.reference {
        Reference::Rater(rater) => Reference::Rater(number(rater)),
        Reference::LeaveOneOut(rater) => Reference::LeaveOneOut(number(rater)),
        other => other,
    };
    let output = match score.output {
        Output::Rater(rater) => Output::Rater(number(rater)),
        other => other,
    };
    Score {
        reference,
        output,
        ..score.clone()
    }
}

#[test]
fn mean_and_majority_leave_the_absent_rater_out() {
    let (with, without) = (with_slot(), without_slot());
    assert_eq!(mean(&with, 0), mean(&without, 0));
    assert_eq!(majority(&with, 0), majority(&without, 0));
    assert_eq!(mean(&with, 0).unwrap().of, 2);
    // Were the slot counted, a pixel that one of two marks would have two of three votes.
    assert_eq!(majority(&with, 0).unwrap().counts[[0, 5]], 0);
    assert!(mean(&nobody(), 0).is_none() && majority(&nobody(), 0).is_none());
}

#[test]
fn agreement_pairs_those_who_are_there() {
    let pairs = pairwise_dice(&with_slot(), 0);
    assert_eq!(pairs.len(), 1);
    assert_eq!((pairs[0].0, pairs[0].1), (0, 2));
    assert_eq!(
        pairs[0].2.to_bits(),
        pairwise_dice(&without_slot(), 0)[0].2.to_bits()
    );
    assert!(pairwise_dice(&nobody(), 0).is_empty());
}

#[test]
fn scores_are_those_of_a_case_without_the_slot() {
    let renumbered_scores: Vec<_> = scores(&with_slot()).iter().map(renumbered).collect();
    assert_eq!(renumbered_scores, scores(&without_slot()));
    let absent = ABSENT as u32 + 1;
    for score in scores(&with_slot()) {
        let named = [Reference::Rater(absent), Reference::LeaveOneOut(absent)];
        assert!(!named.contains(&score.reference), "{score:?}");
    }
    let alone_or_arbitrated =
        |score: &Score| matches!(score.reference, Reference::Alone | Reference::Arbitrated);
    let left = scores(&nobody());
    assert!(
        !left.is_empty() && left.iter().all(alone_or_arbitrated),
        "{left:?}"
    );
}

#[test]
fn the_human_row_has_no_line_for_the_absent_rater() {
    let structures = ["it".to_owned()];
    let row = |case: Case| human(&[case], &spec(), &structures);
    let with: Vec<_> = row(with_slot()).iter().map(renumbered).collect();
    assert_eq!(with, row(without_slot()));
    assert_eq!(with.len(), 2);
    assert!(row(nobody()).is_empty());
    let alone = Case {
        present: vec![true, false, false],
        ..with_slot()
    };
    assert!(row(alone).is_empty());
}
