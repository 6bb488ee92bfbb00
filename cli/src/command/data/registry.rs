//! `<home>/worker/datasets.json`: folders that this home's worker offers.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// The file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Registry {
    pub(super) datasets: Vec<Entry>,
}

/// One registered folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Folder with a `dataset.toml`, absolute.
    pub(super) folder: PathBuf,
    /// Its manifest when it was registered.
    pub(super) manifest: String,
}

impl Registry {
    /// What is registered; empty where nothing is.
    pub(super) fn read(home: &Path) -> anyhow::Result<Self> {
        let file = file(home);
        match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| {
                format!(
                    "{} is broken: delete it and register the folders again",
                    file.display()
                )
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
        }
    }

    /// Adds a folder; one of the same name is replaced.
    pub(super) fn add(&mut self, entry: Entry) {
        self.datasets.retain(|known| known.name != entry.name);
        self.datasets.push(entry);
    }

    /// Writes the file whole or not at all.
    pub(super) fn write(&self, home: &Path) -> anyhow::Result<()> {
        let file = file(home);
        let part = file.with_extension(format!("json.{}", std::process::id()));
        let folder = home.join("worker");
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&part, serde_json::to_vec_pretty(self)?))
            .and_then(|()| std::fs::rename(&part, &file))
            .with_context(|| format!("writing {}", file.display()))
    }
}

fn file(home: &Path) -> PathBuf {
    home.join("worker").join("datasets.json")
}

#[cfg(test)]
mod tests {
    use super::{Entry, Registry};

    #[test]
    fn a_second_folder_of_the_same_name_replaces_the_first() {
        let home = tempfile::tempdir().unwrap();
        let entry = |name: &str, folder: &str| Entry {
            name: name.into(),
            folder: folder.into(),
            manifest: "0".into(),
        };
        let mut registry = Registry::read(home.path()).unwrap();
        registry.add(entry("cfos", "/a"));
        registry.add(entry("lidc", "/b"));
        registry.add(entry("cfos", "/c"));
        registry.write(home.path()).unwrap();
        let read = Registry::read(home.path()).unwrap();
        assert_eq!(read.datasets, [entry("lidc", "/b"), entry("cfos", "/c")]);
    }
}
