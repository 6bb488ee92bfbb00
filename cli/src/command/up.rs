//! `mrprism up`: a server and one worker, in the background.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use mrprism_settings::flags::TrainerFlags;
use mrprism_settings::{Flags, table};
use serde::Serialize;

use crate::client::Client;
use crate::home::{live_server, live_worker};
use crate::output;
use crate::process::Process;
use crate::program::{self, ORCHESTRATOR, WORKER};

/// A new database takes seconds; indexing gigabytes of data takes longer.
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Start a server and one worker in the background.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism up\n  \
    mrprism up --home /srv/lab --data-root data=/srv/data --device cuda\n  \
    mrprism up --no-worker --listen 127.0.0.1:9000\n\n\
    The logs are <home>/logs/orchestrator.log and worker.log; `mrprism down` ends both.")]
pub(crate) struct Up {
    #[command(flatten)]
    worker: TrainerFlags,
    #[arg(long, value_name = "HOST:PORT", help = format!(
        "Where the server listens; the next free port where this one is taken (default: {})",
        table::LISTEN.default_in_words()
    ))]
    listen: Option<SocketAddr>,
    /// Start the server only
    #[arg(long)]
    no_worker: bool,
    /// Print address, home and worker as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    address: String,
    home: String,
    worker: Option<String>,
}

impl Up {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let home = flags.home.home()?;
        if let Some(server) = live_server(&home)? {
            bail!(
                "a server already runs on {}: {}; use it, or end it with `mrprism down`",
                home.display(),
                server.address
            );
        }
        // Every program must be there before one is started.
        program::find(ORCHESTRATOR)?;
        if !self.no_worker {
            program::find(WORKER)?;
        }
        let logs = home.join("logs");
        std::fs::create_dir_all(&logs).with_context(|| format!("making {}", logs.display()))?;

        let mut arguments = vec!["serve".to_owned()];
        arguments.extend(flags.home.for_program()?);
        if let Some(listen) = self.listen {
            arguments.extend(["--listen".to_owned(), listen.to_string()]);
        }
        let log = logs.join("orchestrator.log");
        let mut server = program::detach(ORCHESTRATOR, &arguments, &log)?;
        let client = server_ready(&home, &mut server, &log).await?;
        let worker = if self.no_worker {
            None
        } else {
            match self.start_worker(flags, &home, &client).await {
                Ok(offer) => Some(offer),
                Err(error) => {
                    // Half of what was asked for would only be in the way of the next `up`.
                    end(&mut server)?;
                    return Err(error);
                }
            }
        };
        if self.json {
            output::json(&Answer {
                address: client.server().to_owned(),
                home: home.display().to_string(),
                worker,
            })?;
        } else {
            output::line(format_args!("server  {}", client.server()));
            output::line(format_args!(
                "worker  {}",
                worker.as_deref().unwrap_or("none")
            ));
            output::line(format_args!("home    {}", home.display()));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Starts the worker; returns what it offers.
    async fn start_worker(
        &self,
        flags: &Flags,
        home: &Path,
        client: &Client,
    ) -> anyhow::Result<String> {
        let log = home.join("logs").join("worker.log");
        let mut arguments = vec!["serve".to_owned()];
        arguments.extend(flags.home.for_program()?);
        arguments.extend(self.worker.for_program());
        let worker = program::detach(WORKER, &arguments, &log)?;
        worker_registered(home, worker, client, &log).await
    }
}

/// Ends a process that was just started, and waits for its end.
fn end(child: &mut Child) -> anyhow::Result<()> {
    let pid = i32::try_from(child.id()).context("a process number")?;
    Process { pid, started: None }.terminate();
    child.wait().context("ending the server")?;
    Ok(())
}

/// Waits until this very server answers.
async fn server_ready(home: &Path, server: &mut Child, log: &Path) -> anyhow::Result<Client> {
    // The home's own server and token, whatever the environment names.
    let begun = Instant::now();
    let pid = i32::try_from(server.id()).context("a process number of the server")?;
    loop {
        still_runs(server, "the server", log)?;
        if let Some(found) = live_server(home)?.filter(|found| found.process.pid == pid) {
            let token = std::fs::read_to_string(home.join("token")).unwrap_or_default();
            let client = Client::at(found.address, token.trim().to_owned())?;
            if client.is_ready().await {
                return Ok(client);
            }
        }
        be_patient(begun, "the server", log)?;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits until the server lists this very worker; returns what it offers.
async fn worker_registered(
    home: &Path,
    mut worker: Child,
    client: &Client,
    log: &Path,
) -> anyhow::Result<String> {
    let begun = Instant::now();
    let pid = i32::try_from(worker.id()).context("a process number of the worker")?;
    loop {
        still_runs(&mut worker, "the worker", log)?;
        if let Some(found) = live_worker(home).filter(|found| found.process.pid == pid) {
            let listed = client.workers().await?;
            if let Some(view) = listed
                .iter()
                .find(|view| view.id == found.worker && view.live)
            {
                let devices: Vec<_> = view
                    .devices
                    .iter()
                    .map(|device| format!("{} ({} threads)", device.name, device.threads))
                    .collect();
                return Ok(format!(
                    "{}; holds {}",
                    devices.join(", "),
                    view.datasets.join(", ")
                ));
            }
        }
        be_patient(begun, "the worker", log)?;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn still_runs(child: &mut Child, what: &str, log: &Path) -> anyhow::Result<()> {
    if let Some(status) = child
        .try_wait()
        .with_context(|| format!("waiting for {what}"))?
    {
        bail!(
            "{what} did not start ({status}); {} ends with:\n{}",
            log.display(),
            program::last_lines(log, 8)
        );
    }
    Ok(())
}

fn be_patient(begun: Instant, what: &str, log: &Path) -> anyhow::Result<()> {
    if begun.elapsed() > PATIENCE {
        bail!(
            "{what} is not ready after three minutes: look at {}, or end it with `mrprism down`",
            log.display()
        );
    }
    Ok(())
}
