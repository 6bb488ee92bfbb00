//! The data sets that this worker holds: built-in ones whose files are here, and folders that were registered.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use include_dir::{Dir, include_dir};
use mrprism_protocol::spec::{DatasetCard, DatasetFile, DatasetForm, parse_toml};
use mrprism_raters::dataset::Dataset;
use mrprism_settings::worker::Settings;
use serde::{Deserialize, Serialize};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../experiments/datasets");

/// A data set and where it lies.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    /// What it is.
    pub(crate) definition: DatasetFile,
    /// Its folder; none where it has no files.
    pub(crate) folder: Option<PathBuf>,
}

/// `<home>/worker/datasets.json`, written by `mrprism data register`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Registry {
    datasets: Vec<Registered>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Registered {
    /// Folder with a `dataset.toml`.
    folder: PathBuf,
}

/// Everything this worker holds, indexed.
#[derive(Debug)]
pub(crate) struct Holdings {
    settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Vec<(Place, DatasetCard)>,
    registry_seen: Option<SystemTime>,
    folders_seen: Vec<PathBuf>,
    /// Grows with every change of what is held.
    version: u64,
    /// What the server was told last.
    told: u64,
}

/// What the server has not been told yet.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) version: u64,
    pub(crate) cards: Vec<DatasetCard>,
}

impl Holdings {
    /// Looks everywhere and indexes what is there; a fault of one data set is logged and leaves the others.
    pub(crate) fn index(settings: &Settings) -> Self {
        let holdings = Self {
            settings: settings.clone(),
            state: Mutex::default(),
        };
        holdings.index_again();
        holdings
    }

    /// What is held, for people and the server.
    pub(crate) fn cards(&self) -> Vec<DatasetCard> {
        self.state()
            .held
            .iter()
            .map(|(_, card)| card.clone())
            .collect()
    }

    /// Where the data set of this name lies, if it is held.
    pub(crate) fn place(&self, name: &str) -> Option<Place> {
        let state = self.state();
        let found = state.held.iter().find(|(_, card)| card.name == name);
        found.map(|(place, _)| place.clone())
    }

    /// What the server must still be told.
    pub(crate) fn news(&self) -> Option<News> {
        let state = self.state();
        (state.version != state.told).then(|| News {
            version: state.version,
            cards: state.held.iter().map(|(_, card)| card.clone()).collect(),
        })
    }

    /// The server knows this version.
    pub(crate) fn told(&self, version: u64) {
        self.state().told = version;
    }

    /// The version of now, for a registration that names every card.
    pub(crate) fn version(&self) -> u64 {
        self.state().version
    }

    /// Whether folders came or went, or the registry was written, since they were last indexed. Cheap.
    pub(crate) fn is_stale(&self) -> bool {
        let (registry, folders) = (self.registry_time(), self.folders());
        let state = self.state();
        state.registry_seen != registry || state.folders_seen != folders
    }

    /// Reads every file of every data set again. Slow: not for an asynchronous thread.
    pub(crate) fn index_again(&self) {
        let (registry, folders) = (self.registry_time(), self.folders());
        let mut held: Vec<(Place, DatasetCard)> = Vec::new();
        for place in self.places() {
            let name = place.definition.name.clone();
            match Dataset::open(&place.definition, place.folder.as_deref()) {
                Ok(dataset) => {
                    // A registered folder stands before a built-in of the same name.
                    if held.iter().all(|(_, card)| card.name != name) {
                        held.push((place, dataset.card()));
                    }
                }
                Err(error) => tracing::warn!("data set '{name}' is not offered: {error}"),
            }
        }
        let mut state = self.state();
        if state
            .held
            .iter()
            .map(|(_, card)| card)
            .ne(held.iter().map(|(_, card)| card))
        {
            state.version += 1;
        }
        state.held = held;
        state.registry_seen = registry;
        state.folders_seen = folders;
    }

    /// Registered folders first, then built-in data sets whose files are here.
    fn places(&self) -> Vec<Place> {
        let registered = self.registered().into_iter().filter_map(|folder| {
            match mrprism_raters::read::parse_definition(&folder) {
                Ok(definition) => Some(Place {
                    definition,
                    folder: Some(folder),
                }),
                Err(error) => {
                    tracing::warn!(
                        "the registered folder {} is not offered: {error}",
                        folder.display()
                    );
                    None
                }
            }
        });
        let built_in = built_in().into_iter().filter_map(|definition| {
            let folder = match definition.form {
                DatasetForm::Phantom => None,
                _ => Some(self.below_root(definition.root.as_deref()?)?),
            };
            Some(Place { definition, folder })
        });
        registered.chain(built_in).collect()
    }

    /// The folder that `name/rest/of/path` names, where that root is configured and the folder exists.
    fn below_root(&self, root: &str) -> Option<PathBuf> {
        let (name, rest) = root.split_once('/').unwrap_or((root, ""));
        let folder = self.settings.data_roots.get(name)?.join(rest);
        folder.is_dir().then_some(folder)
    }

    fn registered(&self) -> Vec<PathBuf> {
        let file = registry_file(&self.settings.home);
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                tracing::warn!("{}: {error}", file.display());
                return Vec::new();
            }
        };
        match serde_json::from_slice::<Registry>(&text) {
            Ok(registry) => registry
                .datasets
                .into_iter()
                .map(|entry| entry.folder)
                .collect(),
            Err(error) => {
                tracing::warn!(
                    "{} is broken: {error}; register the folders again",
                    file.display()
                );
                Vec::new()
            }
        }
    }

    fn registry_time(&self) -> Option<SystemTime> {
        let data = std::fs::metadata(registry_file(&self.settings.home)).ok()?;
        data.modified().ok()
    }

    fn folders(&self) -> Vec<PathBuf> {
        let built_in = built_in();
        let roots = built_in
            .iter()
            .filter_map(|definition| definition.root.as_deref());
        roots.filter_map(|root| self.below_root(root)).collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Every write replaces whole values: what a panic leaves behind is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where `mrprism data register` writes.
pub(crate) fn registry_file(home: &Path) -> PathBuf {
    home.join("worker").join("datasets.json")
}

fn built_in() -> Vec<DatasetFile> {
    let files = BUILT_IN
        .files()
        .filter_map(|file| Some((file.path(), file.contents_utf8()?)));
    files
        .filter_map(
            |(path, text)| match parse_toml(&path.display().to_string(), text) {
                Ok(definition) => Some(definition),
                Err(error) => {
                    tracing::error!("a built-in data set is broken: {error}");
                    None
                }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mrprism_settings::flags::{HomeFlags, TrainerFlags};
    use mrprism_settings::worker::ServeFlags;

    fn holdings(home: &Path) -> Holdings {
        let flags = HomeFlags {
            home: Some(home.to_owned()),
            ..HomeFlags::default()
        };
        let (trainer, serve) = (TrainerFlags::default(), ServeFlags::default());
        Holdings::index(&Settings::read(&flags, &trainer, &serve).unwrap())
    }

    #[test]
    fn phantoms_are_held_without_any_file_and_a_set_without_its_root_is_not() {
        let home = tempfile::tempdir().unwrap();
        let names: Vec<_> = holdings(home.path())
            .cards()
            .into_iter()
            .map(|card| card.name)
            .collect();
        assert!(names.contains(&"phantom".to_owned()), "{names:?}");
        assert!(
            !names.contains(&"qubiq/brain-growth".to_owned()),
            "{names:?}"
        );
    }

    #[test]
    fn a_registered_folder_is_news_until_the_server_was_told() {
        let home = tempfile::tempdir().unwrap();
        let holdings = holdings(home.path());
        holdings.told(holdings.version());
        assert!(!holdings.is_stale() && holdings.news().is_none());

        let folder = home.path().join("set");
        std::fs::create_dir_all(&folder).unwrap();
        let text = BUILT_IN
            .get_file("phantom.toml")
            .unwrap()
            .contents_utf8()
            .unwrap();
        std::fs::write(
            folder.join("dataset.toml"),
            text.replace("\"phantom\"\nform", "\"mine\"\nform"),
        )
        .unwrap();
        let file = registry_file(home.path());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let registry = Registry {
            datasets: vec![Registered { folder }],
        };
        std::fs::write(&file, serde_json::to_vec(&registry).unwrap()).unwrap();

        assert!(holdings.is_stale());
        holdings.index_again();
        let news = holdings.news().unwrap();
        assert!(news.cards.iter().any(|card| card.name == "mine"));
        assert!(holdings.place("mine").is_some());
        holdings.told(news.version);
        assert!(holdings.news().is_none());
    }
}
