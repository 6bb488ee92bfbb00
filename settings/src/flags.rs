//! Flags that more than one program understands, and how one program hands them to another.

use std::fmt::Display;
use std::path::PathBuf;

use clap::Args;

use crate::data_root::DataRoot;
use crate::device::DeviceWish;
use crate::error::Error;
use crate::home;
use crate::table;

const WHERE: &str = "Where";

/// Flags of every command that may speak to a server.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Where state and settings are.
    #[command(flatten)]
    pub home: HomeFlags,
    /// Where the server is.
    #[command(flatten)]
    pub access: AccessFlags,
}

// The four stand in one group of the help, in this order: a command of the server has the first and the last.
/// Where state and settings are.
#[derive(Debug, Clone, Default, Args)]
pub struct HomeFlags {
    /// [`table::HOME`].
    #[arg(long, global = true, value_name = "DIR", help_heading = WHERE, display_order = 1,
        help = table::HOME.help_with_variable())]
    pub home: Option<PathBuf>,
    /// [`table::CONFIG`].
    #[arg(long, global = true, value_name = "FILE", help_heading = WHERE, display_order = 4,
        help = table::CONFIG.help_with_variable())]
    pub config: Option<PathBuf>,
}

/// Where the server is and what it wants to see.
#[derive(Debug, Clone, Default, Args)]
pub struct AccessFlags {
    /// [`table::SERVER`].
    #[arg(long, global = true, value_name = "URL", help_heading = WHERE, display_order = 2,
        help = table::SERVER.help_with_variable())]
    pub server: Option<String>,
    /// [`table::TOKEN`].
    #[arg(long, global = true, value_name = "TOKEN", help_heading = WHERE, display_order = 3,
        help = table::TOKEN.help_with_variable())]
    pub token: Option<String>,
}

/// Where data sets lie.
#[derive(Debug, Clone, Default, Args)]
pub struct DataRootFlags {
    /// A named folder that data sets lie in; may be repeated
    #[arg(long = "data-root", value_name = "NAME=PATH")]
    pub data_roots: Vec<DataRoot>,
}

/// What a trainer computes on, and from what.
#[derive(Debug, Clone, Default, Args)]
pub struct TrainerFlags {
    /// [`table::DEVICE`].
    #[arg(long, value_name = "DEVICE", help = table::DEVICE.meaning)]
    pub device: Option<DeviceWish>,
    /// [`table::THREADS`].
    #[arg(long, value_name = "N", help = table::THREADS.meaning)]
    pub threads: Option<u32>,
    /// Where data sets lie.
    #[command(flatten)]
    pub data: DataRootFlags,
}

/// Which runs a worker takes.
#[derive(Debug, Clone, Default, Args)]
pub struct PlacementFlags {
    /// [`table::POOL`].
    #[arg(long, value_name = "NAME", help = table::POOL.meaning)]
    pub pool: Option<String>,
    /// A label for placement; may be repeated
    #[arg(long = "label", value_name = "LABEL")]
    pub labels: Vec<String>,
}

/// One run without a server: which, and where its files go.
#[derive(Debug, Clone, Args)]
pub struct TrainFlags {
    /// The arm's name
    #[arg(long)]
    pub arm: String,
    /// The data set, where the arm has several
    #[arg(long, value_name = "NAME")]
    pub dataset: Option<String>,
    /// The seed
    #[arg(long)]
    pub seed: u64,
    /// The fold, where the experiment names folds
    #[arg(long)]
    pub fold: Option<u32>,
    /// Folder of the run's files; made if it is missing
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Remove an earlier run's files from the folder and start over
    #[arg(long)]
    pub fresh: bool,
    /// Print how the run ended as JSON
    #[arg(long)]
    pub json: bool,
}

impl Flags {
    /// The server's address: a flag's, the environment's, or the home's.
    pub fn server(&self) -> Result<String, Error> {
        let named = self.access.server.clone().or_else(|| table::SERVER.given());
        home::server(named.as_deref(), &self.home.home()?)
    }

    /// The token to show the server: a flag's, the environment's, or the home's.
    pub fn token(&self) -> Result<String, Error> {
        let given = self.access.token.clone().or_else(|| table::TOKEN.given());
        home::token(given.as_deref(), &self.home.home()?)
    }
}

impl HomeFlags {
    /// The home, absolute.
    pub fn home(&self) -> Result<PathBuf, Error> {
        let home = self
            .home
            .clone()
            .unwrap_or_else(|| PathBuf::from(table::HOME.value()));
        std::path::absolute(home).map_err(Error::CurrentFolder)
    }

    /// The same flags for another program of ours; the home is named whatever named it here.
    pub fn for_program(&self) -> Result<Vec<String>, Error> {
        let mut words = Words::default();
        words.value("--home", Some(self.home()?.display()));
        words.value("--config", self.config.as_ref().map(|file| file.display()));
        Ok(words.0)
    }
}

impl AccessFlags {
    /// The same flags for another program of ours.
    pub fn for_program(&self) -> Vec<String> {
        let mut words = Words::default();
        words.value("--server", self.server.as_ref());
        words.value("--token", self.token.as_ref());
        words.0
    }
}

impl TrainerFlags {
    /// The same flags for another program of ours.
    pub fn for_program(&self) -> Vec<String> {
        let mut words = Words::default();
        words.value("--device", self.device.map(DeviceWish::word));
        words.value("--threads", self.threads);
        words.values("--data-root", &self.data.data_roots);
        words.0
    }
}

impl PlacementFlags {
    /// The same flags for another program of ours.
    pub fn for_program(&self) -> Vec<String> {
        let mut words = Words::default();
        words.value("--pool", self.pool.as_ref());
        words.values("--label", &self.labels);
        words.0
    }
}

impl TrainFlags {
    /// The same flags for another program of ours.
    pub fn for_program(&self) -> Vec<String> {
        let mut words = Words::default();
        words.value("--arm", Some(&self.arm));
        words.value("--dataset", self.dataset.as_ref());
        words.value("--seed", Some(self.seed));
        words.value("--fold", self.fold);
        words.value("--out", Some(self.out.display()));
        let switches = [(self.fresh, "--fresh"), (self.json, "--json")];
        words.0.extend(
            switches
                .into_iter()
                .filter(|(given, _)| *given)
                .map(|(_, flag)| flag.to_owned()),
        );
        words.0
    }
}

/// A command line in the making.
#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn value(&mut self, flag: &str, value: Option<impl Display>) {
        self.values(flag, value);
    }

    fn values(&mut self, flag: &str, values: impl IntoIterator<Item = impl Display>) {
        for value in values {
            self.0.extend([flag.to_owned(), value.to_string()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Flags, PlacementFlags, TrainFlags, TrainerFlags};

    #[derive(Parser)]
    struct Everything {
        #[command(flatten)]
        flags: Flags,
        #[command(flatten)]
        trainer: TrainerFlags,
        #[command(flatten)]
        placement: PlacementFlags,
        #[command(flatten)]
        train: TrainFlags,
    }

    #[test]
    fn what_is_handed_on_is_what_was_given() {
        let given = "--home /h --config /c.toml --server s --token t --device cuda --threads 3 \
            --data-root a=/a --data-root b=/b=c --pool p --label x --label y \
            --arm tau-3 --dataset phantom --seed 18446744073709551615 --fold 2 --out /o --fresh --json";
        let words = std::iter::once("program").chain(given.split_whitespace());
        let read = Everything::try_parse_from(words).unwrap();
        let mut handed_on = read.flags.home.for_program().unwrap();
        handed_on.extend(read.flags.access.for_program());
        handed_on.extend(read.trainer.for_program());
        handed_on.extend(read.placement.for_program());
        handed_on.extend(read.train.for_program());
        assert_eq!(
            handed_on.join(" "),
            given.split_whitespace().collect::<Vec<_>>().join(" ")
        );
    }
}
