//! Data roots: names for the folders that data sets lie in, by flag, by `MRPRISM_DATA_ROOTS` or in the file's `[data.roots]`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use config::ConfigError;

use crate::environment::variable;
use crate::error::Error;
use crate::file::SettingsFile;
use crate::flags::DataRootFlags;

pub(crate) const TABLE: &str = "data.roots";
const VARIABLE: &str = "MRPRISM_DATA_ROOTS";

/// A named folder, written `name=path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataRoot {
    /// What experiments and data sets call it.
    pub name: String,
    /// Where it is on this machine.
    pub path: PathBuf,
}

/// A text that names no folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no data root: write name=path, e.g. data=/srv/data")]
pub struct NotADataRoot(String);

/// A root below the flags, and who named it.
#[derive(Debug)]
pub(crate) struct Named {
    /// The path as it was written.
    pub(crate) written: PathBuf,
    /// The same, from where the programs stand: a relative path in the file is relative to the file.
    path: PathBuf,
    /// The file or the variable.
    pub(crate) from: String,
}

impl FromStr for DataRoot {
    type Err = NotADataRoot;

    fn from_str(text: &str) -> Result<Self, NotADataRoot> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok(Self {
                name: name.to_owned(),
                path: PathBuf::from(path),
            }),
            _ => Err(NotADataRoot(text.to_owned())),
        }
    }
}

impl fmt::Display for DataRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.path.display())
    }
}

/// Every data root by name, absolute: a flag wins over the environment, that over the file, name by name.
pub fn data_roots(
    flags: &DataRootFlags,
    file: Option<&SettingsFile>,
) -> Result<BTreeMap<String, PathBuf>, Error> {
    let named = named(file)?.into_iter();
    let mut roots: BTreeMap<_, _> = named.map(|(name, root)| (name, root.path)).collect();
    let given = flags.data_roots.iter().cloned();
    roots.extend(given.map(|root| (root.name, root.path)));
    for (name, path) in &mut roots {
        *path = std::path::absolute(&*path).map_err(|source| Error::DataRoot {
            name: name.clone(),
            source,
        })?;
    }
    Ok(roots)
}

/// The roots of the environment and the file, each with who named it.
pub(crate) fn named(file: Option<&SettingsFile>) -> Result<BTreeMap<String, Named>, Error> {
    let mut roots = BTreeMap::new();
    if let Some(file) = file {
        let folder = file.path().parent().unwrap_or(Path::new("."));
        for (name, written) in of_file(file)? {
            let named = Named {
                path: folder.join(&written),
                written,
                from: file.path().display().to_string(),
            };
            roots.insert(name, named);
        }
    }
    let given = variable(VARIABLE).unwrap_or_default();
    for pair in given.split(',').filter(|_| !given.is_empty()) {
        let DataRoot { name, path } = pair.parse().map_err(|cause| Error::DataRoots { cause })?;
        let named = Named {
            written: path.clone(),
            path,
            from: VARIABLE.to_owned(),
        };
        roots.insert(name, named);
    }
    Ok(roots)
}

fn of_file(file: &SettingsFile) -> Result<BTreeMap<String, PathBuf>, Error> {
    match file.content().get(TABLE) {
        Err(ConfigError::NotFound(_)) => Ok(BTreeMap::new()),
        read => read.map_err(|error| Error::Unreadable {
            file: Some(file.path().to_owned()),
            source: Box::new(error),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::DataRoot;

    #[test]
    fn a_root_has_a_name_and_a_path() {
        let root: DataRoot = "data=/srv/a=b".parse().unwrap();
        assert_eq!(
            (root.name.as_str(), root.path.to_str()),
            ("data", Some("/srv/a=b"))
        );
        assert_eq!(root.to_string(), "data=/srv/a=b");
        for text in ["data", "=/srv", "data=", ""] {
            let error = text.parse::<DataRoot>().unwrap_err().to_string();
            assert!(error.contains("name=path"), "{error}");
        }
    }
}
