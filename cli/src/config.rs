//! Home, server, token and settings: flag > `MRPRISM_*` > `mrprism.toml` > default. The only file of this crate that
//! reads the environment.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use config::{Config, File, FileFormat};
use serde::{Deserialize, Serialize};

use crate::failure::wrong_use;
use crate::process::Process;

/// Flags that every command understands.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Flags {
    /// Folder of the server's and the worker's state (default: `$MRPRISM_HOME`, else ./.mrprism)
    #[arg(long, global = true, value_name = "DIR", help_heading = "Where")]
    pub(crate) home: Option<PathBuf>,
    /// Address of the server (default: `$MRPRISM_SERVER`, else what the home says)
    #[arg(long, global = true, value_name = "URL", help_heading = "Where")]
    pub(crate) server: Option<String>,
    /// Token to show it (default: `$MRPRISM_TOKEN`, else what the home says)
    #[arg(long, global = true, value_name = "TOKEN", help_heading = "Where")]
    pub(crate) token: Option<String>,
    /// Settings file (default: `$MRPRISM_CONFIG`, else ./mrprism.toml, else `<home>/mrprism.toml`)
    #[arg(long, global = true, value_name = "FILE", help_heading = "Where")]
    pub(crate) config: Option<PathBuf>,
}

/// Flags of commands that start a worker or train.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct WorkerFlags {
    /// What to compute on: auto, cpu or cuda
    #[arg(long, value_name = "DEVICE", value_parser = ["auto", "cpu", "cuda"])]
    pub(crate) device: Option<String>,
    /// Processor threads a trainer uses
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<u32>,
    /// A named folder that data sets lie in; may be repeated
    #[arg(long = "data-root", value_name = "NAME=PATH", value_parser = named_path)]
    pub(crate) data_roots: Vec<String>,
}

/// What `<home>/server.json` says.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ServerFile {
    /// `http://host:port`.
    pub(crate) address: String,
    #[serde(flatten)]
    pub(crate) process: Process,
}

/// One setting, its value and where it came from.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) from: String,
}

impl Flags {
    /// The home, absolute.
    pub(crate) fn home(&self) -> anyhow::Result<PathBuf> {
        let home = self
            .home
            .clone()
            .or_else(|| variable("MRPRISM_HOME").map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from(".mrprism"));
        std::path::absolute(home).context("the current folder is gone")
    }

    /// The server's address.
    pub(crate) fn server(&self) -> anyhow::Result<String> {
        if let Some(server) = self.server.clone().or_else(|| variable("MRPRISM_SERVER")) {
            return Ok(server);
        }
        let home = self.home()?;
        match server_file(&home)? {
            Some(server) => Ok(server.address),
            None => bail!(
                "no server runs on {}: start one with `mrprism up`, or name one with --server",
                home.display()
            ),
        }
    }

    /// The token to show the server.
    pub(crate) fn token(&self) -> anyhow::Result<String> {
        if let Some(token) = self.token.clone().or_else(|| variable("MRPRISM_TOKEN")) {
            return Ok(token);
        }
        let file = self.home()?.join("token");
        let text = std::fs::read_to_string(&file).with_context(|| {
            format!(
                "no token: give --token, or make {} readable",
                file.display()
            )
        })?;
        Ok(text.trim().to_owned())
    }

    /// The settings file, if there is one.
    pub(crate) fn file(&self) -> anyhow::Result<Option<PathBuf>> {
        let named = self
            .config
            .clone()
            .or_else(|| variable("MRPRISM_CONFIG").map(PathBuf::from));
        if let Some(file) = named {
            if !file.is_file() {
                return Err(wrong_use(format!(
                    "there is no settings file {}",
                    file.display()
                )));
            }
            return Ok(Some(file));
        }
        let places = [
            PathBuf::from("mrprism.toml"),
            self.home()?.join("mrprism.toml"),
        ];
        Ok(places.into_iter().find(|place| place.is_file()))
    }

    /// The same flags for a program of ours that is started.
    pub(crate) fn for_program(&self) -> anyhow::Result<Vec<String>> {
        let mut flags = vec!["--home".to_owned(), self.home()?.display().to_string()];
        if let Some(file) = &self.config {
            flags.extend(["--config".to_owned(), file.display().to_string()]);
        }
        Ok(flags)
    }
}

impl WorkerFlags {
    /// The same flags for the worker's program.
    pub(crate) fn for_program(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if let Some(device) = &self.device {
            flags.extend(["--device".to_owned(), device.clone()]);
        }
        if let Some(threads) = self.threads {
            flags.extend(["--threads".to_owned(), threads.to_string()]);
        }
        for root in &self.data_roots {
            flags.extend(["--data-root".to_owned(), root.clone()]);
        }
        flags
    }

    /// The folder of a named data root: a flag's, the environment's, or the file's.
    pub(crate) fn data_root(&self, flags: &Flags, name: &str) -> anyhow::Result<Option<PathBuf>> {
        let from_environment = variable("MRPRISM_DATA_ROOTS").unwrap_or_default();
        let given = self.data_roots.iter().map(String::as_str).rev();
        let pairs = given.chain(from_environment.split(','));
        let found = pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name);
        if let Some((_, path)) = found {
            return Ok(Some(PathBuf::from(path)));
        }
        let Some(file) = flags.file()? else {
            return Ok(None);
        };
        let written = read(&file)?.get_string(&format!("data.roots.{name}")).ok();
        let folder = file.parent().unwrap_or(Path::new(""));
        Ok(written.map(|path| folder.join(path)))
    }
}

/// What the home says of its server; none where it says nothing.
pub(crate) fn server_file(home: &Path) -> anyhow::Result<Option<ServerFile>> {
    let file = home.join("server.json");
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    let server = serde_json::from_str(&text)
        .with_context(|| format!("{} is not what a server writes", file.display()))?;
    Ok(Some(server))
}

/// Settings, their defaults, and whether `MRPRISM_<NAME>` gives them too. Those of the server stand in the file's
/// `[orchestrator]`.
const SETTINGS: [(&str, &str); 18] = [
    ("pool", "default"),
    ("labels", ""),
    ("device", "auto"),
    ("threads", "0 (the cores shared among the devices)"),
    ("heartbeat_seconds", "5"),
    ("checkpoint_seconds", "15"),
    ("upload_seconds", "300"),
    ("finish_grace_seconds", "600"),
    ("buffer_mib", "256"),
    ("orchestrator.listen", "127.0.0.1:8080"),
    ("orchestrator.allow_remote", "false"),
    (
        "orchestrator.database_url",
        "(a private Postgres in the home)",
    ),
    ("orchestrator.postgres_bin", "(what is found)"),
    ("orchestrator.lease_seconds", "60"),
    ("orchestrator.heartbeat_seconds", "10"),
    ("orchestrator.reaper_seconds", "15"),
    ("orchestrator.max_artifact_mib", "16384"),
    ("log", "info"),
];

/// Every setting with its value and where it came from; settings of the file that nothing knows come last.
pub(crate) fn explain(flags: &Flags) -> anyhow::Result<Vec<Setting>> {
    let file = flags.file()?;
    let written = file.as_deref().map(read).transpose()?;
    let place = file
        .as_ref()
        .map_or_else(String::new, |file| file.display().to_string());
    let mut settings = vec![
        found(
            "home",
            [
                (
                    flags.home.as_ref().map(|path| path.display().to_string()),
                    "--home",
                ),
                (variable("MRPRISM_HOME"), "MRPRISM_HOME"),
                (Some("./.mrprism".to_owned()), "default"),
            ],
        ),
        found(
            "config",
            [
                (
                    flags.config.as_ref().map(|path| path.display().to_string()),
                    "--config",
                ),
                (variable("MRPRISM_CONFIG"), "MRPRISM_CONFIG"),
                (
                    Some(if place.is_empty() {
                        "(none)".to_owned()
                    } else {
                        place.clone()
                    }),
                    "default",
                ),
            ],
        ),
        found(
            "server",
            [
                (flags.server.clone(), "--server"),
                (variable("MRPRISM_SERVER"), "MRPRISM_SERVER"),
                (
                    Some(flags.server().unwrap_or_else(|_| "(none runs)".to_owned())),
                    "home",
                ),
            ],
        ),
        found(
            "token",
            [
                (
                    flags.token.as_ref().map(|_| "(hidden)".to_owned()),
                    "--token",
                ),
                (
                    variable("MRPRISM_TOKEN").map(|_| "(hidden)".to_owned()),
                    "MRPRISM_TOKEN",
                ),
                (
                    Some(flags.token().map_or("(none)", |_| "(hidden)").to_owned()),
                    "home",
                ),
            ],
        ),
    ];
    for (name, default) in SETTINGS {
        let key = name.strip_prefix("orchestrator.").unwrap_or(name);
        let variable_name = match key {
            "database_url" => "DATABASE_URL".to_owned(),
            "postgres_bin" => "MRPRISM_PG_BIN".to_owned(),
            key => format!("MRPRISM_{}", key.to_uppercase()),
        };
        let in_file = written.as_ref().and_then(|written| text_of(written, name));
        settings.push(found(
            name,
            [
                (variable(&variable_name), variable_name.as_str()),
                (in_file, place.as_str()),
                (Some(default.to_owned()), "default"),
            ],
        ));
    }
    if let Some(written) = written {
        settings.extend(others(written, &place)?);
    }
    Ok(settings)
}

/// Data roots, and keys that no program reads.
fn others(written: Config, place: &str) -> anyhow::Result<Vec<Setting>> {
    let table: toml::Table = written.try_deserialize().context("reading the settings")?;
    let mut settings = Vec::new();
    for (key, value) in flat("", &table) {
        if SETTINGS.iter().any(|(name, _)| *name == key)
            || ["server", "token"].contains(&key.as_str())
        {
            continue;
        }
        let from = if key.starts_with("data.roots.") {
            place.to_owned()
        } else {
            format!("{place} (no program knows this key)")
        };
        settings.push(Setting {
            name: key,
            value,
            from,
        });
    }
    Ok(settings)
}

fn flat(prefix: &str, table: &toml::Table) -> Vec<(String, String)> {
    let entries = table.iter().flat_map(|(key, value)| {
        let key = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            toml::Value::Table(inner) => flat(&key, inner),
            toml::Value::String(text) => vec![(key, text.clone())],
            other => vec![(key, other.to_string())],
        }
    });
    entries.collect()
}

fn found<const N: usize>(name: &str, places: [(Option<String>, &str); N]) -> Setting {
    let first = places
        .into_iter()
        .find_map(|(value, from)| Some((value?, from)));
    let (value, from) = first.unwrap_or_default();
    Setting {
        name: name.to_owned(),
        value,
        from: from.to_owned(),
    }
}

fn text_of(written: &Config, name: &str) -> Option<String> {
    if let Ok(list) = written.get_array(name) {
        let words: Vec<_> = list
            .into_iter()
            .filter_map(|word| word.into_string().ok())
            .collect();
        return Some(words.join(", "));
    }
    written.get_string(name).ok()
}

fn read(file: &Path) -> anyhow::Result<Config> {
    Config::builder()
        .add_source(File::from(file).format(FileFormat::Toml))
        .build()
        .map_err(|error| wrong_use(format!("{}: {error}", file.display())))
}

fn named_path(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok(text.to_owned()),
        _ => Err(format!(
            "'{text}' is no data root: write name=path, e.g. data=/srv/data"
        )),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "config.rs is where this crate reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
