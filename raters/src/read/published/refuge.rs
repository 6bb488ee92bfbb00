//! REFUGE with seven raters as its public package lays it out:
//! `{Training,Validation,Test}-400/<id>/{<id>.jpg, <id>_{disc,cup}.bmp, <id>_seg_{disc,cup}_<rater>.png}`.
//!
//! Cases are `Test-400/0544`: nobody promises that an id stands in one folder only. `<id>_cropped.jpg` is turned and of another
//! size than the masks, and is not read. The arbitrated masks are dark on white; which way round is seen in their corners.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mrprism_protocol::spec::{DatasetFile, Foreground};

use super::fundus::{Structure, structures};
use super::table::{Row, Table};
use crate::DataError;
use crate::read::Listing;
use crate::read::gather::{MaskPlace, Places, gather};
use crate::read::inside::{Inside, Listings};
use crate::read::source::Marked;
use crate::read::template::{Template, Variable};
use crate::split_name::SplitName;

const FOLDERS: [(&str, SplitName); 3] = [
    ("Training-400", SplitName::Train),
    ("Validation-400", SplitName::Validation),
    ("Test-400", SplitName::Test),
];
/// Tables with the diagnosis, where they are there. The names differ between copies of the package.
const TABLES: [&str; 6] = [
    "REFUGETrain.csv",
    "REFUGEVal.csv",
    "REFUGETest.csv",
    "REFUGE1Train.csv",
    "REFUGE1Val.csv",
    "REFUGE1Test.csv",
];

/// Finds the cases of the three folders, and their diagnoses in the tables beside the folders.
pub(in crate::read) fn list(
    definition: &DatasetFile,
    inside: &Inside,
) -> Result<Listing, DataError> {
    let listings = Listings::new(inside);
    let structures = structures(definition)?;
    let mut places = Vec::new();
    for (folder, split) in FOLDERS {
        refuse_cases_without_image(&listings, folder)?;
        places.push(of_folder(inside, folder, split, &structures)?);
    }
    let looked_for = "looked for Training-400/<id>/<id>.jpg and <id>_seg_disc_<rater>.png beside it, and the same under Validation-400 and Test-400; name the folder that holds Training-400";
    let mut listing = gather(&listings, &places, looked_for)?;
    let (tables, diagnoses) = diagnoses(inside)?;
    for case in &mut listing.cases {
        case.label = diagnoses.get(&case.name).copied();
    }
    listing.tables = tables;
    Ok(listing)
}

fn of_folder(
    inside: &Inside,
    folder: &str,
    split: SplitName,
    structures: &[Structure],
) -> Result<Places, DataError> {
    let template = |rest: &str| {
        let text = format!("{folder}/{{case}}/{{case}}{rest}");
        let parsed = Template::parse(&text, &[Variable::Case, Variable::Rater]);
        parsed.map_err(|message| DataError::broken(inside.root(), message))
    };
    let of_rater = |structure: &Structure| {
        Ok(MaskPlace {
            template: template(&format!("_seg_{}_{{rater}}.png", structure.word()))?,
            marked: Marked::Where(Foreground::Above(127.0)),
        })
    };
    let decided = |structure: &Structure| {
        Ok(MaskPlace {
            template: template(&format!("_{}.bmp", structure.word()))?,
            marked: Marked::OffCorners(arbitrated_bound(*structure)),
        })
    };
    Ok(Places {
        folder: Some(split),
        prefix: format!("{folder}/"),
        patient: None,
        image: template(".jpg")?,
        masks: structures
            .iter()
            .map(of_rater)
            .collect::<Result<_, DataError>>()?,
        arbitrated: Some(
            structures
                .iter()
                .map(decided)
                .collect::<Result<_, DataError>>()?,
        ),
    })
}

/// Background, rim and cup are stored as 255, 128 and 0 (or the other way round): the bounds lie half-way between.
fn arbitrated_bound(structure: Structure) -> f32 {
    match structure {
        Structure::Disc => 0.25,
        Structure::Cup => 0.75,
    }
}

fn refuse_cases_without_image(listings: &Listings<'_>, folder: &str) -> Result<(), DataError> {
    for id in listings.of(Path::new(folder))?.iter() {
        let case = Path::new(folder).join(id);
        let image = case.join(format!("{id}.jpg"));
        if listings.inside.root().join(&case).is_dir() && !listings.inside.has(&image) {
            let message = format!(
                "{} is missing (a picture named _cropped does not fit the masks): add it or remove the folder",
                image.display()
            );
            return Err(DataError::case(&format!("{folder}/{id}"), message));
        }
    }
    Ok(())
}

/// The tables that are there, and each case's diagnosis by its name.
fn diagnoses(inside: &Inside) -> Result<(Vec<PathBuf>, BTreeMap<String, u8>), DataError> {
    let mut tables = Vec::new();
    let mut diagnoses = BTreeMap::new();
    for name in TABLES {
        if !inside.has(Path::new(name)) {
            continue;
        }
        let table = Table::read(inside, Path::new(name), &["multimaskName", "label"])?;
        for row in table.rows() {
            // The training table lists pictures without masks too.
            let (Some(masks), Some(label)) = (row.cell("multimaskName"), diagnosis(row)?) else {
                continue;
            };
            let Some(case) = case_of(masks) else { continue };
            let before = diagnoses.insert(case, label);
            if before.is_some_and(|before| before != label) {
                return Err(row.refuse(&format!("'{masks}' has another label elsewhere")));
            }
        }
        tables.push(PathBuf::from(name));
    }
    Ok((tables, diagnoses))
}

/// 1 is glaucoma.
pub(super) fn diagnosis(row: Row<'_>) -> Result<Option<u8>, DataError> {
    match row.number("label")? {
        Some(label) if label > 1 => {
            Err(row.refuse(&format!("label {label}: 0 and 1 are known (1 is glaucoma)")))
        }
        label => Ok(label),
    }
}

/// `Dataset-new-2/Test-400/0544/0544.jpg` is the case `Test-400/0544`.
fn case_of(masks: &str) -> Option<String> {
    let mut parts = masks.split(['/', '\\']);
    let folder = parts.find(|part| FOLDERS.iter().any(|(folder, _)| folder == part))?;
    Some(format!("{folder}/{}", parts.next()?))
}
