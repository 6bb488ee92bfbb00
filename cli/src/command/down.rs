//! `mrprism down`: ends what `up` started, the worker first.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use mrprism_settings::Flags;

use crate::home::{live_server, live_worker};
use crate::output;
use crate::process::Process;
use crate::program::{ORCHESTRATOR, WORKER};

const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// End the home's worker, at a checkpoint of each run, and then its server.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism down\n  mrprism down --home /srv/lab --patience 600\n\n\
    Nothing is lost: runs go on where they were at the next `mrprism up`."
)]
pub(crate) struct Down {
    /// Seconds to wait for each of the two
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    patience: u64,
}

impl Down {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let home = flags.home.home()?;
        let patience = Duration::from_secs(self.patience);
        let mut ended = Vec::new();
        if let Some(worker) = live_worker(&home) {
            end(&worker.process, WORKER, &home, patience).await?;
            ended.push("worker");
        }
        if let Some(server) = live_server(&home)? {
            end(&server.process, ORCHESTRATOR, &home, patience).await?;
            ended.push("server");
        }
        if ended.is_empty() {
            output::line(format_args!("nothing runs on {}", home.display()));
        } else {
            output::line(format_args!("ended: {}", ended.join(", ")));
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn end(
    process: &Process,
    program: &str,
    home: &Path,
    patience: Duration,
) -> anyhow::Result<()> {
    process.terminate();
    let begun = Instant::now();
    while process.is_alive(program) {
        if begun.elapsed() > patience {
            bail!(
                "{program} (process {}) on {} still runs after {} s: it may be in a long step; wait, or end it with \
                 `kill -9 {}` (its runs go on from their last checkpoint)",
                process.pid,
                home.display(),
                patience.as_secs(),
                process.pid
            );
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}
