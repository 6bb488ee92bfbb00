//! CSV tables that come with data sets, in UTF-8 or in GBK.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::DataError;
use crate::read::inside::Inside;

const LARGEST_TABLE: u64 = 1 << 26;

/// A table's rows, in order.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// Where it lies in full, for messages.
    path: PathBuf,
    columns: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    record: &'a csv::StringRecord,
}

impl Table {
    /// Reads the table `relative` to the data set's folder; it must have the columns `needed` and may have others.
    pub(super) fn read(
        inside: &Inside,
        relative: &Path,
        needed: &[&str],
    ) -> Result<Self, DataError> {
        let path = inside.resolve(relative)?;
        let broken =
            |message: String| DataError::broken(&path, format!("{message}; fetch the table again"));
        let mut bytes = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(LARGEST_TABLE + 1).read_to_end(&mut bytes))
            .map_err(DataError::file("read", &path))?;
        if bytes.len() as u64 > LARGEST_TABLE {
            return Err(broken("it holds more than 64 MiB".to_owned()));
        }
        let text = text_of(&bytes);
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let told = |error: csv::Error| broken(format!("it is no table: {error}"));
        let columns: Vec<_> = reader
            .headers()
            .map_err(told)?
            .iter()
            .map(str::to_owned)
            .collect();
        if let Some(missing) = needed
            .iter()
            .find(|name| !columns.iter().any(|c| c == *name))
        {
            let known = columns.join(", ");
            return Err(broken(format!(
                "it has no column '{missing}' among {known}"
            )));
        }
        let rows = reader.records().collect::<Result<_, _>>().map_err(told)?;
        Ok(Self {
            path,
            columns,
            rows,
        })
    }

    /// Every row.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row {
            table: self,
            record,
        })
    }
}

impl<'a> Row<'a> {
    /// The cell of a column; nothing where it is empty or the table has no such column.
    pub(super) fn cell(self, column: &str) -> Option<&'a str> {
        let position = self.table.columns.iter().position(|name| name == column)?;
        self.record.get(position).filter(|cell| !cell.is_empty())
    }

    /// A cell that holds a small whole number, which some tables write as `1.0`.
    pub(super) fn number(self, column: &str) -> Result<Option<u8>, DataError> {
        let Some(cell) = self.cell(column) else {
            return Ok(None);
        };
        let whole = cell.strip_suffix(".0").unwrap_or(cell);
        let refuse = |_| self.refuse(&format!("'{cell}' in column '{column}' is no whole number"));
        whole.parse().map(Some).map_err(refuse)
    }

    /// The refusal of this row.
    pub(super) fn refuse(self, message: &str) -> DataError {
        let line = self.record.position().map_or(0, csv::Position::line);
        let message = format!("line {line}: {message}; mend or remove the line");
        DataError::broken(&self.table.path, message)
    }
}

/// UTF-8 where it is that, else GBK; what is neither becomes the replacement character and fits no path.
fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => encoding_rs::GBK.decode(bytes).0.into_owned(),
    }
}
