//! Planning, extending and trying again.

use mrprism_protocol::spec::Bundle;
use mrprism_protocol::wire::{Definition, Extended, Plan, Retried, RetryRequest, RunView};
use reqwest::Method;

use super::{Client, escaped};

impl Client {
    /// What a bundle would do.
    pub(crate) async fn plan(&self, bundle: &Bundle) -> anyhow::Result<Plan> {
        let call = self.request(Method::POST, "/experiments/plan").json(bundle);
        Ok(self.answer(call).await?.1)
    }

    /// Adds what an experiment lacks of a bundle.
    pub(crate) async fn extend(
        &self,
        experiment: &str,
        bundle: &Bundle,
    ) -> anyhow::Result<Extended> {
        let path = format!("/experiments/{}/extend", escaped(experiment));
        let call = self.request(Method::POST, &path).json(bundle);
        Ok(self.answer(call).await?.1)
    }

    /// Queues an experiment's runs again.
    pub(crate) async fn retry_experiment(
        &self,
        id: &str,
        request: &RetryRequest,
    ) -> anyhow::Result<Retried> {
        let path = format!("/experiments/{id}/retry");
        let call = self.request(Method::POST, &path).json(request);
        Ok(self.answer(call).await?.1)
    }

    /// Queues a run again.
    pub(crate) async fn retry_run(
        &self,
        id: &str,
        request: &RetryRequest,
    ) -> anyhow::Result<RunView> {
        let path = format!("/runs/{id}/retry");
        let call = self.request(Method::POST, &path).json(request);
        Ok(self.answer(call).await?.1)
    }

    /// An experiment's definition; none where there is no such experiment.
    pub(crate) async fn definition(&self, word: &str) -> anyhow::Result<Option<Definition>> {
        self.find(&format!("/experiments/{}/definition", escaped(word)))
            .await
    }
}
