//! What runs on a home: its server and its worker.

use std::path::Path;

use mrprism_protocol::id::WorkerId;
use mrprism_settings::home::server_file;
use serde::Deserialize;

use crate::process::Process;
use crate::program::{ORCHESTRATOR, WORKER};

/// What `<home>/server.json` says.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServerFile {
    /// `http://host:port`.
    pub(crate) address: String,
    #[serde(flatten)]
    pub(crate) process: Process,
}

/// What `<home>/worker/worker.json` says.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct WorkerFile {
    pub(crate) worker: WorkerId,
    #[serde(flatten)]
    pub(crate) process: Process,
}

/// The home's server, if its process lives.
pub(crate) fn live_server(home: &Path) -> anyhow::Result<Option<ServerFile>> {
    Ok(server_file(home)?.filter(|server: &ServerFile| server.process.is_alive(ORCHESTRATOR)))
}

/// The home's worker, if its process lives.
pub(crate) fn live_worker(home: &Path) -> Option<WorkerFile> {
    let text = std::fs::read(home.join("worker").join("worker.json")).ok()?;
    let worker: WorkerFile = serde_json::from_slice(&text).ok()?;
    worker.process.is_alive(WORKER).then_some(worker)
}
