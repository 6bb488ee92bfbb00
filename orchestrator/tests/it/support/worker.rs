//! A worker that says what a test tells it to.

use mrprism_protocol::id::WorkerId;
use mrprism_protocol::spec::DatasetCard;
use mrprism_protocol::state::{AttemptOutcome, Command, DeviceKind};
use mrprism_protocol::wire::{
    Claim, ClaimRequest, DeviceOffer, Event, EventBatch, EventBody, Finish, Heartbeat,
    HeartbeatReply, LeaseBeat, Register,
};
use reqwest::StatusCode;
use uuid::Uuid;

use super::{Answer, Server, phantom};

/// A registered worker with one processor, or several.
pub(crate) struct Worker<'a> {
    pub(crate) server: &'a Server,
    pub(crate) id: WorkerId,
}

/// An introduction.
pub(crate) fn introduction(host: &str, datasets: Vec<DatasetCard>, devices: u32) -> Register {
    Register {
        worker: Uuid::now_v7().into(),
        host: host.to_owned(),
        pool: "default".to_owned(),
        labels: Vec::new(),
        devices: (0..devices)
            .map(|index| DeviceOffer {
                kind: DeviceKind::Cpu,
                index,
                name: "a processor".to_owned(),
                memory_mib: 1024,
                threads: 1,
            })
            .collect(),
        datasets,
        science_version: "s1".to_owned(),
        revision: None,
    }
}

impl<'a> Worker<'a> {
    /// Registers a worker that holds the phantom.
    pub(crate) async fn new(server: &'a Server, host: &str) -> Self {
        Self::with(
            server,
            introduction(host, vec![phantom("phantom", "m1")], 1),
        )
        .await
    }

    /// Registers a worker that holds these.
    pub(crate) async fn holding(
        server: &'a Server,
        host: &str,
        datasets: Vec<DatasetCard>,
    ) -> Self {
        Self::with(server, introduction(host, datasets, 1)).await
    }

    /// Registers this worker.
    pub(crate) async fn with(server: &'a Server, register: Register) -> Self {
        let answer = server.post("/api/v1/worker/register", &register).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
        Self {
            server,
            id: register.worker,
        }
    }

    /// A request for work that does not wait.
    pub(crate) fn request(&self) -> ClaimRequest {
        ClaimRequest {
            worker: self.id,
            device_kind: DeviceKind::Cpu,
            device_index: 0,
            nonce: Uuid::now_v7(),
            wait_seconds: 0,
        }
    }

    pub(crate) async fn ask(&self, request: &ClaimRequest) -> Answer {
        self.server.post("/api/v1/worker/claim", request).await
    }

    /// Asks for work once; none where there is none.
    pub(crate) async fn claim(&self) -> Option<Claim> {
        let answer = self.ask(&self.request()).await;
        match answer.status {
            StatusCode::OK => Some(answer.json()),
            StatusCode::NO_CONTENT => None,
            _ => panic!("{}", answer.text),
        }
    }

    /// Reports events, numbered from `first`.
    pub(crate) async fn report(&self, claim: &Claim, first: u64, bodies: Vec<EventBody>) -> Answer {
        let events = bodies
            .into_iter()
            .enumerate()
            .map(|(offset, body)| Event {
                sequence: first + offset as u64,
                at: chrono::DateTime::UNIX_EPOCH,
                body,
            })
            .collect();
        let batch = EventBatch {
            job: claim.job,
            fence: claim.fence,
            events,
        };
        self.server.post("/api/v1/worker/events", &batch).await
    }

    pub(crate) async fn finish(&self, claim: &Claim, outcome: AttemptOutcome) -> Answer {
        let finish = Finish {
            job: claim.job,
            fence: claim.fence,
            outcome,
            message: Some(format!("said {outcome}")),
            weights_hash: (outcome == AttemptOutcome::Succeeded).then(|| "w1".to_owned()),
            train_seconds: Some(1.5),
        };
        self.server.post("/api/v1/worker/finish", &finish).await
    }

    pub(crate) async fn beat(&self, claims: &[&Claim]) -> HeartbeatReply {
        let beat = Heartbeat {
            worker: self.id,
            leases: claims
                .iter()
                .map(|claim| LeaseBeat {
                    job: claim.job,
                    fence: claim.fence,
                })
                .collect(),
            datasets: None,
        };
        self.server
            .post("/api/v1/worker/heartbeat", &beat)
            .await
            .json()
    }

    /// What one lease's heartbeat is told.
    pub(crate) async fn command(&self, claim: &Claim) -> Command {
        self.beat(&[claim]).await.leases[0].command
    }

    pub(crate) async fn upload(
        &self,
        claim: &Claim,
        kind_and_name: &str,
        query: &str,
        content: impl Into<reqwest::Body>,
    ) -> Answer {
        let path = format!(
            "/api/v1/worker/jobs/{}/artifacts/{kind_and_name}?fence={}{query}",
            claim.job, claim.fence
        );
        let call = self
            .server
            .http
            .put(self.server.url(&path))
            .bearer_auth(self.server.token())
            .body(content);
        Answer::of(call).await
    }
}
