//! Exports, imports, stored files and snapshots over HTTP.

use anyhow::{Context, bail};
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::{ArtifactRef, Freeze, Imported, Snapshot, SnapshotView};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::{Client, escaped};
use crate::failure::wrong_use;
use crate::source::Files;

/// How long a large answer may take.
const LONG: std::time::Duration = std::time::Duration::from_mins(30);

/// How often an export is begun anew because runs ended while it was sent.
const TRIES: u32 = 5;

/// A run's file.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Artifact {
    pub(crate) kind: ArtifactKind,
    #[serde(flatten)]
    pub(crate) file: ArtifactRef,
}

impl Client {
    /// An export's files, all of one moment; `told` hears which part has come.
    pub(crate) async fn export(
        &self,
        experiment: &str,
        hosts: bool,
        told: impl Fn(&str),
    ) -> anyhow::Result<Files> {
        let part = async |name: &str| {
            let experiment = escaped(experiment);
            let path = format!("/experiments/{experiment}/export/{name}?hosts={hosts}");
            let content = self.bytes(&path).await?;
            told(name);
            Ok::<_, anyhow::Error>(content)
        };
        for _ in 0..TRIES {
            let before = self.states(experiment).await?;
            let files = Files {
                scores: part("scores").await?,
                curves: part("curves").await?,
                experiment: part("experiment").await?,
            };
            if self.states(experiment).await? == before {
                return Ok(files);
            }
        }
        bail!(
            "runs of '{experiment}' began or ended while it was exported, {TRIES} times over: export it again"
        )
    }

    async fn states(&self, experiment: &str) -> anyhow::Result<Vec<String>> {
        let runs = self.runs(experiment).await?;
        Ok(runs.iter().map(|run| run.state.to_string()).collect())
    }

    /// Imports an export; the flag says whether it is new.
    pub(crate) async fn import(&self, files: Files) -> anyhow::Result<(bool, Imported)> {
        let form = Form::new()
            .part("experiment", Part::bytes(files.experiment))
            .part("scores", Part::bytes(files.scores))
            .part("curves", Part::bytes(files.curves));
        let call = self
            .request(Method::POST, "/experiments/import")
            .timeout(LONG)
            .multipart(form);
        let (status, imported) = self.answer(call).await?;
        Ok((status == StatusCode::CREATED, imported))
    }

    /// A run's files.
    pub(crate) async fn artifacts(&self, run: &str) -> anyhow::Result<Vec<Artifact>> {
        self.get(&format!("/runs/{run}/artifacts")).await
    }

    /// A stored content.
    pub(crate) async fn artifact(&self, hash: &str) -> anyhow::Result<Vec<u8>> {
        self.bytes(&format!("/artifacts/{hash}")).await
    }

    /// Freezes an experiment's table; the flag says whether it is new.
    pub(crate) async fn freeze(
        &self,
        experiment: &str,
        name: Option<String>,
    ) -> anyhow::Result<(bool, SnapshotView)> {
        let path = format!("/experiments/{}/freeze", escaped(experiment));
        let call = self.request(Method::POST, &path).json(&Freeze { name });
        let (status, view) = self.answer(call).await?;
        Ok((status == StatusCode::CREATED, view))
    }

    /// Every frozen table, newest first.
    pub(crate) async fn snapshots(&self) -> anyhow::Result<Vec<SnapshotView>> {
        self.get("/snapshots").await
    }

    /// A frozen table.
    pub(crate) async fn snapshot(&self, name: &str) -> anyhow::Result<Snapshot> {
        self.find(&format!("/snapshots/{}", escaped(name)))
            .await?
            .ok_or_else(|| {
                wrong_use(format!(
                    "no snapshot '{name}': `mrprism freeze --list` names those there are"
                ))
            })
    }

    async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let answer = self
            .succeeded(self.request(Method::GET, path).timeout(LONG))
            .await?;
        let bytes = answer
            .bytes()
            .await
            .with_context(|| format!("receiving {path} from {}", self.server()))?;
        Ok(bytes.into())
    }
}
