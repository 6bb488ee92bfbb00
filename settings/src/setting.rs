//! One row of the table of settings: what it is, and how it is said.

use serde::Serialize;

use crate::environment::variable;
use crate::table;

/// Where the settings file holds a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Nowhere: it is needed before the file is read.
    Outside,
    /// At the top of the file.
    Worker,
    /// Under `[orchestrator]`.
    Orchestrator,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Seconds, more than none.
    #[serde(rename = "s")]
    Seconds,
    /// Seconds, or none.
    #[serde(rename = "s")]
    SecondsOrZero,
    /// 2^20 bytes.
    #[serde(rename = "MiB")]
    Mebibytes,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Where the file holds it.
    pub section: Section,
    /// Its key there.
    pub key: &'static str,
    /// The environment variable that gives it.
    pub variable: &'static str,
    /// What it does, in a sentence.
    pub meaning: &'static str,
    /// Its value where nobody gives one, as the file would spell it.
    pub default: Option<&'static str>,
    /// What the default comes to, or what happens without a value.
    pub otherwise: Option<&'static str>,
    /// What a number counts.
    pub unit: Option<Unit>,
}

impl Section {
    /// Every setting that the file may hold here.
    pub const fn settings(self) -> &'static [Setting] {
        match self {
            Self::Outside => &[],
            Self::Worker => &table::WORKER,
            Self::Orchestrator => &table::ORCHESTRATOR,
        }
    }
}

impl Setting {
    pub(crate) const fn or(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    pub(crate) const fn otherwise(self, otherwise: &'static str) -> Self {
        Self {
            otherwise: Some(otherwise),
            ..self
        }
    }

    pub(crate) const fn unit(self, unit: Unit) -> Self {
        Self {
            unit: Some(unit),
            ..self
        }
    }

    /// The key with its section, as `mrprism config show` names it.
    pub fn name(&self) -> String {
        match self.section {
            Section::Orchestrator => format!("orchestrator.{}", self.key),
            Section::Outside | Section::Worker => self.key.to_owned(),
        }
    }

    /// What the environment gives.
    pub fn given(&self) -> Option<String> {
        variable(self.variable)
    }

    /// What the environment gives, else the default. For settings that no file holds.
    pub(crate) fn value(&self) -> String {
        self.given()
            .unwrap_or_else(|| self.default.unwrap_or_default().to_owned())
    }

    /// The default for people: `60`, `0 (the cores shared among the devices)`, `(what is found)`.
    pub fn default_in_words(&self) -> String {
        let value = self.default.unwrap_or_default();
        match self.otherwise {
            Some(otherwise) => format!("{value} ({otherwise})").trim_start().to_owned(),
            None => value.to_owned(),
        }
    }

    /// What a flag's help says.
    pub fn help(&self) -> String {
        format!("{} (default: {})", self.meaning, self.fallback())
    }

    /// What a flag's help says where the variable is worth naming.
    pub fn help_with_variable(&self) -> String {
        let (meaning, variable, fallback) = (self.meaning, self.variable, self.fallback());
        format!("{meaning} (default: `${variable}`, else {fallback})")
    }

    fn fallback(&self) -> &'static str {
        self.default.or(self.otherwise).unwrap_or("none")
    }
}

impl Unit {
    /// For seconds: whether none is allowed.
    pub(crate) const fn seconds_may_be_zero(self) -> Option<bool> {
        match self {
            Self::Seconds => Some(false),
            Self::SecondsOrZero => Some(true),
            Self::Mebibytes => None,
        }
    }
}

pub(crate) const fn outside(
    key: &'static str,
    variable: &'static str,
    meaning: &'static str,
) -> Setting {
    row(Section::Outside, key, variable, meaning)
}

pub(crate) const fn worker(
    key: &'static str,
    variable: &'static str,
    meaning: &'static str,
) -> Setting {
    row(Section::Worker, key, variable, meaning)
}

pub(crate) const fn orchestrator(
    key: &'static str,
    variable: &'static str,
    meaning: &'static str,
) -> Setting {
    row(Section::Orchestrator, key, variable, meaning)
}

const fn row(
    section: Section,
    key: &'static str,
    variable: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting {
        section,
        key,
        variable,
        meaning,
        default: None,
        otherwise: None,
        unit: None,
    }
}

#[cfg(test)]
mod tests {
    use crate::table::{HOME, LEASE_SECONDS, POSTGRES_BIN, SERVER, THREADS};

    #[test]
    fn a_default_is_said_in_words() {
        let said = [HOME, THREADS, POSTGRES_BIN, LEASE_SECONDS].map(|row| row.default_in_words());
        let expected = [
            "./.mrprism",
            "0 (the cores shared among the devices)",
            "(what is found)",
            "60",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn help_says_the_default() {
        assert_eq!(
            LEASE_SECONDS.help(),
            "A lease ends this long after its last heartbeat (default: 60)"
        );
        assert_eq!(
            SERVER.help_with_variable(),
            "Address of the server (default: `$MRPRISM_SERVER`, else what the home says)"
        );
    }
}
