//! A paper's tables, and which of our numbers answers to which of theirs: `experiments/reference/paper.toml` and its CSV files.

use std::collections::BTreeMap;

use mrprism_protocol::spec::{Output, Reference, parse_toml};
use serde::Deserialize;

/// The map, with the tables it names.
#[derive(Debug, Clone, PartialEq)]
pub struct Paper {
    pub(super) columns: Vec<PaperColumn>,
    pub(super) tables: Vec<(PaperTable, Printed)>,
}

/// Row → column → what is printed there, × 100.
pub(super) type Printed = BTreeMap<String, BTreeMap<String, f64>>;

/// Why a map cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    /// The map is no such file.
    #[error("{0}")]
    Map(String),
    /// A table is not there.
    #[error("{map} names {file}, which is not beside it")]
    Missing {
        /// The map.
        map: String,
        /// The table.
        file: String,
    },
    /// A table is not as the map says.
    #[error("{file}: {message}")]
    Table {
        /// The table.
        file: String,
        /// What is wrong.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Map {
    column: Vec<PaperColumn>,
    table: Vec<PaperTable>,
}

/// One of the paper's columns and where ours stand.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PaperColumn {
    pub(super) paper: String,
    pub(super) datasets: Vec<String>,
    pub(super) structure: String,
}

/// One of the paper's tables.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PaperTable {
    pub(super) number: u32,
    pub(super) title: String,
    file: String,
    /// Columns of the file that name a row together.
    key: Vec<String>,
    /// What the paper scored against.
    pub(super) reference: String,
    /// What ours is scored against: the first that a data set has.
    pub(super) references: Vec<Reference>,
    pub(super) row: Vec<PaperRow>,
}

/// One of the paper's rows and whose it is here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PaperRow {
    pub(super) paper: String,
    pub(super) output: Output,
    /// The first that the experiment has; of a fusion without a network, whichever arm scored it.
    #[serde(default)]
    pub(super) arms: Vec<String>,
    #[serde(default)]
    pub(super) recurrence: Option<u32>,
}

impl Paper {
    /// Reads a map, by its name and text, and the tables it names, which `file` hands out.
    ///
    /// # Errors
    /// The map or a table is missing or broken, or they do not name the same rows.
    pub fn read(
        name: &str,
        text: &str,
        file: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, PaperError> {
        let map: Map =
            parse_toml(name, text).map_err(|error| PaperError::Map(error.to_string()))?;
        let tables = map.table.into_iter().map(|table| {
            let text = file(&table.file).ok_or_else(|| PaperError::Missing {
                map: name.to_owned(),
                file: table.file.clone(),
            })?;
            let printed =
                printed(&table, &map.column, &text).map_err(|message| PaperError::Table {
                    file: table.file.clone(),
                    message,
                })?;
            Ok((table, printed))
        });
        Ok(Self {
            tables: tables.collect::<Result<_, _>>()?,
            columns: map.column,
        })
    }
}

fn printed(table: &PaperTable, columns: &[PaperColumn], text: &str) -> Result<Printed, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    if let Some(missing) = table
        .key
        .iter()
        .find(|key| !headers.iter().any(|header| header == key.as_str()))
    {
        return Err(format!("has no column '{missing}', which names its rows"));
    }
    let mut rows = Printed::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let fields: BTreeMap<&str, &str> = headers.iter().zip(record.iter()).collect();
        let named: Vec<_> = table.key.iter().map(|key| fields[key.as_str()]).collect();
        let known = columns.iter().filter_map(|column| {
            let field = fields.get(column.paper.as_str())?;
            (!field.is_empty()).then(|| (column.paper.clone(), (*field).to_owned()))
        });
        let mut numbers = BTreeMap::new();
        for (column, field) in known {
            let number = field
                .parse()
                .map_err(|_| format!("'{field}' of {} is no number", named.join(", ")))?;
            numbers.insert(column, number);
        }
        rows.insert(named.join(", "), numbers);
    }
    let absent = table.row.iter().find(|row| !rows.contains_key(&row.paper));
    match absent {
        Some(row) => Err(format!("has no row '{}', which the map names", row.paper)),
        None => Ok(rows),
    }
}
