//! `mrprism data check`: what a data set holds, how its raters agree, what is wrong with it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use mrprism_protocol::spec::{DatasetFile, DatasetForm};
use mrprism_raters::dataset::{self, Dataset};
use mrprism_raters::read::parse_definition;
use mrprism_settings::flags::DataRootFlags;
use mrprism_settings::{Flags, SettingsFile, data_roots};

use super::registry::Registry;
use crate::failure::{as_wrong_use, of_settings, wrong_use};
use crate::{bundle, output};

/// Look a data set over: every file is read, nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    mrprism data check /srv/cfos\n  \
    mrprism data check phantom\n  \
    mrprism data check qubiq/brain-growth --data-root data=/srv/data --json")]
pub(crate) struct Check {
    /// A folder with a dataset.toml, or the name of a registered or built-in data set
    #[arg(value_name = "DIR|NAME")]
    what: String,
    #[command(flatten)]
    roots: DataRootFlags,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(self, flags: &Flags) -> anyhow::Result<ExitCode> {
        let (definition, folder) = self.place(flags)?;
        let data = as_wrong_use(Dataset::open(&definition, folder.as_deref()))?;
        let report = dataset::check(&data);
        if self.json {
            output::json(&report)?;
        } else {
            output::line(&report);
        }
        Ok(if report.is_sound() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn place(&self, flags: &Flags) -> anyhow::Result<(DatasetFile, Option<PathBuf>)> {
        let folder = Path::new(&self.what);
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
        let file = SettingsFile::of(&flags.home).map_err(of_settings)?;
        let roots = data_roots(&self.roots, file.as_ref()).map_err(of_settings)?;
        match roots.get(name) {
            Some(path) => Ok(path.join(rest)),
            None => Err(wrong_use(format!(
                "'{}' lies below the data root '{name}', which is not configured: give --data-root {name}=PATH, or name \
                 it under [data.roots] of mrprism.toml",
                self.what
            ))),
        }
    }
}
