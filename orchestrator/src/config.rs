//! What this program makes of its settings: intervals that go together, a database, an address. Where they come from
//! (flag > environment > `[orchestrator]` of `mrprism.toml` > default) stands in `mrprism_settings`.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use mrprism_settings::flags::HomeFlags;
use mrprism_settings::{Layers, Section, orchestrator, table};

use crate::embedded_postgres::Search;
use crate::queue::lease::Intervals;

/// Flags of `mrprism-orchestrator serve`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeFlags {
    #[command(flatten)]
    home: HomeFlags,
    #[arg(long, value_name = "HOST:PORT", help = table::LISTEN.help())]
    listen: Option<SocketAddr>,
    #[arg(long, help = table::ALLOW_REMOTE.meaning)]
    allow_remote: bool,
    #[arg(long, value_name = "SECONDS", help = table::LEASE_SECONDS.help())]
    lease_seconds: Option<f64>,
    #[arg(long, value_name = "SECONDS", help = table::HEARTBEAT_SECONDS.help())]
    heartbeat_seconds: Option<f64>,
    #[arg(long, value_name = "SECONDS", help = table::REAPER_SECONDS.help())]
    reaper_seconds: Option<f64>,
    #[arg(long, value_name = "MIB", help = table::MAX_ARTIFACT_MIB.help())]
    max_artifact_mib: Option<u64>,
    #[command(flatten)]
    database: DatabaseFlags,
}

/// Flags that say where the database is.
#[derive(Debug, Clone, Default, Args)]
pub struct DatabaseFlags {
    #[arg(long, value_name = "URL", help = table::DATABASE_URL.help_with_variable())]
    database_url: Option<String>,
    #[arg(long, value_name = "DIR", help = table::POSTGRES_BIN.help_with_variable())]
    postgres_bin: Option<PathBuf>,
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

/// A shorter token could be guessed.
pub const SHORTEST_TOKEN: usize = 32;

/// Resolves every setting.
///
/// # Errors
/// A settings file that cannot be read, or a value that makes no sense, with its name.
pub fn settings(flags: &ServeFlags) -> anyhow::Result<Settings> {
    let layered = layers(flags)?;
    let listen = layered.listen;
    if !listen.ip().is_loopback() && !layered.allow_remote {
        bail!(
            "{listen} can be reached from other machines, and the token would be all that protects the server: give --allow-remote if you mean it, or listen on 127.0.0.1"
        );
    }
    let intervals = Intervals {
        lease: layered.lease,
        heartbeat: layered.heartbeat,
        reaper: layered.reaper,
        progress: layered.progress,
    };
    Ok(Settings {
        home: flags.home.home()?,
        listen,
        database: database(layered.database_url, layered.postgres_bin),
        intervals: intervals.check()?,
        max_artifact_mib: layered.max_artifact_mib,
        token: token(table::TOKEN.given())?,
        science_version: env!("MRPRISM_SCIENCE_VERSION").to_owned(),
    })
}

fn layers(flags: &ServeFlags) -> Result<orchestrator::Settings, mrprism_settings::Error> {
    let DatabaseFlags {
        database_url,
        postgres_bin,
    } = &flags.database;
    let postgres_bin = postgres_bin.as_ref().map(|bin| bin.display().to_string());
    Layers::open(&flags.home, Section::Orchestrator)?
        .flag(
            &table::LISTEN,
            flags.listen.map(|listen| listen.to_string()),
        )
        .flag(&table::ALLOW_REMOTE, flags.allow_remote.then_some(true))
        .flag(&table::DATABASE_URL, database_url.clone())
        .flag(&table::POSTGRES_BIN, postgres_bin)
        .flag(&table::LEASE_SECONDS, flags.lease_seconds)
        .flag(&table::HEARTBEAT_SECONDS, flags.heartbeat_seconds)
        .flag(&table::REAPER_SECONDS, flags.reaper_seconds)
        .flag(&table::MAX_ARTIFACT_MIB, flags.max_artifact_mib)
        .read()
}

/// Where a database for tests is: what flags or the environment name, or a private one. No settings file counts.
pub fn database_for_tests(flags: &DatabaseFlags) -> Database {
    let url = flags.database_url.clone();
    let bin = flags.postgres_bin.clone();
    database(
        url.or_else(|| table::DATABASE_URL.given()),
        bin.or_else(|| table::POSTGRES_BIN.given().map(PathBuf::from)),
    )
}

/// The database that `mrprism-orchestrator test-database` started for the tests, if it did.
pub fn test_database_url() -> Option<String> {
    variable(TEST_DATABASE_URL)
}

/// Under this name tests find their database.
pub const TEST_DATABASE_URL: &str = "MRPRISM_TEST_DATABASE_URL";

fn database(url: Option<String>, postgres_bin: Option<PathBuf>) -> Database {
    match url {
        Some(url) => Database::Given(url),
        None => Database::Private(Search {
            named: postgres_bin,
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

/// What is no setting: where programs lie, and where a test's database is.
#[expect(
    clippy::disallowed_methods,
    reason = "where the set-up and the system put programs is this crate's own to read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{HomeFlags, ServeFlags, settings, token};

    fn with_file(text: &str) -> (tempfile::TempDir, ServeFlags) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mrprism.toml");
        std::fs::write(&file, text).unwrap();
        let flags = ServeFlags {
            home: HomeFlags {
                home: Some(folder.path().join("home")),
                config: Some(file),
            },
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
