//! Data set forms: one file a form, and what they share.

mod decode;
mod definition;
mod draw;
mod folder;
mod foreground;
mod gather;
mod image;
mod inside;
mod intensity;
mod nifti;
mod phantom;
mod qubiq;
mod resize;
mod stored;
mod template;

use std::path::PathBuf;

use mrprism_protocol::spec::{DatasetFile, DatasetForm};

use crate::DataError;
use crate::dataset::SplitName;

pub(crate) use decode::{channels, read_case};
pub use definition::parse_definition;
pub(crate) use definition::{check_definition, patient_pattern};
pub(crate) use draw::Draws;
pub(crate) use inside::Inside;
pub(crate) use intensity::Intensity;
pub(crate) use phantom::Phantom;
pub(crate) use resize::bring_to;
pub(crate) use stored::{Stored, is_readable, stored};

/// Which files make up one case; paths are relative to the data set's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaseFiles {
    pub(crate) name: String,
    /// The split whose folder the layout put the case in, where it has such folders.
    pub(crate) folder: Option<SplitName>,
    pub(crate) image: PathBuf,
    /// One entry a rater slot: its mask files, one a structure, or nothing where the rater is absent.
    pub(crate) masks: Vec<Option<Vec<PathBuf>>>,
    /// One file a structure.
    pub(crate) arbitrated: Option<Vec<PathBuf>>,
}

impl CaseFiles {
    /// Every file of the case.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        std::iter::once(&self.image)
            .chain(self.masks.iter().flatten().flatten())
            .chain(self.arbitrated.iter().flatten())
    }
}

/// What a reader found: cases by name, and the raters' names as the files spell them, in slot order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listing {
    pub(crate) cases: Vec<CaseFiles>,
    pub(crate) raters: Vec<String>,
}

/// Finds the files of a data set that has files.
pub(crate) fn list(definition: &DatasetFile, inside: &Inside) -> Result<Listing, DataError> {
    match definition.form {
        DatasetForm::Qubiq => qubiq::list(definition, inside),
        DatasetForm::Folder => folder::list(definition, inside),
        DatasetForm::Phantom => Err(DataError::Key {
            dataset: definition.name.clone(),
            key: "phantom",
            message: "is missing: give the table [phantom]".to_owned(),
        }),
    }
}
