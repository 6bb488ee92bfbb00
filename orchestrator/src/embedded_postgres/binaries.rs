//! Where `initdb` and `postgres` are, and which version.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::PostgresError;

/// Major versions that this program is tested with.
const SUPPORTED: std::ops::RangeInclusive<u32> = 15..=18;

/// Where to look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// The folder that a person named; nothing else is looked at then.
    pub named: Option<PathBuf>,
    /// What the set-up fetched.
    pub deps: PathBuf,
    /// The search path.
    pub path: Option<String>,
}

/// A folder with `initdb` and `postgres` of a supported version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The folder.
    pub folder: PathBuf,
    /// Major version.
    pub major: u32,
}

impl Search {
    /// Finds binaries: the named ones > what the set-up fetched > the system's, newest first > the search path's.
    ///
    /// # Errors
    /// None of a supported version, or the named ones will not do.
    pub fn find(&self) -> Result<Binaries, PostgresError> {
        if let Some(named) = &self.named {
            let named =
                std::path::absolute(named).map_err(PostgresError::io("finding", named.clone()))?;
            return Binaries::of(&named).map_err(|what| PostgresError::Unfit {
                folder: named,
                what,
            });
        }
        let places = self.places();
        places
            .iter()
            .find_map(|folder| Binaries::of(folder).ok())
            .ok_or_else(|| PostgresError::NotFound {
                looked: format!(
                    "looked in {}",
                    places
                        .iter()
                        .map(|place| place.display().to_string())
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            })
    }

    fn places(&self) -> Vec<PathBuf> {
        let fetched = self.deps.join("postgres/bin");
        let fetched = std::path::absolute(&fetched).unwrap_or(fetched);
        let system = SUPPORTED
            .rev()
            .map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")));
        let path = self.path.iter().flat_map(std::env::split_paths);
        std::iter::once(fetched).chain(system).chain(path).collect()
    }
}

impl Binaries {
    /// The binaries in `folder`, or why they will not do.
    fn of(folder: &Path) -> Result<Self, String> {
        for name in ["initdb", "postgres"] {
            if !folder.join(name).is_file() {
                return Err(format!("there is no {name}"));
            }
        }
        let said = Command::new(folder.join("postgres"))
            .arg("--version")
            .output()
            .map_err(|error| format!("postgres does not run: {error}"))?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        match major(&said) {
            Some(major) if SUPPORTED.contains(&major) => Ok(Self {
                folder: folder.to_owned(),
                major,
            }),
            _ => Err(format!("postgres --version says '{}'", said.trim())),
        }
    }

    /// The program of this name.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)`.
fn major(said: &str) -> Option<u32> {
    let number = said.split_whitespace().nth(2)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Search, major};

    #[test]
    fn versions_are_read_from_what_postgres_says() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-1)"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("sh: postgres: not found"), None);
    }

    #[test]
    fn what_the_set_up_fetched_goes_before_the_system_and_newer_before_older() {
        let search = Search {
            named: None,
            deps: PathBuf::from("/deps"),
            path: Some("/one:/two".to_owned()),
        };
        let places: Vec<_> = search
            .places()
            .iter()
            .map(|place| place.display().to_string())
            .collect();
        assert_eq!(
            places,
            [
                "/deps/postgres/bin",
                "/usr/lib/postgresql/18/bin",
                "/usr/lib/postgresql/17/bin",
                "/usr/lib/postgresql/16/bin",
                "/usr/lib/postgresql/15/bin",
                "/one",
                "/two"
            ]
        );
    }

    #[test]
    fn a_named_folder_without_postgres_is_refused_and_nothing_else_is_tried() {
        let folder = tempfile::tempdir().unwrap();
        let search = Search {
            named: Some(folder.path().to_owned()),
            ..Search::default()
        };
        let error = search.find().unwrap_err().to_string();
        assert!(error.contains("there is no initdb"), "{error}");
    }
}
