//! The server's private Postgres, seen from outside: where it lies, how to ask it, how to stop and start it.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::processes::proc;

/// How long a connection may take: a database that is away answers nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// A cluster that the server made.
#[derive(Debug, Clone)]
pub(crate) struct Postgres {
    base: PathBuf,
    pg_ctl: PathBuf,
    sockets: PathBuf,
    password: String,
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// The one that runs in `base`.
    pub(crate) fn of(base: &Path) -> anyhow::Result<Self> {
        let file = std::fs::read_to_string(base.join("data/postmaster.pid"))
            .context("reading postmaster.pid")?;
        let lines: Vec<_> = file.lines().map(str::trim).collect();
        let pid: u32 = lines.first().context("no process number")?.parse()?;
        let sockets = PathBuf::from(lines.get(4).context("no socket folder")?);
        let program = std::fs::read_link(proc(pid).join("exe")).context("finding postgres")?;
        let owner = std::fs::metadata(proc(pid)).context("finding its user")?;
        Ok(Self {
            base: base.to_owned(),
            pg_ctl: program.with_file_name("pg_ctl"),
            sockets,
            password: std::fs::read_to_string(base.join("password"))?,
            uid: owner.uid(),
            gid: owner.gid(),
        })
    }

    /// A connection of our own, told apart from the server's by its name.
    pub(crate) async fn connect(&self) -> anyhow::Result<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(&self.sockets)
            .port(5432)
            .username("mrprism")
            .password(&self.password)
            .database("mrprism")
            .application_name("torture");
        Ok(tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await??)
    }

    /// Stops it: `fast` ends its clients, `immediate` is a crash.
    pub(crate) async fn stop(&self, mode: &str) -> anyhow::Result<()> {
        self.pg_ctl(&["stop", "-m", mode, "-w", "-t", "30"]).await
    }

    /// Starts it with the options it last had.
    pub(crate) async fn start(&self) -> anyhow::Result<()> {
        // `restart` of one that does not run is a start with the options of before.
        let log = self.base.join("postgres.log");
        let log = log.to_string_lossy();
        self.pg_ctl(&["restart", "-w", "-t", "60", "-l", &log])
            .await
    }

    /// Whether its file says that it runs.
    pub(crate) fn is_there(&self) -> bool {
        self.base.join("data/postmaster.pid").exists()
    }

    /// Ends it, if it runs.
    pub(crate) fn end_now(&self) {
        if self.is_there() {
            // Nobody is left to hear of a failure.
            let _ = self.command(&["stop", "-m", "immediate"]).status();
        }
    }

    async fn pg_ctl(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let command = self.command(arguments);
        let status = tokio::process::Command::from(command).status().await?;
        if !status.success() {
            bail!("pg_ctl {} failed: {status}", arguments[0]);
        }
        Ok(())
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(&self.pg_ctl);
        command
            .args(arguments)
            .arg("-D")
            .arg(self.base.join("data"))
            .current_dir(&self.base)
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C"), ("TZ", "UTC")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if nix::unistd::Uid::effective().is_root() {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }
}
