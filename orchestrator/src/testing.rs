//! `mrprism-orchestrator test-database -- COMMAND`: a private Postgres for as long as a command runs.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Context;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Database, TEST_DATABASE_URL};
use crate::embedded_postgres::{Durability, Postgres};

/// Runs `command` with the address of a throw-away Postgres in `MRPRISM_TEST_DATABASE_URL`, stops the one when the other
/// has ended, and gives the command's exit code. Tests need no durability; what is timed does.
///
/// # Errors
/// Postgres cannot be had, or the command cannot be run.
pub async fn with_test_database(
    database: &Database,
    durability: Durability,
    command: &[OsString],
) -> anyhow::Result<ExitCode> {
    let (program, arguments) = command.split_first().context("no command was given")?;
    let mut child = Command::new(program);
    child.args(arguments);
    let code = match database {
        Database::Given(url) => run(child.env(TEST_DATABASE_URL, url)).await?,
        Database::Private(search) => {
            let folder = tempfile::Builder::new().prefix("mrprism-test-").tempdir()?;
            let binaries = search.find()?;
            let postgres = Postgres::start(folder.path(), &binaries, durability).await?;
            let code = run(child.env(TEST_DATABASE_URL, postgres.url("postgres"))).await;
            postgres.stop().await?;
            code?
        }
    };
    Ok(code)
}

/// Runs it to its end. Ctrl-C reaches it by itself; SIGTERM is passed on as an end.
async fn run(command: &mut Command) -> anyhow::Result<ExitCode> {
    let program = command.as_std().get_program().to_owned();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut child = command
        .spawn()
        .with_context(|| format!("running {}", program.display()))?;
    loop {
        tokio::select! {
            status = child.wait() => {
                let code = status?.code().and_then(|code| u8::try_from(code).ok());
                return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
            }
            _ = interrupt.recv() => {}
            _ = terminate.recv() => child.start_kill()?,
        }
    }
}
