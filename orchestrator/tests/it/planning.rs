//! Planning: what would be added, what it would cost by what was measured, and who could run it. Nothing is written.

use mrprism_protocol::spec::Bundle;
use mrprism_protocol::state::{AttemptOutcome, JobState};
use mrprism_protocol::wire::{CellState, EventBody, Likeness, Plan};

use crate::support::{Server, Worker, bundle, bundle_on, introduction, phantom};

async fn plan(server: &Server, bundle: &Bundle) -> Plan {
    let answer = server.post("/api/v1/experiments/plan", bundle).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.json()
}

fn steps(name: &str, seeds: u64, steps: u64, more: &str) -> Bundle {
    bundle_on(
        "phantom",
        name,
        seeds,
        &format!("[base.train]\nbatch = 4\nsteps = {steps}\n{more}"),
    )
}

#[tokio::test]
async fn a_plan_says_what_is_new_there_and_different_and_writes_nothing() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    let new = plan(&server, &bundle("looks", 2)).await;
    assert_eq!(
        (new.exists, new.counts.new, new.counts.nobody),
        (false, 2, 0)
    );
    assert_eq!(server.count("select count(*) from experiments").await, 0);
    server.submit(&bundle("looks", 3)).await;
    let claim = worker.claim().await.unwrap();
    worker.finish(&claim, AttemptOutcome::Succeeded).await;
    let wider = plan(&server, &bundle("looks", 4)).await;
    assert_eq!(
        (wider.exists, wider.counts.new, wider.counts.there),
        (true, 1, 3)
    );
    let there = CellState::There {
        run: claim.run,
        run_state: JobState::Succeeded,
    };
    assert_eq!(wider.cells[0].state, there);
    let other = bundle_on("phantom", "looks", 1, "[base.train]\nlr = 0.5\n");
    let other = plan(&server, &other).await;
    assert_eq!((other.counts.differs, other.counts.unnamed), (1, 2));
    let CellState::Differs { keys, .. } = &other.cells[0].state else {
        panic!("{other:?}");
    };
    assert_eq!(*keys, ["train.lr"]);
    let same_work = plan(&server, &bundle("twin", 2)).await;
    let elsewhere: Vec<_> = same_work
        .cells
        .iter()
        .map(|cell| cell.elsewhere.as_deref())
        .collect();
    assert_eq!(elsewhere, [Some("looks/looks/0"), None]);
    assert_eq!(server.count("select count(*) from runs").await, 3);
}

#[tokio::test]
async fn what_nobody_can_run_is_said_with_the_reason() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    let reason = async |more: &str| {
        let mut bundle = bundle("placed", 1);
        bundle.experiment.text = bundle
            .experiment
            .text
            .replace("[base]", &format!("{more}\n[base]"));
        let plan = plan(&server, &bundle).await;
        assert_eq!(
            plan.counts.nobody,
            u64::from(plan.cells[0].nobody.is_some())
        );
        (
            plan.cells[0].nobody.clone().unwrap_or_default(),
            plan.estimate.devices,
        )
    };
    assert_eq!(reason("").await, (String::new(), 1));
    for (more, word) in [
        ("[queue]\npool = \"big\"", "pool 'big'"),
        ("[queue]\ndevice = \"cuda\"", "cuda"),
        ("[queue]\nmemory_mib = 9999", "9999 MiB"),
        ("[queue]\nlabels = [\"fast\"]", "labels fast"),
    ] {
        let (said, devices) = reason(more).await;
        assert!(said.contains(word), "{more}: {said}");
        assert_eq!(devices, 0);
    }
    server
        .post(&format!("/api/v1/workers/{}/drain", worker.id), &())
        .await;
    assert_eq!(reason("").await.0, "no worker is live");
    Worker::with(
        &server,
        introduction("other", vec![phantom("elsewhere", "m1")], 1),
    )
    .await;
    assert!(reason("").await.0.contains("holds 'phantom'"));
}

/// Trains every queued run in so many seconds: the fixture's workers always say 1.5.
async fn train_all(worker: &Worker<'_>, steps: u64, bytes: usize) {
    while let Some(claim) = worker.claim().await {
        let progress = EventBody::Progress {
            phase: "train".to_owned(),
            step: steps,
            epoch: 1,
            steps,
        };
        let answer = worker.report(&claim, 0, vec![progress]).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        let content = format!("{}{}", claim.run, "x".repeat(bytes - 36));
        worker
            .upload(&claim, "weights/best.safetensors", "", content)
            .await;
        worker.finish(&claim, AttemptOutcome::Succeeded).await;
    }
}

#[tokio::test]
async fn costs_are_medians_of_the_nearest_runs_and_unknown_where_there_is_none() {
    let server = Server::start().await;
    let worker = Worker::new(&server, "here").await;
    let unknown = plan(&server, &steps("measured", 2, 30, "")).await;
    assert_eq!(
        (unknown.estimate.train_seconds, unknown.estimate.bytes),
        (None, None)
    );
    assert_eq!(
        (
            unknown.estimate.train_unknown,
            unknown.estimate.wall_seconds
        ),
        (2, None)
    );
    server.submit(&steps("measured", 2, 30, "")).await;
    train_all(&worker, 30, 1000).await;
    let close = |value: Option<f64>, to: f64| {
        let value = value.unwrap();
        assert!((value - to).abs() < 1e-9, "{value} is not {to}");
    };
    // 1.5 s for 30 steps.
    let same = plan(&server, &steps("same", 5, 30, "")).await;
    close(same.estimate.train_seconds, 5.0 * 1.5);
    close(same.estimate.wall_seconds, 7.5);
    close(same.estimate.bytes, 5000.0);
    let basis = same.cells[0].cost.train_basis.unwrap();
    assert_eq!((basis.like, basis.runs), (Likeness::Spec, 2));
    // Another length: the same network.
    let longer = plan(&server, &steps("longer", 1, 60, "")).await;
    close(longer.estimate.train_seconds, 3.0);
    assert_eq!(
        longer.cells[0].cost.train_basis.unwrap().like,
        Likeness::Network
    );
    // Another size: the same kind, by pixels.
    let mut larger = steps("larger", 1, 30, "");
    larger.experiment.text = larger.experiment.text.replace("size = 64", "size = 128");
    let larger = plan(&server, &larger).await;
    close(larger.estimate.train_seconds, 6.0);
    assert_eq!(
        larger.cells[0].cost.train_basis.unwrap().like,
        Likeness::Kind
    );
    // Epochs count by the card: eight training cases, batches of four.
    let epochs = bundle_on(
        "phantom",
        "epochs",
        1,
        "[base.train]\nbatch = 4\nepochs = 15\n",
    );
    let epochs = plan(&server, &epochs).await;
    assert_eq!(epochs.cells[0].steps, Some(30));
    close(epochs.estimate.train_seconds, 1.5);
}

/// `cargo nextest run -E 'test(ten_thousand)' --run-ignored all --no-capture` says how long it took.
#[tokio::test]
#[ignore = "a measurement"]
#[expect(clippy::print_stderr, reason = "it says what it measured")]
async fn ten_thousand_cells_are_planned_in_two_seconds() {
    let server = Server::start().await;
    Worker::new(&server, "here").await;
    let arms: Vec<_> = (1..=2000)
        .map(|arm| format!("[[arm]]\nname = \"a{arm}\"\nset = {{ \"train.lr\" = {arm}e-6 }}\n"))
        .collect();
    let bundle = bundle_on("phantom", "many", 5, &arms.concat());
    for round in ["new", "there"] {
        let started = std::time::Instant::now();
        let plan = plan(&server, &bundle).await;
        eprintln!(
            "{round}: {} cells planned in {:?}",
            plan.cells.len(),
            started.elapsed()
        );
        assert_eq!(plan.cells.len(), 10_000);
        if round == "new" {
            server.submit(&bundle).await;
        }
    }
}
