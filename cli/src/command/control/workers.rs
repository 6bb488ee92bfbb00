//! `mrprism workers`: who is there, and who is to take nothing more.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use mrprism_protocol::wire::WorkerView;
use mrprism_report::print::plain;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::wrong_use;
use crate::output;

/// List workers; have one take nothing more, e.g. before its machine is restarted.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  mrprism workers\n  mrprism workers drain node7\n  mrprism workers undrain node7"
)]
pub(crate) struct Workers {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    Drain(Drain),
    Undrain(Undrain),
}

/// Have a worker claim nothing more; what it runs goes on to its end.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mrprism workers drain node7")]
struct Drain {
    /// A worker's host, its id or the beginning of it
    worker: String,
}

/// Have a worker claim again.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mrprism workers undrain node7")]
struct Undrain {
    /// A worker's host, its id or the beginning of it
    worker: String,
}

impl Workers {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        let workers = client.workers().await?;
        match self.action {
            None if self.json => output::json(&workers)?,
            None => output::line(listed(&workers)),
            Some(Action::Drain(Drain { worker })) => {
                set(&client, &workers, &worker, "drain").await?;
            }
            Some(Action::Undrain(Undrain { worker })) => {
                set(&client, &workers, &worker, "undrain").await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn listed(workers: &[WorkerView]) -> String {
    if workers.is_empty() {
        return "no worker: `mrprism up` or `mrprism worker` starts one".to_owned();
    }
    let rows = workers.iter().map(|worker| {
        let devices: Vec<_> = worker
            .devices
            .iter()
            .map(|device| format!("{} {}", device.kind, device.index))
            .collect();
        let state = match (worker.live, worker.draining) {
            (false, _) => "silent",
            (true, true) => "draining",
            (true, false) => "live",
        };
        vec![
            worker.host.clone(),
            state.to_owned(),
            worker.pool.clone(),
            devices.join(", "),
            worker.leases.to_string(),
            worker.id.to_string(),
        ]
    });
    plain(&["worker", "state", "pool", "devices", "runs", "id"], rows)
}

/// Every worker of a host, or the one with this id.
async fn set(
    client: &Client,
    workers: &[WorkerView],
    word: &str,
    verb: &str,
) -> anyhow::Result<()> {
    let meant: Vec<_> = workers
        .iter()
        .filter(|worker| worker.host == word || worker.id.to_string().starts_with(word))
        .collect();
    if meant.is_empty() {
        return Err(wrong_use(format!(
            "no worker '{word}': `mrprism workers` lists them"
        )));
    }
    for worker in meant {
        client.drain_worker(&worker.id.to_string(), verb).await?;
        output::line(format_args!("{} {verb}ed", worker.host));
    }
    Ok(())
}
