//! Definitions and split rules that cannot be followed: each told with its key and what is allowed.

mod support;

use mrprism_protocol::spec::DatasetFile;
use mrprism_raters::dataset::Dataset;
use mrprism_raters::read::parse_definition;
use support::{
    assert_tells, built_in, pictures_definition, qubiq_definition, refusal, small_pictures,
    small_qubiq, write_bytes,
};

/// Something wrong done to a definition.
type Change = fn(&mut DatasetFile);

#[test]
fn a_typo_in_dataset_toml_is_told_with_file_and_line() {
    let root = tempfile::tempdir().unwrap();
    let text = "name = \"x\"\nstructures = [\"a\"]\nraters = \"stable\"\nintensty = \"minmax\"\n";
    write_bytes(&root.path().join("dataset.toml"), text.as_bytes());
    let sentence = parse_definition(root.path()).unwrap_err().to_string();
    assert_tells(&sentence, &["dataset.toml:4", "intensty"]);
}

#[test]
fn definitions_that_make_no_sense() {
    let root = small_pictures();
    let changes: [(Change, &[&str]); 12] = [
        (|d| d.name = "a b".to_owned(), &["`name`", "letters"]),
        (|d| d.structures.clear(), &["`structures`"]),
        (
            |d| d.nested = vec!["hole".to_owned()],
            &["`nested`", "hole"],
        ),
        (
            |d| d.intensity = "bright".to_owned(),
            &["`intensity`", "percentile:1:99"],
        ),
        (
            |d| d.patient = Some("(".to_owned()),
            &["`patient`", "regular expression"],
        ),
        (
            |d| d.patient = Some("x".to_owned()),
            &["`patient`", "(?P<patient>"],
        ),
        (|d| d.foreground = None, &["`foreground`", "above = 127"]),
        (|d| d.masks = None, &["`masks`", "missing"]),
        (
            |d| d.masks = Some("masks/{case}.png".to_owned()),
            &["`masks`", "lacks {rater}"],
        ),
        (
            |d| d.masks = Some("../masks/{rater}/{case}.png".to_owned()),
            &["`masks`", "without '..'"],
        ),
        (
            |d| d.arbitrated = Some("truth/{case}.png".to_owned()),
            &["`arbitrated_kind`"],
        ),
        (
            |d| d.tasks = vec!["01".to_owned()],
            &["`tasks`", "leave it out"],
        ),
    ];
    for (change, told) in changes {
        let mut definition = pictures_definition();
        change(&mut definition);
        assert_tells(&refusal(&definition, Some(root.path())), told);
    }
    let changes: [(Change, &[&str]); 4] = [
        (|d| d.phantom = None, &["`phantom`"]),
        (
            |d| d.phantom.as_mut().unwrap().biases = vec![-2.0],
            &["`phantom.biases`", "-0.8"],
        ),
        (
            |d| d.phantom.as_mut().unwrap().jitter = f64::NAN,
            &["`phantom.jitter`"],
        ),
        (
            |d| d.image = Some("{case}.png".to_owned()),
            &["`image`", "leave it out"],
        ),
    ];
    for (change, told) in changes {
        let mut definition = built_in("phantom");
        change(&mut definition);
        assert_tells(&refusal(&definition, None), told);
    }
}

#[test]
fn splits_that_cannot_be_followed() {
    let root = small_pictures();
    let told = |split: &str, parts: &[&str]| {
        let text = format!(
            "name = 'x'\nstructures = ['s']\nraters = 'stable'\nintensity = 'minmax'\nsplit = {split}\n"
        );
        let mut definition = pictures_definition();
        definition.split = support::definition(&text).split;
        assert_tells(&refusal(&definition, Some(root.path())), parts);
    };
    told("{}", &["`split` is empty"]);
    told(
        "{ test = ['z'] }",
        &["'z' in `split.test` is no case", "'a' to 'd'"],
    );
    told(
        "{ test = ['a'], validation = ['a'] }",
        &["'a' stands in test and validation"],
    );
    told("{ test = ['a'], fractions = [0.5, 0.0, 0.5] }", &["one of"]);
    told("{ fractions = [0.5, 0.5, 0.5] }", &["sum to 1"]);
    told(
        "{ fractions = [1.0, 0.0, 0.0] }",
        &["no case is left for test"],
    );
    told(
        "{ test = ['a', 'b', 'c', 'd'] }",
        &["no case is left for train"],
    );
    told("{ by = 'moon' }", &["by = \"moon\"", "folder"]);
    told(
        "{ by = 'folder' }",
        &["needs a layout with a folder for each split"],
    );
    let dataset = Dataset::open(&pictures_definition(), Some(root.path())).unwrap();
    let fold = |fold| dataset.splits(8, Some(fold)).unwrap_err().to_string();
    assert_tells(&fold(3), &["no fold 3", "0 to 2"]);
    let mut definition = pictures_definition();
    definition.folds = 5;
    let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
    assert_tells(
        &dataset.splits(8, Some(0)).unwrap_err().to_string(),
        &["4 patients", "5 folds"],
    );
}

#[test]
fn a_patient_whose_cases_lie_in_two_folders() {
    let root = small_qubiq();
    let mut definition = qubiq_definition();
    definition.patient = Some("^(?P<patient>case)".to_owned());
    assert_tells(
        &refusal(&definition, Some(root.path())),
        &["patient 'case' lies in two splits"],
    );
    definition.patient = Some("^(?P<patient>x[0-9]+)".to_owned());
    assert_tells(
        &refusal(&definition, Some(root.path())),
        &["case 'case01'", "`patient`"],
    );
}
