//! Settings: flag > `MRPRISM_*` > `[orchestrator]` of `mrprism.toml` > default. The only file that reads the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use config::{Config, File, FileFormat};
use serde::Deserialize;

use crate::embedded_postgres::Search;
use crate::queue::lease::Intervals;

/// Flags of `mrprism-orchestrator serve`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeFlags {
    /// Folder of token, address, database and stored files (default: `$MRPRISM_HOME`, else ./.mrprism)
    #[arg(long, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Where to listen; the next free port where this one is taken, any free one for port 0 (default: 127.0.0.1:8080)
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<SocketAddr>,
    /// Listen on an address that other machines reach; the token is then all that protects the server
    #[arg(long)]
    pub allow_remote: bool,
    /// A lease ends this long after its last heartbeat (default: 60)
    #[arg(long, value_name = "SECONDS")]
    pub lease_seconds: Option<f64>,
    /// Workers send heartbeats this often (default: 10)
    #[arg(long, value_name = "SECONDS")]
    pub heartbeat_seconds: Option<f64>,
    /// Expired leases are looked for this often (default: 15)
    #[arg(long, value_name = "SECONDS")]
    pub reaper_seconds: Option<f64>,
    /// Largest file that workers may store (default: 16384)
    #[arg(long, value_name = "MIB")]
    pub max_artifact_mib: Option<u64>,
    /// Settings file (default: ./mrprism.toml, else `<home>/mrprism.toml`)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseFlags,
}

/// Flags that say where the database is.
#[derive(Debug, Clone, Default, Args)]
pub struct DatabaseFlags {
    /// A Postgres (15 to 18) of your own (default: `$DATABASE_URL`, else a private one in the home)
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Folder with `initdb` and `postgres` for the private one (default: `$MRPRISM_PG_BIN`, else what is found)
    #[arg(long, value_name = "DIR")]
    pub postgres_bin: Option<PathBuf>,
}

/// Every setting, resolved.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder of token, address, database and stored files.
    pub home: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the database is.
    pub database: Database,
    /// Lease, heartbeat and reaper.
    pub intervals: Intervals,
    /// Largest file that workers may store.
    pub max_artifact_mib: u64,
    /// What callers must show; none for the one in the home, which is made where it is missing.
    pub token: Option<String>,
    /// Hash of the sources that runs' numbers depend on.
    pub science_version: String,
}

/// Where the database is.
#[derive(Debug, Clone)]
pub enum Database {
    /// Somebody else's.
    Given(String),
    /// Ours, with binaries from here.
    Private(Search),
}

/// The settings as the `config` crate reads them.
#[derive(Debug, Deserialize)]
struct Layered {
    #[serde(default)]
    orchestrator: Section,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    listen: Option<SocketAddr>,
    allow_remote: Option<bool>,
    database_url: Option<String>,
    postgres_bin: Option<PathBuf>,
    lease_seconds: Option<f64>,
    heartbeat_seconds: Option<f64>,
    reaper_seconds: Option<f64>,
    max_artifact_mib: Option<u64>,
}

/// A shorter token could be guessed.
pub const SHORTEST_TOKEN: usize = 32;

/// Settings that `MRPRISM_<NAME>` may give.
const NAMES: [&str; 6] = [
    "listen",
    "allow_remote",
    "lease_seconds",
    "heartbeat_seconds",
    "reaper_seconds",
    "max_artifact_mib",
];

/// Resolves every setting.
///
/// # Errors
/// A settings file that cannot be read, or a value that makes no sense, with its name.
pub fn settings(flags: &ServeFlags) -> anyhow::Result<Settings> {
    let home = flags
        .home
        .clone()
        .or_else(|| variable("MRPRISM_HOME").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(".mrprism"));
    let home = std::path::absolute(&home).context("the current folder is gone")?;
    let section = layers(flags, &home)?;
    let listen = flags
        .listen
        .or(section.listen)
        .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080)));
    let allow_remote = flags.allow_remote || section.allow_remote.unwrap_or(false);
    if !listen.ip().is_loopback() && !allow_remote {
        bail!(
            "{listen} can be reached from other machines, and the token would be all that protects the server: give --allow-remote if you mean it, or listen on 127.0.0.1"
        );
    }
    let intervals = Intervals {
        lease: seconds(
            "lease_seconds",
            flags.lease_seconds.or(section.lease_seconds),
            60.0,
        )?,
        heartbeat: seconds(
            "heartbeat_seconds",
            flags.heartbeat_seconds.or(section.heartbeat_seconds),
            10.0,
        )?,
        reaper: seconds(
            "reaper_seconds",
            flags.reaper_seconds.or(section.reaper_seconds),
            15.0,
        )?,
    };
    Ok(Settings {
        home,
        listen,
        database: database(&flags.database, section.database_url, section.postgres_bin),
        intervals: intervals.check()?,
        max_artifact_mib: flags
            .max_artifact_mib
            .or(section.max_artifact_mib)
            .unwrap_or(16 << 10),
        token: token(variable("MRPRISM_TOKEN"))?,
        science_version: env!("MRPRISM_SCIENCE_VERSION").to_owned(),
    })
}

/// Where a database for tests is: `DATABASE_URL` or a private one.
pub fn database_for_tests(flags: &DatabaseFlags) -> Database {
    database(flags, None, None)
}

/// The database that `mrprism-orchestrator test-database` started for the tests, if it did.
pub fn test_database_url() -> Option<String> {
    variable(TEST_DATABASE_URL)
}

/// Under this name tests find their database.
pub const TEST_DATABASE_URL: &str = "MRPRISM_TEST_DATABASE_URL";

/// Directives for the log, e.g. `info` or `mrprism_orchestrator=debug`.
pub fn log_filter() -> String {
    variable("MRPRISM_LOG").unwrap_or_else(|| "info".to_owned())
}

/// The file's section under the environment's values.
fn layers(flags: &ServeFlags, home: &Path) -> anyhow::Result<Section> {
    let mut builder = Config::builder();
    let file = settings_file(flags, home)?;
    if let Some(file) = &file {
        builder = builder.add_source(File::from(file.as_path()).format(FileFormat::Toml));
    }
    for name in NAMES {
        let given = variable(&format!("MRPRISM_{}", name.to_uppercase()));
        builder = builder.set_override_option(format!("orchestrator.{name}"), given)?;
    }
    let place = file.map_or_else(String::new, |file| format!(" of {}", file.display()));
    let layered: Layered = builder
        .build()
        .and_then(Config::try_deserialize)
        .with_context(|| format!("reading the settings{place}"))?;
    Ok(layered.orchestrator)
}

fn settings_file(flags: &ServeFlags, home: &Path) -> anyhow::Result<Option<PathBuf>> {
    let named = flags
        .config
        .clone()
        .or_else(|| variable("MRPRISM_CONFIG").map(PathBuf::from));
    if let Some(file) = named {
        if !file.is_file() {
            bail!("there is no settings file {}", file.display());
        }
        return Ok(Some(file));
    }
    let places = [PathBuf::from("mrprism.toml"), home.join("mrprism.toml")];
    Ok(places.into_iter().find(|place| place.is_file()))
}

fn database(
    flags: &DatabaseFlags,
    file_url: Option<String>,
    file_bin: Option<PathBuf>,
) -> Database {
    let url = flags
        .database_url
        .clone()
        .or_else(|| variable("DATABASE_URL"))
        .or(file_url);
    match url {
        Some(url) => Database::Given(url),
        None => Database::Private(Search {
            named: flags
                .postgres_bin
                .clone()
                .or_else(|| variable("MRPRISM_PG_BIN").map(PathBuf::from))
                .or(file_bin),
            deps: variable("MRPRISM_DEPS").map_or_else(|| PathBuf::from(".deps"), PathBuf::from),
            path: variable("PATH"),
        }),
    }
}

/// The token that the environment gives; no flag does, because anybody on the machine reads those.
fn token(given: Option<String>) -> anyhow::Result<Option<String>> {
    match given {
        Some(token) if token.len() < SHORTEST_TOKEN => bail!(
            "MRPRISM_TOKEN has {} characters: give at least {SHORTEST_TOKEN}, e.g. from `head -c 32 /dev/urandom | xxd -p -c 64`",
            token.len()
        ),
        given => Ok(given),
    }
}

fn seconds(name: &str, given: Option<f64>, default: f64) -> anyhow::Result<Duration> {
    let value = given.unwrap_or(default);
    match Duration::try_from_secs_f64(value) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => bail!("{name} = {value}: give a number of seconds above 0"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "config.rs is where this crate reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ServeFlags, settings, token};

    fn with_file(text: &str) -> (tempfile::TempDir, ServeFlags) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mrprism.toml");
        std::fs::write(&file, text).unwrap();
        let flags = ServeFlags {
            home: Some(folder.path().join("home")),
            config: Some(file),
            ..ServeFlags::default()
        };
        (folder, flags)
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let (_folder, mut flags) = with_file(
            "pool = \"a worker's\"\n[orchestrator]\nlease_seconds = 90\nheartbeat_seconds = 20\n",
        );
        flags.heartbeat_seconds = Some(5.0);
        let intervals = settings(&flags).unwrap().intervals;
        assert_eq!(intervals.lease, Duration::from_secs(90));
        assert_eq!(intervals.heartbeat, Duration::from_secs(5));
        assert_eq!(intervals.reaper, Duration::from_secs(15));
    }

    #[test]
    fn an_address_for_other_machines_needs_an_explicit_flag() {
        let (_folder, mut flags) = with_file("");
        flags.listen = Some("0.0.0.0:8080".parse().unwrap());
        let error = settings(&flags).unwrap_err().to_string();
        assert!(error.contains("--allow-remote"), "{error}");
        flags.allow_remote = true;
        assert!(settings(&flags).is_ok());
    }

    #[test]
    fn a_token_that_could_be_guessed_is_refused() {
        assert!(token(None).unwrap().is_none());
        assert!(token(Some("x".repeat(32))).unwrap().is_some());
        let error = token(Some("secret".to_owned())).unwrap_err().to_string();
        assert!(error.contains("at least 32"), "{error}");
    }

    #[test]
    fn nonsense_is_refused_with_its_name() {
        for (text, name) in [
            ("[orchestrator]\nlease_seconds = -1\n", "lease_seconds"),
            ("[orchestrator]\nlease = 60\n", "lease"),
            ("[orchestrator]\nlease_seconds = 20\n", "three heartbeats"),
        ] {
            let error = settings(&with_file(text).1).unwrap_err();
            assert!(format!("{error:#}").contains(name), "{error:#}");
        }
    }
}
