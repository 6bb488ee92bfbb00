//! Results outside a server: export, import, table, figure, freeze and bundle with the real programs, and the pages made of them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::Path;
use std::process::Output;

use mrprism_protocol::spec::{
    Bundle, DatasetCard, Fingerprint, NamedText, Output as Scored, RaterIdentity, Reference,
    resolve,
};
use mrprism_protocol::state::{AttemptOutcome, DeviceKind, JobState};
use mrprism_protocol::wire::{Curve, ExportedAttempt, ExportedExperiment, ExportedRun, Score};
use mrprism_report::export::{self, CurveWriter, ScoreWriter, in_order, packed_experiment};

const ARMS: &str =
    "[[arm]]\nname = \"one\"\nset = { \"network.recurrences\" = 1 }\n[[arm]]\nname = \"three\"\n";

/// Writes an export of two arms with two seeds, hand-made scores and curves.
fn write_export(folder: &Path, name: &str) {
    let bundle = Bundle {
        experiment: NamedText {
            file: format!("{name}.toml"),
            text: format!(
                "name = \"{name}\"\nquestion = \"Is it so?\"\nseeds = [0, 1]\n[base]\ndataset = \"brains\"\nmethod = \"mrprism\"\nsize = 64\n{ARMS}"
            ),
        },
        methods: vec![NamedText {
            file: "mrprism.toml".to_owned(),
            text: include_str!("../../experiments/methods/mrprism.toml").to_owned(),
        }],
    };
    let cells = resolve(&bundle, &[phantom()]).unwrap().cells;
    let (mut scores, mut curves) = (ScoreWriter::new().unwrap(), CurveWriter::new().unwrap());
    let mut runs = Vec::new();
    for (position, cell) in cells.into_iter().enumerate() {
        let mut of_run = Vec::new();
        for (place, case) in ["a", "b"].into_iter().enumerate() {
            for recurrence in 0..2 {
                for (metric, reference) in [
                    ("soft_dice@1", Reference::Mean),
                    ("soft_dice@1", Reference::Rater(1)),
                    ("area@1", Reference::Alone),
                ] {
                    let mixed = position * 7 + place * 3 + recurrence;
                    of_run.push(Score {
                        output: Scored::Prediction,
                        recurrence: Some(recurrence as u32),
                        case: case.to_owned(),
                        structure: "disc".to_owned(),
                        reference,
                        metric: metric.to_owned(),
                        value: 0.5 + mixed as f64 / 77.0,
                    });
                }
            }
        }
        in_order(&mut of_run);
        scores.run(position, &of_run).unwrap();
        let loss = Curve {
            series: "train/loss".to_owned(),
            points: vec![(1, 0.7), (2, 1.0 / 3.0)],
        };
        curves.run(position, &[loss]).unwrap();
        let at = |second| chrono_time(second);
        let (name, number) = (name.len() as u128, position as u128);
        runs.push(ExportedRun {
            id: uuid::Uuid::from_u128((name << 64) + (7 << 32) + number + 1).into(),
            position: position as u32,
            state: JobState::Succeeded,
            fingerprint: Fingerprint::of(&cell.spec, cell.seed, cell.fold, "s1"),
            arm: cell.arm,
            seed: cell.seed,
            fold: cell.fold,
            science_version: "s1".to_owned(),
            weights_hash: Some("w".to_owned()),
            train_seconds: Some(2.5),
            spec: cell.spec,
            patients: std::collections::BTreeMap::new(),
            attempts: vec![ExportedAttempt {
                number: 1,
                host: None,
                device: DeviceKind::Cpu,
                started_at: at(0),
                ended_at: Some(at(9)),
                outcome: Some(AttemptOutcome::Succeeded),
                message: None,
                resumed_from_epoch: None,
                resumed_from_step: None,
                step: 2,
                epoch: 1,
                steps: Some(2),
            }],
            provenance: Some(serde_json::json!({"threads": 1})),
        });
    }
    let experiment = ExportedExperiment {
        schema: export::SCHEMA.to_owned(),
        name: name.to_owned(),
        question: "Is it so?".to_owned(),
        created_at: chrono_time(-60),
        cancelled_at: None,
        bundle,
        runs,
    };
    std::fs::create_dir_all(folder).unwrap();
    let write = |file: &str, content: Vec<u8>| std::fs::write(folder.join(file), content).unwrap();
    write(export::EXPERIMENT, packed_experiment(&experiment).unwrap());
    write(export::SCORES, scores.finish().unwrap());
    write(export::CURVES, curves.finish().unwrap());
}

fn chrono_time<T: serde::de::DeserializeOwned>(second: i64) -> T {
    let minute = (second + 120) / 60;
    let text = format!("2026-01-02T03:{minute:02}:{:02}Z", (second + 120) % 60);
    serde_json::from_value(serde_json::Value::String(text)).unwrap()
}

fn phantom() -> DatasetCard {
    DatasetCard {
        name: "brains".to_owned(),
        manifest: "m1".to_owned(),
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

/// A folder with a home in it; its server, if one was started, ends with the test.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let server =
            Path::new(env!("CARGO_BIN_EXE_mrprism")).with_file_name("mrprism-orchestrator");
        assert!(
            server.is_file(),
            "build the server first: cargo build -p mrprism-orchestrator (`make test` does)"
        );
        Self(tempfile::tempdir().unwrap())
    }

    fn serving() -> Self {
        let home = Self::new();
        home.said(&["up", "--no-worker", "--listen", "127.0.0.1:0"]);
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Output {
        support::command(program, self.path(), arguments)
            .output()
            .unwrap()
    }

    fn mrprism(&self, arguments: &[&str]) -> Output {
        self.command(Path::new(env!("CARGO_BIN_EXE_mrprism")), arguments)
    }

    /// What a command that must succeed prints.
    #[track_caller]
    fn said(&self, arguments: &[&str]) -> String {
        let output = self.mrprism(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a wrong use says.
    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.mrprism(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        errors
    }

    /// `tools/results` on the pages in `docs`.
    fn results(&self) -> Output {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/results");
        let program = env!("CARGO_BIN_EXE_mrprism");
        self.command(&tool, &["--program", program, "--docs", "docs"])
    }

    /// Files of a folder, by name.
    fn files(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(self.path().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read(path).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.mrprism(&["down"]);
    }
}

#[test]
fn a_folder_prints_what_the_server_prints() {
    let home = Home::serving();
    write_export(&home.path().join("study"), "study");
    for word in ["imported", "there already"] {
        let output = home.mrprism(&["import", "study"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains(&format!("study {word}: 4 succeeded")),
            "{said}"
        );
    }
    // A folder of the experiment's name stands before the server's: elsewhere the name is the server's.
    std::fs::rename(home.path().join("study"), home.path().join("kept")).unwrap();
    for format in ["text", "latex", "markdown", "csv", "json"] {
        let offline = home.said(&["table", "kept", "--format", format]);
        assert_eq!(home.said(&["table", "study", "--format", format]), offline);
        assert!(
            offline.contains("soft_dice") || offline.contains("three"),
            "{offline}"
        );
    }
    for (source, out) in [("kept", "offline.svg"), ("study", "server.svg")] {
        home.said(&["figure", source, "--kind", "recurrence", "--out", out]);
    }
    let picture = |name: &str| std::fs::read(home.path().join(name)).unwrap();
    assert_eq!(picture("offline.svg"), picture("server.svg"));
    let part = [
        "--arm",
        "one",
        "--recurrence",
        "0",
        "--reference",
        "mean",
        "--metric",
        "soft_dice",
    ];
    let cut = home.said(&[&["table", "kept", "--format", "csv"][..], &part].concat());
    assert_eq!(cut.lines().count(), 2, "{cut}");

    // And out again: the same bytes.
    let said = home.said(&["export", "study", "--out", "again"]);
    assert!(
        said.starts_with("study: 4 runs, 48 scores and 0 predictions in again"),
        "{said}"
    );
    assert_eq!(home.files("again"), home.files("kept"));
    home.said(&["export", "study", "--out", "again", "--json"]);
    home.refused(&["export", "study", "--out", "again", "--predictions", "a"]);
}

#[test]
fn an_export_is_never_written_over_something_else() {
    let home = Home::serving();
    for name in ["study", "second"] {
        write_export(&home.path().join(name), name);
        home.said(&["import", name]);
    }
    let refused = home.refused(&["export", "study", "--out", "second"]);
    assert!(
        refused.contains("second holds the experiment 'second'"),
        "{refused}"
    );
    std::fs::create_dir(home.path().join("thesis")).unwrap();
    std::fs::write(home.path().join("thesis/chapter.tex"), "x").unwrap();
    let refused = home.refused(&["export", "study", "--out", "thesis"]);
    assert!(
        refused.contains("holds something that is no export"),
        "{refused}"
    );
    assert_eq!(home.files("thesis").len(), 1);
}

#[test]
fn what_is_damaged_is_told_without_a_server() {
    let home = Home::new();
    let study = home.path().join("study");
    write_export(&study, "study");
    let scores = study.join(export::SCORES);
    let whole = std::fs::read(&scores).unwrap();
    std::fs::write(&scores, &whole[..whole.len() - 9]).unwrap();
    for command in [&["table", "study"][..], &["import", "study"]] {
        let said = home.refused(command);
        assert!(said.contains("study/scores.csv.gz: it is cut"), "{said}");
    }
    std::fs::remove_file(&scores).unwrap();
    let said = home.refused(&["table", "study"]);
    assert!(
        said.contains("give a folder that `mrprism export` wrote"),
        "{said}"
    );
    std::fs::write(&scores, whole).unwrap();
    let said = home.refused(&["table", "study", "--arm", "two"]);
    assert!(said.contains("no arm 'two': it has one, three"), "{said}");
}

#[test]
fn a_frozen_table_is_printed_in_every_format() {
    let home = Home::serving();
    write_export(&home.path().join("kept"), "study");
    assert!(
        home.said(&["freeze", "--list"])
            .contains("nothing is frozen yet")
    );
    home.said(&["import", "kept"]);
    let said = home.said(&["freeze", "study", "--name", "paper"]);
    assert!(said.starts_with("paper frozen: "), "{said}");
    let said = home.said(&["freeze", "study"]);
    assert!(said.starts_with("paper frozen already: "), "{said}");
    for format in ["text", "latex", "markdown", "csv", "json"] {
        let live = home.said(&["table", "study", "--format", format]);
        assert_eq!(
            home.said(&["table", "--snapshot", "paper", "--format", format]),
            live
        );
    }
    let listed = home.said(&["freeze", "--list"]);
    assert!(
        listed.contains("paper") && listed.contains("4 of 4"),
        "{listed}"
    );
    assert!(
        home.refused(&["table", "--snapshot", "none"])
            .contains("no snapshot 'none'")
    );
    assert!(
        home.refused(&["freeze", "study", "--name", "a b"])
            .contains("no name of a snapshot")
    );
}

#[test]
fn one_run_becomes_a_folder_that_can_be_submitted() {
    let home = Home::new();
    write_export(&home.path().join("kept"), "study");
    let wanted = ["--arm", "one", "--seed", "1", "--out", "again"];
    home.said(&[&["bundle", "kept"][..], &wanted].concat());
    let names: Vec<_> = home.files_below("again");
    assert_eq!(
        names,
        [
            "README.md",
            "expected/scores.csv",
            "methods/mrprism.toml",
            "provenance.json",
            "spec.json",
            "studies/study-one.toml"
        ]
    );
    let readme = std::fs::read_to_string(home.path().join("again/README.md")).unwrap();
    assert!(
        readme.contains("mrprism train studies/study-one.toml --arm 'one' --seed 1"),
        "{readme}"
    );
    let refused = home.refused(&[&["bundle", "kept"][..], &wanted].concat());
    assert!(refused.contains("again is not empty"), "{refused}");
    let refused = home.refused(&[
        "bundle", "kept", "--arm", "one", "--seed", "9", "--out", "b",
    ]);
    assert!(
        refused.contains("seed 9: it has seed 0, seed 1"),
        "{refused}"
    );
    // The command reads the study with the method beside it: all that it lacks is a server.
    let output = home.mrprism(&["submit", "again/studies/study-one.toml"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

impl Home {
    /// Paths of every file below a folder.
    fn files_below(&self, folder: &str) -> Vec<String> {
        let root = self.path().join(folder);
        let (mut open, mut found) = (vec![root.clone()], Vec::new());
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let inside = path.strip_prefix(&root).unwrap();
                    found.push(inside.display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

const PAGE: &str = "# A study\n\n\
    <!-- mrprism: table study --format markdown --recurrence 0 -->\n\
    <!-- /mrprism -->\n\n\
    Prose stays: 12.34.\n\n\
    <!-- mrprism: figure study --kind recurrence --out ../pictures/study.svg -->\n\
    ![Recurrences](../pictures/study.svg)\n\n\
    <!-- mrprism: table study --arm one -->\n\
    stale\n\
    <!-- /mrprism -->\n\n\
    ```\n<!-- mrprism: table none -->\n```\n\n\
    <!-- mrprism: figure study --kind sheet --out ../pictures/sheet.png -->\n";

#[test]
fn pages_are_made_again_from_exports_byte_for_byte() {
    let home = Home::new();
    let docs = home.path().join("docs/results");
    write_export(&docs.join("exports/study"), "study");
    let page = docs.join("study.md");
    std::fs::write(&page, PAGE).unwrap();
    let run = || {
        let output = home.results();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        said
    };
    let said = run();
    assert!(said.contains("3 blocks made, 1 pages changed"), "{said}");
    assert!(
        said.contains("SKIPPED: pictures that need a data set (1): study.md:"),
        "{said}"
    );
    let made = std::fs::read_to_string(&page).unwrap();
    let digit = "56.49";
    assert!(
        made.contains("Prose stays: 12.34.") && !made.contains("stale"),
        "{made}"
    );
    assert!(made.contains("```\nstudy: Is it so?"), "{made}");
    assert!(made.contains(digit), "{made}");
    let pictures = home.files("docs/pictures");
    assert_eq!(pictures.len(), 2, "the picture and its numbers");
    assert!(run().contains("0 pages changed"));

    // A number that somebody changed by hand is mended, and so is a picture.
    std::fs::write(&page, made.replacen(digit, "66.49", 1)).unwrap();
    std::fs::write(home.path().join("docs/pictures/study.svg"), "<svg/>").unwrap();
    assert!(run().contains("1 pages changed"));
    assert_eq!(std::fs::read_to_string(&page).unwrap(), made);
    assert_eq!(home.files("docs/pictures"), pictures);
}

#[test]
fn markers_that_mean_nothing_are_told_with_page_and_line_and_change_nothing() {
    let home = Home::new();
    let docs = home.path().join("docs/results");
    write_export(&docs.join("exports/study"), "study");
    let page = docs.join("study.md");
    for (marker, told) in [
        ("table gone", "no export results/exports/gone"),
        ("table ../x", "'../x' is no experiment's name"),
        ("submit study", "'submit' is not run from pages"),
        (
            "table study --server http://x",
            "'--server' is not allowed here",
        ),
        ("table study --format \"html", "cannot be read"),
        ("table study --format html", "--format must be one of"),
        (
            "figure study --kind raters --out ../../x.svg",
            "is no .svg or .png in",
        ),
        (
            "figure study --kind raters --out ../pictures/x.sh",
            "is no .svg or .png in",
        ),
        ("figure study --kind raters", "needs --kind and --out"),
        ("table study", "nothing closes this block"),
    ] {
        let text = format!("# Page\n\n<!-- mrprism: {marker} -->\nold\n");
        std::fs::write(&page, &text).unwrap();
        let output = home.results();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("docs/results/study.md:3: ") && said.contains(told),
            "{said}"
        );
        assert_eq!(std::fs::read_to_string(&page).unwrap(), text);
    }
}
