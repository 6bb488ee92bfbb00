//! The whole of it: start, disturb, drain, judge.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, watch};

use crate::crew::{Crew, Order, build_shim};
use crate::dice::Dice;
use crate::disturb::{Scene, carry_out};
use crate::lab::Lab;
use crate::proxy::Proxy;
use crate::tally::Tally;
use crate::verdict::Verdict;
use crate::watch::{Memory, watch};
use crate::{Arguments, audit, plan, say};

/// Between looks at what should live and lines of progress.
const LOOK: Duration = Duration::from_millis(500);
const LINE: Duration = Duration::from_secs(10);

/// Does it in `home`.
pub(crate) async fn torture(arguments: &Arguments, home: &Path) -> anyhow::Result<Verdict> {
    let begun = Instant::now();
    let mut dice = Dice::new(arguments.seed);
    let tally = Arc::new(Tally::default());
    let proxy = Proxy::start(Dice::new(dice.next()), Arc::clone(&tally)).await?;
    let lab = Arc::new(Lab::start(home, proxy.clone()).await?);
    let shim = build_shim(home);
    if let Err(error) = &shim {
        say(&format!(
            "no clock can be set off here, so this cannot pass: {error:#}"
        ));
    }
    let order = Order {
        home: home.to_owned(),
        server: proxy.address,
        token: lab.token.clone(),
        shim: shim.ok(),
    };
    let crew = Arc::new(Crew::start(arguments.workers, &order)?);
    lab.submit(arguments.runs).await?;

    let memory = Arc::new(Mutex::new(Memory::default()));
    let (progress, done) = watch::channel(0.0);
    let watching = tokio::spawn(watch(
        lab.postgres.clone(),
        arguments.runs,
        Arc::clone(&memory),
        progress,
    ));
    let scene = Scene { lab, crew, tally };
    let fallen = Arc::new(Mutex::new(Vec::new()));
    let attending = tokio::spawn(attend(
        scene.clone(),
        done.clone(),
        begun,
        Arc::clone(&fallen),
    ));
    let planned = plan::plan(&mut dice);
    carry_out(&scene, planned, Dice::new(dice.next()), done.clone()).await?;
    say("the disturbances have ended; the queue drains");
    let mut drained = done;
    drained.wait_for(|done| *done >= 1.0).await?;
    watching.abort();
    attending.abort();

    say("drained; judging");
    let mut memory = memory.lock().await;
    let (mut findings, sums) =
        audit::judge(&scene.lab, &scene.crew, arguments.runs, &mut memory).await?;
    findings.stuck.append(&mut *fallen.lock().await);
    let counts = scene.tally.counts();
    let mut too_few = counts.too_few();
    if sums.attempts <= sums.runs {
        too_few.push("attempts: no more than runs".to_owned());
    }
    if sums.compared == 0 {
        too_few.push("runs compared with undisturbed ones: 0".to_owned());
    }
    if sums.from_wrong_clocks == 0 {
        too_few.push("events from wrong clocks: 0".to_owned());
    }
    Ok(Verdict {
        seed: arguments.seed,
        seconds: begun.elapsed().as_secs_f64(),
        counts,
        sums,
        findings,
        too_few,
    })
}

/// Says how far it is, and notes what ended though nobody ended it.
async fn attend(
    scene: Scene,
    done: watch::Receiver<f64>,
    begun: Instant,
    fallen: Arc<Mutex<Vec<String>>>,
) {
    let mut said = Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        match scene.crew.raise_the_fallen() {
            Ok(workers) => fallen.lock().await.extend(workers),
            Err(error) => fallen.lock().await.push(format!("{error:#}")),
        }
        if let Some(server) = scene.lab.raise_the_fallen().await {
            fallen.lock().await.push(server);
        }
        if said.elapsed() >= LINE {
            said = Instant::now();
            say(&format!(
                "{:>4.0} s, {:>3.0} % of the runs done: {}",
                begun.elapsed().as_secs_f64(),
                100.0 * *done.borrow(),
                scene.tally.counts()
            ));
        }
    }
}
