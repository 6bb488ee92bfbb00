//! `mrprism-orchestrator`: the server, and a throw-away database for tests.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mrprism_orchestrator::config::{self, DatabaseFlags, ServeFlags};
use mrprism_orchestrator::embedded_postgres::Durability;
use mrprism_orchestrator::{serve, with_test_database};
use tokio::signal::unix::{SignalKind, signal};

/// `MrPrism` Lab's server: keeps experiments, leases runs to workers, prints tables.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until Ctrl-C or SIGTERM
    ///
    /// Example: mrprism-orchestrator serve --home .mrprism
    Serve(Box<ServeFlags>),
    /// Run a command with `MRPRISM_TEST_DATABASE_URL` naming a throw-away Postgres
    ///
    /// Example: mrprism-orchestrator test-database -- cargo test -p mrprism-orchestrator
    TestDatabase {
        #[command(flatten)]
        database: DatabaseFlags,
        /// Write to the disk what is committed, as `serve` does: for timing
        #[arg(long)]
        durable: bool,
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(mrprism_settings::log_filter())
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!("this machine gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(flags) => {
            let settings = match config::settings(&flags) {
                Ok(settings) => settings,
                Err(error) => {
                    tracing::error!("{error:#}");
                    return Ok(ExitCode::from(2));
                }
            };
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            let asked = async move {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            };
            serve(settings, asked).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::TestDatabase {
            database,
            durable,
            command,
        } => {
            let database = config::database_for_tests(&database);
            let durability = if durable {
                Durability::Durable
            } else {
                Durability::ThrowAway
            };
            with_test_database(&database, durability, &command).await
        }
    }
}
