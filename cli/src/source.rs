//! Where results come from: an export's folder on this disk, or a server.

use std::path::Path;

use anyhow::Context;
use mrprism_protocol::wire::Table;
use mrprism_report::export::{CURVES, EXPERIMENT, Export, Packed, SCORES};
use mrprism_settings::Flags;

use crate::client::Client;
use crate::failure::as_wrong_use;
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

/// The table of an experiment's name or id, or of an export's folder.
///
/// # Errors
/// There is none, or it cannot be read.
pub(crate) async fn table(flags: &Flags, word: &str) -> anyhow::Result<Table> {
    if !is_export(word) {
        return Client::new(flags)?.table(word).await;
    }
    if !word.contains('/') {
        // A folder stands before an experiment of the same name: whoever meant the server's is told.
        output::note(format_args!(
            "read from the folder {word}, not from a server"
        ));
    }
    let folder = Path::new(word);
    let export = Files::of(folder)?.export(folder)?;
    let results = export.results().context("reading the experiment file")?;
    Ok(mrprism_report::table::build(&results))
}
