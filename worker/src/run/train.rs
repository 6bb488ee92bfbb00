//! `mrprism-worker train`: the same run without a server, in a folder of the caller's.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use mrprism_model_core::train::StopSignal;
use mrprism_protocol::spec::{Bundle, Cell, RunSpec, Seed, resolve};
use mrprism_protocol::state::{ArtifactKind, AttemptOutcome, JobKind};
use mrprism_protocol::wire::EventBody;
use mrprism_settings::flags::TrainFlags;
use mrprism_settings::worker::Settings;
use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use super::journal::{EVENTS, Journal, SCORES};
use super::progress::Shown;
use super::{Sink, provenance};
use crate::attempt::folder::{BEST, LATEST, cache, weights};
use crate::child::message::ChildJob;
use crate::data_root::Holdings;
use crate::register::SCIENCE_VERSION;
use crate::{device, output};

const SPEC: &str = "spec.json";
const LOCK: &str = ".lock";

/// What to train and where.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism-worker train --bundle study.json --arm tau-3 --seed 0 --out runs/tau-3\n  \
    mrprism-worker train --bundle - --arm tau-3 --seed 0 --out runs/tau-3 --fresh < study.json\n\n\
    The same command goes on where it was stopped.")]
pub(crate) struct TrainArgs {
    /// The experiment with every method file it names, as JSON; `-` for standard input
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    #[command(flatten)]
    flags: TrainFlags,
}

/// `spec.json`: what the folder's run is.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    arm: String,
    seed: Seed,
    fold: Option<u32>,
    science_version: String,
    spec: RunSpec,
}

/// The end, for scripts.
#[derive(Debug, Serialize)]
struct Summary<'a> {
    outcome: AttemptOutcome,
    message: Option<&'a str>,
    weights_hash: Option<&'a str>,
    train_seconds: Option<f64>,
    out: &'a Path,
}

/// Trains. Exit code 0: done; 1: failed or stopped; 2: wrong use.
pub(crate) fn main(args: &TrainArgs, settings: &Settings) -> anyhow::Result<ExitCode> {
    let bundle = read_bundle(&args.bundle)?;
    let holdings = Holdings::index(settings);
    let resolved = match resolve(&bundle, &holdings.cards()) {
        Ok(resolved) => resolved,
        Err(faults) => {
            faults.iter().for_each(output::note);
            return Ok(ExitCode::from(2));
        }
    };
    let which = &args.flags;
    let dataset = which.dataset.as_deref();
    let cell = match resolved.cell(&which.arm, dataset, Seed(which.seed), which.fold) {
        Ok(cell) => cell,
        Err(message) => {
            output::note(message);
            return Ok(ExitCode::from(2));
        }
    };
    let name = &cell.spec.dataset.name;
    let data = holdings
        .place(name)
        .with_context(|| format!("data set '{name}' is gone"))?;
    let offers = device::offers(settings)?;
    let device = offers.first().context("there is no device to train on")?;
    let out = std::path::absolute(&args.flags.out).context("the current folder is gone")?;
    let _lock = prepare(&out, args.flags.fresh, &cell)?;
    let job = ChildJob {
        kind: JobKind::Train,
        run: None,
        attempt: None,
        spec: cell.spec,
        seed: cell.seed,
        fold: cell.fold,
        data,
        device_kind: device.kind,
        device_index: device.index,
        threads: device.threads,
        cache: cache(&settings.home),
        out: out.clone(),
        weights: weights(&settings.home),
        checkpoint_seconds: settings.checkpoint_interval.as_secs_f64(),
    };
    let stop = StopSignal::default();
    stop_on_signals(stop.clone())?;
    let mut folder = Folder {
        journal: Journal::open(&out)?,
        shown: Shown::new(),
        trouble: None,
    };
    let word = super::run(&job, &mut folder, &stop);
    folder.shown.end();
    if let Some(trouble) = folder.trouble.take() {
        return Err(trouble).context(format!("writing {EVENTS}"));
    }
    if word.outcome == AttemptOutcome::Succeeded {
        folder.journal.write_scores()?;
    }
    if args.flags.json {
        output::json(&Summary {
            outcome: word.outcome,
            message: word.message.as_deref(),
            weights_hash: word.weights_hash.as_deref(),
            train_seconds: word.train_seconds,
            out: &out,
        })?;
    }
    Ok(match (word.outcome, word.message) {
        (AttemptOutcome::Succeeded, _) => {
            output::note(format_args!("done: {}", out.display()));
            ExitCode::SUCCESS
        }
        (AttemptOutcome::Yielded, message) => {
            output::note(message.unwrap_or_default());
            output::note("the same command goes on from there");
            ExitCode::FAILURE
        }
        (_, message) => {
            output::note(message.unwrap_or_default());
            ExitCode::FAILURE
        }
    })
}

fn read_bundle(path: &Path) -> anyhow::Result<Bundle> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("reading the bundle")?;
    } else {
        text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    }
    serde_json::from_str(&text).with_context(|| format!("{} is no bundle", path.display()))
}

/// Makes the folder, or checks that its run is this one; locked until the process ends.
fn prepare(out: &Path, fresh: bool, cell: &Cell) -> anyhow::Result<Flock<File>> {
    std::fs::create_dir_all(out).with_context(|| format!("making {}", out.display()))?;
    let lock =
        File::create(out.join(LOCK)).with_context(|| format!("writing in {}", out.display()))?;
    let Ok(lock) = Flock::lock(lock, FlockArg::LockExclusiveNonblock) else {
        bail!("another process is training in {}", out.display());
    };
    if fresh {
        remove_run(out)?;
    }
    let identity = Identity {
        arm: cell.arm.clone(),
        seed: cell.seed,
        fold: cell.fold,
        science_version: SCIENCE_VERSION.to_owned(),
        spec: cell.spec.clone(),
    };
    let path = out.join(SPEC);
    match std::fs::read(&path) {
        Ok(text) => {
            let found: Option<Identity> = serde_json::from_slice(&text).ok();
            if found.is_none_or(|found| found != identity) {
                bail!(
                    "{} holds another run (its {SPEC} differs): give another --out, or --fresh to start over there",
                    out.display()
                );
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let part = out.join("spec.json.part");
            std::fs::write(&part, serde_json::to_vec_pretty(&identity)?)
                .and_then(|()| std::fs::rename(&part, &path))
                .with_context(|| format!("writing {}", path.display()))?;
        }
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    }
    Ok(lock)
}

/// Removes a run's own files and nothing else.
fn remove_run(out: &Path) -> anyhow::Result<()> {
    for name in [
        SPEC,
        provenance::NAME,
        EVENTS,
        SCORES,
        BEST,
        LATEST,
        "predictions",
    ] {
        let path = out.join(name);
        let removed = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("removing {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The first SIGINT or SIGTERM asks for a checkpoint, the second ends at once.
fn stop_on_signals(stop: StopSignal) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("listening for signals")?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                let Ok(mut signals) = crate::supervise::Signals::new() else {
                    return;
                };
                signals.next().await;
                output::note("stopping after a checkpoint; a second signal ends at once");
                stop.yield_now();
                signals.next().await;
                std::process::exit(130);
            });
        })
        .context("listening for signals")?;
    Ok(())
}

/// Writes the run's reports into its folder and shows them.
struct Folder {
    journal: Journal,
    shown: Shown,
    /// The first failed write.
    trouble: Option<std::io::Error>,
}

impl Sink for Folder {
    fn event(&mut self, body: EventBody) {
        self.shown.event(&body);
        if let Err(error) = self.journal.add(body) {
            self.trouble.get_or_insert(error);
        }
    }

    // Files are in place already.
    fn file(&mut self, _: ArtifactKind, _: &Path, _: &str) {}
}
