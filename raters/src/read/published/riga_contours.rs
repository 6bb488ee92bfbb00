//! RIGA as published: `imageNprime.tif|jpg` and, for each rater, a copy `imageN-R` with the contours of disc and cup drawn in.
//!
//! Names are compared without regard to case (`MagrabiaMale` has `ImageN-1`) and every annotation may have its own format.
//! `BinRushed1` is an older copy of `BinRushed1-Corrected` and is not read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mrprism_protocol::spec::DatasetFile;

use super::fundus::{Structure, structures};
use crate::DataError;
use crate::read::Listing;
use crate::read::gather::{FoundCase, listing};
use crate::read::inside::{Inside, Listings};
use crate::read::source::{Contour, Marked, MaskSource};
use crate::split_name::SplitName;

/// Folder, where it lies, and its part of the paper's split.
const SETS: [(&str, &str, SplitName); 7] = [
    ("MESSIDOR", "", SplitName::Train),
    ("BinRushed1-Corrected", "BinRushed", SplitName::Train),
    ("BinRushed2", "BinRushed", SplitName::Train),
    ("BinRushed3", "BinRushed", SplitName::Train),
    ("BinRushed4", "BinRushed", SplitName::Train),
    ("MagrabiFemale", "Magrabia", SplitName::Test),
    ("MagrabiaMale", "Magrabia", SplitName::Test),
];
/// Pictures that are published without their clean copy.
const WITHOUT_CLEAN: [(&str, &str); 1] = [("MagrabiFemale", "48")];
const EXTENSIONS: [&str; 6] = ["tif", "tiff", "jpg", "jpeg", "png", "bmp"];

/// Finds the pictures of every folder that is there.
pub(in crate::read) fn list(
    definition: &DatasetFile,
    inside: &Inside,
) -> Result<Listing, DataError> {
    let listings = Listings::new(inside);
    let structures = structures(definition)?;
    let mut found = Vec::new();
    for (set, parent, split) in SETS {
        for (number, pictures) in pictures(&listings, set, parent)? {
            if WITHOUT_CLEAN.contains(&(set, number.as_str())) {
                continue;
            }
            let name = format!("{set}/image{number}");
            found.push(pictures.case(name, split, &structures)?);
        }
    }
    let looked_for = "looked for MESSIDOR/imageNprime.tif and imageN-R.tif beside it, and the same in BinRushed/BinRushed2, Magrabia/MagrabiaMale and their like; name the folder that holds MESSIDOR, BinRushed and Magrabia";
    listing(found, inside.root(), looked_for)
}

/// One number's files.
#[derive(Debug, Default)]
struct Pictures {
    clean: Vec<PathBuf>,
    by_rater: BTreeMap<String, Vec<PathBuf>>,
}

/// The files of a set by their number. The archives unpack with and without a second folder of the same name.
fn pictures(
    listings: &Listings<'_>,
    set: &str,
    parent: &str,
) -> Result<BTreeMap<String, Pictures>, DataError> {
    let places = if parent.is_empty() {
        vec![set.to_owned(), format!("{set}/{set}")]
    } else {
        vec![
            format!("{parent}/{set}"),
            format!("{parent}/{parent}/{set}"),
            format!("{parent}corrected/{parent}/{set}"),
        ]
    };
    let mut by_number = BTreeMap::<String, Pictures>::new();
    for place in places {
        let folder = Path::new(&place);
        for file in listings.of(folder)?.iter() {
            let Some((number, role)) = parts(file) else {
                continue;
            };
            let pictures = by_number.entry(number).or_default();
            match role {
                Role::Clean => pictures.clean.push(folder.join(file)),
                Role::Rater(rater) => {
                    let files = pictures.by_rater.entry(rater).or_default();
                    files.push(folder.join(file));
                }
            }
        }
    }
    Ok(by_number)
}

enum Role {
    Clean,
    Rater(String),
}

/// Number and role of `imageNprime.tif` or `imageN-R.tif`; nothing of any other name.
fn parts(file: &str) -> Option<(String, Role)> {
    let file = file.to_ascii_lowercase();
    let (stem, extension) = file.rsplit_once('.')?;
    let rest = stem.strip_prefix("image")?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (number, role) = match rest.split_once('-') {
        Some((number, rater)) if digits(rater) => (number, Role::Rater(rater.to_owned())),
        Some(_) => return None,
        None => (rest.strip_suffix("prime")?, Role::Clean),
    };
    (digits(number) && EXTENSIONS.contains(&extension)).then(|| (number.to_owned(), role))
}

impl Pictures {
    fn case(
        self,
        name: String,
        split: SplitName,
        structures: &[Structure],
    ) -> Result<FoundCase, DataError> {
        let one = |mut files: Vec<PathBuf>| match files.len() {
            1 => Ok(files.swap_remove(0)),
            0 => Err(DataError::case(
                &name,
                "its picture without contours, imageNprime, is missing: add it or remove the annotations",
            )),
            _ => Err(DataError::case(
                &name,
                format!(
                    "{} and {} are the same picture twice: remove one",
                    files[0].display(),
                    files[1].display()
                ),
            )),
        };
        let image = one(self.clean)?;
        let mut masks = BTreeMap::new();
        for (rater, files) in self.by_rater {
            let path = one(files)?;
            let source = |structure: &Structure| MaskSource {
                path: path.clone(),
                marked: Marked::Inside {
                    contour: match structure {
                        Structure::Disc => Contour::Outer,
                        Structure::Cup => Contour::Inner,
                    },
                    clean: image.clone(),
                },
            };
            masks.insert(rater, structures.iter().map(source).collect());
        }
        Ok(FoundCase {
            name,
            folder: Some(split),
            patient: None,
            label: None,
            image,
            further: Vec::new(),
            slice: None,
            masks,
            arbitrated: None,
        })
    }
}
