//! A small study: its runs, and scores for them.

use mrprism_protocol::spec::{
    Bundle, DatasetCard, NamedText, Output, RaterIdentity, Reference, resolve,
};
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::Score;
use mrprism_report::{Results, RunFacts, RunScore};

const ARMS: &str =
    "[[arm]]\nname = \"one\"\nset = { \"network.recurrences\" = 1 }\n[[arm]]\nname = \"three\"\n";

/// Runs of arms `one` and `three`, all succeeded, without a score.
pub(crate) fn results(seeds: u64, more: &str) -> Results {
    let resolved = resolve(
        &bundle_on("phantom", "study", seeds, &format!("{more}{ARMS}")),
        &[phantom("phantom", "m1")],
    )
    .unwrap();
    let runs = resolved.cells.into_iter().enumerate();
    let runs = runs.map(|(number, cell)| RunFacts {
        run: uuid::Uuid::from_u128(number as u128 + 1).into(),
        arm: cell.arm,
        seed: cell.seed,
        fold: cell.fold,
        state: JobState::Succeeded,
        spec: cell.spec,
        science_version: "s1".to_owned(),
        patients: std::collections::BTreeMap::new(),
    });
    Results {
        experiment: "study".to_owned(),
        question: "Is it so?".to_owned(),
        baseline: None,
        runs: runs.collect(),
        scores: Vec::new(),
    }
}

/// A soft Dice of the prediction's Rec0 on the disc.
pub(crate) fn dice(case: &str, reference: Reference, value: f64) -> Score {
    Score {
        output: Output::Prediction,
        recurrence: Some(0),
        case: case.to_owned(),
        structure: "disc".to_owned(),
        reference,
        metric: "soft_dice@1".to_owned(),
        value,
    }
}

pub(crate) fn human(rater: u32, case: &str, value: f64) -> Score {
    Score {
        output: Output::Rater(rater),
        recurrence: None,
        ..dice(case, Reference::LeaveOneOut(rater), value)
    }
}

pub(crate) fn alone(metric: &str, recurrence: u32, value: f64) -> Score {
    Score {
        metric: metric.to_owned(),
        recurrence: Some(recurrence),
        ..dice("a", Reference::Alone, value)
    }
}

impl Scoring for Results {
    fn score(&mut self, run: usize, scores: impl IntoIterator<Item = Score>) {
        let run = self.runs[run].run;
        self.scores
            .extend(scores.into_iter().map(|score| RunScore { run, score }));
    }
}

/// Scores of a run, by its position.
pub(crate) trait Scoring {
    fn score(&mut self, run: usize, scores: impl IntoIterator<Item = Score>);
}

pub(crate) fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-12,
        "{found} is not {expected}"
    );
}

/// The same on another data set, with more text behind it.
pub(crate) fn bundle_on(dataset: &str, name: &str, seeds: u64, more: &str) -> Bundle {
    let seeds: Vec<_> = (0..seeds).collect();
    Bundle {
        experiment: NamedText {
            file: format!("{name}.toml"),
            text: format!(
                "name = \"{name}\"\nquestion = \"Is it so?\"\nseeds = {seeds:?}\n[base]\ndataset = \"{dataset}\"\nmethod = \"mrprism\"\nsize = 64\n{more}"
            ),
        },
        methods: vec![NamedText {
            file: "mrprism.toml".to_owned(),
            text: include_str!("../../../experiments/methods/mrprism.toml").to_owned(),
        }],
    }
}

/// The card of a data set called `name`.
pub(crate) fn phantom(name: &str, manifest: &str) -> DatasetCard {
    DatasetCard {
        name: name.to_owned(),
        manifest: manifest.to_owned(),
        raters: 3,
        rater_identity: RaterIdentity::Stable,
        structures: vec!["disc".to_owned(), "cup".to_owned()],
        channels: 1,
        arbitrated: None,
        diagnoses: false,
        cases: [("train".to_owned(), 8), ("test".to_owned(), 2)].into(),
        folds: 5,
        crop: None,
        licence: None,
        source: None,
    }
}
