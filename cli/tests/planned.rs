//! Planning, extending, retrying and comparing with the real programs, on the study of the paper's Table 1.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mrprism_protocol::spec::{DatasetCard, RaterIdentity};
use mrprism_protocol::state::{AttemptOutcome, DeviceKind};
use mrprism_protocol::wire::{
    Claim, ClaimRequest, DeviceOffer, Event, EventBatch, EventBody, Finish, Problem, Register,
};
use serde::Serialize;
use uuid::Uuid;

const TABLE1: &str = include_str!("../../experiments/studies/table1.toml");

/// The data sets of Table 1: raters and channels.
const DATASETS: [(&str, u32, u32); 7] = [
    ("refuge-cropped", 7, 3),
    ("riga", 6, 3),
    ("qubiq/brain-growth", 7, 1),
    ("qubiq/brain-tumor", 3, 4),
    ("qubiq/prostate1", 6, 1),
    ("qubiq/prostate2", 6, 1),
    ("qubiq/kidney", 3, 1),
];

fn card(name: &str, raters: u32, channels: u32) -> DatasetCard {
    let eyes = name.starts_with('r');
    DatasetCard {
        name: name.to_owned(),
        manifest: format!("manifest of {name}"),
        raters,
        rater_identity: RaterIdentity::Stable,
        structures: if eyes {
            vec!["disc".to_owned(), "cup".to_owned()]
        } else {
            vec!["organ".to_owned()]
        },
        channels,
        arbitrated: None,
        diagnoses: eyes,
        cases: [("train".to_owned(), 160), ("test".to_owned(), 20)].into(),
        folds: 5,
        crop: None,
        licence: None,
        source: None,
    }
}

/// A home with a server that is called as a worker would call it.
struct Home {
    folder: tempfile::TempDir,
    http: reqwest::Client,
    server: String,
    token: String,
    worker: Uuid,
}

impl Home {
    async fn serving() -> Self {
        let server =
            Path::new(env!("CARGO_BIN_EXE_mrprism")).with_file_name("mrprism-orchestrator");
        assert!(
            server.is_file(),
            "build the server first: cargo build -p mrprism-orchestrator (`make test` does)"
        );
        let mut home = Self {
            folder: tempfile::tempdir().unwrap(),
            http: reqwest::Client::new(),
            server: String::new(),
            token: String::new(),
            worker: Uuid::now_v7(),
        };
        home.said(&["up", "--no-worker", "--listen", "127.0.0.1:0"]);
        let file =
            |name: &str| std::fs::read_to_string(home.path().join("home").join(name)).unwrap();
        let said: serde_json::Value = serde_json::from_str(&file("server.json")).unwrap();
        let (server, token) = (said["address"].as_str().unwrap().to_owned(), file("token"));
        home.server = server;
        home.token = token.trim().to_owned();
        home.register().await;
        home
    }

    /// Introduces a worker that holds everything. Which science version the server is of it says when it refuses another.
    async fn register(&self) {
        let mut register = Register {
            worker: self.worker.into(),
            host: "here".to_owned(),
            pool: "default".to_owned(),
            labels: Vec::new(),
            devices: vec![DeviceOffer {
                kind: DeviceKind::Cuda,
                index: 0,
                name: "a card".to_owned(),
                memory_mib: 24_000,
                threads: 1,
            }],
            datasets: DATASETS
                .iter()
                .map(|(name, raters, channels)| card(name, *raters, *channels))
                .collect(),
            science_version: "unknown".to_owned(),
            revision: None,
        };
        let refused: Problem = self
            .post("worker/register", &register)
            .await
            .json()
            .await
            .unwrap();
        let version = refused.detail.split("server (").nth(1).unwrap();
        register.science_version = version.split(')').next().unwrap().to_owned();
        let answer = self.post("worker/register", &register).await;
        assert!(answer.status().is_success());
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> reqwest::Response {
        let call = self.http.post(format!("{}/api/v1/{path}", self.server));
        call.bearer_auth(&self.token)
            .json(body)
            .send()
            .await
            .unwrap()
    }

    /// Claims a run and ends it.
    async fn work(&self, outcome: AttemptOutcome, steps: u64, train_seconds: f64) {
        let request = ClaimRequest {
            worker: self.worker.into(),
            device_kind: DeviceKind::Cuda,
            device_index: 0,
            nonce: Uuid::now_v7(),
            wait_seconds: 0,
        };
        let claim: Claim = self
            .post("worker/claim", &request)
            .await
            .json()
            .await
            .unwrap();
        let progress = EventBody::Progress {
            phase: "train".to_owned(),
            step: steps,
            epoch: 1,
            steps,
        };
        let batch = EventBatch {
            job: claim.job,
            fence: claim.fence,
            events: vec![Event {
                sequence: 0,
                at: serde_json::from_str("\"2026-01-02T03:04:05Z\"").unwrap(),
                body: progress,
            }],
        };
        assert!(
            self.post("worker/events", &batch)
                .await
                .status()
                .is_success()
        );
        let finish = Finish {
            job: claim.job,
            fence: claim.fence,
            outcome,
            message: None,
            weights_hash: None,
            train_seconds: Some(train_seconds),
        };
        assert!(
            self.post("worker/finish", &finish)
                .await
                .status()
                .is_success()
        );
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.path().join(name);
        std::fs::write(path, text).unwrap();
        name.to_owned()
    }

    fn mrprism(&self, arguments: &[&str]) -> Output {
        support::command(
            Path::new(env!("CARGO_BIN_EXE_mrprism")),
            self.path(),
            arguments,
        )
        .output()
        .unwrap()
    }

    /// What a command prints, with the exit code that is expected.
    #[track_caller]
    fn with_code(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.mrprism(arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        if code == 2 {
            errors
        } else {
            String::from_utf8(output.stdout).unwrap()
        }
    }

    #[track_caller]
    fn said(&self, arguments: &[&str]) -> String {
        self.with_code(0, arguments)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.mrprism(&["down"]);
    }
}

#[tokio::test]
async fn table_1_is_planned_submitted_in_part_and_extended() {
    let home = Home::serving().await;
    let whole = home.file("table1.toml", TABLE1);
    insta::assert_snapshot!("plan-new", home.said(&["plan", &whole]));

    let part = home.file(
        "part.toml",
        &TABLE1.replace("seeds = [0, 1, 2]", "seeds = [0]"),
    );
    home.said(&["submit", &part]);
    // An hour for the 1,500 steps of the first arm on its first data set.
    home.work(AttemptOutcome::Succeeded, 1500, 3600.0).await;
    let taken = home.with_code(2, &["submit", &whole]);
    assert!(taken.contains("`mrprism extend`"), "{taken}");
    insta::assert_snapshot!("plan-extending", home.said(&["plan", &whole]));
    insta::assert_snapshot!("extend", home.said(&["extend", &whole]));
    insta::assert_snapshot!("extend-again", home.said(&["extend", &whole]));

    let other = home.file(
        "other.toml",
        &TABLE1.replace("[base]\n", "[base]\nsize = 128\n"),
    );
    insta::assert_snapshot!("plan-differs", home.said(&["plan", &other]));
    let refused = home.with_code(2, &["extend", &other]);
    assert!(
        refused.contains("arm 'wdnet' seed 0") && refused.contains("size"),
        "{refused}"
    );

    home.work(AttemptOutcome::Failed, 1, 0.0).await;
    insta::assert_snapshot!("retry", home.said(&["retry", "table1"]));
    insta::assert_snapshot!("retry-again", home.said(&["retry", "table1"]));

    assert_eq!(home.said(&["diff", "table1", &whole]), "");
    insta::assert_snapshot!("diff", home.with_code(1, &["diff", "table1", &part]));
    home.with_code(2, &["diff", "table1", "nothing"]);
}

/// Without a server: what differs is told from the files alone.
#[test]
fn files_are_compared_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("a.toml", TABLE1);
    let changed = TABLE1
        .replace("baseline = \"mrprism\"", "baseline = \"wdnet\"")
        .replace(
            "name = \"aggnet\"\nset = { method = \"aggnet\" }",
            "name = \"another\"\nset = { method = \"aggnet\" }",
        )
        .replace(
            "set = { method = \"maxmig\" }",
            "set = { method = \"maxmig\", \"train.lr\" = 0.5 }",
        )
        .replace(
            "set = { method = \"mrnet\" }",
            "set = { method = \"crowd-layer\" }\nseeds = [7]",
        )
        .replace("[base]\n", "[queue]\npriority = 3\n[base]\n");
    write("b.toml", &changed);
    let diff = |more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_mrprism"))
            .args(["diff", "a.toml", "b.toml"])
            .args(more)
            .current_dir(folder.path())
            .env_clear()
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{errors}");
        String::from_utf8(output.stdout).unwrap()
    };
    insta::assert_snapshot!("diff-files", diff(&[]));
    let json: serde_json::Value = serde_json::from_str(&diff(&["--json"])).unwrap();
    assert_eq!(json["only_b"], serde_json::json!(["another"]));
}
