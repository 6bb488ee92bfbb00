//! `mrprism-worker child`: one run in a process of its own, which ends the moment its standard input closes.

pub(crate) mod message;
pub(crate) mod process;

use std::fs::File;
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use mrprism_model_core::train::StopSignal;
use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::EventBody;

use self::message::{ChildCommand, ChildJob, ChildLine};
use crate::run::{self, Sink};

/// Runs the job that the first line of standard input describes.
pub(crate) fn main() -> anyhow::Result<ExitCode> {
    // Should standard input stay open by accident, the kernel ends this process with the thread that started it.
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
        .context("asking to end with the supervisor")?;
    let mut pipe = Pipe(protocol_pipe()?);
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("reading the job")?;
    let job: ChildJob = serde_json::from_str(&line).context("the job is not one")?;
    let stop = StopSignal::default();
    let watched = stop.clone();
    std::thread::Builder::new()
        .name("stdin".to_owned())
        .spawn(move || obey(&watched))
        .context("watching standard input")?;
    let word = run::run(&job, &mut pipe, &stop);
    pipe.line(&ChildLine::Ended(word));
    Ok(ExitCode::SUCCESS)
}

/// Standard output belongs to the protocol: whatever a library prints goes to standard error from here on.
fn protocol_pipe() -> anyhow::Result<File> {
    let pipe = nix::unistd::dup(std::io::stdout()).context("keeping standard output")?;
    nix::unistd::dup2_stdout(std::io::stderr()).context("moving standard output")?;
    Ok(File::from(pipe))
}

/// Follows commands; when the supervisor is gone, so is this process, in the middle of whatever it does.
fn obey(stop: &StopSignal) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        match serde_json::from_str(&line) {
            Ok(ChildCommand::Yield) => stop.yield_now(),
            Ok(ChildCommand::Cancel) => stop.cancel(),
            Err(error) => tracing::warn!("no command: {line}: {error}"),
        }
    }
    leave()
}

/// Ends the process at once: destructors and exit handlers could wait for a step that takes minutes.
fn leave() -> ! {
    // SAFETY: _exit takes any number and touches nothing of this program.
    unsafe { libc::_exit(3) }
}

/// The supervisor's end of standard output.
struct Pipe(File);

impl Pipe {
    fn line(&mut self, line: &ChildLine) {
        let written = serde_json::to_vec(line).map(|mut text| {
            text.push(b'\n');
            self.0.write_all(&text)
        });
        if !matches!(written, Ok(Ok(()))) {
            // Nobody listens any more.
            leave();
        }
    }
}

impl Sink for Pipe {
    fn event(&mut self, body: EventBody) {
        self.line(&ChildLine::Event { body });
    }

    fn file(&mut self, kind: ArtifactKind, path: &Path, name: &str) {
        self.line(&ChildLine::File {
            artifact: kind,
            path: path.to_owned(),
            name: name.to_owned(),
        });
    }
}
