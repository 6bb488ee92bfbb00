//! CSV of an export: written line by line, read with each line's number.

use std::io::Write;
use std::str::FromStr;

use super::ExportFault;

/// Most lines of one file.
const MOST_LINES: u64 = 20_000_000;

/// Lines on their way into a file.
#[derive(Debug)]
pub(super) struct Lines<W: Write> {
    file: &'static str,
    writer: csv::Writer<W>,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(file: &'static str, to: W) -> Self {
        Self {
            file,
            writer: csv::WriterBuilder::new().from_writer(to),
        }
    }

    pub(super) fn write(&mut self, fields: &[&str]) -> Result<(), ExportFault> {
        self.writer
            .write_record(fields)
            .map_err(|error| ExportFault::of_file(self.file, error))
    }

    pub(super) fn finish(self) -> Result<W, ExportFault> {
        let file = self.file;
        self.writer
            .into_inner()
            .map_err(|error| ExportFault::of_file(file, error.error()))
    }
}

/// A file's lines behind its header.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    file: &'static str,
    reader: csv::Reader<&'a [u8]>,
    record: csv::StringRecord,
    read: u64,
}

/// One line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    file: &'static str,
    number: u64,
    record: &'a csv::StringRecord,
}

impl<'a> Reading<'a> {
    /// # Errors
    /// The header is another.
    pub(super) fn new(
        file: &'static str,
        text: &'a [u8],
        header: &[&str],
    ) -> Result<Self, ExportFault> {
        let mut reader = csv::ReaderBuilder::new().from_reader(text);
        let found = reader.headers().map_err(|error| unreadable(file, &error))?;
        if found != header {
            return Err(ExportFault::at(
                file,
                1,
                format!("the columns must be {}", header.join(",")),
            ));
        }
        Ok(Self {
            file,
            reader,
            record: csv::StringRecord::new(),
            read: 0,
        })
    }

    /// The next line; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, ExportFault> {
        let there = self
            .reader
            .read_record(&mut self.record)
            .map_err(|error| unreadable(self.file, &error))?;
        if !there {
            return Ok(None);
        }
        self.read += 1;
        if self.read > MOST_LINES {
            return Err(ExportFault::of_file(
                self.file,
                format!("more than {MOST_LINES} lines: no export is that long"),
            ));
        }
        let number = self.record.position().map_or(0, csv::Position::line);
        Ok(Some(Line {
            file: self.file,
            number,
            record: &self.record,
        }))
    }
}

impl Line<'_> {
    pub(super) fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    /// A whole number of at most `most`.
    pub(super) fn number(&self, column: usize, what: &str, most: u64) -> Result<u64, ExportFault> {
        let text = self.text(column);
        match text.parse::<u64>() {
            Ok(number) if number <= most => Ok(number),
            _ => Err(self.fault(format!(
                "'{text}' is no {what}: a whole number up to {most}"
            ))),
        }
    }

    /// A finite number.
    pub(super) fn value(&self, column: usize) -> Result<f64, ExportFault> {
        let text = self.text(column);
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(self.fault(format!("'{text}' is no finite number"))),
        }
    }

    pub(super) fn word<T: FromStr<Err: std::fmt::Display>>(
        &self,
        column: usize,
    ) -> Result<T, ExportFault> {
        self.text(column)
            .parse()
            .map_err(|error: T::Err| self.fault(error))
    }

    pub(super) fn fault(&self, message: impl std::fmt::Display) -> ExportFault {
        ExportFault::at(self.file, self.number, message)
    }
}

fn unreadable(file: &'static str, error: &csv::Error) -> ExportFault {
    let line = error.position().map(csv::Position::line);
    let message = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("{len} columns in place of {expected_len}"),
        csv::ErrorKind::Utf8 { .. } => "it is no UTF-8 text".to_owned(),
        _ => error.to_string(),
    };
    ExportFault {
        line,
        ..ExportFault::of_file(file, message)
    }
}
