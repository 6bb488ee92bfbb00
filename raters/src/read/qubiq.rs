//! The QUBIQ challenge's layout: `Training/` and `Validation/`, a folder a case, `image.nii.gz` and `taskTT_segRR.nii.gz`.
//!
//! The challenge's Validation cases are public with masks and stand in as test cases (`split.by = "folder"`); its test cases
//! have no masks. Raters are discovered by their numbers; a number missing from a case is an absent rater.

use std::path::Path;

use mrprism_protocol::spec::DatasetFile;

use super::Listing;
use super::gather::{MaskPlace, Places, gather};
use super::inside::{Inside, Listings};
use super::source::Marked;
use super::template::{Template, Variable};
use crate::DataError;
use crate::split_name::SplitName;

const FOLDERS: [(&str, SplitName); 2] = [
    ("Training", SplitName::Train),
    ("Validation", SplitName::Test),
];
const IMAGE: &str = "image.nii.gz";

/// Finds cases in both folders; one mask channel an entry of `tasks`.
pub(super) fn list(definition: &DatasetFile, inside: &Inside) -> Result<Listing, DataError> {
    let listings = Listings::new(inside);
    let mut places = Vec::new();
    for (folder, split) in FOLDERS {
        refuse_cases_without_image(&listings, folder)?;
        let template = |text: &str| {
            Template::parse(text, &[Variable::Case, Variable::Rater]).map_err(|message| {
                DataError::Key {
                    dataset: definition.name.clone(),
                    key: "tasks",
                    message,
                }
            })
        };
        let mask = |task: &String| {
            let text = format!("{folder}/{{case}}/task{task}_seg{{rater}}.nii.gz");
            Ok::<_, DataError>(MaskPlace {
                template: template(&text)?,
                marked: Marked::AsDefined,
            })
        };
        places.push(Places {
            folder: Some(split),
            prefix: String::new(),
            patient: None,
            image: template(&format!("{folder}/{{case}}/{IMAGE}"))?,
            masks: definition
                .tasks
                .iter()
                .map(mask)
                .collect::<Result<_, _>>()?,
            arbitrated: None,
        });
    }
    let looked_for = format!(
        "looked for Training/caseNN/{IMAGE} and task{}_segRR.nii.gz beside it, and the same under Validation; name the folder that holds Training",
        definition.tasks.join("|task")
    );
    gather(&listings, &places, &looked_for)
}

fn refuse_cases_without_image(listings: &Listings<'_>, folder: &str) -> Result<(), DataError> {
    for name in listings.of(Path::new(folder))?.iter() {
        let case = Path::new(folder).join(name);
        let is_case = name.starts_with("case") && listings.inside.root().join(&case).is_dir();
        if is_case && !listings.inside.has(&case.join(IMAGE)) {
            return Err(DataError::case(
                name,
                format!(
                    "{} is missing: add it or remove the folder",
                    case.join(IMAGE).display()
                ),
            ));
        }
    }
    Ok(())
}
