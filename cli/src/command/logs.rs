//! `mrprism logs`: what a run's attempts said.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use mrprism_protocol::wire::LogLine;
use mrprism_settings::Flags;

use crate::client::Client;
use crate::{output, select};

const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Print a run's log lines, oldest first.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  mrprism logs quickstart/tau-3/0 -f\n  mrprism logs 0199a3 --json"
)]
pub(crate) struct Logs {
    /// A run: its id or the beginning of it, or EXPERIMENT/ARM/SEED
    run: String,
    /// Go on with new lines until the run has ended
    #[arg(short, long)]
    follow: bool,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

impl Logs {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let client = Client::new(flags)?;
        let run = select::run(&client, &self.run).await?;
        let id = run.id.to_string();
        let mut after = 0;
        loop {
            // Asked before the lines: what was said before the end is then never missed.
            let ended = client
                .run(&id)
                .await?
                .is_none_or(|run| run.state.is_terminal());
            loop {
                let page = client.logs(&id, after).await?;
                for line in &page.lines {
                    output::line(self.shown(line)?);
                }
                after = page.next;
                if page.lines.is_empty() {
                    break;
                }
            }
            if ended || !self.follow {
                return Ok(ExitCode::SUCCESS);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn shown(&self, line: &LogLine) -> anyhow::Result<String> {
        if self.json {
            return Ok(serde_json::to_string(line)?);
        }
        let LogLine {
            attempt,
            at,
            level,
            message,
        } = line;
        Ok(format!(
            "{} #{attempt} {level:5} {message}",
            at.format("%Y-%m-%d %H:%M:%S")
        ))
    }
}
