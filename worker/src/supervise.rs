//! `mrprism-worker serve`: one supervisor a machine, one child a device.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use mrprism_protocol::id::WorkerId;
use mrprism_protocol::wire::DeviceOffer;
use mrprism_settings::worker::Settings;
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::attempt::folder::runs;
use crate::client::{Backoff, CallError, Client};
use crate::data_root::Holdings;
use crate::lease::{self, Leases};
use crate::process_id::ProcessId;
use crate::{claim, device, leftovers};

/// How often folders are looked at for data sets that came or went.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Everything that the tasks of one worker process share.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) id: WorkerId,
    pub(crate) settings: Settings,
    pub(crate) client: Client,
    pub(crate) devices: Vec<DeviceOffer>,
    pub(crate) holdings: Arc<Holdings>,
    pub(crate) leases: Arc<Leases>,
    /// Cancelled when the worker is asked to end.
    pub(crate) shutdown: CancellationToken,
}

/// `<home>/worker/worker.json`: for `mrprism up`, `down` and `status`.
#[derive(Debug, Serialize)]
struct Record {
    worker: WorkerId,
    #[serde(flatten)]
    process: Option<ProcessId>,
}

/// Serves the queue until a signal asks to end.
pub(crate) async fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    let client = Client::new(settings.server()?, settings.token()?)?;
    let mut signals = Signals::new()?;
    leftovers::end_all(&runs(&settings.home)).await;
    let devices = device::offers(&settings)?;
    let index_settings = settings.clone();
    let holdings = tokio::task::spawn_blocking(move || Holdings::index(&index_settings))
        .await
        .context("indexing data sets")?;
    let worker = Arc::new(Worker {
        id: WorkerId(uuid::Uuid::now_v7()),
        client,
        devices,
        holdings: Arc::new(holdings),
        leases: Leases::new(settings.heartbeat),
        shutdown: CancellationToken::new(),
        settings,
    });
    tokio::select! {
        registered = introduce(&worker) => registered?,
        () = signals.next() => return Ok(ExitCode::SUCCESS),
    }
    worker.record()?;

    let mut loops = JoinSet::new();
    for device in worker.devices.clone() {
        loops.spawn(claim::work(Arc::clone(&worker), device));
    }
    let beside = [
        tokio::spawn(lease::keep(Arc::clone(&worker))),
        tokio::spawn(watch_holdings(Arc::clone(&worker))),
    ];
    let result = until_asked(&worker, &mut loops, &mut signals).await;
    beside.iter().for_each(tokio::task::JoinHandle::abort);
    worker.remove_record();
    result
}

/// Waits for the claim loops; the first signal lets them end at a checkpoint, the second ends everything at once.
async fn until_asked(
    worker: &Worker,
    loops: &mut JoinSet<anyhow::Result<()>>,
    signals: &mut Signals,
) -> anyhow::Result<ExitCode> {
    let mut failure = None;
    loop {
        tokio::select! {
            ended = loops.join_next() => match ended {
                None => break,
                Some(ended) => {
                    if let Err(error) = ended.context("a claim loop panicked").flatten() {
                        // One device refused is every device refused: the others end at a checkpoint.
                        worker.shutdown.cancel();
                        failure = Some(error);
                    }
                }
            },
            () = signals.next() => {
                if worker.shutdown.is_cancelled() {
                    tracing::warn!("ending at once");
                    // The children end with their standard input.
                    std::process::exit(130);
                }
                tracing::info!("ending after a checkpoint of each run; a second signal ends at once");
                worker.shutdown.cancel();
            }
        }
    }
    failure.map_or(Ok(ExitCode::SUCCESS), Err)
}

/// Registers, waiting for a server that is not there yet.
async fn introduce(worker: &Worker) -> anyhow::Result<()> {
    let mut backoff = Backoff::new();
    loop {
        match worker.register().await {
            Ok(()) => break,
            Err(error) if error.is_transient() => {
                tracing::warn!("registering: {error}; trying again");
                backoff.wait().await;
            }
            Err(CallError::Conflict(detail)) => bail!(
                "the server does not take this worker: {detail}. Build both from the same sources"
            ),
            Err(error) => return Err(error).context("registering with the server"),
        }
    }
    let kinds: Vec<_> = worker
        .devices
        .iter()
        .map(|device| {
            format!(
                "{} {} ({} threads)",
                device.kind, device.index, device.threads
            )
        })
        .collect();
    let names: Vec<_> = worker
        .holdings
        .cards()
        .into_iter()
        .map(|card| card.name)
        .collect();
    tracing::info!(
        "worker {} offers {}; holds {}",
        worker.id,
        kinds.join(", "),
        names.join(", ")
    );
    Ok(())
}

async fn watch_holdings(worker: Arc<Worker>) {
    loop {
        tokio::time::sleep(LOOK_AGAIN).await;
        if worker.holdings.is_stale() {
            worker.index_holdings().await;
        }
    }
}

impl Worker {
    /// Indexes the data sets again and tells the server what has changed.
    pub(crate) async fn index_holdings(&self) {
        let holdings = Arc::clone(&self.holdings);
        if let Err(error) = tokio::task::spawn_blocking(move || holdings.index_again()).await {
            tracing::error!("indexing data sets: {error}");
        }
        self.leases.beat_now();
    }

    fn record(&self) -> anyhow::Result<()> {
        let folder = self.settings.home.join("worker");
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let record = Record {
            worker: self.id,
            process: ProcessId::own(),
        };
        let file = folder.join("worker.json");
        let part = folder.join(format!("worker.json.{}", self.id));
        std::fs::write(&part, serde_json::to_vec(&record)?)
            .and_then(|()| std::fs::rename(&part, &file))
            .with_context(|| format!("writing {}", file.display()))
    }

    /// Removes the record, unless another worker of this home has written its own meanwhile.
    fn remove_record(&self) {
        let file = self.settings.home.join("worker").join("worker.json");
        let own =
            std::fs::read_to_string(&file).is_ok_and(|text| text.contains(&self.id.to_string()));
        if own {
            // A record that stays names a process that has ended: harmless.
            let _ = std::fs::remove_file(&file);
        }
    }
}

/// SIGTERM and SIGINT.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("listening for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("listening for SIGINT")?,
        })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
