//! `BraTS` 2020: a folder a volume, `<name>/<name>_{t1,t1ce,t2,flair,seg}.nii[.gz]`, 240 x 240 x 155 voxels. Four modalities are the
//! image's channels, in that order; the nested regions whole tumour, tumour core and enhancing tumour are made of labels.
//!
//! Cases are axial slices, `BraTS20_Training_001/slice-80`, and patients the folders. The benchmark publishes one segmentation a
//! volume, in which its annotators were joined: a set of one rater. Segmentations of several raters, where somebody has them,
//! lie beside it as `<name>_seg_<rater>.nii[.gz]`; the joined one is then the arbitrated mask.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mrprism_protocol::spec::{DatasetFile, SliceRule};

use crate::DataError;
use crate::read::Listing;
use crate::read::file::marked_by_slice;
use crate::read::gather::{FoundCase, listing, nobody_marked};
use crate::read::inside::{Inside, Listings};
use crate::read::source::{Marked, MaskSource};

const MODALITIES: [&str; 4] = ["t1", "t1ce", "t2", "flair"];
/// Background, necrotic core, oedema and enhancing tumour; 3 is not used.
const LABELS: &[f32] = &[0.0, 1.0, 2.0, 4.0];
/// Structures and their labels.
const REGIONS: [(&str, &[f32]); 3] = [
    ("whole", &[1.0, 2.0, 4.0]),
    ("core", &[1.0, 4.0]),
    ("enhancing", &[4.0]),
];

/// Whether a structure has this name.
pub(in crate::read) fn is_region(structure: &str) -> bool {
    REGIONS.iter().any(|(name, _)| *name == structure)
}

/// Finds the slices of every volume.
pub(in crate::read) fn list(
    definition: &DatasetFile,
    inside: &Inside,
) -> Result<Listing, DataError> {
    let listings = Listings::new(inside);
    let mut found = Vec::new();
    for name in listings.of(Path::new(""))?.iter() {
        if inside.root().join(name).is_dir()
            && let Some(volume) = Volume::find(&listings, name)?
        {
            found.extend(volume.cases(definition, inside)?);
        }
    }
    let looked_for = "looked for <name>/<name>_t1.nii.gz, _t1ce, _t2, _flair and _seg; name the folder that holds BraTS20_Training_001";
    listing(found, inside.root(), looked_for)
}

/// One folder's files.
struct Volume {
    name: String,
    modalities: Vec<PathBuf>,
    /// By rater; the joined one's rater is `1` where nobody else is there.
    raters: BTreeMap<String, PathBuf>,
    joined: Option<PathBuf>,
}

impl Volume {
    /// The volume in the folder `name`; none where the folder holds no modality.
    fn find(listings: &Listings<'_>, name: &str) -> Result<Option<Self>, DataError> {
        let (mut modalities, mut raters, mut joined) = (BTreeMap::new(), BTreeMap::new(), None);
        for file in listings.of(Path::new(name))?.iter() {
            let stem = file.strip_suffix(".gz").unwrap_or(file);
            let word = stem
                .strip_suffix(".nii")
                .and_then(|stem| stem.strip_prefix(name)?.strip_prefix('_'));
            let path = Path::new(name).join(file);
            let twice = match word {
                Some("seg") => joined.replace(path),
                Some(word) if MODALITIES.contains(&word) => {
                    modalities.insert(word.to_owned(), path)
                }
                Some(word) => match word.strip_prefix("seg_") {
                    Some(rater) if !rater.is_empty() => raters.insert(rater.to_owned(), path),
                    _ => None,
                },
                None => None,
            };
            if let Some(other) = twice {
                let message = format!("{file} and {} are the same: remove one", other.display());
                return Err(DataError::case(name, message));
            }
        }
        if modalities.is_empty() {
            return Ok(None);
        }
        let modalities = MODALITIES.map(|word| {
            modalities.remove(word).ok_or_else(|| {
                let missing = format!("{name}/{name}_{word}.nii.gz");
                let message = format!(
                    "{missing} is missing: the image has four channels; add it or remove the folder"
                );
                DataError::case(name, message)
            })
        });
        let modalities: Vec<_> = modalities.into_iter().collect::<Result<_, _>>()?;
        if raters.is_empty() {
            raters.extend(joined.take().map(|path| ("1".to_owned(), path)));
        }
        if raters.is_empty() {
            return Err(nobody_marked(name, &modalities[0]));
        }
        Ok(Some(Self {
            name: name.to_owned(),
            modalities,
            raters,
            joined,
        }))
    }

    fn cases(
        &self,
        definition: &DatasetFile,
        inside: &Inside,
    ) -> Result<Vec<FoundCase>, DataError> {
        let masks = |path: &PathBuf| -> Vec<MaskSource> {
            let labels = definition.structures.iter().filter_map(|structure| {
                let region = REGIONS.iter().find(|(name, _)| name == structure)?;
                Some(region.1)
            });
            let source = |labels| MaskSource {
                path: path.clone(),
                marked: Marked::Labelled {
                    labels,
                    known: LABELS,
                },
            };
            labels.map(source).collect()
        };
        let by_rater = |(rater, path): (&String, &PathBuf)| (rater.clone(), masks(path));
        let case = |slice: usize| FoundCase {
            name: format!("{}/slice-{slice}", self.name),
            folder: None,
            patient: Some(self.name.clone()),
            label: None,
            image: self.modalities[0].clone(),
            further: self.modalities[1..].to_vec(),
            slice: Some(slice),
            masks: self.raters.iter().map(by_rater).collect(),
            arbitrated: self.joined.as_ref().map(masks),
        };
        Ok(self
            .slices(definition, inside)?
            .into_iter()
            .map(case)
            .collect())
    }

    fn slices(&self, definition: &DatasetFile, inside: &Inside) -> Result<Vec<usize>, DataError> {
        match &definition.slices {
            None => Ok(Vec::new()),
            Some(SliceRule::At(slices)) => Ok(slices.iter().map(|slice| *slice as usize).collect()),
            Some(SliceRule::Largest(count)) => {
                let Some(first) = self.joined.as_ref().or_else(|| self.raters.values().next())
                else {
                    return Ok(Vec::new());
                };
                let marked = marked_by_slice(&inside.resolve(first)?)?;
                let mut order: Vec<usize> = (0..marked.len()).collect();
                order.sort_by_key(|slice| (std::cmp::Reverse(marked[*slice]), *slice));
                order.truncate(*count as usize);
                order.sort_unstable();
                Ok(order)
            }
        }
    }
}
