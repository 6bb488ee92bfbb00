//! A server in this process, on a database and a home of its own.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::TimeDelta;
use mrprism_orchestrator::config::{Database, Settings};
use mrprism_orchestrator::db::{self, PgPool};
use mrprism_orchestrator::queue::lease::Intervals;
use mrprism_orchestrator::{App, Running};
use mrprism_protocol::spec::Bundle;
use mrprism_protocol::wire::{ExperimentView, Problem, RunView};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fresh_database;

/// A server and somebody who calls it.
pub(crate) struct Server {
    running: Running,
    pub(crate) http: reqwest::Client,
    home: tempfile::TempDir,
}

/// What a call answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) text: String,
}

impl Server {
    /// A server on a fresh database. Its reaper looks once an hour: tests expire leases themselves.
    pub(crate) async fn start() -> Self {
        Self::on(fresh_database().await).await
    }

    /// A server on this database.
    pub(crate) async fn on(url: String) -> Self {
        let home = tempfile::tempdir().unwrap();
        let settings = Settings {
            home: home.path().to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database: Database::Given(url),
            intervals: Intervals {
                lease: Duration::from_mins(1),
                heartbeat: Duration::from_secs(10),
                reaper: Duration::from_hours(1),
                progress: Duration::from_hours(1),
            },
            max_artifact_mib: 1,
            token: None,
            science_version: "s1".to_owned(),
        };
        Self {
            running: Running::start(settings).await.unwrap(),
            http: reqwest::Client::new(),
            home,
        }
    }

    pub(crate) fn app(&self) -> &App {
        &self.running.app
    }

    pub(crate) fn db(&self) -> &PgPool {
        &self.running.app.db
    }

    pub(crate) fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    pub(crate) fn token(&self) -> &str {
        &self.running.token
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.address)
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await.unwrap();
    }

    /// Moves the database's clock ahead.
    pub(crate) async fn pass(&self, seconds: i64) {
        db::clock::advance(self.db(), TimeDelta::seconds(seconds))
            .await
            .unwrap();
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None::<&()>).await
    }

    pub(crate) async fn post(&self, path: &str, body: &impl Serialize) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Answer {
        let mut call = self
            .http
            .request(method, self.url(path))
            .bearer_auth(self.token());
        if let Some(body) = body {
            call = call.json(body);
        }
        Answer::of(call).await
    }

    /// Submits, and expects it to be new.
    pub(crate) async fn submit(&self, bundle: &Bundle) -> ExperimentView {
        let answer = self.post("/api/v1/experiments", bundle).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()
    }

    /// The runs of an experiment.
    pub(crate) async fn runs(&self, experiment: &str) -> Vec<RunView> {
        self.get(&format!("/api/v1/experiments/{experiment}/runs"))
            .await
            .json()
    }

    /// Rows that a query counts.
    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query)
            .fetch_one(self.db())
            .await
            .unwrap()
    }
}

impl Answer {
    pub(crate) async fn of(call: reqwest::RequestBuilder) -> Self {
        let response = call.send().await.unwrap();
        Self {
            status: response.status(),
            content_type: response
                .headers()
                .get("content-type")
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{} {error}: {}", self.status, self.text))
    }

    /// The problem, with its status and type as expected.
    pub(crate) fn problem(&self, status: u16) -> Problem {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.content_type, "application/problem+json");
        let problem: Problem = self.json();
        assert_eq!(problem.status, status);
        assert!(problem.detail.len() > 10, "{problem:?}");
        problem
    }

    /// The problem of a write whose lease is gone.
    pub(crate) fn lease_lost(&self) {
        assert_eq!(self.problem(409).kind, "mrprism:lease-lost");
    }
}
