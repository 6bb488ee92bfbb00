//! Data set forms: one file a form, and what they share.

mod absent;
mod crop;
mod decode;
mod definition;
mod drawn;
mod file;
mod folder;
mod foreground;
mod gather;
mod inside;
mod intensity;
mod mask;
mod phantom;
mod published;
mod qubiq;
mod resize;
mod single;
mod source;
mod stored;
mod template;

use std::path::PathBuf;

use mrprism_protocol::spec::{DatasetFile, DatasetForm};

use crate::DataError;
use crate::split_name::SplitName;

pub(crate) use crop::Crop;
pub(crate) use decode::{channels, read_case};
pub use definition::parse_definition;
pub(crate) use definition::{check_definition, patient_pattern};
pub(crate) use inside::Inside;
pub(crate) use intensity::Intensity;
pub(crate) use phantom::Phantom;
pub(crate) use resize::bring_to;
pub use single::{read_map_file, read_mask_file};
pub(crate) use source::MaskSource;
pub(crate) use stored::{Stored, is_readable, stored};

/// Which files make up one case; paths are relative to the data set's folder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CaseFiles {
    pub(crate) name: String,
    /// The split whose folder the layout put the case in, where it has such folders.
    pub(crate) folder: Option<SplitName>,
    /// Whom the case shows, where the layout says it.
    pub(crate) patient: Option<String>,
    /// The diagnosis, where the data set has one.
    pub(crate) label: Option<u8>,
    pub(crate) image: PathBuf,
    /// Files with further channels of the image, one channel each.
    pub(crate) further: Vec<PathBuf>,
    /// The axial slice that the case is, where its files are volumes.
    pub(crate) slice: Option<usize>,
    /// One entry a rater slot: its masks, one a structure, or nothing where the rater is absent.
    pub(crate) masks: Vec<Option<Vec<MaskSource>>>,
    /// One mask a structure.
    pub(crate) arbitrated: Option<Vec<MaskSource>>,
}

impl CaseFiles {
    /// Every file of the case.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        let masks = self.masks.iter().flatten().chain(&self.arbitrated);
        std::iter::once(&self.image)
            .chain(&self.further)
            .chain(masks.flatten().map(|mask| &mask.path))
    }
}

/// What a reader found: cases by name, and the raters' names as the files spell them, in slot order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listing {
    pub(crate) cases: Vec<CaseFiles>,
    pub(crate) raters: Vec<String>,
    /// Files beside those of cases that say what the data are.
    pub(crate) tables: Vec<PathBuf>,
}

impl Listing {
    /// Every file of the data set.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.cases
            .iter()
            .flat_map(CaseFiles::paths)
            .chain(&self.tables)
    }
}

/// Finds the files of a data set that has files.
pub(crate) fn list(definition: &DatasetFile, inside: &Inside) -> Result<Listing, DataError> {
    let mut listing = match definition.form {
        DatasetForm::Qubiq => qubiq::list(definition, inside),
        DatasetForm::Lidc => published::lidc::list(definition, inside),
        DatasetForm::Refuge => published::refuge::list(definition, inside),
        DatasetForm::RefugeCropped => published::refuge_cropped::list(definition, inside),
        DatasetForm::Riga => published::riga::list(definition, inside),
        DatasetForm::RigaContours => published::riga_contours::list(definition, inside),
        DatasetForm::Brats => published::brats::list(definition, inside),
        DatasetForm::Folder => folder::list(definition, inside),
        DatasetForm::Phantom => Err(DataError::Key {
            dataset: definition.name.clone(),
            key: "phantom",
            message: "is missing: give the table [phantom]".to_owned(),
        }),
    }?;
    absent::leave_out(definition, &mut listing)?;
    Ok(listing)
}
