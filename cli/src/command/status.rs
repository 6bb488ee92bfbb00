//! `mrprism status`: queue, workers and experiments at a glance.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::StatusView;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::output;
use mrprism_report::print::plain;

/// Show the queue, the workers and the newest experiments.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mrprism status\n  mrprism status --json | jq .jobs")]
pub(crate) struct Status {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        let status = client.status().await?;
        if self.json {
            output::json(&status)?;
        } else {
            output::line(format_args!(
                "server {} (version {})",
                client.server(),
                status.version
            ));
            output::line(text(&status));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn text(status: &StatusView) -> String {
    let mut parts = vec![format!("jobs   {}", counts(&status.jobs))];
    if status.workers.is_empty() {
        parts.push("no live worker: `mrprism up` or `mrprism worker` starts one".to_owned());
    } else {
        let rows = status.workers.iter().map(|worker| {
            let devices: Vec<_> = worker
                .devices
                .iter()
                .map(|device| format!("{} {}", device.kind, device.index))
                .collect();
            vec![
                worker.host.clone(),
                worker.pool.clone(),
                devices.join(", "),
                worker.leases.to_string(),
                worker.datasets.join(", "),
            ]
        });
        parts.push(plain(&["worker", "pool", "devices", "runs", "holds"], rows));
    }
    if !status.experiments.is_empty() {
        let rows = status.experiments.iter().map(|experiment| {
            vec![
                experiment.name.clone(),
                experiment.state.to_string(),
                counts(&experiment.runs),
            ]
        });
        parts.push(plain(&["experiment", "state", "runs"], rows));
    }
    parts.join("\n\n")
}

/// `2 queued, 1 leased`.
pub(crate) fn counts(states: &BTreeMap<JobState, u64>) -> String {
    let words: Vec<_> = states
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    if words.is_empty() {
        "none".to_owned()
    } else {
        words.join(", ")
    }
}
