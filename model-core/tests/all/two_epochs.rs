//! Whole runs of every method, two epochs each: trained, validated, predicted, scored.

use std::path::Path;

use mrprism_protocol::spec::DatasetFile;
use mrprism_raters::dataset::{Dataset, SplitName};
use tempfile::TempDir;

use crate::common::phantom;
use crate::listener::finish;
use crate::methods::methods_on;

/// What a method reports of each rater.
fn reported(method: &str) -> &'static [&'static str] {
    match method {
        "wdnet" | "diag" => &["weight"],
        "crowd-layer" => &["crowd_00", "crowd_01", "crowd_10", "crowd_11"],
        "confusion-matrix" | "maxmig" => &["confusion_01", "confusion_10"],
        "aggnet" => &["sensitivity", "specificity"],
        _ => &[],
    }
}

fn two_epochs(data: &Dataset, size: u32) {
    let card = data.card();
    let tested = data.members(None).unwrap().positions(SplitName::Test).len();
    for (name, mut spec) in methods_on(&card) {
        spec.size = size;
        (spec.train.steps, spec.train.epochs) = (None, Some(2));
        let folder = TempDir::new().unwrap();
        let (hash, listener) = finish(&spec, data, folder.path());
        assert_eq!(hash.len(), 64, "{name}");
        let stored = std::fs::read_dir(folder.path().join("predictions")).unwrap();
        assert_eq!(stored.count(), tested, "{name}");
        let scores = listener.scores();
        let finite = scores
            .values()
            .all(|bits| f64::from_bits(*bits).is_finite());
        assert!(!scores.is_empty() && finite, "{name}");
        for number in reported(&name) {
            let metric = format!("learned_{number}@1");
            let found = scores.keys().filter(|key| key.ends_with(&metric)).count();
            let wanted = card.raters as usize * card.structures.len();
            assert_eq!(found, wanted, "{name}: {metric}");
        }
    }
}

#[test]
fn every_method_runs_two_epochs_on_a_small_phantom() {
    two_epochs(&phantom(32, 2, [4, 2, 2], &[0.0, 0.2, -0.2], 0.02), 32);
}

#[test]
#[ignore = "takes minutes: make test-long"]
fn every_method_runs_two_epochs_on_the_phantom() {
    let definition = definition("phantom");
    two_epochs(&Dataset::open(&definition, None).unwrap(), 64);
}

#[test]
#[ignore = "takes minutes: make test-long"]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
#[expect(clippy::disallowed_methods, reason = "tests have no config.rs")]
fn every_method_runs_two_epochs_on_real_brain_growth() {
    let root = std::env::var_os("MRPRISM_DATA").map_or_else(
        || repository().join("../shared/data"),
        std::path::PathBuf::from,
    );
    let folder = root.join("qubiq/brain-growth");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no {} (set MRPRISM_DATA)", folder.display());
        return;
    }
    let definition = definition("qubiq-brain-growth");
    two_epochs(&Dataset::open(&definition, Some(&folder)).unwrap(), 64);
}

fn definition(name: &str) -> DatasetFile {
    let path = repository().join(format!("experiments/datasets/{name}.toml"));
    mrprism_raters::read::parse_definition(&path).unwrap()
}

fn repository() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
