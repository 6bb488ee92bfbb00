//! A data set described by path templates: the general form.

use mrprism_protocol::spec::DatasetFile;

use super::gather::{MaskPlace, Places, gather};
use super::inside::{Inside, Listings};
use super::source::Marked;
use super::template::{Template, Variable};
use super::{Listing, file};
use crate::DataError;

/// Finds cases by the `image` template and raters by the `masks` template.
pub(super) fn list(definition: &DatasetFile, inside: &Inside) -> Result<Listing, DataError> {
    use Variable::{Case, Rater, Structure};
    let image = parse(
        definition,
        "image",
        definition.image.as_deref(),
        &[Case],
        &[Case],
    )?;
    let several = definition.structures.len() > 1;
    let needed_of_masks: &[_] = if several {
        &[Case, Rater, Structure]
    } else {
        &[Case, Rater]
    };
    let all = &[Case, Rater, Structure];
    let masks = parse(
        definition,
        "masks",
        definition.masks.as_deref(),
        all,
        needed_of_masks,
    )?;
    let needed: &[_] = if several { &[Case, Structure] } else { &[Case] };
    let arbitrated = definition.arbitrated.as_deref();
    let arbitrated = arbitrated
        .map(|text| {
            parse(
                definition,
                "arbitrated",
                Some(text),
                &[Case, Structure],
                needed,
            )
        })
        .transpose()?;
    refuse_unsaid_foreground(definition)?;
    let each_structure = |template: &Template| {
        let bind = |name: &String| MaskPlace {
            template: template.bind(Structure, name),
            marked: Marked::AsDefined,
        };
        definition.structures.iter().map(bind).collect::<Vec<_>>()
    };
    let places = Places {
        folder: None,
        prefix: String::new(),
        patient: None,
        masks: each_structure(&masks),
        arbitrated: arbitrated.as_ref().map(each_structure),
        image,
    };
    let looked_for = format!(
        "looked for images like {} and masks like {}; mend the templates of dataset.toml or name another folder",
        definition.image.as_deref().unwrap_or_default(),
        definition.masks.as_deref().unwrap_or_default()
    );
    let asked = places.arbitrated.is_some();
    let listing = gather(&Listings::new(inside), &[places], &looked_for)?;
    if asked && listing.cases.iter().all(|case| case.arbitrated.is_none()) {
        let message = "no case has an arbitrated mask: mend the key `arbitrated` or leave it out";
        return Err(DataError::case(&listing.cases[0].name, message));
    }
    Ok(listing)
}

fn parse(
    definition: &DatasetFile,
    key: &'static str,
    text: Option<&str>,
    allowed: &[Variable],
    needed: &[Variable],
) -> Result<Template, DataError> {
    let refuse = |message: String| DataError::Key {
        dataset: definition.name.clone(),
        key,
        message,
    };
    let text = text.ok_or_else(|| refuse("is missing".to_owned()))?;
    let template = Template::parse(text, allowed).map_err(refuse)?;
    let missing = needed.iter().find(|variable| !template.holds(**variable));
    match missing {
        None => Ok(template),
        Some(variable) => Err(refuse(format!("'{text}' lacks {}", variable.word()))),
    }
}

/// Zero is background in a mask of numbers (NIfTI, npy); in a picture nothing is certain (JPEG noise, grey rims, inverted files).
fn refuse_unsaid_foreground(definition: &DatasetFile) -> Result<(), DataError> {
    let templates = [
        definition.masks.as_deref(),
        definition.arbitrated.as_deref(),
    ];
    let pictures = templates
        .into_iter()
        .flatten()
        .any(|text| !file::is_numeric(text.as_ref()));
    if pictures && definition.foreground.is_none() {
        return Err(DataError::Key {
            dataset: definition.name.clone(),
            key: "foreground",
            message: "is missing: say which values of a mask picture are foreground, e.g. { above = 127 }".to_owned(),
        });
    }
    Ok(())
}
