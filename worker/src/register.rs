//! Introducing this worker process to the server.

use mrprism_protocol::wire::Register;

use crate::client::CallError;
use crate::supervise::Worker;

/// Hash of the sources this worker's numbers depend on.
pub(crate) const SCIENCE_VERSION: &str = env!("MRPRISM_SCIENCE_VERSION");

impl Worker {
    /// Says who this worker is, what it offers and what it holds.
    ///
    /// # Errors
    /// 401, or 409 where the server was built from other sources, or a server that cannot be reached.
    pub(crate) async fn register(&self) -> Result<(), CallError> {
        let version = self.holdings.version();
        let register = Register {
            worker: self.id,
            host: host(),
            pool: self.settings.pool.clone(),
            labels: self.settings.labels.clone(),
            devices: self.devices.clone(),
            datasets: self.holdings.cards(),
            science_version: SCIENCE_VERSION.to_owned(),
            revision: option_env!("MRPRISM_REVISION").map(str::to_owned),
        };
        self.client.register(&register).await?;
        self.holdings.told(version);
        Ok(())
    }
}

/// This machine's name.
pub(crate) fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "unknown".to_owned(), |name| name.trim().to_owned())
}
