//! `dataset.toml`: what a data set is and where its pieces lie.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::spelled::spelled_enum;

spelled_enum! {
    /// Whether a rater slot is always the same person.
    RaterIdentity {
        /// Rater 3 is the same person in every case.
        Stable = "stable",
        /// Slots mean nothing: per-rater tables are refused.
        Exchangeable = "exchangeable",
    }
}

spelled_enum! {
    /// How a data set's files are laid out.
    DatasetForm {
        /// Path templates with `{case}`, `{rater}` and `{structure}`.
        Folder = "folder",
        /// The QUBIQ challenge's folders.
        Qubiq = "qubiq",
        /// LIDC-IDRI nodules as slices: a folder a patient and nodule, four mask folders.
        Lidc = "lidc",
        /// REFUGE with seven raters, full pictures, a folder a case.
        Refuge = "refuge",
        /// REFUGE with seven raters, cropped to the disc, listed in tables.
        RefugeCropped = "refuge-cropped",
        /// RIGA repackaged: crops of the disc, listed in tables.
        Riga = "riga",
        /// RIGA as published: contours drawn over copies of the pictures.
        RigaContours = "riga-contours",
        /// `BraTS`: volumes of four modalities, of which slices become cases.
        Brats = "brats",
        /// Made by this project: no files.
        Phantom = "phantom",
    }
}

spelled_enum! {
    /// Where an arbitrated mask comes from.
    ArbitratedKind {
        /// Computed by STAPLE.
        Staple = "staple",
        /// Decided by an expert.
        Expert = "expert",
        /// The generator's own mask of a phantom.
        Generator = "generator",
        /// Its makers do not say.
        Unknown = "unknown",
    }
}

spelled_enum! {
    /// How a NIfTI mask is laid on its image.
    Orientation {
        /// By the affines of both files; refused where they put the mask elsewhere. The default.
        Affine = "affine",
        /// Pixel by pixel, as stored: for files whose affines are known to be wrong.
        Stored = "stored",
    }
}

spelled_enum! {
    /// Whose mask a crop is taken from.
    CropFrom {
        /// The arbitrated mask.
        Arbitrated = "arbitrated",
        /// Where at least half of the present raters marked.
        Mean = "mean",
    }
}

spelled_enum! {
    /// What a data set's crop knows of the masks.
    CropOrigin {
        /// Nothing: a window that is the same for every case.
        Fixed = "fixed",
        /// Where the structure lies, in test cases too: to be stated with every number.
        Oracle = "oracle",
    }
}

/// Which axial slices of a volume become cases. Exactly one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SliceRule {
    /// These, counted from 0: the same in every volume.
    At(Vec<u32>),
    /// As many, with the most marked pixels in the volume's first segmentation; of equals the lower ones. It looks at masks,
    /// of test volumes too.
    Largest(u32),
}

/// Which pixel values of a mask file are foreground. Exactly one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Foreground {
    /// Strictly above.
    Above(f64),
    /// Strictly below.
    Below(f64),
    /// One of these.
    Equals(Vec<f64>),
}

/// Which cases belong to which split; cases of one patient stay together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRule {
    /// Patients (cases where `patient` is not given) of the test split, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// Patients of the validation split, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation: Vec<String>,
    /// Shares of train, validation and test, drawn with `split_seed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fractions: Option<[f64; 3]>,
    /// `folder`: the layout's own folders say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// With `by`, where the layout has no validation cases: the share of training patients drawn for it with `split_seed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_fraction: Option<f64>,
}

/// Which part of every image is kept: a window (`rows`, `columns`), the middle (`central`), or a square round a structure
/// (`around`, with `from`). Exactly one of the three.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CropRule {
    /// First row kept and first row after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<[u32; 2]>,
    /// First column kept and first column after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<[u32; 2]>,
    /// Most rows and columns: where an image has more, the middle ones are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub central: Option<[u32; 2]>,
    /// The structure that the square is centred on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub around: Option<String>,
    /// Half the square's side, in units of the structure's height or width, whichever is greater; 1.5 where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Whose mask says where the structure is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<CropFrom>,
}

/// Images made by this project: a disc with a cup inside, marked by raters whose biases are known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhantomSpec {
    /// Side in pixels.
    pub size: u32,
    /// Cases of train, validation and test.
    pub cases: [u32; 3],
    /// One bias a rater, as a share of the structure's radius: 0.2 draws it 20 % too wide, −0.2 too tight.
    pub biases: Vec<f64>,
    /// Standard deviation of each rater's own wobble, as a share of the radius.
    pub jitter: f64,
    /// Standard deviation of the image's noise (the image lies in [0, 1]).
    pub noise: f64,
    /// Seed of the generator.
    pub seed: u64,
}

/// A `dataset.toml` file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetFile {
    /// The name experiments use, e.g. `qubiq/brain-growth`.
    pub name: String,
    /// Layout.
    #[serde(default = "folder_form")]
    pub form: DatasetForm,
    /// A named data root of the worker and a path below it, e.g. `data/qubiq/brain-growth`; absent where this
    /// file lies in the data set's own folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Template of an image's path, with `{case}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Template of a mask's path, with `{case}`, `{rater}` and, where there are several, `{structure}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masks: Option<String>,
    /// What is segmented, in channel order.
    pub structures: Vec<String>,
    /// Structures that lie inside each other, outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<String>,
    /// Whether a rater slot is always the same person.
    pub raters: RaterIdentity,
    /// Which mask values are foreground; NIfTI: non-zero by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreground: Option<Foreground>,
    /// Template of the arbitrated mask's path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arbitrated: Option<String>,
    /// Where the arbitrated mask comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arbitrated_kind: Option<ArbitratedKind>,
    /// Regular expression on the case name with a group `patient`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// How pixel values become [0, 1]: `minmax`, `percentile:1:99`, `ct:-400:800`, `rgb`.
    pub intensity: String,
    /// How a NIfTI mask is laid on its image; by their affines where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orientation: Option<Orientation>,
    /// Which part of every image is kept; all of it where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<CropRule>,
    /// Which cases belong to which split.
    pub split: SplitRule,
    /// Seed of drawn splits and folds; never the run's.
    #[serde(default)]
    pub split_seed: u64,
    /// Folds of cross-validation over all cases.
    #[serde(default = "five")]
    pub folds: u32,
    /// `BraTS`: which slices of a volume become cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slices: Option<SliceRule>,
    /// QUBIQ: the two digits of `taskTT`, one a structure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// A phantom's parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phantom: Option<PhantomSpec>,
    /// Raters, by case, whose files are left out as if they were not there: masks known to be wrong.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub absent: BTreeMap<String, Vec<String>>,
    /// Licence of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where the data come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

fn folder_form() -> DatasetForm {
    DatasetForm::Folder
}

fn five() -> u32 {
    5
}

/// What a worker says of a data set it holds, and the server keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetCard {
    /// Registered name.
    pub name: String,
    /// BLAKE3 of file hashes and the definition.
    pub manifest: String,
    /// M.
    pub raters: u32,
    /// Whether a rater slot is always the same person.
    pub rater_identity: RaterIdentity,
    /// K structures, in channel order.
    pub structures: Vec<String>,
    /// Channels of the image.
    pub channels: u32,
    /// Whether arbitrated masks exist, and from whom.
    pub arbitrated: Option<ArbitratedKind>,
    /// Whether cases come with a diagnosis.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub diagnoses: bool,
    /// Cases of each split: `train`, `validation`, `test`.
    pub cases: BTreeMap<String, u32>,
    /// Folds that may be asked for.
    pub folds: u32,
    /// What the crop knows of the masks, where there is a crop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<CropOrigin>,
    /// Licence of the data.
    pub licence: Option<String>,
    /// Where the data come from.
    pub source: Option<String>,
}
