//! Claiming: who gets which job, and never two the same.

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::state::{AttemptOutcome, DeviceKind};
use mrprism_protocol::wire::{Claim, WorkerView};

use crate::support::{
    Server, Worker, bundle, bundle_on, fresh_database, introduction, phantom, soon,
};

#[tokio::test]
async fn a_claim_brings_the_whole_job_and_its_lease() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    assert_eq!(worker.claim().await, None, "nothing is queued");
    let experiment = server.submit(&bundle("one", 1)).await;
    let claim = worker.claim().await.unwrap();
    assert_eq!(
        (claim.experiment, claim.experiment_name.as_str()),
        (experiment.id, "one")
    );
    assert_eq!((claim.attempt_number, claim.checkpoint.as_ref()), (1, None));
    assert_eq!(claim.spec.dataset.name, "phantom");
    assert!((claim.lease_seconds - 60.0).abs() < 1e-9);
    assert!((claim.heartbeat_seconds - 10.0).abs() < 1e-9);
    let workers: Vec<WorkerView> = server.get("/api/v1/workers").await.json();
    assert_eq!((workers[0].leases, workers[0].live), (1, true));
    assert_eq!(workers[0].datasets, ["phantom"]);
}

#[tokio::test]
async fn whoever_is_unknown_or_has_no_such_device_gets_nothing() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("one", 1)).await;
    let mut stranger = worker.request();
    stranger.worker = uuid::Uuid::now_v7().into();
    worker.ask(&stranger).await.problem(404);
    let mut other_kind = worker.request();
    other_kind.device_kind = DeviceKind::Cuda;
    worker.ask(&other_kind).await.problem(422);
    let mut other_index = worker.request();
    other_index.device_index = 1;
    worker.ask(&other_index).await.problem(422);
}

#[tokio::test]
async fn the_same_nonce_gets_the_same_job() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("some", 3)).await;
    let request = worker.request();
    let first: Claim = worker.ask(&request).await.json();
    let again: Claim = worker.ask(&request).await.json();
    assert_eq!(first, again);
    let at_once = futures::future::join_all((0..8).map(|_| worker.ask(&request))).await;
    assert!(at_once.iter().all(|answer| answer.json::<Claim>() == first));
    assert_eq!(server.count("select count(*) from attempts").await, 1);
    worker.finish(&first, AttemptOutcome::Succeeded).await;
    let problem = worker.ask(&request).await.problem(409);
    assert_eq!(problem.kind, "mrprism:nonce-spent");
}

#[tokio::test]
async fn a_device_that_holds_a_lease_gets_no_second_job() {
    let server = Server::start().await;
    let worker = Worker::with(
        &server,
        introduction("here", vec![phantom("phantom", "m1")], 2),
    )
    .await;
    server.submit(&bundle("some", 3)).await;
    let first = worker.claim().await.unwrap();
    assert_eq!(worker.claim().await, None);
    let mut on_the_other = worker.request();
    on_the_other.device_index = 1;
    let second: Claim = worker.ask(&on_the_other).await.json();
    assert_ne!(first.job, second.job);
    worker.finish(&first, AttemptOutcome::Succeeded).await;
    assert!(worker.claim().await.is_some());
}

/// 64 workers work a queue of 500 off; nobody ever gets what another has got.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_job_has_two_owners() {
    let server = Server::start().await;
    let first = Worker::new(&server, "host0").await;
    server.submit(&bundle("many", 500)).await;
    let mut workers = vec![first];
    for number in 1..64 {
        workers.push(Worker::new(&server, &format!("host{number}")).await);
    }
    let work = async |worker: &Worker<'_>| {
        let mut done = Vec::new();
        let mut empty = 0;
        // Others may have locked the last handful for a moment: only a queue that stays empty is at its end.
        while empty < 5 {
            match worker.claim().await {
                None => empty += 1,
                Some(claim) => {
                    empty = 0;
                    let ended = worker.finish(&claim, AttemptOutcome::Succeeded).await;
                    assert_eq!(ended.status.as_u16(), 204, "{}", ended.text);
                    done.push((claim.job, claim.fence));
                }
            }
        }
        done
    };
    let done = futures::future::join_all(workers.iter().map(work)).await;
    let done: Vec<_> = done.into_iter().flatten().collect();
    let jobs: BTreeSet<_> = done.iter().map(|(job, _)| job).collect();
    let fences: BTreeSet<_> = done.iter().map(|(_, fence)| fence).collect();
    assert_eq!((done.len(), jobs.len(), fences.len()), (500, 500, 500));
    assert_eq!(server.count("select count(*) from attempts").await, 500);
    assert_eq!(
        server
            .count("select count(*) from jobs where state = 'succeeded'")
            .await,
        500
    );
}

#[tokio::test]
async fn jobs_are_served_in_their_experiments_order_and_older_experiments_first() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("first", 2)).await;
    server.pass(1).await;
    server.submit(&bundle("second", 1)).await;
    let mut served = Vec::new();
    while let Some(claim) = worker.claim().await {
        served.push((claim.experiment_name.clone(), claim.seed.0));
        worker.finish(&claim, AttemptOutcome::Succeeded).await;
    }
    let expected = [("first", 0), ("first", 1), ("second", 0)];
    let served: Vec<_> = served
        .iter()
        .map(|(name, seed)| (name.as_str(), *seed))
        .collect();
    assert_eq!(served, expected);
}

#[tokio::test]
async fn a_job_goes_only_where_its_data_set_is_held() {
    let server = Server::start().await;
    Worker::holding(&server, "one", vec![phantom("alpha", "m1")]).await;
    let other = Worker::holding(&server, "two", vec![phantom("beta", "m1")]).await;
    // More of them than one look at the queue takes in.
    server.submit(&bundle_on("alpha", "first", 20, "")).await;
    assert_eq!(other.claim().await, None);
    server.submit(&bundle_on("beta", "second", 1, "")).await;
    let claim = other.claim().await.unwrap();
    assert_eq!(claim.experiment_name, "second");
    let changed = Worker::holding(&server, "three", vec![phantom("alpha", "m2")]).await;
    assert_eq!(changed.claim().await, None, "the same name, other files");
}

#[tokio::test]
async fn a_worker_of_another_science_version_is_refused() {
    let server = Server::start().await;
    let mut register = introduction("here", vec![phantom("phantom", "m1")], 1);
    register.science_version = "s2".to_owned();
    let problem = server
        .post("/api/v1/worker/register", &register)
        .await
        .problem(409);
    assert_eq!(problem.kind, "mrprism:science-version");
    assert_eq!(server.count("select count(*) from workers").await, 0);
}

/// A job that this worker's host loses twice, and that waits again.
async fn lose_twice(server: &Server, bad: &Worker<'_>) {
    server.submit(&bundle("unlucky", 1)).await;
    for _ in 0..2 {
        let claim = bad.claim().await.unwrap();
        bad.finish(&claim, AttemptOutcome::Infrastructure).await;
        server.pass(600).await;
    }
}

#[tokio::test]
async fn a_job_avoids_the_host_that_lost_it_twice_while_another_could_take_it() {
    let server = Server::start().await;
    let bad = Worker::new(&server, "bad").await;
    lose_twice(&server, &bad).await;
    let good = Worker::new(&server, "good").await;
    let _ = bad.beat(&[]).await;
    assert_eq!(bad.claim().await, None);
    let claim = good.claim().await.unwrap();
    assert_eq!(claim.attempt_number, 3);
    good.finish(&claim, AttemptOutcome::Yielded).await;
    // The other host falls silent: better here than never.
    server.pass(600).await;
    assert!(bad.claim().await.is_some());
}

/// Who asks next, a moment later, would pass over them and be told that there is nothing.
#[tokio::test]
async fn a_claim_that_takes_nothing_has_let_go_of_what_it_looked_at() {
    let server = Server::start().await;
    let bad = Worker::new(&server, "bad").await;
    lose_twice(&server, &bad).await;
    let _good = Worker::new(&server, "good").await;
    let free = "select count(*) from (select from jobs for update skip locked) as free";
    for _ in 0..50 {
        assert_eq!(bad.claim().await, None);
        assert_eq!(server.count(free).await, 1);
    }
}

#[tokio::test]
async fn what_is_changed_at_one_server_is_heard_at_another() {
    let url = fresh_database().await;
    let one = Server::on(url.clone()).await;
    let other = Server::on(url).await;
    let mut changes = other.app().queue_changed.subscribe();
    changes.mark_unchanged();
    // It may not listen yet when the first is said.
    let heard = async {
        loop {
            one.app().queue_changed.say();
            let wait = std::time::Duration::from_millis(200);
            if tokio::time::timeout(wait, changes.changed()).await.is_ok() {
                return;
            }
        }
    };
    soon("hearing of a change", heard).await;
}

#[tokio::test]
async fn a_waiting_claim_is_answered_when_work_comes() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    let mut request = worker.request();
    request.wait_seconds = 30;
    let waiting = worker.ask(&request);
    let coming = async {
        server.submit(&bundle("late", 1)).await;
    };
    let (answer, ()) = soon("a waiting claim", async { tokio::join!(waiting, coming) }).await;
    assert_eq!(answer.json::<Claim>().experiment_name, "late");
}

#[tokio::test]
async fn a_waiting_claim_ends_when_the_server_does() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    let mut request = worker.request();
    request.wait_seconds = 30;
    let shutdown = server.app().shutdown.clone();
    let mut waiting = Box::pin(worker.ask(&request));
    // One look so that the call is under way.
    let early = tokio::time::timeout(std::time::Duration::from_millis(300), &mut waiting).await;
    assert!(early.is_err());
    shutdown.cancel();
    let answer = soon("the end of a waiting claim", waiting).await;
    assert_eq!(answer.status.as_u16(), 204);
    server.stop().await;
}

#[tokio::test]
async fn fences_grow_from_attempt_to_attempt() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    server.submit(&bundle("again", 2)).await;
    let mut fences: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for _ in 0..6 {
        let claim = worker.claim().await.unwrap();
        fences.entry(claim.job).or_default().push(claim.fence);
        worker.finish(&claim, AttemptOutcome::Yielded).await;
    }
    assert!(
        fences
            .values()
            .all(|fences| fences.is_sorted_by(|a, b| a < b))
    );
}
