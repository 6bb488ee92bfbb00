//! Exports: what is written is read back to the bit, and what nobody wrote is refused with file and line.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use chrono::{DateTime, Utc};
use mrprism_protocol::spec::{Fingerprint, Output, Reference};
use mrprism_protocol::state::{AttemptOutcome, DeviceKind, JobState};
use mrprism_protocol::wire::{Curve, ExportedAttempt, ExportedExperiment, ExportedRun, Score};
use mrprism_report::export::{
    self, Cell, CurveWriter, Export, Packed, ScoreWriter, in_order, packed_experiment,
};
use mrprism_report::{print, table};
use proptest::prelude::*;

use crate::study::{Scoring, bundle_on, dice, human, results};

/// Three files.
struct Files {
    experiment: Vec<u8>,
    scores: Vec<u8>,
    curves: Vec<u8>,
}

impl Files {
    fn read(&self) -> Result<Export, String> {
        let packed = Packed {
            experiment: &self.experiment,
            scores: &self.scores,
            curves: &self.curves,
        };
        Export::read(packed).map_err(|fault| fault.to_string())
    }
}

fn write(export: &Export) -> Files {
    let mut scores = ScoreWriter::new().unwrap();
    let mut sent = Vec::new();
    for (position, found) in export.scores.iter().enumerate() {
        scores.run(position, found).unwrap();
        sent.extend(scores.take());
    }
    sent.extend(scores.finish().unwrap());
    let mut curves = CurveWriter::new().unwrap();
    for (position, found) in export.curves.iter().enumerate() {
        curves.run(position, found).unwrap();
    }
    Files {
        experiment: packed_experiment(&export.experiment).unwrap(),
        scores: sent,
        curves: curves.finish().unwrap(),
    }
}

fn time(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
}

const ARMS: &str =
    "[[arm]]\nname = \"one\"\nset = { \"network.recurrences\" = 1 }\n[[arm]]\nname = \"three\"\n";

/// The study's four runs with scores, curves, patients and a provenance.
fn export() -> Export {
    let mut results = results(2, "");
    for run in 0..4 {
        results.score(
            run,
            [
                dice("b", Reference::Mean, 0.1 + 0.2 + run as f64 / 7.0),
                dice("a, \"odd\"", Reference::LeaveOneOut(2), 1e-300),
                human(1, "b", -0.0),
            ],
        );
    }
    let runs = results
        .runs
        .iter()
        .enumerate()
        .map(|(position, run)| ExportedRun {
            id: run.run,
            position: position as u32,
            arm: run.arm.clone(),
            seed: run.seed,
            fold: run.fold,
            state: JobState::Succeeded,
            fingerprint: Fingerprint::of(&run.spec, run.seed, run.fold, "s1"),
            science_version: "s1".to_owned(),
            weights_hash: Some("w".to_owned()),
            train_seconds: Some(1.5),
            spec: run.spec.clone(),
            patients: BTreeMap::from([("b".to_owned(), "p1".to_owned())]),
            attempts: vec![ExportedAttempt {
                number: 1,
                host: None,
                device: DeviceKind::Cpu,
                started_at: time(0),
                ended_at: Some(time(9)),
                outcome: Some(AttemptOutcome::Succeeded),
                message: None,
                resumed_from_epoch: None,
                resumed_from_step: None,
                step: 10,
                epoch: 2,
                steps: Some(10),
            }],
            provenance: Some(serde_json::json!({"libtorch": "2", "threads": 1})),
        });
    let scores = results.runs.iter().map(|run| {
        let of_run = results.scores.iter().filter(|found| found.run == run.run);
        let mut scores: Vec<_> = of_run.map(|found| found.score.clone()).collect();
        in_order(&mut scores);
        scores
    });
    let curve = Curve {
        series: "train/loss".to_owned(),
        points: vec![(1, 0.5), (3, 1.0 / 3.0)],
    };
    Export {
        experiment: ExportedExperiment {
            schema: export::SCHEMA.to_owned(),
            name: "study".to_owned(),
            question: "Is it so?".to_owned(),
            created_at: time(-5),
            cancelled_at: None,
            bundle: bundle_on("phantom", "study", 2, ARMS),
            runs: runs.collect(),
        },
        scores: scores.collect(),
        curves: results.runs.iter().map(|_| vec![curve.clone()]).collect(),
    }
}

#[test]
fn what_is_written_is_read_back_and_written_alike() {
    let export = export();
    let files = write(&export);
    let read = files.read().unwrap();
    assert_eq!(read, export);
    let again = write(&read);
    assert_eq!(again.experiment, files.experiment);
    assert_eq!(again.scores, files.scores);
    assert_eq!(again.curves, files.curves);
    assert_eq!(read.hash().unwrap(), export.hash().unwrap());
    assert_eq!(
        read.scores[0][2].value.to_bits(),
        (-0.0_f64).to_bits(),
        "the sign of nought"
    );
}

#[test]
fn a_table_of_an_export_is_the_table_of_its_results() {
    let export = export();
    let read = write(&export).read().unwrap().results().unwrap();
    let mut direct = export.results().unwrap();
    direct.scores.reverse();
    let mut results = results(2, "");
    results.scores = read.scores.clone();
    for run in &mut results.runs {
        run.patients = BTreeMap::from([("b".to_owned(), "p1".to_owned())]);
    }
    assert_eq!(read, results);
    assert_eq!(
        print::text(&table::build(&read)),
        print::text(&table::build(&results))
    );
}

#[test]
fn machines_are_left_out_and_do_not_count_as_content() {
    let mut export = export();
    let hash = export.hash().unwrap();
    export.experiment.runs[0].attempts[0].host = Some("node7".to_owned());
    export.experiment.runs[0].provenance =
        Some(serde_json::json!({"libtorch": "2", "host": "node7", "attempt": "x", "threads": 1}));
    export.experiment.bundle.experiment.file = "/srv/me/study.toml".to_owned();
    assert_eq!(export.hash().unwrap(), hash);
    export::without_hosts(&mut export.experiment);
    let text = serde_json::to_string(&export.experiment).unwrap();
    assert!(!text.contains("node7") && !text.contains("/srv") && text.contains("libtorch"));
    export.scores[0][0].value += 1e-16;
    assert_ne!(export.hash().unwrap(), hash);
}

/// Packs a text.
fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn unzip(packed: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed)
        .read_to_string(&mut text)
        .unwrap();
    text
}

const SCORES: &str = "run,output,recurrence,case,structure,reference,metric,value\n";

#[test]
fn scores_that_nobody_exported_are_refused_with_file_and_line() {
    let line = "0,prediction,0,b,disc,mean,soft_dice@1,0.5\n";
    for (text, told) in [
        (
            line.replace("0.5", "NaN"),
            "scores.csv.gz:2: 'NaN' is no finite number",
        ),
        (
            line.replace("0.5", "1e999"),
            "scores.csv.gz:2: '1e999' is no finite number",
        ),
        (
            format!("{line}{line}"),
            "scores.csv.gz:3: this score stands twice",
        ),
        (
            format!("{}{line}", line.replace(",b,", ",c,")),
            "scores.csv.gz:3: it is out of order",
        ),
        (
            format!("{}{line}", line.replacen('0', "1", 1)),
            "scores.csv.gz:3: it is out of order",
        ),
        (
            line.replacen('0', "4", 1),
            "scores.csv.gz:2: there is no run 4: the experiment has 4",
        ),
        (line.replacen('0', "-1", 1), "'-1' is no run's position"),
        (
            line.replace("mean", "meen"),
            "scores.csv.gz:2: 'meen' is no reference",
        ),
        (
            line.replace("n,0,b", "n,4294967296,b"),
            "'4294967296' is no recurrence",
        ),
        (
            line.replace(",0.5", ""),
            "scores.csv.gz:2: 7 columns in place of 8",
        ),
    ] {
        let files = Files {
            scores: gzip(&format!("{SCORES}{text}")),
            ..write(&export())
        };
        let error = files.read().unwrap_err();
        assert!(error.contains(told), "{error}\nfor {text}");
    }
    let files = Files {
        scores: gzip("run,value\n"),
        ..write(&export())
    };
    assert!(
        files
            .read()
            .unwrap_err()
            .contains("scores.csv.gz:1: the columns must be run,output")
    );
}

#[test]
fn curves_that_nobody_exported_are_refused_with_file_and_line() {
    for (text, told) in [
        (
            "0,a,2,1\n0,a,2,1\n",
            "curves.csv.gz:3: it stands twice or out of order",
        ),
        ("0,b,2,1\n0,a,3,1\n", "curves.csv.gz:3:"),
        ("9,a,2,1\n", "there is no run 9"),
        ("0,a,2,inf\n", "no finite number"),
        ("0,a,x,1\n", "'x' is no step"),
    ] {
        let files = Files {
            curves: gzip(&format!("run,series,step,value\n{text}")),
            ..write(&export())
        };
        let error = files.read().unwrap_err();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn an_experiment_that_contradicts_itself_is_refused() {
    let text = unzip(&write(&export()).experiment);
    for (from, to, told) in [
        (
            "mrprism.export/1",
            "mrprism.export/2",
            "its schema is 'mrprism.export/2'",
        ),
        (
            "\"name\": \"study\"",
            "\"name\": \"other\"",
            "it is called 'other' and its experiment file 'study'",
        ),
        (
            "\"position\": 1,",
            "\"position\": 2,",
            "run 1 does not stand at its position",
        ),
        (
            "\"seed\": 1,",
            "\"seed\": 0,",
            "has the id, the cell or the fingerprint of another",
        ),
        (
            "\"state\": \"succeeded\"",
            "\"state\": \"failed\"",
            "or the other way round",
        ),
        (
            "\"outcome\": \"succeeded\"",
            "\"outcome\": null",
            "an end and no outcome",
        ),
        (
            "\"position\": 1,",
            "\"position\": 1, \"more\": 1,",
            "unknown field `more`",
        ),
        (
            "\"train_seconds\": 1.5",
            "\"train_seconds\": -1.5",
            "less than no time",
        ),
        (
            "\"created_at\": \"2023",
            "\"created_at\": \"1923",
            "is no time between 1970 and 9999",
        ),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let files = Files {
            experiment: gzip(&changed),
            ..write(&export())
        };
        let error = files.read().unwrap_err();
        assert!(
            error.starts_with("experiment.json.gz") && error.contains(told),
            "{error}"
        );
    }
    let cut = &text[..text.len() / 2];
    let files = Files {
        experiment: gzip(cut),
        ..write(&export())
    };
    let error = files.read().unwrap_err();
    let line = error.split(':').nth(1).unwrap().parse::<usize>().unwrap();
    assert!(line > 10, "{error}");
}

#[test]
fn an_open_run_has_no_scores() {
    let mut export = export();
    export.experiment.runs[0].state = JobState::Leased;
    export.experiment.runs[0].attempts[0].outcome = None;
    export.experiment.runs[0].attempts[0].ended_at = None;
    let error = write(&export).read().unwrap_err();
    assert!(
        error.contains("scores.csv.gz:2: run 0 is leased"),
        "{error}"
    );
    export.scores[0].clear();
    assert_eq!(write(&export).read().unwrap(), export);
}

fn wanted(arm: &str, seed: Option<u64>) -> Cell {
    Cell {
        arm: arm.to_owned(),
        seed: seed.map(mrprism_protocol::spec::Seed),
        fold: None,
        source: Some("generated".to_owned()),
        licence: None,
    }
}

#[test]
fn one_run_of_an_export_is_a_study_of_its_own() {
    let files = export::cell(&export(), &wanted("one", Some(1))).unwrap();
    let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "README.md",
            "studies/study-one.toml",
            "spec.json",
            "expected/scores.csv",
            "provenance.json",
            "methods/mrprism.toml"
        ]
    );
    insta::assert_snapshot!("cell-readme", files[0].text);
    insta::assert_snapshot!("cell-study", files[1].text);
    insta::assert_snapshot!("cell-scores", files[3].text);
}

/// The export with four runs as `more` makes them.
fn swept(more: &str) -> Export {
    let mut export = export();
    export.experiment.bundle = bundle_on("phantom", "study", 1, more);
    let card = crate::study::phantom("phantom", "m1");
    let resolved = mrprism_protocol::spec::resolve(&export.experiment.bundle, &[card]).unwrap();
    assert_eq!(resolved.cells.len(), 4);
    for (run, cell) in export.experiment.runs.iter_mut().zip(resolved.cells) {
        run.fingerprint = Fingerprint::of(&cell.spec, cell.seed, cell.fold, "s1");
        (run.arm, run.seed, run.spec) = (cell.arm, cell.seed, cell.spec);
    }
    export
}

/// Of 2³ combinations the rule leaves out the four with recurrence but without heads, or with heads but without recurrence.
#[test]
fn an_arm_of_an_ablation_is_cut_out_with_what_is_derived_and_without_its_rules() {
    let export = swept(
        "[components]\nheads = { on = { \"loss.multi_head\" = 0.3 } }\n\
         recurrence = { off = { \"network.recurrences\" = 1 } }\nshuffle = { off = { \"loss.shuffle\" = 0.0 } }\n\
         [sweep]\nfactorial = \"all\"\n[derive]\n\"evaluation.recurrences\" = \"network.recurrences + 1\"\n\
         [[rule]]\ndrop = \"heads != recurrence\"\nreason = \"one needs the other\"\n",
    );
    for run in &export.experiment.runs {
        let files = export::cell(&export, &wanted(&run.arm, None)).unwrap();
        let study = &files[1].text;
        assert!(study.contains("[derive]"), "{study}");
        assert!(
            !study.contains("rule") && !study.contains("components"),
            "{study}"
        );
    }
}

#[test]
fn an_arm_of_a_sweep_is_cut_out_with_its_point() {
    let sweep = "[sweep.grid]\n\"network.recurrences\" = [1, 2]\n\"loss.shuffle\" = [0.1, 0.2]\n";
    let mut export = swept(sweep);
    // The folder is refused unless its study has the run's fingerprint.
    for run in &export.experiment.runs {
        export::cell(&export, &wanted(&run.arm, None)).unwrap();
    }
    export.experiment.runs[2].fingerprint.0.push('0');
    let error = export::cell(&export, &wanted(&export.experiment.runs[2].arm, None)).unwrap_err();
    assert!(
        error.to_string().contains("another specification"),
        "{error}"
    );
    let error = export::cell(&export, &wanted("none", None)).unwrap_err();
    assert!(
        error.to_string().contains("no run of arm 'none'"),
        "{error}"
    );
}

/// Any score that a worker could send.
fn score() -> impl Strategy<Value = Score> {
    let output = prop_oneof![
        Just(Output::Prediction),
        (1..9_u32).prop_map(Output::Head),
        (1..9_u32).prop_map(Output::Rater),
        Just(Output::RaterSet)
    ];
    let reference = prop_oneof![
        Just(Reference::Mean),
        (1..12_u32).prop_map(Reference::LeaveOneOut),
        (1..12_u32).prop_map(Reference::Rater)
    ];
    let value = any::<f64>().prop_filter("finite", |value| value.is_finite());
    (
        output,
        proptest::option::of(0..5_u32),
        "\\PC{0,8}|[,\"\r\n ]{1,3}",
        "[a-z]{1,3}",
        reference,
        value,
    )
        .prop_map(
            |(output, recurrence, case, structure, reference, value)| Score {
                output,
                recurrence,
                case,
                structure,
                reference,
                metric: "soft_dice@1".to_owned(),
                value,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_scores_are_read_back_to_the_bit(scores in proptest::collection::vec(score(), 0..30)) {
        let mut export = export();
        let mut scores = scores;
        in_order(&mut scores);
        let name = |score: &Score| (score.output, score.recurrence, score.case.clone(), score.structure.clone(), score.reference);
        scores.dedup_by(|a, b| name(a) == name(b));
        export.scores[1] = scores;
        let files = write(&export);
        let read = files.read().unwrap();
        for (read, written) in read.scores[1].iter().zip(&export.scores[1]) {
            prop_assert_eq!(read.value.to_bits(), written.value.to_bits());
        }
        prop_assert_eq!(&read, &export);
        prop_assert_eq!(write(&read).scores, files.scores);
    }

    #[test]
    fn a_damaged_file_is_refused_or_read_and_never_a_panic(at in 0..4096_usize, byte in any::<u8>()) {
        let export = export();
        let mut files = write(&export);
        let place = at % files.scores.len();
        files.scores[place] ^= byte;
        let _ = files.read();
        let mut text = unzip(&write(&export).experiment).into_bytes();
        let place = (at * 7) % text.len();
        text[place] ^= byte;
        files.experiment = gzip(&String::from_utf8_lossy(&text));
        let _ = files.read();
    }
}
