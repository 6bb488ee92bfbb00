//! Small data sets on disk, and the way to the real ones.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]
#![expect(dead_code, reason = "each test program uses its own part of this file")]

pub(crate) mod fundus;

use std::io::Write;
use std::path::{Path, PathBuf};

use mrprism_protocol::spec::{DatasetFile, parse_toml};
use mrprism_raters::dataset::{CheckReport, Dataset, FindingKind};

/// Parses a definition given inline.
pub(crate) fn definition(text: &str) -> DatasetFile {
    parse_toml("inline dataset.toml", text).unwrap()
}

/// A definition that the repository ships.
pub(crate) fn built_in(name: &str) -> DatasetFile {
    let path = repository()
        .join("experiments/datasets")
        .join(format!("{name}.toml"));
    mrprism_raters::read::parse_definition(&path).unwrap()
}

/// The repository's root.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of a real data set, or nothing, said loudly, where this machine does not have it.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
#[expect(clippy::disallowed_methods, reason = "tests have no config.rs")]
pub(crate) fn real_data(test: &str, name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MRPRISM_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!(
        "SKIPPED: {test}: no {} (set MRPRISM_DATA)",
        folder.display()
    );
    None
}

/// Writes a NIfTI-1 file of 32-bit floats, gzipped where the name says so. `dim` as in the file: x first.
pub(crate) fn write_nifti(path: &Path, dim: &[u16], values: &[f32]) {
    let bytes = nifti_bytes(dim, values, 0.0, 0.0);
    if path.extension().is_some_and(|extension| extension == "gz") {
        write_bytes(path, &gzip(&bytes));
    } else {
        write_bytes(path, &bytes);
    }
}

/// A NIfTI-1 file of 32-bit floats with a scaling.
pub(crate) fn nifti_bytes(dim: &[u16], values: &[f32], slope: f32, intercept: f32) -> Vec<u8> {
    let mut bytes = vec![0_u8; 352];
    let mut put =
        |offset: usize, field: &[u8]| bytes[offset..offset + field.len()].copy_from_slice(field);
    put(0, &348_i32.to_le_bytes());
    put(40, &(dim.len() as u16).to_le_bytes());
    for (axis, length) in dim.iter().enumerate() {
        put(42 + 2 * axis, &length.to_le_bytes());
    }
    put(70, &16_i16.to_le_bytes());
    put(72, &32_i16.to_le_bytes());
    put(108, &352_f32.to_le_bytes());
    put(112, &slope.to_le_bytes());
    put(116, &intercept.to_le_bytes());
    put(344, b"n+1\0");
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// One gzip member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Writes a file and the folders above it.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Writes a grey 8-bit picture: PNG, or what the name's extension says.
pub(crate) fn write_png(path: &Path, width: u32, height: u32, pixel: impl Fn(u32, u32) -> u8) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let picture = image::GrayImage::from_fn(width, height, |x, y| image::Luma([pixel(x, y)]));
    picture.save(path).unwrap();
}

/// A QUBIQ folder of `cases` 8 × 6 cases (the last one under `Validation/`) with `raters` raters and tasks 01 and 02.
///
/// Rater r marks the first r + 1 columns in task 01 and one more in task 02.
pub(crate) fn qubiq(root: &Path, cases: usize, raters: usize) {
    for case in 1..=cases {
        let folder = if case == cases {
            "Validation"
        } else {
            "Training"
        };
        let folder = root.join(folder).join(format!("case{case:02}"));
        // Another picture in every case, darkest in the first pixel and brightest in the last.
        let picture: Vec<f32> = (0..48)
            .map(|pixel| match pixel {
                47 => 47.0,
                _ => ((pixel * (2 * case + 1)) % 47) as f32,
            })
            .collect();
        write_nifti(&folder.join("image.nii.gz"), &[8, 6, 1], &picture);
        for rater in 1..=raters {
            for task in 1..=2 {
                let mask: Vec<f32> = (0..48)
                    .map(|pixel| f32::from(u8::from(pixel % 8 < rater + task)))
                    .collect();
                let name = format!("task{task:02}_seg{rater:02}.nii.gz");
                write_nifti(&folder.join(name), &[8, 6, 1], &mask);
            }
        }
    }
}

/// The definition of what [`qubiq`] writes.
pub(crate) fn qubiq_definition() -> DatasetFile {
    definition(
        r#"
        name = "small"
        form = "qubiq"
        structures = ["inner", "outer"]
        tasks = ["01", "02"]
        raters = "stable"
        intensity = "minmax"
        split = { by = "folder" }
        folds = 3
        "#,
    )
}

/// A folder of 8 × 6 pictures `images/ID.png` with masks `masks/RATER/ID.png` whose foreground is above 127.
pub(crate) fn pictures(root: &Path, cases: &[&str], raters: usize) {
    for case in cases {
        write_png(&root.join(format!("images/{case}.png")), 8, 6, |x, y| {
            (x * 8 + y) as u8
        });
        for rater in 1..=raters {
            let path = root.join(format!("masks/{rater}/{case}.png"));
            write_png(&path, 8, 6, |x, _| if x < rater as u32 { 255 } else { 100 });
        }
    }
}

/// The definition of what [`pictures`] writes.
pub(crate) fn pictures_definition() -> DatasetFile {
    definition(
        r#"
        name = "pictures"
        image = "images/{case}.png"
        masks = "masks/{rater}/{case}.png"
        structures = ["cell"]
        raters = "stable"
        foreground = { above = 127 }
        intensity = "minmax"
        split = { fractions = [0.5, 0.25, 0.25] }
        folds = 3
        "#,
    )
}

/// The sentence that opening and decoding ends with.
pub(crate) fn refusal(definition: &DatasetFile, root: Option<&Path>) -> String {
    let opened = Dataset::open(definition, root);
    opened
        .and_then(|dataset| dataset.splits(8, None))
        .unwrap_err()
        .to_string()
}

/// Asserts that a sentence says each of these.
pub(crate) fn assert_tells(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "'{part}' is not in: {sentence}");
    }
}

/// Three cases, two raters.
pub(crate) fn small_qubiq() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    qubiq(root.path(), 3, 2);
    root
}

/// Cases a to d, two raters.
pub(crate) fn small_pictures() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    pictures(root.path(), &["a", "b", "c", "d"], 2);
    root
}

/// A pixel of a small colour picture.
pub(crate) type Rgb = [u8; 3];

/// Writes a colour picture in the format that the name's extension says.
pub(crate) fn write_rgb(path: &Path, width: u32, height: u32, pixel: impl Fn(u32, u32) -> Rgb) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb(pixel(x, y)));
    picture.save(path).unwrap();
}

/// Every case of every split, in order of name.
pub(crate) fn all_cases(dataset: &Dataset, size: u32) -> Vec<mrprism_raters::case::Case> {
    let splits = dataset.splits(size, None).unwrap();
    let parts = [splits.train, splits.validation, splits.test];
    let mut cases: Vec<_> = parts.into_iter().flatten().collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

/// Names of one split's cases.
pub(crate) fn names_of(
    dataset: &Dataset,
    split: mrprism_raters::dataset::SplitName,
) -> Vec<String> {
    let members = dataset.members(None).unwrap();
    let names: Vec<_> = dataset.case_names().collect();
    let positions = members.positions(split).iter();
    positions
        .map(|position| names[*position].to_owned())
        .collect()
}

/// Every case decoded. Small fixtures repeat images and masks, which a check rightly calls faults.
pub(crate) fn assert_readable(report: &CheckReport) {
    let unreadable = |kind| kind == FindingKind::Unreadable;
    let mut faults = report.faults.iter();
    assert!(!faults.any(|fault| unreadable(fault.kind)), "{report}");
}
