//! Experiment files, from text to complete run specifications and from mistakes to clear sentences.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its input fails"
)]

use std::collections::BTreeMap;

use mrprism_protocol::spec::{
    Bundle, DatasetCard, Fingerprint, MethodSpec, NamedText, RaterIdentity, Resolved, Seed,
    SpecError, resolve,
};

const QUICKSTART: &str = include_str!("../../experiments/studies/quickstart.toml");
const MRPRISM: &str = include_str!("../../experiments/methods/mrprism.toml");

fn phantom() -> DatasetCard {
    DatasetCard {
        name: "phantom".into(),
        manifest: "0123".into(),
        raters: 5,
        rater_identity: RaterIdentity::Stable,
        structures: vec!["disc".into(), "cup".into()],
        channels: 1,
        arbitrated: None,
        cases: BTreeMap::from([("train".into(), 48)]),
        folds: 5,
        crop: None,
        licence: None,
        source: None,
    }
}

fn resolve_text(text: &str) -> Result<Resolved, Vec<SpecError>> {
    let bundle = Bundle {
        experiment: NamedText {
            file: "study.toml".into(),
            text: text.into(),
        },
        methods: vec![NamedText {
            file: "mrprism.toml".into(),
            text: MRPRISM.into(),
        }],
    };
    resolve(&bundle, &[phantom()])
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
    let MethodSpec::Mrprism(method) = &resolved.cells[0].spec.method;
    assert!(method.loss.shuffle.abs() < f64::EPSILON);
}
