//! The server with its own Postgres and its own disk for stored files, and what may be asked of it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use mrprism_protocol::wire::WorkerView;
use serde::de::DeserializeOwned;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use crate::disk::Disk;
use crate::postgres::Postgres;
use crate::processes::MARK;
use crate::proxy::Proxy;
use crate::study;

/// How long a lease lasts here. Eight workers on two cores are slow to say that they live.
pub(crate) const LEASE: Duration = Duration::from_secs(4);
/// How long a server may take to be ready.
const READY: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(50);

/// Everything but the workers.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) home: PathBuf,
    pub(crate) proxy: Proxy,
    pub(crate) postgres: Postgres,
    /// Absent where this machine lets nobody mount.
    pub(crate) disk: Option<Disk>,
    /// Held by whoever takes the server, its database or its disk away: one at a time.
    pub(crate) outage: Mutex<()>,
    server: Mutex<Option<Child>>,
    pub(crate) token: String,
    http: reqwest::Client,
}

impl Lab {
    /// Starts a server in `home`, behind the proxy.
    pub(crate) async fn start(home: &Path, proxy: Proxy) -> anyhow::Result<Self> {
        let disk = Disk::mount(&home.join("artifacts")).await;
        if let Err(error) = &disk {
            crate::say(&format!(
                "no disk can be filled here, so this cannot pass: {error:#}"
            ));
        }
        let http = reqwest::Client::new();
        let (child, address) = serve(home, &http).await?;
        proxy.lead_to(Some(address));
        let token = std::fs::read_to_string(home.join("token"))?;
        Ok(Self {
            postgres: Postgres::of(&base_of(home)?)?,
            home: home.to_owned(),
            proxy,
            disk: disk.ok(),
            outage: Mutex::default(),
            server: Mutex::new(Some(child)),
            token: token.trim().to_owned(),
            http,
        })
    }

    /// Kills the server.
    pub(crate) async fn kill_server(&self) -> anyhow::Result<()> {
        self.proxy.lead_to(None);
        if let Some(mut child) = self.server.lock().await.take() {
            child.kill().await.context("killing the server")?;
        }
        Ok(())
    }

    /// Starts a server again.
    pub(crate) async fn start_server(&self) -> anyhow::Result<()> {
        let (child, address) = serve(&self.home, &self.http).await?;
        *self.server.lock().await = Some(child);
        self.proxy.lead_to(Some(address));
        Ok(())
    }

    /// Asks the server to end; says what of it did not.
    pub(crate) async fn stop_server(&self) -> anyhow::Result<Vec<String>> {
        let mut stuck = Vec::new();
        let child = self.server.lock().await.take();
        let mut child = child.context("there is no server to stop")?;
        crate::processes::signal(
            child.id().unwrap_or_default(),
            nix::sys::signal::Signal::SIGTERM,
        );
        match tokio::time::timeout(READY, child.wait()).await {
            Ok(Ok(status)) if status.success() => {}
            Ok(ended) => stuck.push(format!("the server, asked to end: {ended:?}")),
            Err(_) => stuck.push("the server, asked to end, went on".to_owned()),
        }
        if self.postgres.is_there() {
            stuck.push("the server has ended and its Postgres has not".to_owned());
            self.postgres.stop("immediate").await?;
        }
        Ok(stuck)
    }

    /// Starts a server again that ended though nobody ended it, and says so.
    pub(crate) async fn raise_the_fallen(&self) -> Option<String> {
        let ended = match &mut *self.server.lock().await {
            Some(child) => child.try_wait().ok().flatten(),
            None => None,
        }?;
        let again = self.start_server().await;
        Some(format!("the server ended by itself: {ended}; {again:?}"))
    }

    /// How often the server's log holds a text.
    pub(crate) fn said(&self, text: &str) -> usize {
        let log = std::fs::read_to_string(self.home.join("server.log")).unwrap_or_default();
        log.matches(text).count()
    }

    /// Submits the study once a worker has told the server of its data set.
    pub(crate) async fn submit(&self, runs: u64) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let cards: Vec<serde_json::Value> = self.get("/datasets").await.unwrap_or_default();
            if cards.iter().any(|card| card["name"] == "phantom") {
                break;
            }
            if begun.elapsed() > READY {
                bail!("no worker offers the phantom");
            }
            tokio::time::sleep(LOOK).await;
        }
        let answer = self
            .http
            .post(format!("{}/api/v1/experiments", self.proxy.address))
            .bearer_auth(&self.token)
            .json(&study::bundle(runs))
            .send()
            .await?;
        if !answer.status().is_success() {
            bail!("the study was refused: {}", answer.text().await?);
        }
        Ok(())
    }

    /// The workers as the server sees them.
    pub(crate) async fn workers(&self) -> anyhow::Result<Vec<WorkerView>> {
        self.get("/workers").await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let call = self
            .http
            .get(format!("{}/api/v1{path}", self.proxy.address));
        let answer = call.bearer_auth(&self.token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A torture that gave up leaves no database behind; in order, the server has ended it.
        self.postgres.end_now();
    }
}

/// Starts a server and waits until it is ready. One whose database goes away under its start ends; then another is
/// started, as any service manager would.
async fn serve(home: &Path, http: &reqwest::Client) -> anyhow::Result<(Child, String)> {
    let begun = Instant::now();
    let mut child = spawn(home)?;
    while begun.elapsed() < READY {
        if child.try_wait()?.is_some() {
            tokio::time::sleep(LOOK).await;
            child = spawn(home)?;
        }
        if let Some(address) = address(home, child.id())
            && let Ok(answer) = http.get(format!("{address}/readyz")).send().await
            && answer.status().is_success()
        {
            return Ok((child, address));
        }
        tokio::time::sleep(LOOK).await;
    }
    let log = std::fs::read_to_string(home.join("server.log")).unwrap_or_default();
    let last = log.lines().rev().take(20).collect::<Vec<_>>();
    bail!(
        "no server was ready within {READY:?}; its log ends, newest first:\n{}",
        last.join("\n")
    )
}

fn spawn(home: &Path) -> anyhow::Result<Child> {
    let program =
        Path::new(env!("CARGO_BIN_EXE_mrprism-worker")).with_file_name("mrprism-orchestrator");
    if !program.is_file() {
        bail!("{} is missing: `make torture` builds it", program.display());
    }
    let deps = std::path::absolute(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.deps"))?;
    let log = File::options()
        .create(true)
        .append(true)
        .open(home.join("server.log"))?;
    let lease = LEASE.as_secs_f64().to_string();
    let child = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--lease-seconds"])
        .args([&lease, "--heartbeat-seconds", "0.5"])
        .args(["--reaper-seconds", "0.5", "--home"])
        .arg(home)
        .env_remove("DATABASE_URL")
        .env("MRPRISM_DEPS", deps)
        .env(MARK, home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}

/// Where the server of this process number listens.
fn address(home: &Path, pid: Option<u32>) -> Option<String> {
    let file = std::fs::read(home.join("server.json")).ok()?;
    let file: serde_json::Value = serde_json::from_slice(&file).ok()?;
    if file["pid"].as_u64()? != u64::from(pid?) {
        return None;
    }
    Some(file["address"].as_str()?.to_owned())
}

/// The folder of the database: the home's own, or where its user cannot reach that, the one that the log names.
fn base_of(home: &Path) -> anyhow::Result<PathBuf> {
    let log = std::fs::read_to_string(home.join("server.log"))?;
    let line = log.lines().find(|line| line.contains(" runs in "));
    let base = line.and_then(|line| line.split_once(" runs in "));
    let (_, base) = base.context("the server's log does not say where its database lies")?;
    // The line's fields follow the folder.
    Ok(PathBuf::from(
        base.split_whitespace().next().unwrap_or(base),
    ))
}
