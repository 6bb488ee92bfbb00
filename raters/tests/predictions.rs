//! Stored predictions on disk: written whole, read with proof, refused when anything changed.

use mrprism_raters::prediction::{StoredPrediction, file_name, read, write};
use ndarray::{Array4, Array5};

fn stored(case: &str) -> StoredPrediction {
    let number = |a: usize, b: usize, c: usize| (a * 40_000 + b * 257 + c * 31) as u16;
    StoredPrediction {
        case: case.to_owned(),
        prediction: Array4::from_shape_fn((4, 2, 5, 6), |(r, k, y, x)| number(r, k + y, x)),
        heads: Array5::from_shape_fn((4, 3, 2, 5, 6), |(r, m, k, y, x)| number(r, m * k, y + x)),
        confidences: Array5::from_shape_fn((4, 3, 2, 5, 6), |(r, m, _, y, x)| number(m, y, x + r)),
        hypotheses: Array4::from_shape_fn((2, 2, 5, 6), |(j, _, y, x)| number(j, y, x)),
    }
}

#[test]
fn what_is_written_is_read_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(file_name("case01"));
    let first = stored("case01");
    write(&path, &first).unwrap();
    assert_eq!(read(&path).unwrap(), first);
    let bytes = std::fs::read(&path).unwrap();
    // Twice is once: the same bytes, and no file beside it.
    write(&path, &first).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(path.file_name().unwrap(), "case01.mrp");
}

#[test]
fn a_method_without_heads_stores_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.mrp");
    let plain = StoredPrediction {
        heads: Array5::zeros((4, 0, 2, 5, 6)),
        confidences: Array5::zeros((4, 0, 2, 5, 6)),
        ..stored("x")
    };
    write(&path, &plain).unwrap();
    assert_eq!(read(&path).unwrap(), plain);
}

#[test]
fn a_case_named_like_a_path_has_one_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "a/b/slice-1",
        "a%2Fb/slice-1",
        "a\\b",
        "..",
        "../../a",
        "a b",
        ".a",
        "é\n",
    ];
    let mut files = std::collections::BTreeSet::new();
    for name in names {
        let path = folder.path().join(file_name(name));
        assert_eq!(path.parent().unwrap(), folder.path(), "{name}");
        write(&path, &stored(name)).unwrap();
        assert_eq!(read(&path).unwrap().case, name);
        files.insert(path);
    }
    assert_eq!(files.len(), names.len());
    assert_eq!(file_name("a/b/slice-1"), "a%2Fb%2Fslice-1.mrp");
    assert_eq!(file_name("case 35"), "case 35.mrp");
}

#[test]
fn what_cannot_be_stored_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.mrp");
    let uneven = StoredPrediction {
        heads: Array5::zeros((4, 3, 2, 5, 7)),
        ..stored("x")
    };
    let told = |stored: &StoredPrediction| write(&path, stored).unwrap_err().to_string();
    assert!(told(&uneven).contains("arrays disagree"));
    assert!(told(&stored("")).contains("1 to 200 bytes"));
    assert!(told(&stored(&"x".repeat(201))).contains("1 to 200 bytes"));
    let nowhere = folder.path().join("gone").join("x.mrp");
    let sentence = write(&nowhere, &stored("x")).unwrap_err().to_string();
    assert!(
        sentence.contains("cannot write") && sentence.contains("gone"),
        "{sentence}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A file of version 1, which had no word for hypotheses, is read as having none.
#[test]
fn the_version_before_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.mrp");
    let plain = StoredPrediction {
        hypotheses: Array4::zeros((0, 2, 5, 6)),
        ..stored("x")
    };
    write(&path, &plain).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let (header, rest) = bytes.split_at(13 + 7 * 4);
    let mut older = header[..13 + 6 * 4].to_vec();
    older[8] = 1;
    let body = zstd::decode_all(&rest[32..]).unwrap();
    let hash = *blake3::Hasher::new()
        .update(&older)
        .update(&body)
        .finalize()
        .as_bytes();
    std::fs::write(&path, [&older[..], &hash, &rest[32..]].concat()).unwrap();
    assert_eq!(read(&path).unwrap(), plain);
}

#[test]
fn foreign_old_cut_and_swollen_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.mrp");
    write(&path, &stored("x")).unwrap();
    let sound = std::fs::read(&path).unwrap();
    let told = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        read(&path).unwrap_err().to_string()
    };
    assert!(told(b"").contains("no stored prediction"));
    assert!(told(b"PNG or anything").contains("no stored prediction"));
    assert!(told(&sound[..20]).contains("cut off"));
    let mut newer = sound.clone();
    newer[8] = 3;
    assert!(told(&newer).contains("version 3"));
    // The header's number of rows: 1 << 31 of them are more than the cap.
    let mut swollen = sound.clone();
    swollen[13 + 8 + 3] = 0x80;
    assert!(told(&swollen).contains("1 GiB"));
    // One row more than the body has: the checksum tells.
    let mut taller = sound.clone();
    taller[13 + 8] += 1;
    assert!(told(&taller).contains("checksum"), "{}", told(&taller));
    let mut renamed = sound.clone();
    renamed[12] = b'y';
    assert!(told(&renamed).contains("checksum"));
    assert!(told(&sound[..sound.len() - 3]).contains("predict again"));
}
