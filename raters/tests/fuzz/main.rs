//! Broken files, by the thousand: no reader panics, and none takes more memory than its bound.
//!
//! Execution n of a reader is the same on every machine. `tools/fuzz` runs 100,000 of each; a plain test run a few hundred
//! (`MRPRISM_FUZZ_EXECUTIONS`). A failure names the execution and keeps its input.

mod memory;
mod mutate;
mod seeds;
#[path = "../support/mod.rs"]
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use mrprism_protocol::spec::{DatasetFile, DatasetForm};
use mrprism_raters::dataset::{Dataset, SplitName};
use mrprism_raters::prediction::{StoredPrediction, read, write};
use mrprism_raters::read::parse_definition;
use ndarray::{Array4, Array5};

use memory::measured;
use mutate::Luck;
use support::{definition, write_bytes};

#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// Memory is counted for the whole program, so readers take turns.
static TURN: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;
const A_FEW: u64 = 300;

#[expect(clippy::disallowed_methods, reason = "tests have no config.rs")]
fn executions() -> u64 {
    let asked = std::env::var("MRPRISM_FUZZ_EXECUTIONS").ok();
    asked.map_or(A_FEW, |text| text.parse().expect("a number of executions"))
}

/// Makes broken inputs and reads each; `read` says whether it was accepted. Prints what was done.
#[expect(clippy::print_stdout, reason = "executions are printed by reader")]
fn fuzz(
    reader: &str,
    bound: usize,
    make: impl Fn(&mut Luck) -> Vec<u8>,
    read: impl Fn(&[u8]) -> bool,
) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = reader.bytes().map(u64::from).sum();
    let (mut accepted, mut highest) = (0, 0);
    for execution in 0..executions() {
        let input = make(&mut Luck::new(seed, execution));
        let (result, peak) = measured(|| catch_unwind(AssertUnwindSafe(|| read(&input))));
        highest = highest.max(peak);
        let fault = match result {
            Err(_) => Some("panicked".to_owned()),
            Ok(_) if peak > bound => Some(format!("took {peak} bytes, more than {bound}")),
            Ok(sound) => {
                accepted += u64::from(sound);
                None
            }
        };
        if let Some(fault) = fault {
            let kept = std::env::temp_dir().join(format!("fuzz-{reader}-{execution}"));
            std::fs::write(&kept, &input).expect("the input is kept");
            panic!(
                "{reader}, execution {execution}: {fault}; input {}",
                kept.display()
            );
        }
    }
    println!(
        "fuzz {reader}: {} executions, {accepted} accepted, at most {:.1} of {} MiB",
        executions(),
        highest as f64 / MIB as f64,
        bound / MIB
    );
}

/// Opens the data set and decodes its training cases, as `mrprism data check` and a trainer do.
fn opens(definition: &DatasetFile, root: &Path) -> bool {
    let opened = Dataset::open(definition, Some(root));
    opened.is_ok_and(|dataset| dataset.load(SplitName::Train, 8, None).is_ok())
}

/// Sound files of two cases, one rater, all in one format, and their definition.
fn two_cases(root: &Path, ending: &str) -> DatasetFile {
    let sound = sound_file(ending);
    for name in ["a", "b", "a_1", "b_1"] {
        write_bytes(&root.join(format!("{name}.{ending}")), &sound);
    }
    definition(&format!(
        r#"
        name = "fuzzed"
        image = "{{case}}.{ending}"
        masks = "{{case}}_{{rater}}.{ending}"
        structures = ["s"]
        raters = "stable"
        foreground = {{ above = 20 }}
        intensity = "percentile:1:99"
        split = {{ test = ["b"] }}
        "#
    ))
}

/// Overwrites the image or the mask of one of two cases, and opens and decodes the data set.
fn in_a_folder(reader: &str, ending: &str, bound: usize, make: impl Fn(&mut Luck) -> Vec<u8>) {
    let root = tempfile::tempdir().expect("a folder");
    let definition = two_cases(root.path(), ending);
    let sound = sound_file(ending);
    assert!(opens(&definition, root.path()), "the sound files are read");
    fuzz(reader, bound, make, |input| {
        // Images and masks pass through different code: each input stands for either, by its length.
        let (fuzzed, sound_one) = if input.len().is_multiple_of(2) {
            ("a", "a_1")
        } else {
            ("a_1", "a")
        };
        write_bytes(&root.path().join(format!("{sound_one}.{ending}")), &sound);
        write_bytes(&root.path().join(format!("{fuzzed}.{ending}")), input);
        opens(&definition, root.path())
    });
}

fn sound_file(ending: &str) -> Vec<u8> {
    let mut all = match ending {
        "nii" => seeds::nifti(),
        "npy" => seeds::npy(),
        _ => seeds::pictures(),
    };
    all.swap_remove(0)
}

/// A volume in `BraTS`'s layout, of which one modality or the segmentation is broken.
#[test]
fn nifti_volumes() {
    let root = tempfile::tempdir().expect("a folder");
    let path = |volume: &str, word: &str| {
        root.path()
            .join(volume)
            .join(format!("{volume}_{word}.nii"))
    };
    let sound = seeds::volume();
    for volume in ["v", "w"] {
        for word in ["t1", "t1ce", "t2", "flair", "seg"] {
            write_bytes(&path(volume, word), &sound);
        }
    }
    let definition = definition(
        r#"
        name = "fuzzed"
        form = "brats"
        structures = ["whole"]
        raters = "stable"
        slices = { largest = 1 }
        intensity = "minmax"
        split = { test = ["w"] }
        "#,
    );
    assert!(opens(&definition, root.path()), "the sound files are read");
    let make = |luck: &mut Luck| {
        let broken = mutate::bytes(luck, &sound, &sound, &seeds::NIFTI_FIELDS);
        match luck.below(4) {
            0 => seeds::zipped(&broken),
            1 => mutate::bytes(luck, &seeds::zipped(&sound), &sound, &[]),
            _ => broken,
        }
    };
    fuzz("volumes", 16 * MIB, make, |input| {
        let (fuzzed, sound_one) = if input.len().is_multiple_of(2) {
            ("t2", "seg")
        } else {
            ("seg", "t2")
        };
        write_bytes(&path("v", sound_one), &sound);
        write_bytes(&path("v", fuzzed), input);
        opens(&definition, root.path())
    });
}

#[test]
fn nifti_files() {
    let seeds = seeds::nifti();
    in_a_folder("nifti", "nii", 16 * MIB, |luck| {
        let (seed, other) = (luck.pick(&seeds).clone(), luck.pick(&seeds).clone());
        let broken = mutate::bytes(luck, &seed, &other, &seeds::NIFTI_FIELDS);
        match luck.below(4) {
            // Broken inside a sound gzip file, or a gzip file that is broken itself.
            0 => seeds::zipped(&broken),
            1 => mutate::bytes(luck, &seeds::zipped(&seed), &other, &[]),
            _ => broken,
        }
    });
}

#[test]
fn pictures() {
    let seeds = seeds::pictures();
    assert!(seeds.len() >= 12);
    // A picture's header may promise 256 MiB, which decoders take before they see how little follows.
    in_a_folder("pictures", "png", 288 * MIB, |luck| {
        let (seed, other) = (luck.pick(&seeds).clone(), luck.pick(&seeds).clone());
        let mut broken = mutate::bytes(luck, &seed, &other, &seeds::PICTURE_FIELDS);
        if broken.starts_with(b"\x89PNG") && luck.below(4) > 0 {
            mutate::mend_png(&mut broken);
        }
        broken
    });
}

#[test]
fn definitions() {
    let root = tempfile::tempdir().expect("a folder");
    let file = root.path().join("dataset.toml");
    let seeds = seeds::definitions();
    let make = |luck: &mut Luck| {
        let (seed, other) = (luck.pick(&seeds).clone(), luck.pick(&seeds).clone());
        mutate::text(luck, &seed, &other)
    };
    fuzz("definitions", 32 * MIB, make, |input| {
        write_bytes(&file, input);
        match parse_definition(root.path()) {
            // A phantom is drawn when it is opened, so only its names and splits are asked for here.
            Ok(definition) => {
                let _ = Dataset::open(&definition, Some(root.path()));
                true
            }
            Err(_) => false,
        }
    });
}

#[test]
fn stored_predictions() {
    let root = tempfile::tempdir().expect("a folder");
    let file = root.path().join("case.prediction");
    let stored = StoredPrediction {
        case: "case".to_owned(),
        prediction: Array4::from_shape_fn((2, 1, 6, 5), |(_, _, y, x)| (y * 9000 + x) as u16),
        heads: Array5::zeros((2, 3, 1, 6, 5)),
        confidences: Array5::from_elem((2, 3, 1, 6, 5), 21_845),
        hypotheses: Array4::zeros((1, 1, 6, 5)),
    };
    write(&file, &stored).expect("written");
    let seed = std::fs::read(&file).expect("read");
    let make = |luck: &mut Luck| {
        if luck.below(4) == 0 {
            mutate::bytes(luck, &seed, &seed, &seeds::PREDICTION_FIELDS)
        } else {
            seeds::resealed(luck, &seed)
        }
    };
    fuzz("predictions", 64 * MIB, make, |input| {
        write_bytes(&file, input);
        read(&file).is_ok()
    });
}

#[test]
fn tables() {
    let form = "riga"
        .parse::<DatasetForm>()
        .expect("a form that reads tables");
    let root = tempfile::tempdir().expect("a folder");
    let table = |set: &str| root.path().join(format!("Glaucoma_multirater_{set}.csv"));
    let sets = ["BinRushed", "MESSIDOR", "Magrabia"];
    let texts: Vec<String> = sets
        .iter()
        .map(|set| seeds::riga(root.path(), set))
        .collect();
    for (set, text) in sets.iter().zip(&texts) {
        write_bytes(&table(set), text.as_bytes());
    }
    let mut definition = definition(
        r#"
        name = "fuzzed"
        structures = ["disc", "cup"]
        raters = "stable"
        form = "qubiq"
        arbitrated_kind = "unknown"
        intensity = "rgb"
        split = { by = "folder" }
        "#,
    );
    definition.form = form;
    Dataset::open(&definition, Some(root.path())).expect("the sound tables are read");
    let make = |luck: &mut Luck| mutate::text(luck, &texts[0], &texts[1]);
    fuzz("tables", 32 * MIB, make, |input| {
        write_bytes(&table(sets[0]), input);
        Dataset::open(&definition, Some(root.path())).is_ok()
    });
}

#[test]
fn npy_files() {
    let seeds = seeds::npy();
    in_a_folder("npy", "npy", 16 * MIB, |luck| {
        let (seed, other) = (luck.pick(&seeds).clone(), luck.pick(&seeds).clone());
        match luck.below(2) {
            0 => mutate::bytes(luck, &seed, &other, &seeds::NPY_FIELDS),
            _ => seeds::npy_with_another_header(luck, &seed),
        }
    });
}
