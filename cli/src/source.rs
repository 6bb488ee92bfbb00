//! Where results come from: an export's folder or a table's file on this disk, or a server.

use std::path::Path;

use anyhow::Context;
use mrprism_protocol::wire::Table;
use mrprism_report::Results;
use mrprism_report::export::{CURVES, EXPERIMENT, Export, Packed, SCORES};
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::{as_wrong_use, wrong_use};
use crate::output;

/// Whether a word is an export's folder. A name that is none is asked of the server.
pub(crate) fn is_export(word: &str) -> bool {
    Path::new(word).join(EXPERIMENT).is_file()
}

/// An export's three files.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) experiment: Vec<u8>,
    pub(crate) scores: Vec<u8>,
    pub(crate) curves: Vec<u8>,
}

impl Files {
    /// Reads a folder's.
    ///
    /// # Errors
    /// Wrong use: one of them is missing.
    pub(crate) fn of(folder: &Path) -> anyhow::Result<Self> {
        let read = |name: &str| {
            let path = folder.join(name);
            as_wrong_use(std::fs::read(&path).map_err(|error| {
                format!(
                    "{}: {error}: give a folder that `mrprism export` wrote",
                    path.display()
                )
            }))
        };
        Ok(Self {
            experiment: read(EXPERIMENT)?,
            scores: read(SCORES)?,
            curves: read(CURVES)?,
        })
    }

    /// What they say.
    ///
    /// # Errors
    /// Wrong use: one of them is damaged; `place` says where they lie.
    pub(crate) fn export(&self, place: &Path) -> anyhow::Result<Export> {
        let packed = Packed {
            experiment: &self.experiment,
            scores: &self.scores,
            curves: &self.curves,
        };
        as_wrong_use(Export::read(packed).map_err(|fault| format!("{}/{fault}", place.display())))
    }
}

/// The table of an experiment's name or id, of an export's folder, or in a file as `mrprism table --json` prints it.
///
/// # Errors
/// There is none, or it cannot be read.
pub(crate) async fn table(flags: &Flags, word: &str) -> anyhow::Result<Table> {
    let place = Path::new(word);
    if place.is_file() {
        return table_in(place);
    }
    if is_export(word) {
        return Ok(mrprism_report::table::build(&results_in(word)?));
    }
    Client::new(flags)?.table(word).await
}

/// The results in an export's folder.
///
/// # Errors
/// A file is missing or damaged.
pub(crate) fn results_in(word: &str) -> anyhow::Result<Results> {
    if !word.contains('/') {
        // A folder stands before an experiment of the same name: whoever meant the server's is told.
        output::note(format_args!(
            "read from the folder {word}, not from a server"
        ));
    }
    export_in(word)?
        .results()
        .context("reading the experiment file")
}

/// What an export's folder holds.
///
/// # Errors
/// A file is missing or damaged.
pub(crate) fn export_in(word: &str) -> anyhow::Result<Export> {
    let folder = Path::new(word);
    Files::of(folder)?.export(folder)
}

/// The table in a file.
///
/// # Errors
/// Wrong use: it cannot be read, or holds none.
pub(crate) fn table_in(file: &Path) -> anyhow::Result<Table> {
    let text = std::fs::read(file)
        .map_err(|error| wrong_use(format!("cannot read {}: {error}", file.display())))?;
    as_wrong_use(serde_json::from_slice(&text).map_err(|error| {
        format!(
            "{}: no table as `mrprism table --json` prints it: {error}",
            file.display()
        )
    }))
}
