//! The worker's settings, typed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Deserializer};

use crate::data_root::data_roots;
use crate::device::DeviceWish;
use crate::error::Error;
use crate::flags::{AccessFlags, HomeFlags, PlacementFlags, TrainerFlags};
use crate::home;
use crate::layers::{Layers, seconds};
use crate::setting::Section;
use crate::table;

/// Flags of a worker that serves a server's queue, beside those of any that trains.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeFlags {
    /// Where the server is.
    #[command(flatten)]
    pub access: AccessFlags,
    /// Which runs it takes.
    #[command(flatten)]
    pub placement: PlacementFlags,
}

/// Every setting, resolved. The table explains them; home and data roots are no rows of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Folder of state, absolute.
    #[serde(skip)]
    pub home: PathBuf,
    /// Folders that data sets lie in, by name, absolute.
    #[serde(skip)]
    pub data_roots: BTreeMap<String, PathBuf>,
    server: Option<String>,
    token: Option<String>,
    /// Pool to claim from.
    pub pool: String,
    /// Labels for placement.
    #[serde(deserialize_with = "words")]
    pub labels: Vec<String>,
    /// What to compute on.
    pub device: DeviceWish,
    /// Threads of a trainer; 0: the cores shared among the devices.
    pub threads: u32,
    /// Between heartbeats of an idle worker.
    #[serde(rename = "heartbeat_seconds", deserialize_with = "seconds")]
    pub heartbeat: Duration,
    /// Between checkpoints on the worker's disk; zero: one at every epoch's end.
    #[serde(rename = "checkpoint_seconds", deserialize_with = "seconds")]
    pub checkpoint_interval: Duration,
    /// Between uploads of a checkpoint.
    #[serde(rename = "upload_seconds", deserialize_with = "seconds")]
    pub upload_interval: Duration,
    /// How long a finished attempt tries to be heard.
    #[serde(rename = "finish_grace_seconds", deserialize_with = "seconds")]
    pub finish_grace: Duration,
    /// Disk that one attempt's undelivered events may take, in MiB.
    pub buffer_mib: u64,
}

impl Settings {
    /// Resolves every setting.
    ///
    /// # Errors
    /// A settings file that cannot be read, or a value that makes no sense, with its key.
    pub fn read(
        flags: &HomeFlags,
        trainer: &TrainerFlags,
        serve: &ServeFlags,
    ) -> Result<Self, Error> {
        let ServeFlags { access, placement } = serve;
        let labels = Some(placement.labels.clone()).filter(|labels| !labels.is_empty());
        let layers = Layers::open(flags, Section::Worker)?
            .flag(&table::SERVER, access.server.clone())
            .flag(&table::TOKEN, access.token.clone())
            .flag(&table::POOL, placement.pool.clone())
            .flag(&table::LABELS, labels)
            .flag(&table::DEVICE, trainer.device.map(DeviceWish::word))
            .flag(&table::THREADS, trainer.threads);
        Ok(Self {
            home: flags.home()?,
            data_roots: data_roots(&trainer.data, layers.file())?,
            ..layers.read()?
        })
    }

    /// The server's URL.
    pub fn server(&self) -> Result<String, Error> {
        home::server(self.server.as_deref(), &self.home)
    }

    /// The token to show it.
    pub fn token(&self) -> Result<String, Error> {
        home::token(self.token.as_deref(), &self.home)
    }
}

/// A list, or words parted by commas as an environment variable gives them.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        List(Vec<String>),
        Text(String),
    }
    Ok(match Words::deserialize(deserializer)? {
        Words::List(list) => list,
        Words::Text(text) => {
            let words = text.split(',').map(|word| word.trim().to_owned());
            words.filter(|word| !word.is_empty()).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{DeviceWish, ServeFlags, Settings};
    use crate::flags::{HomeFlags, PlacementFlags, TrainerFlags};

    fn with_file(text: &str) -> (tempfile::TempDir, HomeFlags) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mrprism.toml");
        std::fs::write(&file, text).unwrap();
        let flags = HomeFlags {
            home: Some(folder.path().join("home")),
            config: Some(file),
        };
        (folder, flags)
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let (folder, flags) = with_file(
            "threads = 3\npool = \"slow\"\nlabels = [\"big\"]\n[data.roots]\ndata = \"sets\"\nmore = \"/more\"\n",
        );
        let mut trainer = TrainerFlags {
            threads: Some(7),
            ..TrainerFlags::default()
        };
        trainer.data.data_roots = vec!["more=/other".parse().unwrap()];
        let settings = Settings::read(&flags, &trainer, &ServeFlags::default()).unwrap();
        assert_eq!((settings.threads, settings.pool.as_str()), (7, "slow"));
        assert_eq!(settings.labels, ["big"]);
        assert_eq!(settings.data_roots["data"], folder.path().join("sets"));
        assert_eq!(settings.data_roots["more"].to_str(), Some("/other"));
        assert_eq!(settings.upload_interval.as_secs(), 300);
    }

    #[test]
    fn every_row_of_the_table_has_its_field() {
        let (_folder, flags) = with_file(
            "server = \"lab\"\ntoken = \"t\"\npool = \"p\"\nlabels = [\"l\"]\ndevice = \"cpu\"\nthreads = 1\n\
            heartbeat_seconds = 2\ncheckpoint_seconds = 0\nupload_seconds = 3.5\nfinish_grace_seconds = 4\nbuffer_mib = 5\n",
        );
        let read =
            Settings::read(&flags, &TrainerFlags::default(), &ServeFlags::default()).unwrap();
        assert_eq!(read.server().unwrap(), "http://lab");
        assert_eq!(read.token().unwrap(), "t");
        assert_eq!((read.pool.as_str(), read.labels.len()), ("p", 1));
        assert_eq!((read.device, read.threads), (DeviceWish::Cpu, 1));
        let seconds = [
            read.heartbeat,
            read.checkpoint_interval,
            read.upload_interval,
            read.finish_grace,
        ];
        assert_eq!(
            seconds.map(|seconds| seconds.as_millis()),
            [2_000, 0, 3_500, 4_000]
        );
        assert_eq!(read.buffer_mib, 5);
    }

    #[test]
    fn labels_are_a_list_or_words_with_commas() {
        let (_folder, flags) = with_file("labels = \"big, fast,\"\n");
        let read = |serve: &ServeFlags| {
            Settings::read(&flags, &TrainerFlags::default(), serve)
                .unwrap()
                .labels
        };
        assert_eq!(read(&ServeFlags::default()), ["big", "fast"]);
        let placement = PlacementFlags {
            labels: vec!["own".to_owned()],
            ..PlacementFlags::default()
        };
        let serve = ServeFlags {
            placement,
            ..ServeFlags::default()
        };
        assert_eq!(read(&serve), ["own"]);
    }

    #[test]
    fn nonsense_is_refused_with_its_name() {
        for (text, said) in [
            (
                "checkpoint_seconds = -1\n",
                "checkpoint_seconds = -1: give a number of seconds, 0 or more",
            ),
            ("device = \"gpu\"\n", "auto, cpu or cuda"),
            ("threads = \"many\"\n", "threads"),
            ("pool = \n", "mrprism.toml"),
        ] {
            let (_folder, flags) = with_file(text);
            let error = Settings::read(&flags, &TrainerFlags::default(), &ServeFlags::default());
            let error = error.unwrap_err();
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let whole = format!("{error}: {}", source.unwrap_or_default());
            assert!(whole.contains(said), "{whole}");
        }
    }
}
