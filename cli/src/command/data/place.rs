//! Where a named data set lies: a folder, a registered one, or a built-in one below a data root.

use std::path::{Path, PathBuf};

use clap::Args;
use mrprism_protocol::spec::{DatasetFile, DatasetForm};
use mrprism_raters::dataset::Dataset;
use mrprism_raters::read::parse_definition;
use mrprism_settings::flags::DataRootFlags;
use mrprism_settings::{Flags, SettingsFile, data_roots};

use super::registry::Registry;
use crate::bundle;
use crate::failure::{as_wrong_use, of_settings, wrong_use};

/// A data set on the command line.
#[derive(Debug, Args)]
pub(super) struct Place {
    /// A folder with a dataset.toml, or the name of a registered or built-in data set
    #[arg(value_name = "DIR|NAME")]
    what: String,
    /// The definition, where no dataset.toml lies in the folder
    #[arg(long, value_name = "FILE")]
    definition: Option<PathBuf>,
    #[command(flatten)]
    roots: DataRootFlags,
}

impl Place {
    /// Finds the data set's files and its splits.
    pub(super) fn open(&self, flags: &Flags) -> anyhow::Result<Dataset> {
        let Some(definition) = &self.definition else {
            return open(&self.what, &self.roots, flags);
        };
        let folder = Path::new(&self.what);
        if !folder.is_dir() {
            return Err(wrong_use(format!(
                "--definition goes with a folder, and '{}' is none",
                self.what
            )));
        }
        let definition = as_wrong_use(parse_definition(definition))?;
        as_wrong_use(Dataset::open(&definition, Some(folder)))
    }
}

/// Opens `what`: a folder with a dataset.toml, or the name of a registered or built-in data set.
pub(crate) fn open(what: &str, roots: &DataRootFlags, flags: &Flags) -> anyhow::Result<Dataset> {
    let (definition, folder) = find(what, roots, flags)?;
    as_wrong_use(Dataset::open(&definition, folder.as_deref()))
}

/// The definition, and the folder where it has files.
fn find(
    what: &str,
    roots: &DataRootFlags,
    flags: &Flags,
) -> anyhow::Result<(DatasetFile, Option<PathBuf>)> {
    let folder = Path::new(what);
    if folder.is_dir() {
        return Ok((
            as_wrong_use(parse_definition(folder))?,
            Some(folder.to_owned()),
        ));
    }
    let registry = Registry::read(&flags.home.home()?)?;
    if let Some(entry) = registry
        .datasets
        .into_iter()
        .find(|entry| entry.name == what)
    {
        return Ok((
            as_wrong_use(parse_definition(&entry.folder))?,
            Some(entry.folder),
        ));
    }
    let Some(definition) = bundle::datasets()
        .into_iter()
        .find(|known| known.name == what)
    else {
        return Err(wrong_use(format!(
            "'{what}' is neither a folder nor a data set that is registered or built in: `mrprism data list` names them"
        )));
    };
    let folder = match (&definition.root, definition.form) {
        (_, DatasetForm::Phantom) | (None, _) => None,
        (Some(root), _) => Some(below_root(what, root, roots, flags)?),
    };
    Ok((definition, folder))
}

fn below_root(
    what: &str,
    root: &str,
    roots: &DataRootFlags,
    flags: &Flags,
) -> anyhow::Result<PathBuf> {
    let (name, rest) = root.split_once('/').unwrap_or((root, ""));
    let file = SettingsFile::of(&flags.home).map_err(of_settings)?;
    let roots = data_roots(roots, file.as_ref()).map_err(of_settings)?;
    match roots.get(name) {
        Some(path) => Ok(path.join(rest)),
        None => Err(wrong_use(format!(
            "'{what}' lies below the data root '{name}', which is not configured: give --data-root {name}=PATH, or name \
             it under [data.roots] of mrprism.toml"
        ))),
    }
}
