//! A server with a database of its own, real workers, and a small run for them. Nothing here waits on time alone: what
//! is polled is a state, and the only clock is the one that gives a stuck test up.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use mrprism_protocol::spec::{Bundle, NamedText};
use mrprism_protocol::wire::{ExperimentView, RunView, ScoreQueued, ScoreRequest, Table};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// When a test gives up: far beyond anything that works.
const STUCK: Duration = Duration::from_mins(3);
/// How long a lease of the server lasts.
pub(crate) const LEASE: Duration = Duration::from_secs(3);
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Steps, and steps an epoch (48 cases in batches of 8).
pub(crate) const STEPS: u64 = 60;
pub(crate) const EPOCHS: u64 = STEPS / 6;

/// One narrow arm on a phantom at 32².
pub(crate) fn study() -> String {
    format!(
        "name = \"tiny\"\nquestion = \"Does it survive?\"\nseeds = [0]\n\
         [base]\ndataset = \"phantom\"\nmethod = \"mrprism\"\nsize = 32\n\
         [base.network]\nencoder_width = 8\nrecurrences = 2\n\
         [base.train]\nsteps = {STEPS}\nbatch = 8\nlr = 1e-3\nvalidate_every_epochs = 3\n\
         [base.evaluation]\nrecurrences = 2\n"
    )
}

/// The study with the built-in method.
pub(crate) fn bundle(study: &str) -> Bundle {
    let named = |file: &str, text: &str| NamedText {
        file: file.to_owned(),
        text: text.to_owned(),
    };
    Bundle {
        experiment: named("tiny.toml", study),
        methods: vec![named(
            "mrprism.toml",
            include_str!("../../../experiments/methods/mrprism.toml"),
        )],
    }
}

/// The worker's program with a checkpoint at every epoch and no setting of the caller's.
pub(crate) fn worker_program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrprism-worker"));
    command
        .env_clear()
        .env("MRPRISM_CHECKPOINT_SECONDS", "0")
        .env("OMP_WAIT_POLICY", "passive")
        .env("MRPRISM_LOG", "info");
    command
}

/// `mrprism-worker train` of the study in `out`, ready to start.
pub(crate) fn train(study: &str, out: &Path, more: &[&str]) -> Command {
    let file = out.with_extension("json");
    std::fs::write(&file, serde_json::to_vec(&bundle(study)).unwrap()).unwrap();
    let mut command = worker_program();
    command
        .args([
            "train",
            "--arm",
            "tiny",
            "--seed",
            "0",
            "--threads",
            "1",
            "--device",
            "cpu",
            "--json",
            "--bundle",
        ])
        .arg(&file)
        .arg("--out")
        .arg(out)
        .arg("--home")
        .arg(out.with_extension("home"))
        .args(more);
    command
}

/// Hash of the weights that a `train` printed.
#[track_caller]
pub(crate) fn hash_of(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&said);
    summary["weights_hash"].as_str().expect("a hash").to_owned()
}

/// The same run without a server and without a disturbance.
pub(crate) fn undisturbed(folder: &Path) -> (String, PathBuf) {
    let out = folder.join("undisturbed");
    let output = train(&study(), &out, &[]).output().unwrap();
    (hash_of(&output), out)
}

/// A server on a home of its own.
pub(crate) struct Lab {
    pub(crate) home: TempDir,
    server: Child,
    address: String,
    http: reqwest::Client,
}

impl Lab {
    /// Starts a server with short leases and its own database.
    pub(crate) async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let http = reqwest::Client::new();
        let (server, address) = serve(home.path(), "127.0.0.1:0", &http).await;
        Self {
            home,
            server,
            address,
            http,
        }
    }

    /// Ends the server and everything of it; the address stays its own.
    pub(crate) async fn stop_server(&mut self) {
        signal(self.server.id(), Signal::SIGTERM);
        until("the server has ended", async || {
            self.server.try_wait().unwrap().is_some().then_some(())
        })
        .await;
    }

    /// Starts the server again at the same address.
    pub(crate) async fn start_server(&mut self) {
        let listen = self.address.trim_start_matches("http://").to_owned();
        let (server, address) = serve(self.home.path(), &listen, &self.http).await;
        assert_eq!(address, self.address, "the port was taken meanwhile");
        self.server = server;
    }

    /// Starts a worker whose state lies in `<home>/<name>`.
    pub(crate) fn worker(&self, name: &str) -> WorkerProcess {
        let home = self.home.path().join(name);
        std::fs::create_dir_all(&home).unwrap();
        let log = home.join("worker.log");
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let child = worker_program()
            .args([
                "serve",
                "--threads",
                "1",
                "--device",
                "cpu",
                "--server",
                &self.address,
                "--token",
            ])
            .arg(self.token())
            .arg("--home")
            .arg(&home)
            .stdin(Stdio::null())
            .stderr(file)
            .spawn()
            .unwrap();
        WorkerProcess { home, log, child }
    }

    /// Submits the study once a worker has told the server of its data set.
    pub(crate) async fn submit(&self) -> ExperimentView {
        until("the phantom is offered", async || {
            let cards: serde_json::Value = self.get("/datasets").await?;
            cards
                .as_array()?
                .iter()
                .any(|card| card["name"] == "phantom")
                .then_some(())
        })
        .await;
        let answer = self
            .call(reqwest::Method::POST, "/experiments")
            .json(&bundle(&study()))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    /// Waits until the only run is as wanted.
    pub(crate) async fn run_when(&self, what: &str, wanted: impl Fn(&RunView) -> bool) -> RunView {
        until(what, async || {
            let runs: Vec<RunView> = self.get("/experiments/tiny/runs").await?;
            runs.into_iter().next().filter(|run| wanted(run))
        })
        .await
    }

    /// The experiment's table.
    pub(crate) async fn table(&self) -> Table {
        self.get("/experiments/tiny/table").await.expect("a table")
    }

    /// Queues scorings of the experiment's stored predictions.
    pub(crate) async fn score(&self, request: &ScoreRequest) -> ScoreQueued {
        let call = self.call(reqwest::Method::POST, "/experiments/tiny/score");
        let answer = call.json(request).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    /// Posts without a body.
    pub(crate) async fn post(&self, path: &str) {
        let answer = self.call(reqwest::Method::POST, path).send().await.unwrap();
        assert!(
            answer.status().is_success(),
            "{}",
            answer.text().await.unwrap()
        );
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Option<T> {
        self.call(reqwest::Method::GET, path)
            .send()
            .await
            .ok()?
            .json()
            .await
            .ok()
    }

    fn call(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1{path}", self.address))
            .bearer_auth(self.token())
    }

    fn token(&self) -> String {
        std::fs::read_to_string(self.home.path().join("token"))
            .unwrap()
            .trim()
            .to_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Asked kindly, the server ends its database too.
        signal(self.server.id(), Signal::SIGTERM);
        let _ = self.server.wait();
    }
}

/// A running supervisor.
pub(crate) struct WorkerProcess {
    home: PathBuf,
    log: PathBuf,
    pub(crate) child: Child,
}

impl WorkerProcess {
    /// Sends it a signal.
    pub(crate) fn signal(&self, wanted: Signal) {
        signal(self.child.id(), wanted);
    }

    /// Process number of its trainer.
    pub(crate) async fn trainer(&self) -> u32 {
        until("a trainer is recorded", async || {
            let runs = self.home.join("worker/runs");
            folders(&runs)
                .iter()
                .flat_map(|run| folders(run))
                .find_map(|attempt| {
                    let record = std::fs::read(attempt.join("child.json")).ok()?;
                    let record: serde_json::Value = serde_json::from_slice(&record).ok()?;
                    u32::try_from(record["child"]["pid"].as_u64()?).ok()
                })
        })
        .await
    }

    /// Waits until its log holds a text.
    pub(crate) async fn says(&self, text: &str) {
        until(text, async || {
            let log = std::fs::read_to_string(&self.log).ok()?;
            log.contains(text).then_some(())
        })
        .await;
    }

    /// Files that its run folders hold, by name, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let runs = self.home.join("worker/runs");
        let attempts = folders(&runs).into_iter().flat_map(|run| folders(&run));
        let mut names: Vec<_> = attempts
            .flat_map(|attempt| std::fs::read_dir(attempt).unwrap().flatten())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Waits until it has ended by itself.
    pub(crate) async fn ended(&mut self) -> std::process::ExitStatus {
        until("the worker has ended", async || {
            self.child.try_wait().unwrap()
        })
        .await
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            eprintln!("{}:\n{log}", self.log.display());
        }
    }
}

/// Sends a signal.
pub(crate) fn signal(pid: u32, wanted: Signal) {
    let _ = kill(Pid::from_raw(i32::try_from(pid).unwrap()), wanted);
}

/// Whether a process lives; a zombie does not.
pub(crate) fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(')')
        .and_then(|(_, fields)| fields.split_whitespace().next());
    state.is_some_and(|state| state != "Z" && state != "X")
}

/// Waits until a process has ended; says how long that took.
pub(crate) async fn gone(pid: u32) -> Duration {
    let begun = Instant::now();
    until("the process has ended", async || {
        (!lives(pid)).then_some(())
    })
    .await;
    begun.elapsed()
}

/// Polls a state until it is there.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < STUCK, "never: {what}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

async fn serve(home: &Path, listen: &str, http: &reqwest::Client) -> (Child, String) {
    let program =
        Path::new(env!("CARGO_BIN_EXE_mrprism-worker")).with_file_name("mrprism-orchestrator");
    assert!(
        program.is_file(),
        "build the server first: cargo build -p mrprism-orchestrator (`make test` does)"
    );
    let deps = std::path::absolute(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.deps")).unwrap();
    let mut server = Command::new(program)
        .args([
            "serve",
            "--listen",
            listen,
            "--lease-seconds",
            &LEASE.as_secs().to_string(),
            "--heartbeat-seconds",
            "0.5",
        ])
        .args(["--reaper-seconds", "0.5", "--home"])
        .arg(home)
        .env_remove("DATABASE_URL")
        .env("MRPRISM_DEPS", deps)
        .stdin(Stdio::null())
        .stderr(
            File::options()
                .create(true)
                .append(true)
                .open(home.join("server.log"))
                .unwrap(),
        )
        .spawn()
        .unwrap();
    let address = until("the server is ready", async || {
        if let Some(status) = server.try_wait().unwrap() {
            let log = std::fs::read_to_string(home.join("server.log")).unwrap_or_default();
            panic!("the server ended ({status}):\n{log}");
        }
        let file = std::fs::read(home.join("server.json")).ok()?;
        let file: serde_json::Value = serde_json::from_slice(&file).ok()?;
        if file["pid"].as_u64()? != u64::from(server.id()) {
            return None;
        }
        let address = file["address"].as_str()?.to_owned();
        let ready = http.get(format!("{address}/readyz")).send().await.ok()?;
        ready.status().is_success().then_some(address)
    })
    .await;
    (server, address)
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}
