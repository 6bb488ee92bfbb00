//! What the data sets of optic disc and cup share.

use mrprism_protocol::spec::DatasetFile;

use crate::DataError;

/// One of the two structures of these data sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Structure {
    /// The optic disc, rim and cup together.
    Disc,
    /// The optic cup.
    Cup,
}

impl Structure {
    /// As files and definitions spell it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Disc => "disc",
            Self::Cup => "cup",
        }
    }

    /// Of a definition's name.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Disc, Self::Cup]
            .into_iter()
            .find(|structure| structure.word() == name)
    }
}

/// The definition's structures in channel order.
pub(super) fn structures(definition: &DatasetFile) -> Result<Vec<Structure>, DataError> {
    let named = definition
        .structures
        .iter()
        .map(|name| Structure::named(name));
    let all: Option<Vec<_>> = named.collect();
    all.ok_or_else(|| DataError::Key {
        dataset: definition.name.clone(),
        key: "structures",
        message: format!("form \"{}\" has \"disc\" and \"cup\"", definition.form),
    })
}
