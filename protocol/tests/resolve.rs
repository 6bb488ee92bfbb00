//! Experiment files, from text to complete run specifications and from mistakes to clear sentences.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its input fails"
)]

mod support;

use mrprism_protocol::spec::{
    DatasetCard, Fingerprint, MethodSpec, RaterIdentity, Resolved, Seed, SpecError, resolve,
};

use self::support::{bundle, card};

const QUICKSTART: &str = include_str!("../../experiments/studies/quickstart.toml");
const DIAG: &str = include_str!("../../experiments/methods/diag.toml");
const MRPRISM: &str = include_str!("../../experiments/methods/mrprism.toml");

fn phantom() -> DatasetCard {
    card("phantom")
}

fn resolve_text(text: &str) -> Result<Resolved, Vec<SpecError>> {
    let bundle = bundle("study.toml", text, &[("mrprism.toml", MRPRISM)]);
    let two_sided = ["phantom-over", "phantom-under"].map(|name| DatasetCard {
        name: name.into(),
        ..phantom()
    });
    let growth = DatasetCard {
        name: "qubiq/brain-growth".into(),
        raters: 7,
        structures: vec!["growth".into()],
        ..phantom()
    };
    let tumour = DatasetCard {
        name: "qubiq/brain-tumor".into(),
        raters: 3,
        channels: 4,
        ..growth.clone()
    };
    let [over, under] = two_sided;
    resolve(&bundle, &[phantom(), over, under, growth, tumour])
}

fn first_fault(text: &str) -> String {
    resolve_text(text).unwrap_err()[0].to_string()
}

#[test]
fn quickstart_is_two_arms_by_two_seeds_with_every_value_in_place() {
    let resolved = resolve_text(QUICKSTART).unwrap();
    let cells: Vec<_> = resolved
        .cells
        .iter()
        .map(|cell| (cell.arm.as_str(), cell.seed.0))
        .collect();
    assert_eq!(
        cells,
        [("tau-1", 0), ("tau-1", 1), ("tau-3", 0), ("tau-3", 1)]
    );
    insta::assert_json_snapshot!("quickstart-tau-1", resolved.cells[0].spec);
}

#[test]
fn equal_specs_have_equal_fingerprints_and_every_part_of_the_identity_counts() {
    let cells = resolve_text(QUICKSTART).unwrap().cells;
    let spec = &cells[0].spec;
    let print = |seed, fold, version| Fingerprint::of(spec, Seed(seed), fold, version);
    assert_eq!(
        print(0, None, "v"),
        Fingerprint::of(&cells[1].spec, Seed(0), None, "v")
    );
    let all = [
        print(0, None, "v"),
        print(1, None, "v"),
        print(0, Some(0), "v"),
        print(0, None, "w"),
    ];
    assert_eq!(
        all.iter().collect::<std::collections::BTreeSet<_>>().len(),
        4
    );
    assert_ne!(all[0], Fingerprint::of(&cells[2].spec, Seed(0), None, "v"));
}

#[test]
fn a_resolved_spec_survives_json() {
    let spec = &resolve_text(QUICKSTART).unwrap().cells[0].spec;
    let back: mrprism_protocol::spec::RunSpec =
        serde_json::from_value(serde_json::to_value(spec).unwrap()).unwrap();
    assert_eq!(&back, spec);
}

#[test]
fn mistakes_are_named_with_file_line_and_key() {
    let faults = [
        QUICKSTART.replace("encoder_width = 16", "encoder_widht = 16"),
        QUICKSTART.replace("\"network.recurrences\" = 3", "\"loss.shuffle\" = -0.3"),
        QUICKSTART.replace("dataset = \"phantom\"", "dataset = \"fantom\""),
        QUICKSTART.replace("method = \"mrprism\"", "method = \"mrprims\""),
        QUICKSTART.replace("batch = 8", "batch = \"eight\""),
        QUICKSTART.replace("steps = 150", "steps = 150\nepochs = 3"),
        QUICKSTART.replace("size = 64", "size = 65"),
        QUICKSTART.replace("seeds = [0, 1]", "seeds = [0, 0]"),
        QUICKSTART.replace("question =", "qestion ="),
        QUICKSTART.replace("seeds = [0, 1]", "seeds = [0, 1"),
        QUICKSTART.replace(
            "\"network.recurrences\" = 1",
            "\"network.residual\" = \"sideways\"",
        ),
    ]
    .map(|text| first_fault(&text));
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn a_fault_of_the_base_is_said_once_not_once_an_arm() {
    assert_eq!(
        resolve_text(&QUICKSTART.replace("lr = 5e-3", "lr = 0.0"))
            .unwrap_err()
            .len(),
        1
    );
}

#[test]
fn a_metric_or_a_reference_listed_twice_is_refused() {
    let lists = [
        (
            "metrics",
            "\"soft_dice\", \"dice\", \"soft_dice\"",
            "soft_dice",
        ),
        ("references", "\"mean\", \"mean\"", "mean"),
    ];
    for (key, list, twice) in lists {
        let fault = first_fault(&with_evaluation(key, list));
        let sentence = format!("'{twice}' is listed twice: name it once");
        assert!(fault.contains(&sentence), "{fault}");
        assert!(fault.contains(&format!("evaluation.{key}")), "{fault}");
    }
}

/// The quick start with one list of its `[evaluation]` table given anew.
fn with_evaluation(key: &str, list: &str) -> String {
    format!("{QUICKSTART}\n[base.evaluation]\n{key} = [{list}]\n")
}

#[test]
fn a_grid_crosses_arms_and_values() {
    let text = format!("{QUICKSTART}\n[sweep.grid]\n\"loss.shuffle\" = [0.0, 0.3]\n");
    let resolved = resolve_text(&text).unwrap();
    let arms: Vec<_> = resolved
        .cells
        .iter()
        .filter(|cell| cell.seed.0 == 0)
        .map(|cell| cell.arm.as_str())
        .collect();
    assert_eq!(
        arms,
        [
            "tau-1 shuffle=0.0",
            "tau-1 shuffle=0.3",
            "tau-3 shuffle=0.0",
            "tau-3 shuffle=0.3"
        ]
    );
    let MethodSpec::Mrprism(method) = &resolved.cells[0].spec.method else {
        panic!("the study names mrprism");
    };
    assert!(method.loss.shuffle.abs() < f64::EPSILON);
}

#[test]
fn every_study_resolves_to_its_arms() {
    let arms = |text| {
        let resolved = resolve_text(text).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for cell in &resolved.cells {
            let mut spec = serde_json::to_value(&cell.spec).unwrap();
            spec["seed"] = cell.seed.0.into();
            assert!(seen.insert(spec.to_string()), "{} stands twice", cell.arm);
        }
        let mut arms: Vec<_> = resolved.cells.into_iter().map(|cell| cell.arm).collect();
        arms.dedup();
        arms
    };
    let rows = [
        "concat-shuffle",
        "convlstm-shuffle",
        "attentive-shuffle",
        "attentive-multi-head",
        "attentive-both",
    ];
    assert_eq!(
        arms(include_str!("../../experiments/studies/table4.toml")),
        rows
    );
    assert_eq!(
        arms(include_str!(
            "../../experiments/studies/table4-brain-growth.toml"
        )),
        rows
    );
    assert_eq!(
        arms(include_str!("../../experiments/studies/two-sided.toml")).len(),
        3 * 2
    );
    let alive = arms(include_str!(
        "../../experiments/studies/recurrence-alive.toml"
    ));
    assert_eq!(alive.len(), 13 * 3);
    assert!(
        alive
            .iter()
            .any(|arm| arm.starts_with("tied-heads dataset=phantom-under")),
        "{alive:?}"
    );
    assert_eq!(
        arms(include_str!("../../experiments/studies/brain-growth.toml")),
        ["mrprism"]
    );
}

#[test]
fn impossible_choices_of_mrprism_are_refused_in_sentences() {
    let faults = [
        "\"network.recurrences\" = 7",
        "\"network.recurrences\" = 0",
        "\"network.encoder_depth\" = 101",
        "\"network.encoder_weights\" = \"/tmp/weights.pth\"",
        "\"network.integration\" = \"gru\"",
        "\"network.divp_stride\" = 2",
        "\"network.divp_input\" = \"image\"",
        "\"network.confidence\" = \"head\", \"network.confidence_scale\" = \"raters\"",
        "\"loss.target\" = \"mean\"",
        "\"loss.multi_head\" = -1.0",
        "\"loss.initial_noise_cell\" = 0",
        "\"loss.initial_noise_cell\" = 24",
        "\"train.update\" = \"epoch\"",
        "\"train.augment.flip\" = true",
        "\"train.augment.rotation_degrees\" = 270",
        "\"train.augment.scale\" = 0.9",
        "\"train.augment.colour\" = -0.1",
        "\"train.augment.blur\" = 1.0",
    ]
    .map(|set| first_fault(&QUICKSTART.replace("\"network.recurrences\" = 3", set)));
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn fusions_that_mean_nothing_are_refused() {
    let told = |fusions: &str, raters| {
        let text = format!("{QUICKSTART}\n[base.evaluation]\nfusions = {fusions}\n");
        let bundle = bundle("study.toml", &text, &[("mrprism.toml", MRPRISM)]);
        let card = DatasetCard {
            rater_identity: raters,
            ..phantom()
        };
        let faults = resolve(&bundle, &[card]).err().unwrap_or_default();
        faults.first().map(ToString::to_string)
    };
    let stable = RaterIdentity::Stable;
    assert_eq!(told("[]", stable), None);
    assert_eq!(told("[\"learned\", \"dawid_skene_shared\"]", stable), None);
    let twice = told("[\"mean\", \"learned\", \"mean\"]", stable).unwrap();
    assert!(twice.contains("'mean' is listed twice"), "{twice}");
    let shared = told("[\"dawid_skene_shared\"]", RaterIdentity::Exchangeable).unwrap();
    assert!(shared.contains("exchangeable"), "{shared}");
    let word = told("[\"max_mig\"]", stable).unwrap();
    assert!(word.contains("learned, mean"), "{word}");
}

#[test]
fn a_method_that_learns_from_diagnoses_is_refused_where_there_are_none() {
    let text = "name = \"x\"\nquestion = \"?\"\nseeds = [0]\n[base]\ndataset = \"phantom\"\nmethod = \"diag\"\n";
    let told = |text: &str, diagnoses| {
        let bundle = bundle("study.toml", text, &[("diag.toml", DIAG)]);
        let card = DatasetCard {
            diagnoses,
            ..phantom()
        };
        let faults = resolve(&bundle, &[card]).err()?;
        faults.first().map(ToString::to_string)
    };
    assert_eq!(told(text, true), None);
    let refused = told(text, false).unwrap();
    assert!(
        refused.starts_with("study.toml:6: `method`: 'diag' learns from diagnoses, and 'phantom' has none: choose another"),
        "{refused}"
    );
    let augmented = format!("{text}[base.train]\naugment = {{ flip = \"both\" }}\n");
    let refused = told(&augmented, true).unwrap();
    assert!(
        refused.contains("joins each training image's masks once"),
        "{refused}"
    );
}
