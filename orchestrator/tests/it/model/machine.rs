//! The system and its model side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use mrprism_orchestrator::domain::Wish;
use mrprism_orchestrator::reconcile::{end_hung, expire, preempt};
use mrprism_protocol::id::{JobId, WorkerId};
use mrprism_protocol::spec::QueueFile;
use mrprism_protocol::state::{Asked, AttemptOutcome, JobState};
use mrprism_protocol::wire::{Claim, ClaimRequest, Place};
use reqwest::{Method, StatusCode};

use super::audit::Audit;
use super::operation::Operation;
use crate::support::{Server, Worker, bundle_on, fresh_database};

/// The experiments: one that may be preempted and tries its own errors once more, one that is urgent.
const EXPERIMENTS: [&str; 2] = ["patient", "urgent"];
const WORKERS: usize = 3;
/// As the server's settings in tests have it.
const LEASE: i64 = 60;
const PROGRESS: i64 = 3600;

/// A job as the model has it. Its times are in seconds of [`Machine::now`].
#[derive(Debug, Clone)]
struct Job {
    experiment: usize,
    state: JobState,
    asked: Option<Asked>,
    infrastructure: u32,
    memory: u32,
    own: u32,
    /// It may surely be claimed from here on.
    due: i64,
    /// Times that each worker's host lost it.
    lost_on: [u32; WORKERS],
}

/// A lease as the model has it.
#[derive(Debug)]
struct Held {
    worker: usize,
    claim: Claim,
    heard: i64,
    claimed: i64,
}

/// Both.
pub(super) struct Machine {
    url: String,
    server: Server,
    workers: Vec<WorkerId>,
    last: Vec<Option<(ClaimRequest, Claim)>>,
    jobs: BTreeMap<JobId, Job>,
    held: Vec<Held>,
    gone: Vec<Held>,
    limit: Option<u32>,
    audit: Audit,
    /// Seconds that were passed.
    now: i64,
    begun: Instant,
}

impl Machine {
    pub(super) async fn start() -> Self {
        let url = fresh_database().await;
        let server = Server::on(url.clone()).await;
        let mut workers = Vec::new();
        for host in 0..WORKERS {
            workers.push(Worker::new(&server, &format!("host{host}")).await.id);
        }
        let mut jobs = BTreeMap::new();
        let tables = ["preemptible = true\nretries = 1", "priority = 3"];
        for (experiment, (name, table)) in EXPERIMENTS.into_iter().zip(tables).enumerate() {
            let queue = format!("[queue]\n{table}\n");
            server.submit(&bundle_on("phantom", name, 3, &queue)).await;
            for (job, state) in states(&server, name).await {
                let job_now = Job {
                    experiment,
                    state,
                    asked: None,
                    infrastructure: 0,
                    memory: 0,
                    own: 0,
                    due: 0,
                    lost_on: [0; WORKERS],
                };
                jobs.insert(job, job_now);
            }
        }
        Self {
            url,
            server,
            workers,
            last: vec![None; WORKERS],
            jobs,
            held: Vec::new(),
            gone: Vec::new(),
            limit: None,
            audit: Audit::default(),
            now: 0,
            begun: Instant::now(),
        }
    }

    pub(super) async fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Claim(worker) => {
                self.claim(worker % WORKERS).await;
            }
            Operation::ClaimAgain(worker) => self.claim_again(worker % WORKERS).await,
            Operation::Beat(worker) => self.beat(worker % WORKERS).await,
            Operation::Finish(which, outcome) => self.finish(*which, *outcome).await,
            Operation::FinishLate(which, outcome) => self.finish_late(*which, *outcome).await,
            Operation::Pass(seconds) => {
                self.server.pass(*seconds).await;
                self.now += seconds;
            }
            Operation::Reap => self.reap().await,
            Operation::EndHung => self.end_hung().await,
            Operation::Preempt => self.preempt().await,
            Operation::OfExperiment(which, wish) => {
                let which = which % EXPERIMENTS.len();
                let path = format!("/api/v1/experiments/{}/{}", EXPERIMENTS[which], verb(*wish));
                self.server.post(&path, &()).await;
                let of = |job: &Job| job.experiment == which;
                self.jobs
                    .values_mut()
                    .filter(|job| of(job))
                    .for_each(|job| wished(job, *wish));
            }
            Operation::OfRun(which, wish) if *wish != Wish::Drain => {
                self.of_run(*which, *wish).await;
            }
            Operation::OfRun(..) => {}
            Operation::Limit(most) => {
                let queue = QueueFile {
                    preemptible: true,
                    retries: 1,
                    max_parallel: *most,
                    ..QueueFile::default()
                };
                let path = format!("/api/v1/experiments/{}/queue", EXPERIMENTS[0]);
                let answer = self.server.call(Method::PUT, &path, Some(&queue)).await;
                assert_eq!(answer.status, StatusCode::OK);
                self.limit = *most;
            }
            Operation::Front(which) => {
                let (job, state) = self.pick(*which);
                let path = format!("/api/v1/runs/{}/move", self.run_of(job).await);
                let answer = self.server.post(&path, &Place::Front).await;
                let waits = matches!(state, JobState::Queued | JobState::Paused);
                assert_eq!(answer.status == StatusCode::NO_CONTENT, waits);
            }
            Operation::Restart => {
                let server = Server::on(self.url.clone()).await;
                std::mem::replace(&mut self.server, server).stop().await;
            }
        }
    }

    /// The database holds what the model says, and nothing that may never be.
    pub(super) async fn compare(&mut self, after: &Operation) {
        let rows: Vec<(uuid::Uuid, String, Option<String>, i32, i32, i32)> = sqlx::query_as(
            "select id, state, asked, infrastructure_failures, memory_failures, own_failures from jobs",
        )
        .fetch_all(self.server.db())
        .await
        .unwrap();
        assert_eq!(rows.len(), self.jobs.len());
        for (id, state, asked, infrastructure, memory, own) in rows {
            let job = &self.jobs[&JobId(id)];
            let asked = (!job.state.is_terminal()).then_some(asked).flatten();
            let model = (
                job.state.as_str(),
                job.asked.map(Asked::as_str),
                (job.infrastructure, job.memory, job.own),
            );
            let counted = (infrastructure as u32, memory as u32, own as u32);
            assert_eq!(
                (state.as_str(), asked.as_deref(), counted),
                model,
                "{after:?}"
            );
        }
        self.audit.look(self.server.db()).await;
    }

    /// Everything is resumed and every device works: in the end nothing is open.
    pub(super) async fn work_to_the_end(mut self) {
        for (which, _) in EXPERIMENTS.iter().enumerate() {
            self.apply(&Operation::OfExperiment(which, Wish::Resume))
                .await;
        }
        while self.jobs.values().any(|job| !job.state.is_terminal()) {
            let before = self.jobs.clone();
            self.apply(&Operation::Pass(4500)).await;
            for worker in 0..WORKERS {
                self.beat(worker).await;
            }
            for worker in 0..WORKERS {
                self.claim(worker).await;
            }
            while !self.held.is_empty() {
                self.finish(0, AttemptOutcome::Succeeded).await;
            }
            let open = |jobs: &BTreeMap<JobId, Job>| {
                jobs.values().filter(|job| !job.state.is_terminal()).count()
            };
            assert!(open(&self.jobs) < open(&before), "stuck: {:?}", self.jobs);
        }
        self.compare(&Operation::Reap).await;
        self.server.stop().await;
    }

    async fn claim(&mut self, worker: usize) {
        let request = self.worker(worker).request();
        let answer = self.worker(worker).ask(&request).await;
        let busy = self.held.iter().any(|held| held.worker == worker);
        let full = self.limit.is_some_and(|most| {
            let at_work = |held: &&Held| self.jobs[&held.claim.job].experiment == 0;
            self.held.iter().filter(at_work).count() >= most as usize
        });
        let open = |job: &&Job| job.state == JobState::Queued && !(job.experiment == 0 && full);
        if answer.status == StatusCode::NO_CONTENT {
            let sure = |job: &&Job| job.due <= self.now && job.lost_on[worker] < 2;
            let left = self.jobs.values().filter(open).find(|job| sure(job));
            assert!(
                busy || left.is_none(),
                "it waits and is not given: {left:?}"
            );
            return;
        }
        let claim: Claim = answer.json();
        assert!(!busy, "the device had a lease");
        let job = self.jobs.get_mut(&claim.job).unwrap();
        assert!(open(&&*job), "it was given and must not be: {job:?}");
        job.state = JobState::Leased;
        self.last[worker] = Some((request, claim.clone()));
        self.held.push(Held {
            worker,
            claim,
            heard: self.now,
            claimed: self.now,
        });
    }

    async fn claim_again(&mut self, worker: usize) {
        let Some((request, claim)) = self.last[worker].clone() else {
            return;
        };
        let answer = self.worker(worker).ask(&request).await;
        if self
            .held
            .iter()
            .any(|held| held.claim.attempt == claim.attempt)
        {
            assert_eq!(answer.json::<Claim>().attempt, claim.attempt);
        } else {
            assert_eq!(answer.problem(409).kind, "mrprism:nonce-spent");
        }
    }

    async fn beat(&mut self, worker: usize) {
        let claims: Vec<_> = self
            .held
            .iter()
            .filter(|held| held.worker == worker)
            .collect();
        let claims: Vec<_> = claims.iter().map(|held| &held.claim).collect();
        let reply = self.worker(worker).beat(&claims).await;
        assert_eq!(reply.leases.len(), claims.len());
        let now = self.now;
        for held in self.held.iter_mut().filter(|held| held.worker == worker) {
            held.heard = now;
        }
    }

    async fn finish(&mut self, which: usize, outcome: AttemptOutcome) {
        if self.held.is_empty() {
            return;
        }
        let held = self.held.remove(which % self.held.len());
        let answer = self.worker(held.worker).finish(&held.claim, outcome).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        self.ended(held, outcome);
    }

    async fn finish_late(&mut self, which: usize, outcome: AttemptOutcome) {
        if self.gone.is_empty() {
            return;
        }
        let held = &self.gone[which % self.gone.len()];
        let answer = self.worker(held.worker).finish(&held.claim, outcome).await;
        // What it had said itself may be said again; nothing changes either way.
        assert!(
            [204, 409].contains(&answer.status.as_u16()),
            "{}",
            answer.text
        );
    }

    async fn reap(&mut self) {
        let expired = expire(self.server.app()).await.unwrap();
        let expired: BTreeSet<_> = expired.iter().map(|live| live.attempt).collect();
        let slack = self.begun.elapsed().as_secs() as i64 + 1;
        for held in &self.held {
            let silent = self.now - held.heard;
            let is = expired.contains(&held.claim.attempt);
            assert!(
                is || silent <= LEASE,
                "silent for {silent} s and not expired"
            );
            assert!(!is || silent + slack >= LEASE, "expired after {silent} s");
        }
        self.lose(&expired, AttemptOutcome::Lost);
    }

    async fn end_hung(&mut self) {
        let hung = end_hung(self.server.app()).await.unwrap();
        let hung: BTreeSet<_> = hung.iter().map(|live| live.attempt).collect();
        for held in &self.held {
            let is = hung.contains(&held.claim.attempt);
            assert_eq!(is, self.now - held.claimed >= PROGRESS);
        }
        self.lose(&hung, AttemptOutcome::Infrastructure);
    }

    fn lose(&mut self, attempts: &BTreeSet<mrprism_protocol::id::AttemptId>, how: AttemptOutcome) {
        let (lost, held) = std::mem::take(&mut self.held)
            .into_iter()
            .partition(|held| attempts.contains(&held.claim.attempt));
        self.held = held;
        for held in Vec::from_iter::<Vec<Held>>(lost) {
            self.ended(held, how);
        }
    }

    async fn preempt(&mut self) {
        for preemption in preempt(self.server.app()).await.unwrap() {
            let by = &self.jobs[&preemption.by];
            assert_eq!((by.experiment, by.state), (1, JobState::Queued));
            let victim = self.jobs.get_mut(&preemption.victim).unwrap();
            let was = (victim.experiment, victim.state, victim.asked);
            assert_eq!(was, (0, JobState::Leased, None));
            victim.asked = Some(Asked::Preempt);
            let held = self
                .held
                .iter()
                .find(|held| held.claim.job == preemption.victim);
            assert!(
                self.now - held.unwrap().claimed + 60 >= 600,
                "it had just begun"
            );
        }
    }

    async fn of_run(&mut self, which: usize, wish: Wish) {
        let (job, _) = self.pick(which);
        let path = format!("/api/v1/runs/{}/{}", self.run_of(job).await, verb(wish));
        let answer = self.server.post(&path, &()).await;
        assert_eq!(answer.status, StatusCode::OK);
        wished(self.jobs.get_mut(&job).unwrap(), wish);
    }

    /// What an end makes of the model's job, written down anew rather than taken from the rules.
    fn ended(&mut self, held: Held, outcome: AttemptOutcome) {
        use AttemptOutcome as End;
        let now = self.now;
        let job = self.jobs.get_mut(&held.claim.job).unwrap();
        let cancelling = job.asked == Some(Asked::Cancel);
        let allowed = [1, 0][job.experiment];
        let (end, count, most) = match outcome {
            End::Succeeded => (Some(JobState::Succeeded), None, 0),
            End::Cancelled => (Some(JobState::Cancelled), None, 0),
            End::Failed if cancelling => (Some(JobState::Failed), None, 0),
            _ if cancelling => (Some(JobState::Cancelled), None, 0),
            End::Yielded => (None, None, 0),
            End::Failed => (Some(JobState::Failed), Some(&mut job.own), allowed),
            End::OutOfMemory => (Some(JobState::Failed), Some(&mut job.memory), 1),
            End::Lost | End::Infrastructure => {
                job.lost_on[held.worker] += 1;
                (
                    Some(JobState::Quarantined),
                    Some(&mut job.infrastructure),
                    5,
                )
            }
        };
        let end = match count {
            Some(count) if *count < most => {
                *count += 1;
                job.due = now + (1 << (*count - 1).min(8));
                None
            }
            _ => end,
        };
        let paused = job.asked == Some(Asked::Pause);
        job.state = end.unwrap_or(if paused {
            JobState::Paused
        } else {
            JobState::Queued
        });
        job.asked = None;
        if paused {
            job.due = now;
        }
        self.gone.push(held);
    }

    fn pick(&self, which: usize) -> (JobId, JobState) {
        let (id, job) = self.jobs.iter().nth(which % self.jobs.len()).unwrap();
        (*id, job.state)
    }

    async fn run_of(&self, job: JobId) -> uuid::Uuid {
        sqlx::query_scalar("select run_id from jobs where id = $1")
            .bind(job.0)
            .fetch_one(self.server.db())
            .await
            .unwrap()
    }

    fn worker(&self, number: usize) -> Worker<'_> {
        Worker {
            server: &self.server,
            id: self.workers[number],
        }
    }
}

/// What a person's wish makes of the model's job.
fn wished(job: &mut Job, wish: Wish) {
    let waits = matches!(job.state, JobState::Queued | JobState::Paused);
    match wish {
        Wish::Cancel if waits => job.state = JobState::Cancelled,
        Wish::Cancel if job.state == JobState::Leased => job.asked = Some(Asked::Cancel),
        Wish::Pause | Wish::Drain if job.state == JobState::Queued => job.state = JobState::Paused,
        Wish::Pause if job.state == JobState::Leased && job.asked != Some(Asked::Cancel) => {
            job.asked = Some(Asked::Pause);
        }
        Wish::Resume if job.state == JobState::Paused => job.state = JobState::Queued,
        Wish::Resume if job.asked == Some(Asked::Pause) => job.asked = None,
        _ => {}
    }
}

const fn verb(wish: Wish) -> &'static str {
    match wish {
        Wish::Cancel => "cancel",
        Wish::Pause => "pause",
        Wish::Drain => "drain",
        Wish::Resume => "resume",
    }
}

/// The jobs of an experiment.
async fn states(server: &Server, experiment: &str) -> Vec<(JobId, JobState)> {
    let rows: Vec<(uuid::Uuid, String)> = sqlx::query_as(
        "select j.id, j.state from jobs j join runs r on r.id = j.run_id join experiments e on e.id = r.experiment_id
         where e.name = $1",
    )
    .bind(experiment)
    .fetch_all(server.db())
    .await
    .unwrap();
    rows.into_iter()
        .map(|(id, state)| (id.into(), state.parse().unwrap()))
        .collect()
}
