//! Every setting with its value and where it came from: what `mrprism config show` prints.

use config::{Source, Value, ValueKind};
use serde::Serialize;

use crate::data_root;
use crate::error::Error;
use crate::file::SettingsFile;
use crate::flags::Flags;
use crate::setting::{Setting, Unit};
use crate::table;

/// One setting, its value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Its key, with its section.
    pub name: String,
    /// Its value as text.
    pub value: String,
    /// A flag, a variable, a file, `home` or `default`.
    pub from: String,
    /// What it does, where a program knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<&'static str>,
    /// What its number counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
}

const HIDDEN: &str = "(hidden)";

/// Every setting of the table, then the data roots, then what the file holds and nothing knows.
pub fn explain(flags: &Flags) -> Result<Vec<Explained>, Error> {
    let file = SettingsFile::of(&flags.home)?;
    let mut rows = places(flags, file.as_ref());
    let of_programs = table::WORKER.iter().chain(&table::ORCHESTRATOR);
    for setting in of_programs.filter(|setting| ![table::SERVER, table::TOKEN].contains(setting)) {
        let written = file.as_ref().and_then(|file| file.text(setting));
        let from = place(file.as_ref());
        rows.push(row(
            setting,
            [given(setting), written.map(|text| (text, from))],
        ));
    }
    rows.push(row(&table::LOG, [given(&table::LOG)]));
    for (name, root) in data_root::named(file.as_ref())? {
        rows.push(Explained {
            name: format!("{}.{name}", data_root::TABLE),
            value: root.written.display().to_string(),
            from: root.from,
            meaning: Some("A named folder that data sets lie in"),
            unit: None,
        });
    }
    if let Some(file) = &file {
        rows.extend(others(file)?);
    }
    Ok(rows)
}

/// Home, settings file, server and token, as this command finds them.
fn places(flags: &Flags, file: Option<&SettingsFile>) -> Vec<Explained> {
    let flag = |value: Option<String>, name: &str| value.map(|value| (value, name.to_owned()));
    let home = flags
        .home
        .home
        .as_ref()
        .map(|home| home.display().to_string());
    let config = flags
        .home
        .config
        .as_ref()
        .map(|file| file.display().to_string());
    let hidden = |token: Option<String>| token.map(|_| HIDDEN.to_owned());
    let of_home = |value: Result<String, Error>, none: &str| {
        Some((value.unwrap_or_else(|_| none.to_owned()), "home".to_owned()))
    };
    let found = file.map_or_else(|| "(none)".to_owned(), |_| place(file));
    vec![
        row(&table::HOME, [flag(home, "--home"), given(&table::HOME)]),
        row(
            &table::CONFIG,
            [
                flag(config, "--config"),
                given(&table::CONFIG),
                Some((found, "default".to_owned())),
            ],
        ),
        row(
            &table::SERVER,
            [
                flag(flags.access.server.clone(), "--server"),
                given(&table::SERVER),
                of_home(flags.server(), "(none runs)"),
            ],
        ),
        row(
            &table::TOKEN,
            [
                flag(hidden(flags.access.token.clone()), "--token"),
                flag(hidden(table::TOKEN.given()), table::TOKEN.variable),
                of_home(flags.token().map(|_| HIDDEN.to_owned()), "(none)"),
            ],
        ),
    ]
}

/// What the file holds that is no row of the table for this command: keys that only workers read, and keys that nothing
/// reads.
fn others(file: &SettingsFile) -> Result<Vec<Explained>, Error> {
    let table = file
        .content()
        .collect()
        .map_err(|error| Error::Unreadable {
            file: Some(file.path().to_owned()),
            source: Box::new(error),
        })?;
    let mut entries = Vec::new();
    flatten("", Value::new(None, table), &mut entries);
    entries.sort();
    let mut rows = Vec::new();
    for (name, value) in entries {
        let mut settings = table::WORKER.iter().chain(&table::ORCHESTRATOR);
        let of_root = name.starts_with(&format!("{}.", data_root::TABLE));
        let known = settings.find(|setting| setting.name() == name);
        let (value, why) = match known {
            Some(setting) if *setting == table::SERVER => (value, "read by workers only"),
            Some(setting) if *setting == table::TOKEN => {
                (HIDDEN.to_owned(), "read by workers only")
            }
            Some(_) => continue,
            None if of_root => continue,
            None => (value, "no program knows this key"),
        };
        rows.push(Explained {
            name,
            value,
            from: format!("{} ({why})", file.path().display()),
            meaning: known.map(|setting| setting.meaning),
            unit: None,
        });
    }
    Ok(rows)
}

fn flatten(prefix: &str, value: Value, entries: &mut Vec<(String, String)>) {
    match value.kind {
        ValueKind::Table(table) => {
            for (key, value) in table {
                let dot = if prefix.is_empty() { "" } else { "." };
                flatten(&format!("{prefix}{dot}{key}"), value, entries);
            }
        }
        kind => entries.push((prefix.to_owned(), kind.to_string())),
    }
}

/// The first of the places that has a value, else the default.
fn row<const N: usize>(setting: &Setting, places: [Option<(String, String)>; N]) -> Explained {
    let found = places.into_iter().flatten().next();
    let (value, from) = found.unwrap_or_else(|| (setting.default_in_words(), "default".to_owned()));
    Explained {
        name: setting.name(),
        value,
        from,
        meaning: Some(setting.meaning),
        unit: setting.unit,
    }
}

fn given(setting: &Setting) -> Option<(String, String)> {
    Some((setting.given()?, setting.variable.to_owned()))
}

fn place(file: Option<&SettingsFile>) -> String {
    file.map_or_else(String::new, |file| file.path().display().to_string())
}

#[cfg(test)]
mod tests {
    use super::explain;
    use crate::flags::{AccessFlags, Flags, HomeFlags};

    #[test]
    fn keys_that_programs_do_not_read_are_said_to_be_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.toml");
        std::fs::write(
            &file,
            "server = \"lab\"\ntoken = \"secret\"\nlog = \"debug\"\n[orchestrator]\nlease_seconds = 90\nlease = 1\n",
        )
        .unwrap();
        let flags = Flags {
            home: HomeFlags {
                home: Some(folder.path().to_owned()),
                config: Some(file.clone()),
            },
            access: AccessFlags {
                token: Some("own".to_owned()),
                ..AccessFlags::default()
            },
        };
        let rows = explain(&flags).unwrap();
        let place = file.display();
        let said = |name: &str| -> Vec<_> {
            let rows = rows.iter().filter(|row| row.name == name);
            rows.map(|row| format!("{} from {}", row.value, row.from))
                .collect()
        };
        assert_eq!(
            said("orchestrator.lease_seconds"),
            [format!("90 from {place}")]
        );
        assert_eq!(
            said("orchestrator.lease"),
            [format!("1 from {place} (no program knows this key)")]
        );
        assert_eq!(said("log").len(), 2, "the file's is read by nobody");
        let token = said("token");
        assert_eq!(token[0], "(hidden) from --token");
        assert_eq!(
            token[1],
            format!("(hidden) from {place} (read by workers only)")
        );
        assert!(!rows.iter().any(|row| row.value.contains("secret")));
    }
}
