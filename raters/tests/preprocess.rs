//! From files to what a network sees: percentile windows and resizing against NumPy and Pillow
//! (`tools/golden/preprocess.py`), a mask laid on its image, crops round a structure.

mod support;

use std::path::Path;

use mrprism_protocol::spec::{CropFrom, CropOrigin, CropRule, DatasetCard, Orientation};
use mrprism_raters::dataset::{Dataset, SplitName, check};
use serde::Deserialize;
use support::{assert_tells, built_in, definition, gzip, nifti_bytes, refusal, write_bytes};

#[derive(Deserialize)]
struct Golden {
    seed: u64,
    rows: usize,
    columns: usize,
    size: u32,
    intensity: String,
    image: Vec<f32>,
    /// A digit a pixel.
    mask: String,
}

/// Word `index` of a stream, as in `tools/golden/counter.py`.
fn word(seed: u64, index: usize) -> u64 {
    let z = ((seed << 40) + index as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn write_npy(path: &Path, (rows, columns): (usize, usize), values: impl Iterator<Item = u16>) {
    let text =
        format!("{{'descr': '<u2', 'fortran_order': False, 'shape': ({rows}, {columns}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(values.flat_map(u16::to_le_bytes));
    write_bytes(path, &bytes);
}

#[test]
fn slices_are_stretched_padded_and_resized_as_numpy_and_pillow_do_it() {
    let goldens: Vec<Golden> =
        serde_json::from_str(include_str!("golden/preprocess.json")).unwrap();
    assert_eq!(goldens.len(), 7);
    for golden in goldens {
        let root = tempfile::tempdir().unwrap();
        let words: Vec<u64> = (0..golden.rows * golden.columns)
            .map(|index| word(golden.seed, index))
            .collect();
        let shape = (golden.rows, golden.columns);
        for case in ["a", "b"] {
            let image = words.iter().map(|word| (word % 1000) as u16);
            write_npy(
                &root.path().join(format!("images/{case}.npy")),
                shape,
                image,
            );
            let mask = words.iter().map(|word| u16::from(word >> 60 < 7));
            write_npy(
                &root.path().join(format!("masks/1/{case}.npy")),
                shape,
                mask,
            );
        }
        let definition = definition(&format!(
            r#"
            name = "slices"
            image = "images/{{case}}.npy"
            masks = "masks/{{rater}}/{{case}}.npy"
            structures = ["it"]
            raters = "stable"
            intensity = "{}"
            split = {{ test = ["b"] }}
            "#,
            golden.intensity
        ));
        let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
        let case = dataset
            .load(SplitName::Test, golden.size, None)
            .unwrap()
            .remove(0);
        for (place, (ours, theirs)) in case.image.iter().zip(&golden.image).enumerate() {
            assert!(
                (ours - theirs).abs() < 2e-6,
                "seed {}, pixel {place}: {ours} and {theirs}",
                golden.seed
            );
        }
        let mask: String = case.masks.iter().map(ToString::to_string).collect();
        assert_eq!(mask, golden.mask, "seed {}", golden.seed);
    }
}

/// A NIfTI file with an sform of 1 mm voxels, its first axis from `x` on in steps of `step`.
fn placed(values: &[f32], x: f32, step: f32) -> Vec<u8> {
    let mut bytes = nifti_bytes(&[4, 3], values, 0.0, 0.0);
    bytes[254..256].copy_from_slice(&1_i16.to_le_bytes());
    let rows = [
        [step, 0.0, 0.0, x],
        [0.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 1.0, 0.0],
    ];
    for (at, value) in (280..).step_by(4).zip(rows.iter().flatten()) {
        bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    gzip(&bytes)
}

#[test]
fn a_mask_follows_its_images_affine_unless_told_not_to() {
    let root = tempfile::tempdir().unwrap();
    let image: Vec<f32> = (0..12).map(|voxel| voxel as f32).collect();
    // The mask marks the file's first column.
    let mask: Vec<f32> = (0..12)
        .map(|voxel| f32::from(u8::from(voxel % 4 == 0)))
        .collect();
    for case in ["a", "b"] {
        let at = |name: &str| root.path().join(format!("{name}/{case}.nii.gz"));
        write_bytes(&at("image"), &placed(&image, 0.0, 1.0));
        write_bytes(&at("mask/1"), &placed(&mask, 0.0, 1.0));
        write_bytes(&at("mask/2"), &placed(&mask, 3.0, -1.0));
        // Of a file without an affine nothing is known: it is taken as stored.
        write_bytes(&at("mask/3"), &gzip(&nifti_bytes(&[4, 3], &mask, 0.0, 0.0)));
    }
    let mut definition = definition(
        r#"
        name = "placed"
        image = "image/{case}.nii.gz"
        masks = "mask/{rater}/{case}.nii.gz"
        structures = ["it"]
        raters = "stable"
        intensity = "minmax"
        split = { test = ["b"] }
        "#,
    );
    let columns = |definition: &_| {
        let dataset = Dataset::open(definition, Some(root.path())).unwrap();
        let case = dataset.load(SplitName::Test, 4, None).unwrap().remove(0);
        [0, 1, 2].map(|rater| case.mask(rater, 0).row(1).to_vec())
    };
    let (first, last) = (vec![1, 0, 0, 0], vec![0, 0, 0, 1]);
    assert_eq!(columns(&definition), [first.clone(), last, first.clone()]);
    definition.orientation = Some(Orientation::Stored);
    assert_eq!(columns(&definition), [first.clone(), first.clone(), first]);
    let path = root.path().join("mask/2/b.nii.gz");
    write_bytes(&path, &placed(&mask, 1.0, 1.0));
    columns(&definition);
    definition.orientation = Some(Orientation::Affine);
    let told = refusal(&definition, Some(root.path()));
    assert_tells(
        &told,
        &["mask/2/b.nii.gz", "column 1.0", "orientation = \"stored\""],
    );
    definition.image = Some("image/{case}.hdr".to_owned());
    for case in ["a", "b"] {
        let path = root.path().join(format!("image/{case}.hdr"));
        write_bytes(&path, &placed(&image, 0.0, 1.0));
    }
    let told = Dataset::open(&definition, Some(root.path())).unwrap_err();
    assert_tells(&told.to_string(), &["image/a.hdr", ".hdr/.img pair"]);
}

#[test]
fn a_crop_round_the_disc_shows_on_the_card_and_centres_every_case() {
    let mut definition = built_in("phantom");
    let plain = Dataset::open(&definition, None).unwrap();
    assert_eq!(plain.card().crop, None);
    for from in [CropFrom::Arbitrated, CropFrom::Mean] {
        definition.crop = Some(CropRule {
            around: Some("disc".to_owned()),
            from: Some(from),
            ..CropRule::default()
        });
        let dataset = Dataset::open(&definition, None).unwrap();
        assert_eq!(dataset.card().crop, Some(CropOrigin::Oracle));
        assert_ne!(dataset.manifest(), plain.manifest());
        assert!(check(&dataset).to_string().contains("crop        oracle"));
        for case in dataset.load(SplitName::Test, 60, None).unwrap() {
            let disc = case
                .arbitrated
                .as_ref()
                .unwrap()
                .index_axis(ndarray::Axis(0), 0);
            let marked = || disc.indexed_iter().filter(|(_, pixel)| **pixel == 1);
            let middle = |places: Vec<usize>| {
                let (first, last) = (places.iter().min().unwrap(), places.iter().max().unwrap());
                ((first + last) as f64 / 2.0, last - first + 1)
            };
            let (row, height) = middle(marked().map(|((y, _), _)| y).collect());
            let (column, width) = middle(marked().map(|((_, x), _)| x).collect());
            // Three box sides make the square: the box takes a third, and the raters' mean nearly that.
            let slack = if from == CropFrom::Arbitrated {
                1.5
            } else {
                4.0
            };
            assert!(
                (row - 29.5).abs() <= slack && (column - 29.5).abs() <= slack,
                "{row} {column}"
            );
            assert!(
                (height.max(width) as f64 - 20.0).abs() <= slack,
                "{height} {width}"
            );
        }
    }
}

#[test]
fn a_card_stored_before_crops_were_known_still_parses() {
    let card = Dataset::open(&built_in("phantom"), None).unwrap().card();
    let text = serde_json::to_string(&card).unwrap();
    assert!(!text.contains("crop"));
    assert_eq!(serde_json::from_str::<DatasetCard>(&text).unwrap(), card);
}
