//! From templates to cases: which rater marked what, and whether anything is half there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::inside::Listings;
use super::template::{Template, Variable};
use super::{CaseFiles, Listing};
use crate::DataError;
use crate::dataset::SplitName;

/// Where the files of one folder of cases lie. Each list has one template a structure, with the structure bound.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) folder: Option<SplitName>,
    pub(super) image: Template,
    pub(super) masks: Vec<Template>,
    pub(super) arbitrated: Option<Vec<Template>>,
}

/// Collects the cases of every place. `looked_for` ends the sentence where nothing is found.
pub(super) fn gather(
    listings: &Listings<'_>,
    places: &[Places],
    looked_for: &str,
) -> Result<Listing, DataError> {
    let root = || listings.inside.root().to_path_buf();
    let mut found = Vec::new();
    for place in places {
        for (name, image) in place.image.find(listings, Variable::Case)? {
            found.push(Found::new(listings, place, name, image)?);
        }
    }
    leave_out_masks(&mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    if found.is_empty() {
        return Err(DataError::NoCases {
            root: root(),
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
        .flat_map(|case| case.masks.iter().flat_map(BTreeMap::keys))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .cloned()
        .collect();
    raters.sort_by_key(|rater| (rater.parse::<u64>().unwrap_or(u64::MAX), rater.clone()));
    if raters.is_empty() {
        return Err(DataError::NoRaters {
            root: root(),
            looked_for: looked_for.to_owned(),
        });
    }
    let arbitrated_anywhere = found.iter().any(|case| case.arbitrated.is_some());
    let mut cases = Vec::new();
    for case in found {
        if case.place.arbitrated.is_some() && !arbitrated_anywhere {
            let message =
                "no case has an arbitrated mask: mend the key `arbitrated` or leave it out";
            return Err(DataError::case(&case.name, message));
        }
        cases.push(case.with_slots(&raters)?);
    }
    Ok(Listing { cases, raters })
}

/// Where images and masks lie in one folder (`{case}.png` beside `{case}_rater{rater}.png`), a mask fits the image's template
/// too: what is a mask of some case is no image of another.
fn leave_out_masks(found: &mut Vec<Found<'_>>) {
    let masks: BTreeSet<PathBuf> = found
        .iter()
        .flat_map(|case| {
            let masks = case.masks.iter().flat_map(BTreeMap::values);
            masks.chain(case.arbitrated.iter().flatten())
        })
        .cloned()
        .collect();
    found.retain(|case| !masks.contains(&case.image));
}

struct Found<'a> {
    place: &'a Places,
    name: String,
    image: PathBuf,
    /// One map a structure: rater → file.
    masks: Vec<BTreeMap<String, PathBuf>>,
    arbitrated: Option<Vec<PathBuf>>,
}

impl<'a> Found<'a> {
    fn new(
        listings: &Listings<'_>,
        place: &'a Places,
        name: String,
        image: PathBuf,
    ) -> Result<Self, DataError> {
        let mut masks = Vec::new();
        for template in &place.masks {
            let of_case = template.bind(Variable::Case, &name);
            masks.push(
                of_case
                    .find(listings, Variable::Rater)?
                    .into_iter()
                    .collect(),
            );
        }
        let arbitrated = match &place.arbitrated {
            None => None,
            Some(templates) => arbitrated(listings, templates, &name)?,
        };
        Ok(Self {
            place,
            name,
            image,
            masks,
            arbitrated,
        })
    }

    /// Puts each rater's files into that rater's slot. A rater is there for every structure or for none.
    fn with_slots(self, raters: &[String]) -> Result<CaseFiles, DataError> {
        let slot = |rater: &String| {
            let files: Vec<_> = self.masks.iter().map(|files| files.get(rater)).collect();
            let Some(missing) = files.iter().position(Option::is_none) else {
                return Ok(Some(files.into_iter().flatten().cloned().collect()));
            };
            if files.iter().all(Option::is_none) {
                return Ok(None);
            }
            let template = &self.place.masks[missing];
            let path = template
                .bind(Variable::Case, &self.name)
                .bind(Variable::Rater, rater)
                .path();
            Err(DataError::case(
                &self.name,
                format!(
                    "rater '{rater}' marked some structures but not all: {} is missing; add it, or remove this rater's other masks of the case",
                    path.display()
                ),
            ))
        };
        let masks: Vec<Option<Vec<PathBuf>>> = raters.iter().map(slot).collect::<Result<_, _>>()?;
        if masks.iter().all(Option::is_none) {
            return Err(DataError::case(
                &self.name,
                format!(
                    "no rater marked {}: add masks or remove the image",
                    self.image.display()
                ),
            ));
        }
        Ok(CaseFiles {
            name: self.name,
            folder: self.place.folder,
            image: self.image,
            masks,
            arbitrated: self.arbitrated,
        })
    }
}

fn arbitrated(
    listings: &Listings<'_>,
    templates: &[Template],
    case: &str,
) -> Result<Option<Vec<PathBuf>>, DataError> {
    let paths: Vec<_> = templates
        .iter()
        .map(|t| t.bind(Variable::Case, case).path())
        .collect();
    let missing: Vec<_> = paths
        .iter()
        .filter(|path| !listings.inside.has(path))
        .collect();
    if missing.is_empty() {
        Ok(Some(paths))
    } else if missing.len() == paths.len() {
        Ok(None)
    } else {
        let message = format!("its arbitrated mask {} is missing", missing[0].display());
        Err(DataError::case(case, message))
    }
}
