//! From templates to cases: which rater marked what, and whether anything is half there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::inside::Listings;
use super::source::{Marked, MaskSource};
use super::template::{Template, Variable};
use super::{CaseFiles, Listing};
use crate::DataError;
use crate::split_name::SplitName;

/// Where the files of one folder of cases lie. Each list has one entry a structure, with the structure bound.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) folder: Option<SplitName>,
    /// Stands before `{case}` in the case's name.
    pub(super) prefix: String,
    /// The patient, where the layout knows.
    pub(super) patient: Option<String>,
    pub(super) image: Template,
    pub(super) masks: Vec<MaskPlace>,
    pub(super) arbitrated: Option<Vec<MaskPlace>>,
}

/// Where one structure's masks lie, and which pixels of theirs are marked.
#[derive(Debug, Clone)]
pub(super) struct MaskPlace {
    pub(super) template: Template,
    pub(super) marked: Marked,
}

/// A case as a reader finds it.
#[derive(Debug, Clone)]
pub(super) struct FoundCase {
    pub(super) name: String,
    pub(super) folder: Option<SplitName>,
    pub(super) patient: Option<String>,
    pub(super) label: Option<u8>,
    pub(super) image: PathBuf,
    /// Files with further channels of the image, one channel each.
    pub(super) further: Vec<PathBuf>,
    /// The axial slice that the case is, where its files are volumes.
    pub(super) slice: Option<usize>,
    /// By rater: one source a structure.
    pub(super) masks: BTreeMap<String, Vec<MaskSource>>,
    pub(super) arbitrated: Option<Vec<MaskSource>>,
}

/// Collects the cases of every place. `looked_for` ends the sentence where nothing is found.
pub(super) fn gather(
    listings: &Listings<'_>,
    places: &[Places],
    looked_for: &str,
) -> Result<Listing, DataError> {
    let mut found = Vec::new();
    for place in places {
        for (case, image) in place.image.find(listings, Variable::Case)? {
            found.push(place.found(listings, &case, image)?);
        }
    }
    leave_out_masks(&mut found);
    listing(found, listings.inside.root(), looked_for)
}

/// Where images and masks lie in one folder (`{case}.png` beside `{case}_rater{rater}.png`), a mask fits the image's template
/// too: what is a mask of some case is no image of another.
fn leave_out_masks(found: &mut Vec<FoundCase>) {
    let masks: BTreeSet<PathBuf> = found
        .iter()
        .flat_map(|case| case.masks.values().chain(&case.arbitrated))
        .flatten()
        .map(|mask| mask.path.clone())
        .collect();
    found.retain(|case| !masks.contains(&case.image));
}

/// Orders cases by name and puts every rater into one slot of all of them.
pub(super) fn listing(
    mut found: Vec<FoundCase>,
    root: &Path,
    looked_for: &str,
) -> Result<Listing, DataError> {
    found.sort_by(|a, b| a.name.cmp(&b.name));
    if found.is_empty() {
        return Err(DataError::NoCases {
            root: root.to_path_buf(),
            looked_for: looked_for.to_owned(),
        });
    }
    if let Some([first, second]) = found.array_windows().find(|[a, b]| a.name == b.name) {
        let message = format!(
            "two images bear this name, {} and {}: rename one",
            first.image.display(),
            second.image.display()
        );
        return Err(DataError::case(&first.name, message));
    }
    let mut raters: Vec<String> = found
        .iter()
        .flat_map(|case| case.masks.keys())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .cloned()
        .collect();
    raters.sort_by_key(|rater| (rater.parse::<u64>().unwrap_or(u64::MAX), rater.clone()));
    if raters.is_empty() {
        return Err(DataError::NoRaters {
            root: root.to_path_buf(),
            looked_for: looked_for.to_owned(),
        });
    }
    let cases = found.into_iter().map(|case| case.with_slots(&raters));
    Ok(Listing {
        cases: cases.collect::<Result<_, _>>()?,
        raters,
        tables: Vec::new(),
    })
}

impl Places {
    /// The case at `image` with every rater's masks.
    pub(super) fn found(
        &self,
        listings: &Listings<'_>,
        case: &str,
        image: PathBuf,
    ) -> Result<FoundCase, DataError> {
        let name = format!("{}{case}", self.prefix);
        let mut by_structure = Vec::new();
        for place in &self.masks {
            let of_case = place.template.bind(Variable::Case, case);
            let files = of_case.find(listings, Variable::Rater)?;
            by_structure.push(BTreeMap::from_iter(files));
        }
        let raters: BTreeSet<&String> = by_structure.iter().flat_map(BTreeMap::keys).collect();
        let mut masks = BTreeMap::new();
        for rater in raters {
            masks.insert(
                rater.clone(),
                self.of_rater(case, &name, rater, &by_structure)?,
            );
        }
        let arbitrated = match &self.arbitrated {
            None => None,
            Some(places) => arbitrated(listings, places, case, &name)?,
        };
        Ok(FoundCase {
            name,
            folder: self.folder,
            patient: self.patient.clone(),
            label: None,
            image,
            further: Vec::new(),
            slice: None,
            masks,
            arbitrated,
        })
    }

    /// A rater is there for every structure or for none.
    fn of_rater(
        &self,
        case: &str,
        name: &str,
        rater: &str,
        by_structure: &[BTreeMap<String, PathBuf>],
    ) -> Result<Vec<MaskSource>, DataError> {
        let source = |(place, files): (&MaskPlace, &BTreeMap<String, PathBuf>)| {
            let path = files.get(rater).ok_or_else(|| {
                let of_case = place.template.bind(Variable::Case, case);
                half_there(name, rater, &of_case.bind(Variable::Rater, rater).path())
            })?;
            Ok(MaskSource {
                path: path.clone(),
                marked: place.marked.clone(),
            })
        };
        self.masks.iter().zip(by_structure).map(source).collect()
    }
}

/// The refusal of a rater whose mask `missing` is not there although another structure's is.
pub(super) fn half_there(case: &str, rater: &str, missing: &Path) -> DataError {
    DataError::case(
        case,
        format!(
            "rater '{rater}' marked some structures but not all: {} is missing; add it, or remove this rater's other masks of the case",
            missing.display()
        ),
    )
}

impl FoundCase {
    fn with_slots(mut self, raters: &[String]) -> Result<CaseFiles, DataError> {
        if self.masks.is_empty() {
            return Err(nobody_marked(&self.name, &self.image));
        }
        Ok(CaseFiles {
            masks: raters
                .iter()
                .map(|rater| self.masks.remove(rater))
                .collect(),
            name: self.name,
            folder: self.folder,
            patient: self.patient,
            label: self.label,
            image: self.image,
            further: self.further,
            slice: self.slice,
            arbitrated: self.arbitrated,
        })
    }
}

/// The refusal of an image without masks.
pub(super) fn nobody_marked(case: &str, image: &Path) -> DataError {
    DataError::case(
        case,
        format!(
            "no rater marked {}: add masks or remove the image",
            image.display()
        ),
    )
}

fn arbitrated(
    listings: &Listings<'_>,
    places: &[MaskPlace],
    case: &str,
    name: &str,
) -> Result<Option<Vec<MaskSource>>, DataError> {
    let source = |place: &MaskPlace| MaskSource {
        path: place.template.bind(Variable::Case, case).path(),
        marked: place.marked.clone(),
    };
    let sources: Vec<_> = places.iter().map(source).collect();
    let missing: Vec<_> = sources
        .iter()
        .filter(|source| !listings.inside.has(&source.path))
        .collect();
    if missing.is_empty() {
        Ok(Some(sources))
    } else if missing.len() == sources.len() {
        Ok(None)
    } else {
        let path = missing[0].path.display();
        let message = format!("its arbitrated mask {path} is missing");
        Err(DataError::case(name, message))
    }
}
