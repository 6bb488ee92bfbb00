//! A packed file of lines that grows and is taken away in pieces.

use std::io::Write;

use flate2::write::GzEncoder;

use super::ExportFault;
use super::lines::Lines;
use super::packed::encoder;

/// A packed file under way.
#[derive(Debug)]
pub(super) struct Stream {
    name: &'static str,
    packed: GzEncoder<Vec<u8>>,
}

impl Stream {
    /// Begins the file `name` with its header.
    pub(super) fn new(name: &'static str, header: &[&str]) -> Result<Self, ExportFault> {
        let mut stream = Self {
            name,
            packed: encoder(Vec::new()),
        };
        stream.add(|lines| lines.write(header))?;
        Ok(stream)
    }

    /// Adds what `write` writes.
    pub(super) fn add(
        &mut self,
        write: impl FnOnce(&mut Lines<Vec<u8>>) -> Result<(), ExportFault>,
    ) -> Result<(), ExportFault> {
        let mut lines = Lines::new(self.name, Vec::new());
        write(&mut lines)?;
        let text = lines.finish()?;
        self.packed
            .write_all(&text)
            .map_err(|error| ExportFault::of_file(self.name, error))
    }

    /// What is ready to be sent.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.packed.get_mut())
    }

    /// Ends the file: what was not taken.
    pub(super) fn finish(self) -> Result<Vec<u8>, ExportFault> {
        self.packed
            .finish()
            .map_err(|error| ExportFault::of_file(self.name, error))
    }
}
