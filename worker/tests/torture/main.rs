//! `make torture`: drives the real programs through failures and proves that nothing is lost, doubled or stuck.
#![expect(clippy::print_stderr, reason = "a program that says what it does")]

mod audit;
mod crew;
mod dice;
mod disk;
mod disturb;
mod http;
mod lab;
mod plan;
mod postgres;
mod processes;
mod proxy;
mod reference;
mod study;
mod tally;
mod torture;
mod verdict;
mod watch;

use std::os::unix::fs::PermissionsExt as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Parser;
use tokio::signal::unix::SignalKind;

/// Drives a server, its Postgres, workers and trainers through failures, then looks for what is lost, doubled or stuck.
#[derive(Debug, Parser)]
#[command(
    name = "torture",
    after_help = "Examples:\n  make torture\n  make torture ARGS=\"--seed 7 --runs 400 --minutes 30 --keep\""
)]
pub(crate) struct Arguments {
    /// What the schedule and the proxy draw from
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Runs of the study
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(20..))]
    pub(crate) runs: u64,
    /// Workers, each with one device
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) workers: u64,
    /// Longer than this is a failure
    #[arg(long, default_value_t = 20.0)]
    minutes: f64,
    /// Keep the home for looking, logs and database included
    #[arg(long)]
    keep: bool,
    /// Print the verdict as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let home = tempfile::Builder::new().prefix("torture-").tempdir()?;
    // Root's Postgres runs as another user, who has to reach his folder in it.
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711))?;
    let path = home.path().canonicalize()?;
    say(&format!("seed {}, home {}", arguments.seed, path.display()));
    let kept = arguments.keep.then(|| home.keep());
    let limit = Duration::from_secs_f64(arguments.minutes * 60.0);
    let runtime = tokio::runtime::Runtime::new()?;
    let verdict = runtime.block_on(async {
        tokio::select! {
            whole = torture::torture(&arguments, &path) => whole,
            () = tokio::time::sleep(limit) => bail!("stuck: not done within {} minutes", arguments.minutes),
            // What was started is ended on the way out, so a person's Ctrl-C is not left to the system.
            asked = asked_to_end() => bail!("broken off: {asked:?}"),
        }
    });
    // Ends every task, and with them what they started.
    runtime.shutdown_timeout(Duration::from_secs(5));
    if let Some(kept) = kept {
        say(&format!("kept: {}", kept.display()));
    }
    let verdict = verdict?;
    verdict.print(arguments.json)?;
    Ok(if verdict.passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Waits for SIGINT or SIGTERM.
async fn asked_to_end() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// A line of what happens, beside the verdict.
pub(crate) fn say(line: &str) {
    eprintln!("torture: {line}");
}
