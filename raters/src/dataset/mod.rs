//! A data set opened: what it holds, which case belongs to which split, and the cases themselves.

mod check;
mod draft;
mod manifest;
mod preview;
mod split;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mrprism_protocol::spec::{DatasetCard, DatasetFile, DatasetForm};
use rayon::prelude::*;

use crate::DataError;
use crate::case::Case;
use crate::read::{self, Inside, Intensity, Listing, Phantom};

pub use check::{
    AreaBias, CheckReport, Finding, FindingKind, PairAgreement, StructureReport, Summary, check,
};
pub use draft::{Draft, draft};
pub use preview::{Chosen, SheetStyle, choose, preview};
pub use split::{Members, SplitName};

/// A data set whose files have been found and hashed. Nothing is decoded until cases are asked for.
#[derive(Debug)]
pub struct Dataset {
    definition: DatasetFile,
    source: Source,
    intensity: Intensity,
    /// Name and patient of each case, in order of name.
    cases: Vec<(String, String)>,
    raters: Vec<String>,
    members: Members,
    card: DatasetCard,
}

#[derive(Debug)]
enum Source {
    Phantom(Phantom),
    Files { inside: Inside, listing: Listing },
}

/// Decoded cases of every split, in order of name.
#[derive(Debug, Clone, PartialEq)]
pub struct Splits {
    /// What a network is fitted on.
    pub train: Vec<Case>,
    /// What chooses among its states.
    pub validation: Vec<Case>,
    /// What is reported; opened only after training.
    pub test: Vec<Case>,
}

impl Dataset {
    /// Finds the data set's files below `root`, checks that they belong together by name, hashes them, and draws the splits.
    ///
    /// `root` is the data set's own folder (not the worker's data root); a phantom needs none.
    ///
    /// # Errors
    /// A definition that makes no sense, no case, no rater, a rater with masks for some structures only, a path that leads
    /// out of `root`, an unreadable file, or a split rule that cannot be followed.
    pub fn open(definition: &DatasetFile, root: Option<&Path>) -> Result<Self, DataError> {
        read::check_definition(definition)?;
        let intensity = definition
            .intensity
            .parse()
            .map_err(|message| DataError::Key {
                dataset: definition.name.clone(),
                key: "intensity",
                message,
            })?;
        let source = Source::find(definition, root)?;
        let (names, raters) = source.names_and_raters();
        let cases = with_patients(definition, &names)?;
        let members = split::members(definition, &cases, &source.folders(), None)?;
        let hashes = source.hash_files()?;
        let channels = match &source {
            Source::Phantom(_) => 1,
            Source::Files { inside, listing } => {
                let first = &listing.cases[0].image;
                read::channels(&inside.resolve(first)?, intensity)?
            }
        };
        let card = DatasetCard {
            name: definition.name.clone(),
            manifest: manifest::of(definition, &hashes),
            raters: raters.len() as u32,
            rater_identity: definition.raters,
            structures: definition.structures.clone(),
            channels,
            arbitrated: source.arbitrated(definition),
            cases: members.counts(),
            folds: definition.folds,
            licence: definition.licence.clone(),
            source: definition.source.clone(),
        };
        Ok(Self {
            definition: definition.clone(),
            source,
            intensity,
            cases,
            raters,
            members,
            card,
        })
    }

    /// The registered name.
    pub fn name(&self) -> &str {
        &self.definition.name
    }

    /// BLAKE3 in hex of every file's path and hash and of the definition (without `root`, which says where and not what).
    pub fn manifest(&self) -> &str {
        &self.card.manifest
    }

    /// What a worker tells the server of this data set.
    pub fn card(&self) -> DatasetCard {
        self.card.clone()
    }

    /// The definition it was opened with.
    pub fn definition(&self) -> &DatasetFile {
        &self.definition
    }

    /// The raters' names as the files spell them, in slot order: rater 1 first.
    pub fn rater_names(&self) -> &[String] {
        &self.raters
    }

    /// Every case's name, sorted.
    pub fn case_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.cases.iter().map(|(name, _)| name.as_str())
    }

    /// Which cases belong to which split: the data set's own splits, or fold `fold` of its cross-validation.
    ///
    /// # Errors
    /// A fold that the data set does not have.
    pub fn members(&self, fold: Option<u32>) -> Result<Members, DataError> {
        match fold {
            None => Ok(self.members.clone()),
            Some(_) => split::members(&self.definition, &self.cases, &self.source.folders(), fold),
        }
    }

    /// Decodes one split, brought to `size` × `size` pixels (image smoothly, masks by nearest pixel), in order of name.
    ///
    /// # Errors
    /// A fold that does not exist, a file that does not decode, or a mask of another size than its image.
    pub fn load(
        &self,
        split: SplitName,
        size: u32,
        fold: Option<u32>,
    ) -> Result<Vec<Case>, DataError> {
        let members = self.members(fold)?;
        let decoded: Vec<_> = members
            .positions(split)
            .par_iter()
            .map(|position| {
                let case = self.native_case(*position)?;
                Ok(read::bring_to(case, size as usize))
            })
            .collect();
        // Collected first, so that of several faults the first by name is told, every time.
        decoded.into_iter().collect()
    }

    /// [`Self::load`] of all three splits. A trainer opens `train` and `validation` alone and `test` after training.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn splits(&self, size: u32, fold: Option<u32>) -> Result<Splits, DataError> {
        Ok(Splits {
            train: self.load(SplitName::Train, size, fold)?,
            validation: self.load(SplitName::Validation, size, fold)?,
            test: self.load(SplitName::Test, size, fold)?,
        })
    }

    /// Decodes the case at `position` (in order of name) at its own size.
    pub(crate) fn native_case(&self, position: usize) -> Result<Case, DataError> {
        match &self.source {
            Source::Phantom(phantom) => {
                let mut case = phantom.case(position);
                self.intensity.apply(&mut case.image, 1.0);
                Ok(Case {
                    patient: self.cases[position].1.clone(),
                    ..case
                })
            }
            Source::Files { inside, listing } => {
                let case = read::read_case(
                    inside,
                    &listing.cases[position],
                    &self.definition,
                    self.intensity,
                    self.card.channels,
                )?;
                Ok(Case {
                    patient: self.cases[position].1.clone(),
                    ..case
                })
            }
        }
    }
}

impl Source {
    fn find(definition: &DatasetFile, root: Option<&Path>) -> Result<Self, DataError> {
        if let (DatasetForm::Phantom, Some(spec)) = (definition.form, &definition.phantom) {
            let structures = definition.structures.len();
            return Ok(Self::Phantom(Phantom::new(spec.clone(), structures)));
        }
        let root = root.ok_or_else(|| DataError::NoRoot {
            dataset: definition.name.clone(),
        })?;
        let inside = Inside::new(root)?;
        let listing = read::list(definition, &inside)?;
        Ok(Self::Files { inside, listing })
    }

    fn names_and_raters(&self) -> (Vec<String>, Vec<String>) {
        match self {
            Self::Phantom(phantom) => {
                let names = phantom.names().into_iter().map(|(name, _)| name).collect();
                (names, phantom.raters())
            }
            Self::Files { listing, .. } => {
                let names = listing.cases.iter().map(|case| case.name.clone()).collect();
                (names, listing.raters.clone())
            }
        }
    }

    /// The split whose folder each case lies in, for `split.by`.
    fn folders(&self) -> Vec<Option<SplitName>> {
        match self {
            Self::Phantom(phantom) => {
                let names = phantom.names().into_iter();
                names.map(|(_, split)| Some(split)).collect()
            }
            Self::Files { listing, .. } => listing.cases.iter().map(|case| case.folder).collect(),
        }
    }

    fn hash_files(&self) -> Result<BTreeMap<PathBuf, String>, DataError> {
        match self {
            Self::Phantom(_) => Ok(BTreeMap::new()),
            Self::Files { inside, listing } => {
                let paths = listing.cases.iter().flat_map(read::CaseFiles::paths);
                manifest::hash_files(inside, paths)
            }
        }
    }

    fn arbitrated(
        &self,
        definition: &DatasetFile,
    ) -> Option<mrprism_protocol::spec::ArbitratedKind> {
        match self {
            Self::Phantom(_) => Some(mrprism_protocol::spec::ArbitratedKind::Generator),
            Self::Files { .. } => definition
                .arbitrated
                .as_ref()
                .and(definition.arbitrated_kind),
        }
    }
}

fn with_patients(
    definition: &DatasetFile,
    names: &[String],
) -> Result<Vec<(String, String)>, DataError> {
    let Some(pattern) = read::patient_pattern(definition) else {
        return Ok(names
            .iter()
            .map(|name| (name.clone(), name.clone()))
            .collect());
    };
    let patient_of = |name: &String| {
        let found = pattern
            .captures(name)
            .and_then(|groups| groups.name("patient"));
        let found = found.ok_or_else(|| {
            DataError::case(
                name,
                "its name does not match the key `patient`: widen the expression",
            )
        })?;
        Ok((name.clone(), found.as_str().to_owned()))
    };
    names.iter().map(patient_of).collect()
}
