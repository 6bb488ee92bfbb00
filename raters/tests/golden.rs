//! Scores against numbers from another implementation: `tools/golden/soft_dice.py`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

use std::collections::BTreeMap;

use mrprism_protocol::spec::{EvaluationSpec, Metric, ReferenceFamily};
use mrprism_protocol::wire::Score;
use mrprism_raters::case::Case;
use mrprism_raters::prediction::StoredPrediction;
use mrprism_raters::score::{human, score_case};
use ndarray::{Array, Array3, Array4, Array5, Dimension, Ix3, Ix4, Ix5, s};
use serde::Deserialize;

#[derive(Deserialize)]
struct Scenario {
    seed: u64,
    raters: usize,
    #[serde(default)]
    absent: Vec<usize>,
    #[serde(default)]
    empty_masks: Vec<usize>,
    #[serde(default)]
    empty_predictions: Vec<usize>,
    scores: BTreeMap<String, f64>,
}

const RECURRENCES: usize = 2;
const STRUCTURES: usize = 2;
const SIDE: (usize, usize) = (12, 10);

fn splitmix64(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// 64-bit words by position in C order.
fn draw<D: Dimension>(seed: u64, stream: u64, shape: &D) -> Array<u64, D> {
    let start = (seed << 40) + (stream << 32);
    let words = (0..shape.size() as u64).map(|index| splitmix64(start + index));
    Array::from_shape_vec(shape.clone(), words.collect()).unwrap()
}

fn inputs(scenario: &Scenario) -> (Case, StoredPrediction) {
    let (height, width) = SIDE;
    let shape = Ix4(RECURRENCES, STRUCTURES, height, width);
    let mut prediction: Array4<u16> =
        draw(scenario.seed, 0, &shape).mapv(|word| (word >> 48) as u16);
    let bright = prediction
        .slice(s![0, .., .., ..])
        .mapv(|value| u64::from(value >> 8));
    let luck = draw(
        scenario.seed,
        1,
        &Ix4(scenario.raters, STRUCTURES, height, width),
    );
    let mut masks = Array4::from_shape_fn(luck.dim(), |(m, k, y, x)| {
        u8::from(bright[[k, y, x]] + (luck[[m, k, y, x]] >> 57) > 190)
    });
    let shape = Ix5(RECURRENCES, scenario.raters, STRUCTURES, height, width);
    let confidences: Array5<u16> = draw(scenario.seed, 2, &shape).mapv(|word| (word >> 48) as u16);
    let luck = draw(scenario.seed, 3, &Ix3(STRUCTURES, height, width));
    let mut arbitrated = Array3::from_shape_fn(luck.dim(), |(k, y, x)| {
        u8::from(bright[[k, y, x]] + (luck[[k, y, x]] >> 57) > 190)
    });
    for k in &scenario.empty_masks {
        masks.slice_mut(s![.., *k, .., ..]).fill(0);
        arbitrated.slice_mut(s![*k, .., ..]).fill(0);
    }
    for k in &scenario.empty_predictions {
        prediction.slice_mut(s![.., *k, .., ..]).fill(0);
    }
    let case = Case {
        name: "golden".to_owned(),
        patient: "golden".to_owned(),
        label: None,
        image: Array3::zeros((1, height, width)),
        masks,
        present: (0..scenario.raters)
            .map(|rater| !scenario.absent.contains(&rater))
            .collect(),
        arbitrated: Some(arbitrated),
    };
    let stored = StoredPrediction {
        case: case.name.clone(),
        heads: Array5::zeros(confidences.dim()),
        hypotheses: {
            let (_, k, h, w) = prediction.dim();
            Array4::zeros((0, k, h, w))
        },
        prediction,
        confidences,
    };
    (case, stored)
}

fn key(score: &Score) -> String {
    let recurrence = score
        .recurrence
        .map_or("-".to_owned(), |number| number.to_string());
    format!(
        "{}/{recurrence}/{}/{}/{}",
        score.output, score.structure, score.reference, score.metric
    )
}

#[test]
fn every_score_equals_the_other_implementations() {
    let text = include_str!("golden/soft_dice.json");
    let scenarios: Vec<Scenario> = serde_json::from_str(text).unwrap();
    let spec = EvaluationSpec {
        recurrences: RECURRENCES as u32,
        // STAPLE has golden numbers of its own.
        references: ReferenceFamily::ALL
            .iter()
            .copied()
            .filter(|family| *family != ReferenceFamily::Staple)
            .collect(),
        metrics: vec![Metric::SoftDice],
        fusions: Vec::new(),
    };
    let structures = ["s0".to_owned(), "s1".to_owned()];
    assert_eq!(scenarios.len(), 7);
    for scenario in scenarios {
        let (case, stored) = inputs(&scenario);
        let mut scores = score_case(&case, &stored, &spec, &structures).unwrap();
        // Learned confidences have hand-worked numbers of their own.
        scores.retain(|score| score.metric != "confidence@1");
        scores.extend(human(&[case], &spec, &structures));
        let ours: BTreeMap<_, _> = scores
            .iter()
            .map(|score| (key(score), score.value))
            .collect();
        assert_eq!(ours.len(), scores.len(), "a key stands twice");
        let (our_keys, their_keys): (Vec<_>, Vec<_>) =
            (ours.keys().collect(), scenario.scores.keys().collect());
        assert_eq!(our_keys, their_keys, "seed {}", scenario.seed);
        for (key, theirs) in &scenario.scores {
            let own = ours[key];
            assert!(
                (own - theirs).abs() < 1e-9,
                "seed {}, {key}: {own} and {theirs}",
                scenario.seed
            );
        }
    }
}
