//! The layers: a flag wins over the environment, that over the settings file, that over the default.

use std::path::PathBuf;
use std::time::Duration;

use config::{Config, ConfigError, Source, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::error::Error;
use crate::file::SettingsFile;
use crate::flags::HomeFlags;
use crate::setting::{Section, Setting, Unit};

/// One program's settings before they are put together.
#[derive(Debug)]
pub struct Layers {
    section: Section,
    file: Option<SettingsFile>,
    flags: Vec<(String, Value)>,
}

/// The file's `[orchestrator]`, so that errors name keys as the file does.
#[derive(Deserialize)]
struct OfOrchestrator<T> {
    orchestrator: T,
}

impl Layers {
    /// One program's section of the settings file.
    pub fn open(flags: &HomeFlags, section: Section) -> Result<Self, Error> {
        Ok(Self {
            section,
            file: SettingsFile::of(flags)?,
            flags: Vec::new(),
        })
    }

    /// Puts a flag's value on top, where the flag was given.
    #[must_use]
    pub fn flag(mut self, setting: &Setting, value: Option<impl Into<Value>>) -> Self {
        let value = value.map(|value| (setting.name(), value.into()));
        self.flags.extend(value);
        self
    }

    /// The settings file, where there is one.
    pub fn file(&self) -> Option<&SettingsFile> {
        self.file.as_ref()
    }

    /// The typed settings.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let merged = self.merged().map_err(|error| self.unreadable(error))?;
        for setting in self.section.settings() {
            self.check_seconds(setting, &merged)?;
        }
        let read = match self.section {
            Section::Orchestrator => merged
                .try_deserialize::<OfOrchestrator<T>>()
                .map(|read| read.orchestrator),
            Section::Worker | Section::Outside => {
                self.known(&merged).and_then(Value::try_deserialize)
            }
        };
        read.map_err(|error| self.unreadable(error))
    }

    fn merged(&self) -> Result<Config, ConfigError> {
        let mut builder = Config::builder();
        for setting in self.section.settings() {
            if let Some(default) = setting.default {
                builder = builder.set_default(setting.name(), default)?;
            }
            builder = builder.set_override_option(setting.name(), setting.given())?;
        }
        if let Some(file) = &self.file {
            builder = builder.add_source(file.content().clone());
        }
        for (name, value) in &self.flags {
            builder = builder.set_override(name, value.clone())?;
        }
        builder.build()
    }

    /// The worker's settings alone: they share the top of the file with other things.
    fn known(&self, merged: &Config) -> Result<Value, ConfigError> {
        let mut table = merged.collect()?;
        table.retain(|key, _| {
            let mut settings = self.section.settings().iter();
            settings.any(|setting| setting.key == key)
        });
        Ok(Value::new(None, table))
    }

    /// Durations are checked by the table's unit, so that the error names the key and what is allowed.
    fn check_seconds(&self, setting: &Setting, merged: &Config) -> Result<(), Error> {
        let Some(may_be_zero) = setting.unit.and_then(Unit::seconds_may_be_zero) else {
            return Ok(());
        };
        let value = merged
            .get_float(&setting.name())
            .map_err(|error| self.unreadable(error))?;
        match Duration::try_from_secs_f64(value) {
            Ok(duration) if may_be_zero || !duration.is_zero() => Ok(()),
            _ => Err(Error::Seconds {
                key: setting.key,
                value,
                least: if may_be_zero {
                    ", 0 or more"
                } else {
                    " above 0"
                },
            }),
        }
    }

    fn unreadable(&self, error: ConfigError) -> Error {
        Error::Unreadable {
            file: self.file().map(|file| PathBuf::from(file.path())),
            source: Box::new(error),
        }
    }
}

/// A number of seconds as a duration.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let value = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(value).map_err(serde::de::Error::custom)
}
