//! `mrprism train`: one run without a server.

use std::io::Write;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use anyhow::Context;
use clap::Args;

use crate::bundle;
use crate::config::{Flags, WorkerFlags};
use crate::program::{self, WORKER};

/// Train one run without a server; the same command goes on where it was stopped.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism train experiments/studies/quickstart.toml --arm tau-3 --seed 0 --out runs/tau-3\n  \
    mrprism train study.toml --arm mrprism --seed 0 --out runs/one --fresh --data-root data=/srv/data\n\n\
    The folder holds spec.json, provenance.json, events.ndjson, scores.csv, predictions/ and best.safetensors.")]
pub(crate) struct Train {
    /// The experiment file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The arm's name
    #[arg(long)]
    arm: String,
    /// The seed
    #[arg(long)]
    seed: u64,
    /// The fold, where the experiment names folds
    #[arg(long)]
    fold: Option<u32>,
    /// Folder of the run's files; made if it is missing
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Remove an earlier run's files from the folder and start over
    #[arg(long)]
    fresh: bool,
    /// Print how the run ended as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    worker: WorkerFlags,
}

impl Train {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let bundle =
            serde_json::to_vec(&bundle::read(&self.file)?).context("writing the bundle")?;
        let mut child = program::trainer(&self.arguments(flags)?)?
            .stdin(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {WORKER}"))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A worker that ends before it has read everything says itself why.
            let _ = stdin.write_all(&bundle);
        }
        // Ctrl-C reaches the worker too, which writes a checkpoint: this process waits for it.
        crate::ignore_interrupts()?;
        let status = child
            .wait()
            .with_context(|| format!("waiting for {WORKER}"))?;
        Ok(program::code(status))
    }

    fn arguments(&self, flags: &Flags) -> anyhow::Result<Vec<String>> {
        let mut arguments: Vec<_> = ["train", "--bundle", "-", "--arm", &self.arm]
            .map(str::to_owned)
            .into();
        arguments.extend(["--seed".to_owned(), self.seed.to_string()]);
        arguments.extend(["--out".to_owned(), self.out.display().to_string()]);
        if let Some(fold) = self.fold {
            arguments.extend(["--fold".to_owned(), fold.to_string()]);
        }
        for (given, flag) in [(self.fresh, "--fresh"), (self.json, "--json")] {
            if given {
                arguments.push(flag.to_owned());
            }
        }
        arguments.extend(flags.for_program()?);
        arguments.extend(self.worker.for_program());
        Ok(arguments)
    }
}
