//! LIDC-IDRI nodules as slices: `LIDC-IDRI-####/nodule-K/{images,mask-0,mask-1,…}/slice-N.png`.
//!
//! Cases are slices, `LIDC-IDRI-0001/nodule-0/slice-3`, and patients the first folder. A mask slot is not always the same
//! reader: raters are exchangeable.

use std::path::Path;

use mrprism_protocol::spec::{DatasetFile, Foreground};

use crate::DataError;
use crate::read::Listing;
use crate::read::gather::{MaskPlace, Places, gather};
use crate::read::inside::{Inside, Listings};
use crate::read::source::Marked;
use crate::read::template::{Template, Variable};

const PATIENT: &str = "LIDC-IDRI-";
const NODULE: &str = "nodule-";

/// Finds the slices of every nodule of every patient.
pub(in crate::read) fn list(
    definition: &DatasetFile,
    inside: &Inside,
) -> Result<Listing, DataError> {
    let listings = Listings::new(inside);
    let mut places = Vec::new();
    for patient in numbered(&listings, Path::new(""), PATIENT)? {
        for nodule in numbered(&listings, Path::new(&patient), NODULE)? {
            places.push(of_nodule(definition, &listings, &patient, &nodule)?);
        }
    }
    let looked_for = format!(
        "looked for {PATIENT}####/{NODULE}K/images/slice-N.png and mask-R/slice-N.png beside images; name the folder that holds {PATIENT}####"
    );
    gather(&listings, &places, &looked_for)
}

/// Names in a folder that are `prefix` and digits.
fn numbered(
    listings: &Listings<'_>,
    folder: &Path,
    prefix: &str,
) -> Result<Vec<String>, DataError> {
    let is_numbered = |name: &&String| {
        let number = name.strip_prefix(prefix).unwrap_or_default();
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    Ok(listings
        .of(folder)?
        .iter()
        .filter(is_numbered)
        .cloned()
        .collect())
}

fn of_nodule(
    definition: &DatasetFile,
    listings: &Listings<'_>,
    patient: &str,
    nodule: &str,
) -> Result<Places, DataError> {
    let template = |rest: &str| {
        let text = format!("{patient}/{nodule}/{rest}");
        let parsed = Template::parse(&text, &[Variable::Case, Variable::Rater]);
        parsed.map_err(|message| DataError::broken(&listings.inside.root().join(patient), message))
    };
    let mask = MaskPlace {
        template: template("mask-{rater}/{case}.png")?,
        marked: Marked::Where(Foreground::Above(127.0)),
    };
    let place = Places {
        folder: None,
        prefix: format!("{patient}/{nodule}/"),
        patient: Some(patient.to_owned()),
        image: template("images/{case}.png")?,
        masks: vec![mask; definition.structures.len()],
        arbitrated: None,
    };
    refuse_masks_without_image(listings, &place, Path::new(patient).join(nodule).as_path())?;
    Ok(place)
}

fn refuse_masks_without_image(
    listings: &Listings<'_>,
    place: &Places,
    nodule: &Path,
) -> Result<(), DataError> {
    let images = listings.of(&nodule.join("images"))?;
    for folder in numbered(listings, nodule, "mask-")? {
        let folder = nodule.join(folder);
        if let Some(slice) = listings
            .of(&folder)?
            .iter()
            .find(|name| !images.contains(*name))
        {
            let case = format!("{}{}", place.prefix, slice.trim_end_matches(".png"));
            return Err(DataError::case(
                &case,
                format!(
                    "{} has no image {}: add it or remove the mask",
                    folder.join(slice).display(),
                    nodule.join("images").join(slice).display()
                ),
            ));
        }
    }
    Ok(())
}
