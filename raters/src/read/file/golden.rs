//! File formats against nibabel and NumPy: `tools/golden/nifti.py`, `tools/golden/npy.py`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ndarray::Array3;
use serde::Deserialize;

use super::{Colour, read};

#[derive(Deserialize)]
struct Golden {
    /// What each file holds.
    read: BTreeMap<String, Expected>,
    /// What each mask is once it is laid on its image.
    #[serde(default)]
    laid: BTreeMap<String, Expected>,
}

#[derive(Deserialize)]
struct Expected {
    /// Channels, rows, columns.
    shape: (usize, usize, usize),
    values: Vec<f32>,
}

impl Expected {
    fn array(self) -> Array3<f32> {
        Array3::from_shape_vec(self.shape, self.values).unwrap()
    }
}

fn at(folder: &str, name: &str) -> PathBuf {
    let crate_root: PathBuf = env!("CARGO_MANIFEST_DIR").into();
    crate_root.join("tests/golden").join(folder).join(name)
}

fn golden(folder: &str) -> Golden {
    let text = std::fs::read_to_string(at(folder, &format!("{folder}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn nifti_of_every_type_order_scaling_and_shape_reads_as_nibabel_reads_it() {
    let golden = golden("nifti");
    assert_eq!(golden.read.len(), 28);
    for (name, expected) in golden.read {
        let values = read(&at("nifti", &name), Colour::Grey).unwrap().values;
        assert_eq!(values, expected.array(), "{name}");
    }
}

#[test]
fn a_mask_in_any_of_eight_orientations_is_laid_as_nibabel_lays_it() {
    let image = read(&at("nifti", "laid_image.nii"), Colour::Grey).unwrap();
    let golden = golden("nifti");
    // Eight orientations, each told by an sform and by a qform.
    assert_eq!(golden.laid.len(), 16);
    let mut turned = 0;
    for (name, expected) in golden.laid {
        let mask = read(&at("nifti", &name), Colour::AsStored).unwrap();
        let stored = mask.values.clone();
        let laid = mask.laid_on(&image).unwrap().values;
        turned += u32::from(laid != stored);
        assert_eq!(laid, expected.array(), "{name}");
    }
    assert_eq!(turned, 14);
}

#[test]
fn another_place_another_spacing_and_nifti_2_are_refused() {
    let image = read(&at("nifti", "laid_image.nii"), Colour::Grey).unwrap();
    for name in ["refused_place.nii", "refused_spacing.nii"] {
        let mask = read(&at("nifti", name), Colour::AsStored).unwrap();
        let told = mask.laid_on(&image).unwrap_err();
        assert!(told.contains("orientation = \"stored\""), "{name}: {told}");
    }
    let told = read(&at("nifti", "refused_nifti2.nii"), Colour::Grey).unwrap_err();
    assert!(told.to_string().contains("save it as NIfTI-1"), "{told}");
}

#[test]
fn npy_of_every_type_order_version_and_shape_reads_as_numpy_reads_it() {
    let golden = golden("npy");
    assert_eq!(golden.read.len(), 26);
    for (name, expected) in golden.read {
        let path = at("npy", &name);
        let values = read(&path, Colour::Grey).unwrap().values;
        assert_eq!(
            super::npy::channels(&path).unwrap(),
            values.dim().0,
            "{name}"
        );
        assert_eq!(values, expected.array(), "{name}");
    }
}

#[test]
fn a_cut_npy_file_is_refused_and_colours_need_three_channels() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(at("npy", "version2.npy")).unwrap();
    let path = folder.path().join("cut.npy");
    std::fs::write(&path, &whole[..whole.len() - 7]).unwrap();
    let told = read(&path, Colour::Grey).unwrap_err().to_string();
    assert!(told.contains("cut off: 83 of 90 bytes"), "{told}");
    let rgb = |name| read(&at("npy", name), Colour::Rgb);
    assert_eq!(
        rgb("channels_first.npy").unwrap().largest.to_bits(),
        255_f32.to_bits()
    );
    for name in ["channels_last.npy", "version2.npy", "i1.npy"] {
        let told = rgb(name).unwrap_err().to_string();
        assert!(told.contains("three channels"), "{told}");
    }
}
