//! The other two programs, which lie beside this one.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use anyhow::{Context, bail};

/// The server.
pub(crate) const ORCHESTRATOR: &str = "mrprism-orchestrator";
/// What trains.
pub(crate) const WORKER: &str = "mrprism-worker";

/// Finds a program beside this executable.
pub(crate) fn find(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("finding this executable")?;
    let path = own.with_file_name(name);
    if !path.is_file() {
        bail!("{} is missing: `make build` builds it", path.display());
    }
    Ok(path)
}

/// A program of ours with its arguments.
pub(crate) fn command(name: &str, arguments: &[String]) -> anyhow::Result<Command> {
    let mut command = Command::new(find(name)?);
    command.args(arguments);
    Ok(command)
}

/// The worker's program, to train in this very process: set up as a worker sets up its trainers.
pub(crate) fn trainer(arguments: &[String]) -> anyhow::Result<Command> {
    let mut command = command(WORKER, arguments)?;
    command.envs(mrprism_protocol::trainer::ENVIRONMENT);
    Ok(command)
}

/// Starts a program that outlives this one and its terminal, with its output in `log`.
pub(crate) fn detach(name: &str, arguments: &[String], log: &Path) -> anyhow::Result<Child> {
    let file = File::options()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("opening {}", log.display()))?;
    let errors = file
        .try_clone()
        .with_context(|| format!("opening {}", log.display()))?;
    let mut command = command(name, arguments)?;
    command.stdin(Stdio::null()).stdout(file).stderr(errors);
    // SAFETY: setsid is async-signal-safe and touches no memory of this program.
    unsafe {
        command.pre_exec(|| nix::unistd::setsid().map(drop).map_err(Into::into));
    }
    command.spawn().with_context(|| format!("starting {name}"))
}

/// The exit code of a program that this one stood in for.
pub(crate) fn code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The last lines of a log, to say why a program did not start.
pub(crate) fn last_lines(log: &Path, count: usize) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
