//! Settings: flag > `MRPRISM_*` > `mrprism.toml` > default. The only file of this crate that reads the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use config::{Config, File, FileFormat};
use serde::Deserialize;

/// Flags that every command of the worker understands.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Flags {
    /// Folder of state, token and run folders (default: `$MRPRISM_HOME`, else ./.mrprism)
    #[arg(long, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// What to compute on (default: cuda where there is one, else cpu)
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<DeviceWish>,
    /// Processor threads a trainer uses (default: the cores shared among the devices)
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<u32>,
    /// A named folder that data sets lie in; may be repeated
    #[arg(long = "data-root", value_name = "NAME=PATH", value_parser = named_path)]
    pub(crate) data_roots: Vec<(String, PathBuf)>,
    /// Settings file (default: ./mrprism.toml, else `<home>/mrprism.toml`)
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Flags of a worker that serves a server's queue.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServeFlags {
    /// Address of the server (default: what `<home>/server.json` says)
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Token to show it (default: what `<home>/token` says)
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// Pool to claim from
    #[arg(long, value_name = "NAME")]
    pub(crate) pool: Option<String>,
    /// A label for placement; may be repeated
    #[arg(long = "label", value_name = "LABEL")]
    pub(crate) labels: Vec<String>,
}

/// What the user wants to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum DeviceWish {
    /// CUDA where there is a device, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// Every CUDA device; refuses where there is none.
    Cuda,
}

/// Every setting, resolved.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) home: PathBuf,
    pub(crate) server: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) pool: String,
    pub(crate) labels: Vec<String>,
    pub(crate) device: DeviceWish,
    /// 0: the cores shared among the devices.
    pub(crate) threads: u32,
    pub(crate) data_roots: BTreeMap<String, PathBuf>,
    /// Between heartbeats of an idle worker; a claim brings the server's own.
    pub(crate) heartbeat: Duration,
    /// Between checkpoints on this machine's disk; zero: one at every epoch's end.
    pub(crate) checkpoint_interval: Duration,
    /// Between uploads of a checkpoint.
    pub(crate) upload_interval: Duration,
    /// How long a finished attempt tries to be heard.
    pub(crate) finish_grace: Duration,
    /// Disk that one attempt's undelivered events may take.
    pub(crate) buffer_mib: u64,
}

impl Settings {
    /// Where imported weights lie.
    pub(crate) fn weights(&self) -> PathBuf {
        self.home.join("weights")
    }
}

/// The settings as the `config` crate reads them.
#[derive(Debug, Deserialize)]
struct Layered {
    server: Option<String>,
    token: Option<String>,
    pool: String,
    labels: Words,
    device: DeviceWish,
    threads: u32,
    heartbeat_seconds: f64,
    checkpoint_seconds: f64,
    upload_seconds: f64,
    finish_grace_seconds: f64,
    buffer_mib: u64,
}

/// A list, or words parted by commas as an environment variable gives them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    List(Vec<String>),
    Text(String),
}

/// Settings that `MRPRISM_<NAME>` may give.
const NAMES: [&str; 11] = [
    "server",
    "token",
    "pool",
    "labels",
    "device",
    "threads",
    "heartbeat_seconds",
    "checkpoint_seconds",
    "upload_seconds",
    "finish_grace_seconds",
    "buffer_mib",
];

/// Resolves every setting.
///
/// # Errors
/// A settings file that cannot be read, or a value that makes no sense, with its place.
pub(crate) fn settings(flags: &Flags, serve: &ServeFlags) -> anyhow::Result<Settings> {
    let home = flags
        .home
        .clone()
        .or_else(|| variable("MRPRISM_HOME").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from(".mrprism"));
    let home = std::path::absolute(&home).context("the current folder is gone")?;
    let file = settings_file(flags, &home)?;

    let mut builder = Config::builder()
        .set_default("pool", "default")?
        .set_default("labels", Vec::<String>::new())?
        .set_default("device", "auto")?
        .set_default("threads", 0)?
        .set_default("heartbeat_seconds", 5.0)?
        .set_default("checkpoint_seconds", 15.0)?
        .set_default("upload_seconds", 300.0)?
        .set_default("finish_grace_seconds", 600.0)?
        .set_default("buffer_mib", 256)?;
    if let Some(file) = &file {
        builder = builder.add_source(File::from(file.as_path()).format(FileFormat::Toml));
    }
    for name in NAMES {
        let variable = variable(&format!("MRPRISM_{}", name.to_uppercase()));
        builder = builder.set_override_option(name, variable)?;
    }
    builder = builder
        .set_override_option("server", serve.server.clone())?
        .set_override_option("token", serve.token.clone())?
        .set_override_option("pool", serve.pool.clone())?
        .set_override_option("threads", flags.threads)?;
    if !serve.labels.is_empty() {
        builder = builder.set_override("labels", serve.labels.clone())?;
    }
    let merged = builder.build().context("reading the settings")?;
    let data_roots = data_roots(flags, &merged, file.as_deref())?;
    let layered: Layered = merged.try_deserialize().context("reading the settings")?;
    Ok(Settings {
        home,
        server: layered.server,
        token: layered.token,
        pool: layered.pool,
        labels: layered.labels.into_list(),
        device: flags.device.unwrap_or(layered.device),
        threads: layered.threads,
        data_roots,
        heartbeat: seconds("heartbeat_seconds", layered.heartbeat_seconds)?,
        checkpoint_interval: seconds("checkpoint_seconds", layered.checkpoint_seconds)?,
        upload_interval: seconds("upload_seconds", layered.upload_seconds)?,
        finish_grace: seconds("finish_grace_seconds", layered.finish_grace_seconds)?,
        buffer_mib: layered.buffer_mib,
    })
}

/// Directives for the log, e.g. `info` or `mrprism_worker=debug`.
pub(crate) fn log_filter() -> String {
    variable("MRPRISM_LOG").unwrap_or_else(|| "info".to_owned())
}

fn settings_file(flags: &Flags, home: &Path) -> anyhow::Result<Option<PathBuf>> {
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

/// Data roots: flags over `MRPRISM_DATA_ROOTS` over the file's `[data.roots]`, name by name. A relative path in the
/// file is relative to the file.
fn data_roots(
    flags: &Flags,
    merged: &Config,
    file: Option<&Path>,
) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut roots = BTreeMap::new();
    if let Some(file) = file {
        let folder = file.parent().unwrap_or(Path::new("."));
        let written: BTreeMap<String, PathBuf> = match merged.get("data.roots") {
            Ok(written) => written,
            Err(config::ConfigError::NotFound(_)) => BTreeMap::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("[data.roots] of {}", file.display()));
            }
        };
        for (name, path) in written {
            roots.insert(name, folder.join(path));
        }
    }
    for pair in variable("MRPRISM_DATA_ROOTS")
        .iter()
        .flat_map(|text| text.split(','))
    {
        let (name, path) =
            named_path(pair).map_err(|message| anyhow::anyhow!("MRPRISM_DATA_ROOTS: {message}"))?;
        roots.insert(name, path);
    }
    roots.extend(flags.data_roots.iter().cloned());
    for (name, path) in &mut roots {
        *path = std::path::absolute(&*path).with_context(|| format!("data root '{name}'"))?;
    }
    Ok(roots)
}

fn named_path(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(path)))
        }
        _ => Err(format!(
            "'{text}' is no data root: write name=path, e.g. data=/srv/data"
        )),
    }
}

fn seconds(name: &str, value: f64) -> anyhow::Result<Duration> {
    match Duration::try_from_secs_f64(value) {
        Ok(duration) => Ok(duration),
        Err(_) => bail!("{name} = {value}: give a number of seconds, 0 or more"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "config.rs is where this crate reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Words {
    fn into_list(self) -> Vec<String> {
        match self {
            Self::List(list) => list,
            Self::Text(text) => text
                .split(',')
                .map(|word| word.trim().to_owned())
                .filter(|word| !word.is_empty())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Flags, ServeFlags, named_path, settings};

    fn with_file(text: &str) -> (tempfile::TempDir, Flags) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mrprism.toml");
        std::fs::write(&file, text).unwrap();
        let flags = Flags {
            home: Some(folder.path().join("home")),
            config: Some(file),
            ..Flags::default()
        };
        (folder, flags)
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let (folder, mut flags) = with_file(
            "threads = 3\npool = \"slow\"\nlabels = [\"big\"]\n[data.roots]\ndata = \"sets\"\nmore = \"/more\"\n",
        );
        flags.threads = Some(7);
        flags.data_roots = vec![("more".to_owned(), "/other".into())];
        let settings = settings(&flags, &ServeFlags::default()).unwrap();
        assert_eq!((settings.threads, settings.pool.as_str()), (7, "slow"));
        assert_eq!(settings.labels, ["big"]);
        assert_eq!(settings.data_roots["data"], folder.path().join("sets"));
        assert_eq!(settings.data_roots["more"].to_str(), Some("/other"));
        assert_eq!(settings.upload_interval.as_secs(), 300);
    }

    #[test]
    fn nonsense_is_refused_with_its_name() {
        let (_folder, flags) = with_file("checkpoint_seconds = -1\n");
        let error = settings(&flags, &ServeFlags::default()).unwrap_err();
        assert!(
            error.to_string().contains("checkpoint_seconds = -1"),
            "{error}"
        );
        assert!(named_path("data").unwrap_err().contains("name=path"));
    }
}
