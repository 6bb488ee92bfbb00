//! Every study of `experiments/studies`, resolved against cards of the data sets in `experiments/datasets`.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its input fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use mrprism_protocol::spec::{
    Bundle, Cell, DatasetCard, DatasetFile, DatasetForm, MethodFile, NamedText, Resolved, Seed,
    parse_toml, resolve,
};

/// Every TOML file of a folder of `experiments`, by name.
fn files(folder: &str) -> BTreeMap<String, String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../experiments")
        .join(folder);
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    paths
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

fn methods() -> Vec<MethodFile> {
    let files = files("methods");
    files
        .iter()
        .map(|(file, text)| parse_toml(file, text).unwrap())
        .collect()
}

/// What a worker that holds a data set would say of it.
fn card(file: &DatasetFile) -> DatasetCard {
    let (raters, channels) = match file.name.as_str() {
        "refuge" | "refuge-cropped" => (7, 3),
        "riga" | "riga-contours" => (6, 3),
        "brats" => (1, 4),
        "lidc" => (4, 1),
        "qubiq/brain-growth" => (7, 1),
        "qubiq/brain-tumor" => (3, 4),
        "qubiq/kidney" => (3, 1),
        name if name.starts_with("qubiq/prostate") => (6, 1),
        _ => (5, 1),
    };
    DatasetCard {
        name: file.name.clone(),
        manifest: format!("manifest of {}", file.name),
        raters,
        rater_identity: file.raters,
        structures: file.structures.clone(),
        channels,
        arbitrated: file.arbitrated_kind,
        diagnoses: matches!(
            file.form,
            DatasetForm::Refuge | DatasetForm::RefugeCropped | DatasetForm::Riga
        ) || file.form == DatasetForm::Phantom && file.structures.len() == 2,
        cases: BTreeMap::new(),
        folds: file.folds,
        crop: None,
        licence: None,
        source: None,
    }
}

fn bundle(file: &str, text: &str) -> Bundle {
    let named = |file: &str, text: &str| NamedText {
        file: file.to_owned(),
        text: text.to_owned(),
    };
    let methods = files("methods");
    Bundle {
        experiment: named(file, text),
        methods: methods
            .iter()
            .map(|(file, text)| named(file, text))
            .collect(),
    }
}

fn cards() -> Vec<DatasetCard> {
    let files = files("datasets");
    files
        .iter()
        .map(|(file, text)| card(&parse_toml(file, text).unwrap()))
        .collect()
}

#[track_caller]
fn resolved(file: &str, text: &str) -> Resolved {
    resolve(&bundle(file, text), &cards()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// What a study asks to be computed: one line an arm and data set.
fn expansion(cells: &[Cell]) -> String {
    let mut lines: Vec<(String, BTreeSet<Seed>, BTreeSet<u32>)> = Vec::new();
    for cell in cells {
        let train = &cell.spec.train;
        let length = match (train.steps, train.epochs) {
            (Some(steps), _) => format!("{steps} steps"),
            (None, epochs) => format!("{} epochs", epochs.unwrap_or_default()),
        };
        let line = format!(
            "{} | {} | {} at {} | {length} of {} | lr {}",
            cell.arm,
            cell.spec.dataset.name,
            cell.spec.method.kind(),
            cell.spec.size,
            train.batch,
            train.lr
        );
        if lines.last().is_none_or(|(known, ..)| *known != line) {
            lines.push((line, BTreeSet::new(), BTreeSet::new()));
        }
        if let Some((_, seeds, folds)) = lines.last_mut() {
            seeds.insert(cell.seed);
            folds.extend(cell.fold);
        }
    }
    let lines = lines.iter().map(|(line, seeds, folds)| {
        let seeds: Vec<_> = seeds.iter().map(|seed| seed.0).collect();
        let folded = if folds.is_empty() {
            String::new()
        } else {
            format!(" | folds {folds:?}")
        };
        format!("{line} | seeds {seeds:?}{folded}")
    });
    let lines: Vec<_> = lines.collect();
    format!("{} runs\n{}", cells.len(), lines.join("\n"))
}

#[test]
fn every_study_resolves_to_runs_that_are_all_different() {
    for (file, text) in files("studies") {
        let study = resolved(&file, &text);
        let name = file.trim_end_matches(".toml");
        assert_eq!(study.file.name, name, "a study is called as its file is");
        let mut seen = BTreeSet::new();
        for cell in &study.cells {
            let spec = serde_json::to_string(&cell.spec).unwrap();
            let new = seen.insert((spec, cell.seed, cell.fold));
            assert!(new, "{file}: {} stands twice", cell.arm);
        }
        insta::assert_snapshot!(format!("study-{name}"), expansion(&study.cells));
    }
}

/// A method's file says in which tables of the paper it stands; the tables' studies have it.
#[test]
fn the_studies_of_the_papers_tables_have_the_methods_that_stand_in_them() {
    for table in 1..=3 {
        let file = format!("table{table}.toml");
        let study = resolved(&file, &files("studies")[&file]);
        let arms: BTreeSet<_> = study.cells.iter().map(|cell| cell.arm.clone()).collect();
        let stand = methods()
            .into_iter()
            .filter(|method| method.tables.contains(&table));
        assert_eq!(arms, stand.map(|method| method.name).collect(), "{file}");
    }
}

#[test]
fn an_arm_has_data_sets_and_seeds_of_its_own_where_it_says_so() {
    let text = "name = \"x\"\nquestion = \"?\"\nseeds = [0, 1]\ndatasets = [\"phantom\", \"phantom-over\"]\n\
        [base]\nmethod = \"mrprism\"\nsize = 64\n[[arm]]\nname = \"a\"\n\
        [[arm]]\nname = \"b\"\nseeds = [7]\ndatasets = [\"phantom-under\"]\n";
    let study = resolved("x.toml", text);
    let cells = study.cells.iter().map(|cell| {
        (
            cell.arm.as_str(),
            cell.spec.dataset.name.as_str(),
            cell.seed.0,
        )
    });
    assert_eq!(
        cells.collect::<Vec<_>>(),
        [
            ("a", "phantom", 0),
            ("a", "phantom", 1),
            ("a", "phantom-over", 0),
            ("a", "phantom-over", 1),
            ("b", "phantom-under", 7),
        ]
    );
    let chosen = |arm, dataset| study.cell(arm, dataset, Seed(3), None);
    let cell = chosen("a", Some("phantom-over")).unwrap();
    assert_eq!(
        (cell.seed, cell.spec.dataset.name.as_str()),
        (Seed(3), "phantom-over")
    );
    assert_eq!(
        chosen("b", None).unwrap().spec.dataset.name,
        "phantom-under"
    );
    let told = chosen("a", None).unwrap_err();
    assert_eq!(
        told,
        "arm 'a' runs on phantom, phantom-over: give --dataset, one of them"
    );
    let told = chosen("b", Some("phantom")).unwrap_err();
    assert_eq!(
        told,
        "arm 'b' has no data set 'phantom': it has phantom-under"
    );
    let told = chosen("c", None).unwrap_err();
    assert_eq!(told, "no arm 'c': the experiment has a, b");
    let told = study.cell("b", None, Seed(0), Some(1)).unwrap_err();
    assert_eq!(told, "no fold 1: the experiment names {}");

    let fault = |from: &str, to: &str| {
        let text = text.replace(from, to);
        let faults = resolve(&bundle("x.toml", &text), &cards()).unwrap_err();
        faults[0].to_string()
    };
    let both = fault("method =", "dataset = \"phantom\"\nmethod =");
    assert!(
        both.starts_with("x.toml:4: `datasets`: lists the data sets"),
        "{both}"
    );
    let twice = fault("[\"phantom-under\"]", "[\"riga\", \"riga\"]");
    assert_eq!(twice, "x.toml:13: `datasets`: a data set stands twice");
    let seed = fault("seeds = [7]", "seeds = [7, 7]");
    assert!(
        seed.starts_with("x.toml:12: `seeds`: a seed stands twice"),
        "{seed}"
    );
    let unknown = fault("[\"phantom-under\"]", "[\"fantom\"]");
    assert!(
        unknown.starts_with("x.toml:13: `dataset`: no worker holds"),
        "{unknown}"
    );
}
