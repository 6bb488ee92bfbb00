//! Calls about what waits.

use mrprism_protocol::spec::QueueFile;
use mrprism_protocol::wire::{ExperimentView, Place, QueuedJob, RunView};
use reqwest::Method;

use super::{Client, escaped};

impl Client {
    /// What has not ended, in order of service.
    pub(crate) async fn queue(&self, pool: Option<&str>) -> anyhow::Result<Vec<QueuedJob>> {
        let which = pool.map_or_else(String::new, |pool| format!("?pool={}", escaped(pool)));
        self.get(&format!("/queue{which}")).await
    }

    /// Pauses, drains, resumes or cancels an experiment.
    pub(crate) async fn wish_experiment(
        &self,
        id: &str,
        verb: &str,
    ) -> anyhow::Result<ExperimentView> {
        let call = self.request(Method::POST, &format!("/experiments/{id}/{verb}"));
        Ok(self.answer(call).await?.1)
    }

    /// Pauses, resumes or cancels a run.
    pub(crate) async fn wish_run(&self, id: &str, verb: &str) -> anyhow::Result<RunView> {
        let call = self.request(Method::POST, &format!("/runs/{id}/{verb}"));
        Ok(self.answer(call).await?.1)
    }

    /// How an experiment waits.
    pub(crate) async fn experiment_queue(&self, id: &str) -> anyhow::Result<QueueFile> {
        self.get(&format!("/experiments/{id}/queue")).await
    }

    /// Changes how an experiment waits.
    pub(crate) async fn change_queue(
        &self,
        id: &str,
        queue: &QueueFile,
    ) -> anyhow::Result<QueueFile> {
        let path = format!("/experiments/{id}/queue");
        let call = self.request(Method::PUT, &path).json(queue);
        Ok(self.answer(call).await?.1)
    }

    /// Puts a waiting run elsewhere.
    pub(crate) async fn move_run(&self, id: &str, place: Place) -> anyhow::Result<()> {
        let path = format!("/runs/{id}/move");
        let call = self.request(Method::POST, &path).json(&place);
        self.succeeded(call).await.map(drop)
    }

    /// Has a worker take nothing more, or take work again.
    pub(crate) async fn drain_worker(&self, id: &str, verb: &str) -> anyhow::Result<()> {
        let call = self.request(Method::POST, &format!("/workers/{id}/{verb}"));
        self.succeeded(call).await.map(drop)
    }
}
