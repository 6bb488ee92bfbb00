//! Where a named data set lies: a folder, a registered one, or a built-in one below a data root.

use std::path::{Path, PathBuf};

use clap::Args;
use mrprism_protocol::spec::{DatasetFile, DatasetForm};
use mrprism_raters::dataset::Dataset;
use mrprism_raters::read::parse_definition;

use super::registry::Registry;
use crate::bundle;
use crate::config::{Flags, WorkerFlags};
use crate::failure::{as_wrong_use, wrong_use};

/// A data set on the command line.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// A folder with a dataset.toml, or the name of a registered or built-in data set
    #[arg(value_name = "DIR|NAME")]
    what: String,
    /// The definition, where no dataset.toml lies in the folder
    #[arg(long, value_name = "FILE")]
    definition: Option<PathBuf>,
    /// A named folder that data sets lie in; may be repeated
    #[arg(long = "data-root", value_name = "NAME=PATH")]
    data_roots: Vec<String>,
}

impl Place {
    /// Finds the data set's files and its splits.
    pub(super) fn open(&self, flags: &Flags) -> anyhow::Result<Dataset> {
        let (definition, folder) = self.find(flags)?;
        as_wrong_use(Dataset::open(&definition, folder.as_deref()))
    }

    fn find(&self, flags: &Flags) -> anyhow::Result<(DatasetFile, Option<PathBuf>)> {
        let folder = Path::new(&self.what);
        if folder.is_dir() {
            let definition = self.definition.as_deref().unwrap_or(folder);
            return Ok((
                as_wrong_use(parse_definition(definition))?,
                Some(folder.to_owned()),
            ));
        }
        if self.definition.is_some() {
            return Err(wrong_use(format!(
                "--definition goes with a folder, and '{}' is none",
                self.what
            )));
        }
        let registry = Registry::read(&flags.home()?)?;
        if let Some(entry) = registry
            .datasets
            .into_iter()
            .find(|entry| entry.name == self.what)
        {
            return Ok((
                as_wrong_use(parse_definition(&entry.folder))?,
                Some(entry.folder),
            ));
        }
        let Some(definition) = bundle::datasets()
            .into_iter()
            .find(|known| known.name == self.what)
        else {
            return Err(wrong_use(format!(
                "'{}' is neither a folder nor a data set that is registered or built in: `mrprism data list` names them",
                self.what
            )));
        };
        let folder = match (&definition.root, definition.form) {
            (_, DatasetForm::Phantom) | (None, _) => None,
            (Some(root), _) => Some(self.below_root(flags, root)?),
        };
        Ok((definition, folder))
    }

    fn below_root(&self, flags: &Flags, root: &str) -> anyhow::Result<PathBuf> {
        let (name, rest) = root.split_once('/').unwrap_or((root, ""));
        let roots = WorkerFlags {
            data_roots: self.data_roots.clone(),
            ..WorkerFlags::default()
        };
        match roots.data_root(flags, name)? {
            Some(path) => Ok(path.join(rest)),
            None => Err(wrong_use(format!(
                "'{}' lies below the data root '{name}', which is not configured: give --data-root {name}=PATH, or name \
                 it under [data.roots] of mrprism.toml",
                self.what
            ))),
        }
    }
}
