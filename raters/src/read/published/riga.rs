//! RIGA repackaged as crops of the disc: `Glaucoma_multirater_{BinRushed,MESSIDOR,Magrabia}.csv` name pictures and masks.
//!
//! Of a picture's seven rows the one of rater 0 is read: its mask `…FinalLabel…` is the arbitrated one, and `Rater<n>` in place
//! of `FinalLabel` names the others'. A mask holds rim (mid-grey) and cup (255). Who decided the final label is unknown.

use std::path::{Path, PathBuf};

use mrprism_protocol::spec::{DatasetFile, Foreground};

use super::fundus::{Structure, structures};
use super::table::{Row, Table};
use crate::DataError;
use crate::read::Listing;
use crate::read::gather::{MaskPlace, Places, listing};
use crate::read::inside::{Inside, Listings};
use crate::read::source::Marked;
use crate::read::template::{Template, Variable};
use crate::split_name::SplitName;

/// Train and test as the paper splits them.
const SETS: [(&str, SplitName); 3] = [
    ("BinRushed", SplitName::Train),
    ("MESSIDOR", SplitName::Train),
    ("Magrabia", SplitName::Test),
];
const FINAL: &str = "FinalLabel";

/// Finds the cases that the three tables name.
pub(in crate::read) fn list(
    definition: &DatasetFile,
    inside: &Inside,
) -> Result<Listing, DataError> {
    let listings = Listings::new(inside);
    let structures = structures(definition)?;
    let (mut found, mut tables) = (Vec::new(), Vec::new());
    for (set, split) in SETS {
        let path = PathBuf::from(format!("Glaucoma_multirater_{set}.csv"));
        if !inside.has(&path) {
            continue;
        }
        let table = Table::read(inside, &path, &["imgName", "maskName", "rater"])?;
        for row in table.rows() {
            if row.number("rater")? != Some(0) {
                continue;
            }
            let (image, masks) = (relative(row, "imgName")?, relative(row, "maskName")?);
            if !inside.has(Path::new(&image)) {
                return Err(row.refuse(&format!("the image {image} is missing")));
            }
            let name = Path::new(&image).with_extension("");
            let place = of_image(row, &image, &masks, split, &structures)?;
            let name = name.to_string_lossy();
            found.push(place.found(&listings, &name, PathBuf::from(&image))?);
        }
        tables.push(path);
    }
    let looked_for = "looked for Glaucoma_multirater_BinRushed.csv, …_MESSIDOR.csv and …_Magrabia.csv with rows of rater 0; name the folder that holds them (DiscRegion)";
    let listing = listing(found, inside.root(), looked_for)?;
    Ok(Listing { tables, ..listing })
}

/// A path that the table spells with backslashes.
fn relative(row: Row<'_>, column: &str) -> Result<String, DataError> {
    let cell = row.cell(column);
    let cell = cell.ok_or_else(|| row.refuse(&format!("column '{column}' is empty")))?;
    Ok(cell.replace('\\', "/"))
}

fn of_image(
    row: Row<'_>,
    image: &str,
    masks: &str,
    split: SplitName,
    structures: &[Structure],
) -> Result<Places, DataError> {
    if !masks.contains(FINAL) {
        return Err(row.refuse(&format!("'{masks}' lacks the word {FINAL}")));
    }
    let template = |text: &str| {
        let parsed = Template::parse(text, &[Variable::Rater]);
        parsed.map_err(|message| row.refuse(&message))
    };
    let with = |template: &Template| {
        let place = |structure: &Structure| MaskPlace {
            template: template.clone(),
            marked: Marked::Where(match structure {
                Structure::Disc => Foreground::Above(0.0),
                Structure::Cup => Foreground::Equals(vec![255.0]),
            }),
        };
        structures.iter().map(place).collect()
    };
    Ok(Places {
        folder: Some(split),
        prefix: String::new(),
        patient: None,
        image: template(image)?,
        masks: with(&template(&masks.replace(FINAL, "Rater{rater}"))?),
        arbitrated: Some(with(&template(masks)?)),
    })
}
