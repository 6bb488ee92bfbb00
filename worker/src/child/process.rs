//! The supervisor's side of a child: starting it, telling it to stop, reading what it says.

use std::path::Path;
use std::process::{ExitStatus, Stdio};

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc;

use super::message::{ChildCommand, ChildJob, ChildLine};
use crate::leftovers::ChildRecord;
use crate::process_id::ProcessId;

/// A running child.
#[derive(Debug)]
pub(crate) struct ChildProcess {
    child: Child,
    /// Open as long as this lives: the child ends when it closes.
    stdin: Option<ChildStdin>,
    said: mpsc::Receiver<Said>,
    oom_kills: u64,
}

/// Something a child said.
#[derive(Debug)]
pub(crate) enum Said {
    /// A line of the protocol.
    Line(ChildLine),
    /// A line of its standard error.
    Stderr(String),
}

impl ChildProcess {
    /// Starts a child of this executable, leaves its record in the attempt's folder and hands it the job.
    ///
    /// Must be called from a thread that lives as long as the worker: the child asks the kernel to end with it.
    pub(crate) async fn start(job: &ChildJob) -> anyhow::Result<Self> {
        let executable = std::env::current_exe().context("finding this executable")?;
        let mut child = Command::new(&executable)
            .arg("child")
            .envs(mrprism_protocol::trainer::ENVIRONMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C on a terminal is the supervisor's business: it asks the child to write a checkpoint.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", executable.display()))?;
        record(&child, &job.out)?;
        let mut stdin = child
            .stdin
            .take()
            .context("the child has no standard input")?;
        let stdout = child
            .stdout
            .take()
            .context("the child has no standard output")?;
        let stderr = child
            .stderr
            .take()
            .context("the child has no standard error")?;
        let (sender, said) = mpsc::channel(1024);
        tokio::spawn(read_lines(BufReader::new(stdout).lines(), sender.clone()));
        tokio::spawn(read_errors(BufReader::new(stderr).lines(), sender));
        let mut line = serde_json::to_vec(job).context("writing the job")?;
        line.push(b'\n');
        stdin
            .write_all(&line)
            .await
            .context("handing the job to the child")?;
        Ok(Self {
            child,
            stdin: Some(stdin),
            said,
            oom_kills: oom_kills(),
        })
    }

    /// The next thing it says; none when it has ended and everything was heard.
    pub(crate) async fn hear(&mut self) -> Option<Said> {
        self.said.recv().await
    }

    /// Sends a command; a child that has just ended does not hear it, which is as good.
    pub(crate) async fn tell(&mut self, command: ChildCommand) {
        if let (Some(stdin), Ok(mut line)) = (&mut self.stdin, serde_json::to_vec(&command)) {
            line.push(b'\n');
            let _ = stdin.write_all(&line).await;
        }
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.stdin = None;
        // It may have ended already.
        let _ = self.child.start_kill();
    }

    /// Waits until it has ended.
    pub(crate) async fn wait(&mut self) -> Ending {
        let status = self.child.wait().await.ok();
        Ending {
            status,
            out_of_memory: oom_kills() > self.oom_kills,
        }
    }
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ending {
    status: Option<ExitStatus>,
    /// Whether the kernel ended a process for want of memory meanwhile.
    out_of_memory: bool,
}

impl Ending {
    #[cfg(test)]
    pub(crate) fn new(status: ExitStatus, out_of_memory: bool) -> Self {
        Self {
            status: Some(status),
            out_of_memory,
        }
    }

    /// Whether the kernel ended it for want of memory.
    pub(crate) fn is_out_of_memory(&self) -> bool {
        use std::os::unix::process::ExitStatusExt;
        self.out_of_memory && self.status.and_then(|status| status.signal()) == Some(libc::SIGKILL)
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.status {
            Some(status) => status.fmt(f),
            None => f.write_str("unknown status"),
        }
    }
}

fn record(child: &Child, folder: &Path) -> anyhow::Result<()> {
    let child = child.id().and_then(ProcessId::of);
    // A child that has ended already needs no record.
    if let (Some(child), Some(supervisor)) = (child, ProcessId::own()) {
        ChildRecord { child, supervisor }
            .write(folder)
            .with_context(|| format!("writing in {}", folder.display()))?;
    }
    Ok(())
}

async fn read_lines(mut lines: Lines<BufReader<ChildStdout>>, sender: mpsc::Sender<Said>) {
    while let Ok(Some(line)) = lines.next_line().await {
        let said = match serde_json::from_str(&line) {
            Ok(line) => Said::Line(line),
            Err(error) => Said::Stderr(format!(
                "a line that is none of the protocol's ({error}): {line}"
            )),
        };
        if sender.send(said).await.is_err() {
            return;
        }
    }
}

async fn read_errors(mut lines: Lines<BufReader<ChildStderr>>, sender: mpsc::Sender<Said>) {
    while let Ok(Some(line)) = lines.next_line().await {
        if sender.send(Said::Stderr(line)).await.is_err() {
            return;
        }
    }
}

/// Processes that the kernel has ended for want of memory since boot.
fn oom_kills() -> u64 {
    let text = std::fs::read_to_string("/proc/vmstat").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
    line.and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}
