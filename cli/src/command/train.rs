//! `mrprism train`: one run without a server.

use std::io::Write;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use anyhow::Context;
use clap::Args;
use mrprism_settings::Flags;
use mrprism_settings::flags::{TrainFlags, TrainerFlags};

use crate::bundle;
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
    #[command(flatten)]
    which: TrainFlags,
    #[command(flatten)]
    trainer: TrainerFlags,
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
        let mut arguments = ["train", "--bundle", "-"].map(str::to_owned).to_vec();
        arguments.extend(self.which.for_program());
        arguments.extend(flags.home.for_program()?);
        arguments.extend(self.trainer.for_program());
        Ok(arguments)
    }
}
