//! The workers: started, killed, held, started again, each with a home and a wall clock of its own.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::Signal;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, MutexGuard};

use crate::dice::Dice;
use crate::processes::{MARK, children, signal};

/// How long a worker that was asked to end may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every worker.
#[derive(Debug)]
pub(crate) struct Crew {
    members: Vec<Mutex<Member>>,
}

/// One worker's place; its process changes.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    command: Order,
    clock: File,
    child: Option<Child>,
}

/// What every worker is started with.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) home: PathBuf,
    pub(crate) server: String,
    pub(crate) token: String,
    /// Library that sets a wall clock off, where a compiler made it.
    pub(crate) shim: Option<PathBuf>,
}

impl Crew {
    /// Starts as many workers.
    pub(crate) fn start(count: u64, order: &Order) -> anyhow::Result<Self> {
        let start = |number| {
            let name = format!("worker-{number}");
            let home = order.home.join(&name);
            std::fs::create_dir_all(&home)?;
            let clock = File::options()
                .create(true)
                .truncate(true)
                .read(true)
                .write(true)
                .open(home.join("clock"))?;
            clock.write_all_at(&0_i64.to_ne_bytes(), 0)?;
            let mut member = Member {
                name,
                command: order.clone(),
                clock,
                child: None,
            };
            member.start()?;
            Ok(Mutex::new(member))
        };
        let members: anyhow::Result<_> = (0..count).map(start).collect();
        Ok(Self { members: members? })
    }

    /// Any worker that no other disturbance has in its hands and that `fits`, held until dropped.
    pub(crate) fn seize(
        &self,
        dice: &mut Dice,
        fits: impl Fn(&Member) -> bool,
    ) -> Option<MutexGuard<'_, Member>> {
        let first = dice.below(self.members.len() as u64) as usize;
        let turned = self.members[first..].iter().chain(&self.members[..first]);
        turned
            .filter_map(|member| member.try_lock().ok())
            .find(|member| fits(member))
    }

    /// Workers that ended by themselves; they are started again.
    pub(crate) fn raise_the_fallen(&self) -> anyhow::Result<Vec<String>> {
        let mut fallen = Vec::new();
        for member in &self.members {
            let Ok(mut member) = member.try_lock() else {
                continue;
            };
            if let Some(status) = member.ended()? {
                fallen.push(format!("{} ended by itself: {status}", member.name));
                member.start()?;
            }
        }
        Ok(fallen)
    }

    /// Asks every worker to end; says which did not do so in time and in order.
    pub(crate) async fn dismiss(&self) -> Vec<String> {
        let mut stuck = Vec::new();
        for member in &self.members {
            let mut member = member.lock().await;
            let name = member.name.clone();
            member.signal(Signal::SIGTERM);
            let Some(mut child) = member.child.take() else {
                continue;
            };
            match tokio::time::timeout(PATIENCE, child.wait()).await {
                Ok(Ok(status)) if status.success() => {}
                Ok(ended) => stuck.push(format!("{name}, asked to end: {ended:?}")),
                Err(_) => stuck.push(format!("{name}, asked to end, did not within {PATIENCE:?}")),
            }
        }
        stuck
    }
}

impl Member {
    /// Starts its process.
    pub(crate) fn start(&mut self) -> anyhow::Result<()> {
        let home = self.home();
        let log = File::options()
            .create(true)
            .append(true)
            .open(home.join("worker.log"))?;
        let mut command = program(&self.command.home);
        command
            .args(["serve", "--threads", "1", "--device", "cpu"])
            .args([
                "--server",
                &self.command.server,
                "--token",
                &self.command.token,
            ])
            .arg("--home")
            .arg(&home)
            .stderr(log);
        if let Some(shim) = &self.command.shim {
            command
                .env("LD_PRELOAD", shim)
                .env("TORTURE_CLOCK", home.join("clock"));
        }
        self.child = Some(command.spawn().context("starting a worker")?);
        Ok(())
    }

    /// Ends its process at once.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await.context("killing a worker")?;
        }
        Ok(())
    }

    /// Its process, where it lives.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Its trainer, where it has one.
    pub(crate) fn trainer(&self) -> Option<u32> {
        children(self.pid()?).first().copied()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, wanted: Signal) {
        if let Some(pid) = self.pid() {
            signal(pid, wanted);
        }
    }

    /// Sets its wall clock off by as many seconds.
    pub(crate) fn set_clock(&self, seconds: i64) -> anyhow::Result<()> {
        let written = self.clock.write_all_at(&seconds.to_ne_bytes(), 0);
        written.context("setting a clock")
    }

    /// Whether its clock can be set off.
    pub(crate) fn has_clock(&self) -> bool {
        self.command.shim.is_some()
    }

    fn ended(&mut self) -> anyhow::Result<Option<std::process::ExitStatus>> {
        let Some(child) = &mut self.child else {
            return Ok(None);
        };
        Ok(child.try_wait()?)
    }

    fn home(&self) -> PathBuf {
        self.command.home.join(&self.name)
    }
}

/// The worker's program with a checkpoint at every epoch, sent at once, and no setting of the caller's.
pub(crate) fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mrprism-worker"));
    command
        .env_clear()
        .env("MRPRISM_CHECKPOINT_SECONDS", "0")
        .env("MRPRISM_UPLOAD_SECONDS", "0")
        .env("MRPRISM_HEARTBEAT_SECONDS", "0.5")
        .env("OMP_WAIT_POLICY", "passive")
        .env("MRPRISM_LOG", "info")
        .env(MARK, home)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Builds the library that sets wall clocks off; says why where that cannot be.
pub(crate) fn build_shim(home: &Path) -> anyhow::Result<PathBuf> {
    let (source, library) = (home.join("clock_shim.c"), home.join("clock_shim.so"));
    std::fs::write(&source, include_str!("clock_shim.c"))?;
    let built = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(&source)
        .arg("-ldl")
        .output()
        .context("running cc")?;
    anyhow::ensure!(
        built.status.success(),
        "cc: {}",
        String::from_utf8_lossy(&built.stderr)
    );
    Ok(library)
}
