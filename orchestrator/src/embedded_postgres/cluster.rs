//! The cluster's life: initialised once, started or adopted, stopped.

use std::fs::{File, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::postgres::PgConnectOptions;

use super::account::Account;
use super::folder::{Place, give, private_folder, remove_folder};
use super::pidfile::{self, Found, Server, Standing};
use super::{Binaries, PostgresError};
use crate::clock::Deadline;
use crate::{entropy, home};

/// The cluster's only user.
const USER: &str = "mrprism";
/// How long it may take to start (recovery after a crash included) or to stop.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between looks at its file.
const LOOK: Duration = Duration::from_millis(20);
/// Before a start is tried again.
const RETRY: Duration = Duration::from_millis(300);
/// A longer log is begun anew.
const LONGEST_LOG: u64 = 10 << 20;

/// Whether what was committed survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// It does.
    Durable,
    /// It does not: for tests, whose databases are thrown away.
    ThrowAway,
}

/// A private Postgres that runs.
#[derive(Debug)]
pub struct Postgres {
    place: Place,
    pid: i32,
    sockets: std::path::PathBuf,
    password: String,
    child: Option<Child>,
}

impl Postgres {
    /// Starts the cluster of `folder`, or adopts the server that runs on it; makes it where there is none.
    ///
    /// # Errors
    /// The cluster is another version's, cannot be made, or does not start.
    pub async fn start(
        folder: &Path,
        binaries: &Binaries,
        durability: Durability,
    ) -> Result<Self, PostgresError> {
        let account = Account::choose()?;
        let place = Place::choose(folder, binaries, &account)?;
        check_version(&place)?;
        if !place.data().exists() {
            initialise(&place, &account, durability)?;
        }
        let password = std::fs::read_to_string(place.password())
            .map_err(PostgresError::io("reading", place.password()))?;
        let (server, child) = run(&place, &account, durability).await?;
        tracing::info!(
            adopted = child.is_none(),
            "PostgreSQL {} runs in {}",
            place.binaries.major,
            place.base.display()
        );
        Ok(Self {
            place,
            pid: server.pid,
            sockets: server.sockets,
            password,
            child,
        })
    }

    /// How to connect to one of its databases.
    pub fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.sockets)
            .port(5432)
            .username(USER)
            .password(&self.password)
            .database(database)
    }

    /// The same as an address.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{USER}:{}@localhost:5432/{database}?host={}",
            self.password,
            self.sockets.display()
        )
    }

    /// The folder that it lies in.
    pub fn folder(&self) -> &Path {
        &self.place.base
    }

    /// The folder of its socket.
    pub fn sockets(&self) -> &Path {
        &self.sockets
    }

    /// Its main process.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether it was running already when it was started.
    pub fn was_adopted(&self) -> bool {
        self.child.is_none()
    }

    /// Stops it: open transactions are rolled back, everything committed is kept.
    ///
    /// # Errors
    /// It does not stop in time.
    pub async fn stop(mut self) -> Result<(), PostgresError> {
        // Whoever runs on the cluster now: it may have been restarted since, and then has another number.
        if let Found::Running(server) = pidfile::look(&self.place.data()) {
            // SIGINT is Postgres's fast shutdown. An error says that it has gone already.
            let _ = kill(Pid::from_raw(server.pid), Signal::SIGINT);
        }
        wait_until_gone(&self.place).await?;
        if let Some(child) = &mut self.child {
            // Its file has gone, so its end is a matter of moments; it is collected so that no zombie stays.
            child
                .wait()
                .map_err(PostgresError::io("waiting for", self.place.data()))?;
        }
        if !self.sockets.starts_with(&self.place.base) {
            // An empty folder in /tmp; the next start makes it again.
            let _ = std::fs::remove_dir(&self.sockets);
        }
        Ok(())
    }
}

fn check_version(place: &Place) -> Result<(), PostgresError> {
    let Ok(text) = std::fs::read_to_string(place.data().join("PG_VERSION")) else {
        return Ok(());
    };
    match text.trim().parse() {
        Ok(there) if there != place.binaries.major => Err(PostgresError::OtherVersion {
            data: place.data(),
            there,
            bin: place.binaries.folder.clone(),
            found: place.binaries.major,
        }),
        _ => Ok(()),
    }
}

/// Makes the cluster beside its place and moves it there, so that one half made is never taken for one.
fn initialise(
    place: &Place,
    account: &Account,
    durability: Durability,
) -> Result<(), PostgresError> {
    let unfinished = place.base.join("data.new");
    remove_folder(&unfinished)?;
    let secret =
        entropy::secret().map_err(PostgresError::io("reading", Path::new("/dev/urandom")))?;
    home::write_private(&place.password(), &secret)
        .map_err(PostgresError::io("writing", place.password()))?;
    give(&place.password(), account)?;
    let mut initdb = account.command(&place.binaries.program("initdb"), &place.base);
    initdb
        .args([
            "-A",
            "scram-sha-256",
            "-U",
            USER,
            "-E",
            "UTF8",
            "--locale=C",
        ])
        .arg("--pwfile")
        .arg(place.password())
        .arg("-D")
        .arg(&unfinished);
    if durability == Durability::ThrowAway {
        initdb.arg("--no-sync");
    }
    let output = initdb.output().map_err(PostgresError::io(
        "running",
        place.binaries.program("initdb"),
    ))?;
    if !output.status.success() {
        return Err(PostgresError::Program {
            program: "initdb".to_owned(),
            said: last_lines(&String::from_utf8_lossy(&output.stderr)),
        });
    }
    std::fs::rename(&unfinished, place.data()).map_err(PostgresError::io("making", place.data()))
}

/// Starts a server, or waits for the one that is there; gives its child process where it is ours.
async fn run(
    place: &Place,
    account: &Account,
    durability: Durability,
) -> Result<(Server, Option<Child>), PostgresError> {
    let found = pidfile::look(&place.data());
    if let Found::Running(server) = &found {
        if server.standing == Standing::Stopping {
            wait_until_gone(place).await?;
        } else {
            // It may end in between; then it is started like any other.
            match wait_until_ready(place, None).await {
                Ok(server) => return Ok((server, None)),
                Err(PostgresError::Program { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    if found == (Found::Stale { stranger: true }) {
        remove_stale_files(place);
    }
    private_folder(&place.sockets, account)?;
    let deadline = Deadline::after(PATIENCE);
    loop {
        let mut child = spawn(place, account, durability)?;
        match wait_until_ready(place, Some(&mut child)).await {
            // A killed server's children end on their own, a moment after it.
            Err(PostgresError::Program { said, .. })
                if said.contains("shared memory") && !deadline.passed() =>
            {
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error),
            Ok(server) => return Ok((server, Some(child))),
        }
    }
}

/// What a killed server left when its process number is a stranger's now, whom Postgres would take for its own. Whether
/// old children still hold the cluster Postgres finds out by itself, by its shared memory.
fn remove_stale_files(place: &Place) {
    let leftovers = [
        pidfile::path(&place.data()),
        place.sockets.join(".s.PGSQL.5432"),
        place.sockets.join(".s.PGSQL.5432.lock"),
    ];
    for leftover in leftovers {
        if std::fs::remove_file(&leftover).is_ok() {
            tracing::info!("removed {}, which a killed server left", leftover.display());
        }
    }
}

fn spawn(place: &Place, account: &Account, durability: Durability) -> Result<Child, PostgresError> {
    let log = log_file(place, account)?;
    let mut postgres = account.command(&place.binaries.program("postgres"), &place.base);
    postgres.arg("-D").arg(place.data());
    let sockets = format!("unix_socket_directories={}", place.sockets.display());
    let mut settings = vec![
        "listen_addresses=",
        &sockets,
        "unix_socket_permissions=0700",
        "port=5432",
        "max_connections=200",
        "timezone=UTC",
        "log_timezone=UTC",
        "logging_collector=off",
        "log_destination=stderr",
    ];
    if durability == Durability::ThrowAway {
        settings.extend([
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ]);
    }
    for setting in settings {
        postgres.arg("-c").arg(setting);
    }
    postgres
        .stdout(Stdio::from(
            log.try_clone()
                .map_err(PostgresError::io("opening", place.log()))?,
        ))
        .stderr(Stdio::from(log))
        // A group of its own: Ctrl-C at a terminal is for the server, which then stops Postgres in order.
        .process_group(0);
    postgres.spawn().map_err(PostgresError::io(
        "running",
        place.binaries.program("postgres"),
    ))
}

fn log_file(place: &Place, account: &Account) -> Result<File, PostgresError> {
    let path = place.log();
    let long = path.metadata().is_ok_and(|found| found.len() > LONGEST_LOG);
    let mut options = OpenOptions::new();
    if long {
        options.write(true).truncate(true);
    } else {
        options.create(true).append(true);
    }
    let file = options
        .open(&path)
        .map_err(PostgresError::io("opening", &path))?;
    give(&path, account)?;
    Ok(file)
}

async fn wait_until_ready(
    place: &Place,
    mut child: Option<&mut Child>,
) -> Result<Server, PostgresError> {
    let deadline = Deadline::after(PATIENCE);
    loop {
        let found = pidfile::look(&place.data());
        match (found, child.as_deref_mut()) {
            (Found::Running(server), _) if server.standing == Standing::Ready => return Ok(server),
            (Found::Running(_), _) => {}
            (_, Some(child)) => {
                let ended = child
                    .try_wait()
                    .map_err(PostgresError::io("waiting for", place.data()))?;
                if ended.is_some() {
                    return Err(ended_early(place));
                }
            }
            (_, None) => return Err(ended_early(place)),
        }
        if deadline.passed() {
            return Err(too_slow(place, "start"));
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn wait_until_gone(place: &Place) -> Result<(), PostgresError> {
    let deadline = Deadline::after(PATIENCE);
    while matches!(pidfile::look(&place.data()), Found::Running(_)) {
        if deadline.passed() {
            return Err(too_slow(place, "stop"));
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

fn too_slow(place: &Place, what: &'static str) -> PostgresError {
    PostgresError::TooSlow {
        what,
        seconds: PATIENCE.as_secs(),
        log: place.log(),
    }
}

fn ended_early(place: &Place) -> PostgresError {
    let log = std::fs::read(place.log()).unwrap_or_default();
    PostgresError::Program {
        program: "postgres".to_owned(),
        said: last_lines(&String::from_utf8_lossy(&log)),
    }
}

/// The last few lines of what a program said.
fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}
