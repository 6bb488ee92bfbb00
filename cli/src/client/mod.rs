//! The server's API for people, over HTTP.

mod exports;
mod plans;
mod queue;

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use mrprism_protocol::spec::{Bundle, DatasetCard};
use mrprism_protocol::wire::{
    Curve, ExperimentView, LogPage, Problem, RunView, ScoreQueued, ScoreRequest, StatusView, Table,
    WorkerView,
};
use mrprism_settings::Flags;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;

use crate::failure::wrong_use;

/// The server, with the caller's token.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    server: String,
    token: String,
}

impl Client {
    /// The server that flags, environment or home name.
    pub(crate) fn new(flags: &Flags) -> anyhow::Result<Self> {
        Self::at(flags.server()?, flags.token()?)
    }

    /// A server by its URL.
    pub(crate) fn at(server: String, token: String) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_mins(1))
            .build()
            .context("making an HTTP client")?;
        Ok(Self {
            http,
            server,
            token,
        })
    }

    /// Where the server is.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Whether the server can serve calls. Needs no token.
    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self
            .http
            .get(format!("{}/readyz", self.server))
            .send()
            .await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Submits an experiment; the flag says whether it is new.
    pub(crate) async fn submit(&self, bundle: &Bundle) -> anyhow::Result<(bool, ExperimentView)> {
        let call = self.request(Method::POST, "/experiments").json(bundle);
        let (status, view) = self.answer(call).await?;
        Ok((status == StatusCode::CREATED, view))
    }

    /// Every experiment, newest first.
    pub(crate) async fn experiments(&self) -> anyhow::Result<Vec<ExperimentView>> {
        self.get("/experiments").await
    }

    /// An experiment by id or name; none where there is none.
    pub(crate) async fn experiment(&self, word: &str) -> anyhow::Result<Option<ExperimentView>> {
        self.find(&format!("/experiments/{}", escaped(word))).await
    }

    /// An experiment's runs.
    pub(crate) async fn runs(&self, experiment: &str) -> anyhow::Result<Vec<RunView>> {
        self.get(&format!("/experiments/{}/runs", escaped(experiment)))
            .await
    }

    /// A run by its whole id; none where there is none.
    pub(crate) async fn run(&self, id: &str) -> anyhow::Result<Option<RunView>> {
        self.find(&format!("/runs/{}", escaped(id))).await
    }

    /// A run's curves.
    pub(crate) async fn curves(&self, run: &str) -> anyhow::Result<Vec<Curve>> {
        self.get(&format!("/runs/{run}/metrics")).await
    }

    /// A run's log lines after `after`.
    pub(crate) async fn logs(&self, run: &str, after: i64) -> anyhow::Result<LogPage> {
        self.get(&format!("/runs/{run}/logs?after={after}")).await
    }

    /// An experiment's results.
    pub(crate) async fn table(&self, experiment: &str) -> anyhow::Result<Table> {
        let path = format!("/experiments/{}/table", escaped(experiment));
        self.find(&path)
            .await?
            .ok_or_else(|| wrong_use(no_experiment(experiment)))
    }

    /// Queues scorings of an experiment's stored predictions.
    pub(crate) async fn score(
        &self,
        experiment: &str,
        request: &ScoreRequest,
    ) -> anyhow::Result<ScoreQueued> {
        let path = format!("/experiments/{}/score", escaped(experiment));
        let call = self.request(Method::POST, &path).json(request);
        Ok(self.answer(call).await?.1)
    }

    /// Workers, live and gone.
    pub(crate) async fn workers(&self) -> anyhow::Result<Vec<WorkerView>> {
        self.get("/workers").await
    }

    /// Data sets that workers hold.
    pub(crate) async fn datasets(&self) -> anyhow::Result<Vec<DatasetCard>> {
        self.get("/datasets").await
    }

    /// The server at a glance.
    pub(crate) async fn status(&self) -> anyhow::Result<StatusView> {
        self.get("/status").await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        Ok(self.answer(self.request(Method::GET, path)).await?.1)
    }

    /// None where the server knows no such thing.
    async fn find<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Option<T>> {
        match self.get(path).await {
            Ok(found) => Ok(Some(found)),
            Err(error) => match error.downcast_ref::<Refusal>() {
                Some(refusal) if refusal.0.status == StatusCode::NOT_FOUND.as_u16() => Ok(None),
                _ => Err(error),
            },
        }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}/api/v1{path}", self.server))
            .bearer_auth(&self.token)
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        call: reqwest::RequestBuilder,
    ) -> anyhow::Result<(StatusCode, T)> {
        let answer = self.succeeded(call).await?;
        let status = answer.status();
        let text = answer.text().await.with_context(|| self.unreachable())?;
        let value = serde_json::from_str(&text).with_context(|| {
            format!(
                "the server {} speaks another language: are both of the same version?",
                self.server
            )
        })?;
        Ok((status, value))
    }

    fn unreachable(&self) -> String {
        format!(
            "the server {} does not answer: look at it with `mrprism status`, or start one with `mrprism up`",
            self.server
        )
    }

    /// The answer, unless the server refuses.
    async fn succeeded(&self, call: reqwest::RequestBuilder) -> anyhow::Result<reqwest::Response> {
        let answer = call.send().await.with_context(|| self.unreachable())?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        if status == StatusCode::UNAUTHORIZED {
            bail!(
                "the server {} refuses the token: give the right one with --token or MRPRISM_TOKEN",
                self.server
            );
        }
        let text = answer.text().await.unwrap_or_default();
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) => Err(Refusal(problem).into()),
            Err(_) => Err(anyhow!(
                "the server {} answered {status}: {text}",
                self.server
            )),
        }
    }
}

/// A problem that the server names.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Problem);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.errors.is_empty() {
            return f.write_str(&self.0.detail);
        }
        let lines: Vec<_> = self.0.errors.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Refusal {}

/// What to say of an experiment that is not there.
pub(crate) fn no_experiment(word: &str) -> String {
    format!("no experiment '{word}': `mrprism experiments` lists them")
}

/// A path segment as it must be written.
fn escaped(word: &str) -> String {
    let mut written = String::new();
    for byte in word.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push('%');
            written.extend(
                [byte >> 4, byte & 15]
                    .map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])),
            );
        }
    }
    written
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_segment_holds_no_slash() {
        assert_eq!(super::escaped("tau-3/x y"), "tau-3%2Fx%20y");
    }
}
