//! REFUGE with seven raters as the paper's authors load it: `REFUGE/REFUGE1{Train,Val,Test}.csv` name pictures that are cropped
//! to the disc, `<name>_ci.jpg`, their masks `<name>_seg_{disc,cup}_c_<rater>.png` and one arbitrated `<name>_cm.bmp`.
//!
//! `<name>` is the table's `multimaskName` up to its extension and first underscore. The authors validate on the test cases;
//! here a share of the training cases is drawn (`split.validation_fraction`).

use std::path::{Path, PathBuf};

use mrprism_protocol::spec::{DatasetFile, Foreground};

use super::fundus::{Structure, structures};
use super::refuge::diagnosis;
use super::table::{Row, Table};
use crate::DataError;
use crate::read::Listing;
use crate::read::gather::{MaskPlace, Places, listing};
use crate::read::inside::{Inside, Listings};
use crate::read::source::Marked;
use crate::read::template::{Template, Variable};
use crate::split_name::SplitName;

const TABLES: [(&str, SplitName); 3] = [
    ("REFUGE/REFUGE1Train.csv", SplitName::Train),
    ("REFUGE/REFUGE1Val.csv", SplitName::Validation),
    ("REFUGE/REFUGE1Test.csv", SplitName::Test),
];

/// Finds the cases that the tables name.
pub(in crate::read) fn list(
    definition: &DatasetFile,
    inside: &Inside,
) -> Result<Listing, DataError> {
    let listings = Listings::new(inside);
    let structures = structures(definition)?;
    let (mut found, mut tables) = (Vec::new(), Vec::new());
    for (path, split) in TABLES {
        if !inside.has(Path::new(path)) {
            continue;
        }
        let table = Table::read(inside, Path::new(path), &["multimaskName", "label"])?;
        for row in table.rows() {
            let Some(name) = row.cell("multimaskName").and_then(name_of) else {
                continue;
            };
            let image = PathBuf::from(format!("{name}_ci.jpg"));
            let place = of_case(row, &name, split, &structures)?;
            if !inside.has(&image) {
                return Err(row.refuse(&format!("{} is missing", image.display())));
            }
            let mut case = place.found(&listings, &name, image)?;
            case.label = diagnosis(row)?;
            found.push(case);
        }
        tables.push(PathBuf::from(path));
    }
    let looked_for = "looked for REFUGE/REFUGE1Train.csv and REFUGE/REFUGE1Test.csv with a column multimaskName, and for <name>_ci.jpg and <name>_seg_disc_c_<rater>.png; name the folder that holds REFUGE";
    let listing = listing(found, inside.root(), looked_for)?;
    Ok(Listing { tables, ..listing })
}

fn of_case(
    row: Row<'_>,
    name: &str,
    split: SplitName,
    structures: &[Structure],
) -> Result<Places, DataError> {
    let template = |rest: &str| {
        let parsed = Template::parse(&format!("{name}_{rest}"), &[Variable::Rater]);
        parsed.map_err(|message| row.refuse(&message))
    };
    let of_rater = |structure: &Structure| {
        Ok(MaskPlace {
            template: template(&format!("seg_{}_c_{{rater}}.png", structure.word()))?,
            marked: Marked::Where(Foreground::Above(127.0)),
        })
    };
    let decided = |structure: &Structure| {
        let foreground = match structure {
            // 0 is background, 128 the rim, 255 the cup.
            Structure::Disc => Foreground::Above(0.0),
            Structure::Cup => Foreground::Equals(vec![255.0]),
        };
        Ok(MaskPlace {
            template: template("cm.bmp")?,
            marked: Marked::Where(foreground),
        })
    };
    Ok(Places {
        folder: Some(split),
        prefix: String::new(),
        patient: None,
        image: template("ci.jpg")?,
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

/// `Training-400/0853/0853_x.jpg` is `Training-400/0853/0853`.
fn name_of(masks: &str) -> Option<String> {
    let path = masks.replace('\\', "/");
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
    let name = file
        .split(['.', '_'])
        .next()
        .filter(|name| !name.is_empty())?;
    Some(if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    })
}
