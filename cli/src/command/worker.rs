//! `mrprism worker`: a worker in the foreground.

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use crate::config::{Flags, WorkerFlags};
use crate::program::{self, WORKER};

/// Start a worker in the foreground; Ctrl-C ends it at a checkpoint of each run.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism worker\n  \
    mrprism worker --server http://lab:8080 --token T --device cuda --data-root data=/srv/data")]
pub(crate) struct Worker {
    #[command(flatten)]
    trainer: WorkerFlags,
    /// Pool to claim from
    #[arg(long, value_name = "NAME")]
    pool: Option<String>,
    /// A label for placement; may be repeated
    #[arg(long = "label", value_name = "LABEL")]
    labels: Vec<String>,
}

impl Worker {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let mut arguments = vec!["serve".to_owned()];
        arguments.extend(flags.for_program()?);
        arguments.extend(self.trainer.for_program());
        let named = [
            ("--server", &flags.server),
            ("--token", &flags.token),
            ("--pool", &self.pool),
        ];
        for (flag, value) in named {
            if let Some(value) = value {
                arguments.extend([flag.to_owned(), value.clone()]);
            }
        }
        for label in &self.labels {
            arguments.extend(["--label".to_owned(), label.clone()]);
        }
        // Becomes the worker; comes back only where that failed.
        let error = program::command(WORKER, &arguments)?.exec();
        Err(error).with_context(|| format!("starting {WORKER}"))
    }
}
