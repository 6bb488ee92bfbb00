//! Sound inputs that broken ones are made from.

use std::fmt::Write;
use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat};

use crate::mutate::{self, Luck};
use crate::support::{gzip, nifti_bytes, write_bytes};

/// Offsets at which a NIfTI header keeps numbers: dimensions, type, bits, where voxels begin, scaling, magic.
pub(crate) const NIFTI_FIELDS: [usize; 15] = [
    0, 40, 42, 44, 46, 48, 50, 70, 72, 108, 112, 116, 344, 346, 252,
];

/// Offsets at which small pictures keep sizes and types, of any format.
pub(crate) const PICTURE_FIELDS: [usize; 14] =
    [4, 8, 10, 14, 16, 18, 20, 22, 24, 25, 28, 30, 34, 46];

/// Where a stored prediction of a case with a four-letter name keeps its version, lengths and shape.
pub(crate) const PREDICTION_FIELDS: [usize; 10] = [0, 8, 10, 16, 20, 24, 28, 32, 36, 40];
const PREDICTION_HEADER: usize = 44;

/// A stored prediction whose header and body are broken and whose checksum is right.
pub(crate) fn resealed(luck: &mut Luck, file: &[u8]) -> Vec<u8> {
    let (header, rest) = file.split_at(PREDICTION_HEADER);
    let body = zstd::decode_all(&rest[32..]).expect("a sound body");
    let header = if luck.below(2) == 0 {
        mutate::bytes(luck, header, header, &PREDICTION_FIELDS)
    } else {
        header.to_vec()
    };
    let body = if luck.below(2) == 0 {
        mutate::bytes(luck, &body, &header, &[])
    } else {
        body
    };
    let mut hasher = blake3::Hasher::new();
    let hash = hasher.update(&header).update(&body).finalize();
    let packed = zstd::encode_all(body.as_slice(), 1).expect("packed");
    [header.as_slice(), hash.as_bytes(), &packed].concat()
}

/// Where npy files keep their version and the header's length.
pub(crate) const NPY_FIELDS: [usize; 5] = [0, 6, 7, 8, 9];

fn npy_of(kind: &str, shape: &str, order: &str, voxels: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}");
    let mut padded = header.into_bytes();
    while (padded.len() + 11) % 64 != 0 {
        padded.push(b' ');
    }
    padded.push(b'\n');
    let length = (padded.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", length.as_slice(), &padded, voxels].concat()
}

/// A volume of three slices with `BraTS`'s labels.
pub(crate) fn volume() -> Vec<u8> {
    let labels = [0.0, 1.0, 2.0, 4.0];
    let values: Vec<f32> = (0..4 * 4 * 3).map(|voxel| labels[voxel % 4]).collect();
    nifti_bytes(&[4, 4, 3], &values, 0.0, 0.0)
}

/// Arrays of bytes, floats and 16-bit numbers.
pub(crate) fn npy() -> Vec<Vec<u8>> {
    let bytes: Vec<u8> = (0..192).map(|v| v as u8).collect();
    vec![
        npy_of("|u1", "(6, 8)", "False", &bytes[..48]),
        npy_of("<f4", "(6, 8)", "True", &bytes),
        npy_of(">i2", "(2, 6, 8)", "False", &bytes),
    ]
}

/// Sound numbers under a header that says something else.
pub(crate) fn npy_with_another_header(luck: &mut Luck, file: &[u8]) -> Vec<u8> {
    let kinds = [
        "|u1", "<f4", ">f8", "<i8", "|b1", "<c16", "|O", "<f2", "x", "<U9",
    ];
    let shapes = [
        "(6, 8)",
        "(0, 8)",
        "(18446744073709551615, 2)",
        "(4294967296, 4294967296)",
        "()",
        "(48,)",
        "(-6, 8)",
        "(6, 8, 1, 1)",
        "(32768, 32768)",
        "((((6))))",
    ];
    let orders = ["True", "False", "None", "1"];
    let (kind, shape, order) = (*luck.pick(&kinds), *luck.pick(&shapes), *luck.pick(&orders));
    npy_of(kind, shape, order, &file[file.len() / 2..])
}

/// Writes a RIGA folder's small files and gives its table.
pub(crate) fn riga(root: &Path, set: &str) -> String {
    let picture = pictures().swap_remove(0);
    let mut text = String::from(
        ",imgName,maskName,label,center,xmin,ymin,xmax,ymax,width,height,discFlag,rater\n",
    );
    for name in ["image1", "image2"] {
        write_bytes(&root.join(format!("{set}/image/{name}.jpg")), &picture);
        for rater in 0..=6 {
            let folder = match rater {
                0 => "FinalLabel".to_owned(),
                rater => format!("Rater{rater}"),
            };
            write_bytes(&root.join(format!("{set}/{folder}/{name}.tif")), &picture);
            let _ = writeln!(
                text,
                "{rater},{set}\\image\\{name}.jpg,{set}\\FinalLabel\\{name}.tif,0,\"(2, 5)\",0,0,8,6,8,6,1,{rater}"
            );
        }
    }
    text
}

/// Plain NIfTI files: floats, four channels, 16-bit numbers with a scaling.
pub(crate) fn nifti() -> Vec<Vec<u8>> {
    let values: Vec<f32> = (0..48).map(|v| v as f32).collect();
    let many: Vec<f32> = (0..192).map(|v| v as f32).collect();
    let mut whole = nifti_bytes(&[8, 6, 1], &values, 2.0, -100.0);
    whole[70..72].copy_from_slice(&4_i16.to_le_bytes());
    whole[72..74].copy_from_slice(&16_i16.to_le_bytes());
    vec![
        nifti_bytes(&[8, 6], &values, 0.0, 0.0),
        nifti_bytes(&[8, 6, 1, 4], &many, 0.0, 0.0),
        whole,
    ]
}

/// The same in gzip, sound on the outside whatever is inside.
pub(crate) fn zipped(bytes: &[u8]) -> Vec<u8> {
    gzip(bytes)
}

/// Small pictures of each format and depth.
pub(crate) fn pictures() -> Vec<Vec<u8>> {
    let grey = image::GrayImage::from_fn(8, 6, |x, y| image::Luma([(x * 30 + y) as u8]));
    let colour =
        image::RgbImage::from_fn(8, 6, |x, y| image::Rgb([(x * 30) as u8, (y * 40) as u8, 7]));
    let deep = image::ImageBuffer::from_fn(8, 6, |x, y| image::Luma([(x * 7000 + y) as u16]));
    let clear = image::RgbaImage::from_fn(8, 6, |x, _| image::Rgba([(x * 30) as u8, 1, 2, 99]));
    let all = [
        DynamicImage::ImageLuma8(grey),
        DynamicImage::ImageRgb8(colour),
        DynamicImage::ImageLuma16(deep),
        DynamicImage::ImageRgba8(clear),
    ];
    let formats = [
        ImageFormat::Png,
        ImageFormat::Tiff,
        ImageFormat::Bmp,
        ImageFormat::Jpeg,
    ];
    let mut files = Vec::new();
    for format in formats {
        for picture in &all {
            let mut file = Cursor::new(Vec::new());
            // Not every format has every depth.
            if picture.write_to(&mut file, format).is_ok() {
                files.push(file.into_inner());
            }
        }
    }
    files
}

/// Definitions of every kind.
pub(crate) fn definitions() -> Vec<String> {
    let folder = r#"
name = "cfos"
image = "images/{case}.png"
masks = "labels/expert_{rater}/{case}_cFOS.png"
structures = ["disc", "cup"]
nested = ["disc", "cup"]
raters = "stable"
foreground = { above = 127 }
arbitrated = "labels/est_GT/{case}_cFOS.png"
arbitrated_kind = "staple"
patient = "^(?P<patient>[0-9]+)"
intensity = "ct:-400:800"
split = { fractions = [0.7, 0.1, 0.2] }
split_seed = 3
folds = 4
licence = "Apache-2.0"
"#;
    let built_in = ["phantom", "qubiq-brain-growth"].map(|name| {
        let file = crate::support::repository()
            .join("experiments/datasets")
            .join(format!("{name}.toml"));
        std::fs::read_to_string(file).expect("a definition that the repository ships")
    });
    built_in.into_iter().chain([folder.to_owned()]).collect()
}
