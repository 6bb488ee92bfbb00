//! A data set opened: what it holds, which case belongs to which split, and the cases themselves.

mod cache;
mod check;
mod draft;
mod manifest;
mod own_size;
mod preview;
mod split;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mrprism_protocol::spec::{DatasetCard, DatasetFile, DatasetForm};
use rayon::prelude::*;

use crate::DataError;
use crate::case::Case;
use crate::read::{self, Crop, Inside, Intensity, Listing, Phantom};

pub use cache::{Cache, CacheUse};
pub use check::{
    AreaBias, CheckReport, Finding, FindingKind, PairAgreement, StructureReport, Summary, check,
};
pub use draft::{Draft, draft};
pub use preview::{Chosen, SheetStyle, choose, preview};
pub use split::Members;

pub use crate::split_name::SplitName;

/// A data set whose files have been found and hashed. Nothing is decoded until cases are asked for.
#[derive(Debug)]
pub struct Dataset {
    definition: DatasetFile,
    source: Source,
    intensity: Intensity,
    crop: Crop,
    /// Name and patient of each case, in order of name.
    cases: Vec<(String, String)>,
    raters: Vec<String>,
    members: Members,
    card: DatasetCard,
    /// Hash of every file, by its path below the data set's folder.
    hashes: BTreeMap<PathBuf, String>,
    cache: Option<Cache>,
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
        let refuse = |key, message| DataError::Key {
            dataset: definition.name.clone(),
            key,
            message,
        };
        let intensity = definition
            .intensity
            .parse()
            .map_err(|message| refuse("intensity", message))?;
        let crop = Crop::parse(definition.crop.as_ref(), &definition.structures)
            .map_err(|(key, message)| refuse(key, message))?;
        let source = Source::find(definition, root)?;
        let (known, raters) = source.cases_and_raters();
        let cases = with_patients(definition, known)?;
        let members = split::members(definition, &cases, &source.folders(), None)?;
        let hashes = source.hash_files()?;
        let channels = match &source {
            Source::Phantom(_) => 1,
            Source::Files { inside, listing } => {
                let first = &listing.cases[0];
                match first.slice {
                    // A volume gives one channel a file.
                    Some(_) => 1 + first.further.len() as u32,
                    None => read::channels(&inside.resolve(&first.image)?, intensity)?,
                }
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
            diagnoses: source.has_diagnoses(),
            cases: members.counts(),
            folds: definition.folds,
            crop: crop.origin(),
            licence: definition.licence.clone(),
            source: definition.source.clone(),
        };
        Ok(Self {
            definition: definition.clone(),
            source,
            intensity,
            crop,
            cases,
            raters,
            members,
            card,
            hashes,
            cache: None,
        })
    }

    /// Keeps decoded cases in `cache` and takes them from there: the same bits, sooner. A phantom is made anew each time.
    ///
    /// What is taken from the cache is what the manifest vouches for; files that changed since the data set was opened are
    /// decoded as they are now and not stored.
    #[must_use]
    pub fn with_cache(self, cache: Cache) -> Self {
        Self {
            cache: Some(cache),
            ..self
        }
    }

    /// What the cache was good for so far, where there is one.
    pub fn cache_use(&self) -> Option<CacheUse> {
        self.cache.as_ref().map(Cache::used)
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
            .map(|position| self.sized_case(*position, size))
            .collect();
        if let Some(cache) = &self.cache {
            cache.shrink();
        }
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

    fn sized_case(&self, position: usize, size: u32) -> Result<Case, DataError> {
        let decode = || {
            let case = self.native_case(position)?;
            Ok(read::bring_to(case, size as usize))
        };
        let (Some(cache), Source::Files { inside, listing }) = (&self.cache, &self.source) else {
            return decode();
        };
        let (name, patient) = &self.cases[position];
        let key = cache::key(self.manifest(), name, size);
        if let Some(case) = cache.find(key) {
            return Ok(Case {
                name: name.clone(),
                patient: patient.clone(),
                label: listing.cases[position].label,
                ..case
            });
        }
        let case = decode()?;
        let files = manifest::hash_files(inside, listing.cases[position].paths())?;
        if files
            .iter()
            .all(|(path, hash)| self.hashes.get(path) == Some(hash))
        {
            cache.store(key, &case);
        }
        Ok(case)
    }

    /// Decodes the case at `position` (in order of name) at its own size: what is left of it after the data set's crop.
    pub(crate) fn native_case(&self, position: usize) -> Result<Case, DataError> {
        let (case, largest) = match &self.source {
            Source::Phantom(phantom) => (phantom.case(position), 1.0),
            Source::Files { inside, listing } => read::read_case(
                inside,
                &listing.cases[position],
                &self.definition,
                self.intensity,
                self.card.channels,
            )?,
        };
        let mut case = self.crop.cut_window(case)?;
        self.intensity.apply(&mut case.image, largest);
        let case = self.crop.cut_square(case)?;
        Ok(Case {
            patient: self.cases[position].1.clone(),
            ..case
        })
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

    /// Each case's name, with its patient where the layout says whom it shows; and the raters' names.
    fn cases_and_raters(&self) -> (Vec<(String, Option<String>)>, Vec<String>) {
        match self {
            Self::Phantom(phantom) => {
                let names = phantom.names().into_iter();
                (
                    names.map(|(name, _)| (name, None)).collect(),
                    phantom.raters(),
                )
            }
            Self::Files { listing, .. } => {
                let cases = listing.cases.iter();
                let known = cases.map(|case| (case.name.clone(), case.patient.clone()));
                (known.collect(), listing.raters.clone())
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
            Self::Files { inside, listing } => manifest::hash_files(inside, listing.paths()),
        }
    }

    fn has_diagnoses(&self) -> bool {
        match self {
            Self::Phantom(phantom) => phantom.has_diagnoses(),
            Self::Files { listing, .. } => listing.cases.iter().any(|case| case.label.is_some()),
        }
    }

    fn arbitrated(
        &self,
        definition: &DatasetFile,
    ) -> Option<mrprism_protocol::spec::ArbitratedKind> {
        match self {
            Self::Phantom(_) => Some(mrprism_protocol::spec::ArbitratedKind::Generator),
            Self::Files { listing, .. } => {
                let mut cases = listing.cases.iter();
                let some = cases.any(|case| case.arbitrated.is_some());
                definition.arbitrated_kind.filter(|_| some)
            }
        }
    }
}

/// Patients by the definition's rule, else by the layout, else each case its own.
fn with_patients(
    definition: &DatasetFile,
    known: Vec<(String, Option<String>)>,
) -> Result<Vec<(String, String)>, DataError> {
    let pattern = read::patient_pattern(definition);
    let with_patient = |(name, patient): (String, Option<String>)| {
        let Some(pattern) = &pattern else {
            let patient = patient.unwrap_or_else(|| name.clone());
            return Ok((name, patient));
        };
        let found = pattern
            .captures(&name)
            .and_then(|groups| groups.name("patient"))
            .map(|group| group.as_str().to_owned());
        let patient = found.ok_or_else(|| {
            DataError::case(
                &name,
                "its name does not match the key `patient`: widen the expression",
            )
        })?;
        Ok((name, patient))
    };
    known.into_iter().map(with_patient).collect()
}
