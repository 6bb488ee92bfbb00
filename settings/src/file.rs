//! The settings file: where it is, and what it holds.

use std::path::{Path, PathBuf};

use config::{Config, File, FileFormat};

use crate::error::Error;
use crate::flags::HomeFlags;
use crate::setting::Setting;
use crate::table;

/// A settings file that was read.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    path: PathBuf,
    content: Config,
}

impl SettingsFile {
    /// The file that a flag or `MRPRISM_CONFIG` names, else `./mrprism.toml`, else the home's; none where there is none.
    pub fn of(flags: &HomeFlags) -> Result<Option<Self>, Error> {
        let named = flags
            .config
            .clone()
            .or_else(|| table::CONFIG.given().map(PathBuf::from));
        if let Some(file) = named {
            if !file.is_file() {
                return Err(Error::NoFile(file));
            }
            return Self::read(file).map(Some);
        }
        let places = [
            PathBuf::from("mrprism.toml"),
            flags.home()?.join("mrprism.toml"),
        ];
        let found = places.into_iter().find(|place| place.is_file());
        found.map(Self::read).transpose()
    }

    fn read(path: PathBuf) -> Result<Self, Error> {
        let source = File::from(path.as_path()).format(FileFormat::Toml);
        match Config::builder().add_source(source).build() {
            Ok(content) => Ok(Self { path, content }),
            Err(error) => Err(Error::Unreadable {
                file: Some(path),
                source: Box::new(error),
            }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn content(&self) -> &Config {
        &self.content
    }

    /// A setting as the file spells it; a list in one line.
    pub(crate) fn text(&self, setting: &Setting) -> Option<String> {
        let name = setting.name();
        if let Ok(list) = self.content.get_array(&name) {
            let words: Vec<_> = list
                .into_iter()
                .filter_map(|word| word.into_string().ok())
                .collect();
            return Some(words.join(", "));
        }
        self.content.get_string(&name).ok()
    }
}
