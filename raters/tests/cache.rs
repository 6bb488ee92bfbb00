//! The cache of decoded cases: the same bits with and without, whatever happens to its files.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::{Path, PathBuf};

use mrprism_protocol::spec::DatasetFile;
use mrprism_raters::dataset::{Cache, Dataset, SplitName};
use support::{pictures_definition, small_pictures, write_bytes, write_png};

const SIZE: u32 = 16;

fn open(definition: &DatasetFile, root: &Path) -> Dataset {
    Dataset::open(definition, Some(root)).unwrap()
}

fn cached(root: &Path, folder: &Path) -> Dataset {
    open(&pictures_definition(), root).with_cache(Cache::new(folder, Cache::USUAL_BYTES))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Cases found and stored since the data set was opened.
fn counts(dataset: &Dataset) -> (u64, u64) {
    let used = dataset.cache_use().unwrap();
    assert_eq!(used.fault, None);
    (used.found, used.stored)
}

#[test]
fn cases_from_the_cache_are_the_decoded_ones_bit_by_bit() {
    let (root, folder) = (small_pictures(), tempfile::tempdir().unwrap());
    std::fs::remove_file(root.path().join("masks/2/a.png")).unwrap();
    let plain = open(&pictures_definition(), root.path());
    for size in [SIZE, 7] {
        for fold in [None, Some(1)] {
            let expected = plain.splits(size, fold).unwrap();
            let first = cached(root.path(), folder.path());
            assert_eq!(first.splits(size, fold).unwrap(), expected);
            let again = cached(root.path(), folder.path());
            assert_eq!(again.splits(size, fold).unwrap(), expected);
            assert_eq!(counts(&again), (4, 0));
        }
    }
    // Four cases at two sizes; folds share them.
    assert_eq!(files(folder.path()).len(), 8);
    assert!(plain.cache_use().is_none());
}

#[test]
fn broken_and_cut_files_are_rebuilt() {
    let (root, folder) = (small_pictures(), tempfile::tempdir().unwrap());
    let expected = cached(root.path(), folder.path())
        .splits(SIZE, None)
        .unwrap();
    let stored = files(folder.path());
    assert_eq!(stored.len(), 4);
    let mut bytes = std::fs::read(&stored[0]).unwrap();
    bytes[500] ^= 1;
    std::fs::write(&stored[0], &bytes).unwrap();
    std::fs::write(&stored[1], &bytes[..300]).unwrap();
    std::fs::write(&stored[2], "").unwrap();
    let dataset = cached(root.path(), folder.path());
    assert_eq!(dataset.splits(SIZE, None).unwrap(), expected);
    assert_eq!(counts(&dataset), (1, 3));
    let dataset = cached(root.path(), folder.path());
    assert_eq!(dataset.splits(SIZE, None).unwrap(), expected);
    assert_eq!(counts(&dataset), (4, 0));
}

#[test]
fn a_file_under_another_cases_name_is_not_believed() {
    let (root, folder) = (small_pictures(), tempfile::tempdir().unwrap());
    write_png(&root.path().join("images/a.png"), 8, 6, |x, y| {
        (x * y) as u8
    });
    let expected = cached(root.path(), folder.path())
        .splits(SIZE, None)
        .unwrap();
    let stored = files(folder.path());
    std::fs::copy(&stored[0], &stored[1]).unwrap();
    let dataset = cached(root.path(), folder.path());
    assert_eq!(dataset.splits(SIZE, None).unwrap(), expected);
    assert_eq!(counts(&dataset), (3, 1));
}

#[test]
fn the_test_split_is_not_decoded_until_it_is_asked_for() {
    let (root, folder) = (small_pictures(), tempfile::tempdir().unwrap());
    let name = {
        let dataset = open(&pictures_definition(), root.path());
        dataset
            .load(SplitName::Test, SIZE, None)
            .unwrap()
            .remove(0)
            .name
    };
    write_bytes(
        &root.path().join(format!("masks/1/{name}.png")),
        b"no picture",
    );
    let dataset = cached(root.path(), folder.path());
    assert_eq!(dataset.load(SplitName::Train, SIZE, None).unwrap().len(), 2);
    assert_eq!(
        dataset
            .load(SplitName::Validation, SIZE, None)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(files(folder.path()).len(), 3);
    assert!(dataset.load(SplitName::Test, SIZE, None).is_err());
    assert_eq!(counts(&dataset), (0, 3));
}

#[test]
fn a_file_that_changed_since_opening_is_decoded_and_not_stored() {
    let (root, folder) = (small_pictures(), tempfile::tempdir().unwrap());
    let dataset = cached(root.path(), folder.path());
    for rater in 1..=2 {
        let path = root.path().join(format!("masks/{rater}/b.png"));
        write_png(&path, 8, 6, |_, _| 255);
    }
    let splits = dataset.splits(SIZE, None).unwrap();
    let mut cases = splits
        .train
        .iter()
        .chain(&splits.validation)
        .chain(&splits.test);
    let changed = cases.find(|case| case.name == "b").unwrap();
    assert_eq!(changed.mask(0, 0).row(8).sum(), 16);
    assert_eq!(counts(&dataset), (0, 3));
    // Opened anew, it is other data: nothing of the old is taken.
    let dataset = cached(root.path(), folder.path());
    assert_eq!(dataset.splits(SIZE, None).unwrap(), splits);
    assert_eq!(counts(&dataset), (0, 4));
}

#[test]
fn another_definition_takes_nothing_from_the_cache() {
    let (root, folder) = (small_pictures(), tempfile::tempdir().unwrap());
    cached(root.path(), folder.path())
        .splits(SIZE, None)
        .unwrap();
    let mut definition = pictures_definition();
    definition.intensity = "ct:0:255".to_owned();
    let cache = Cache::new(folder.path(), Cache::USUAL_BYTES);
    let dataset = open(&definition, root.path()).with_cache(cache);
    let expected = open(&definition, root.path()).splits(SIZE, None).unwrap();
    assert_eq!(dataset.splits(SIZE, None).unwrap(), expected);
    assert_eq!(counts(&dataset), (0, 4));
}

#[test]
fn two_that_fill_one_cache_at_once_agree() {
    let (root, folder) = (small_pictures(), tempfile::tempdir().unwrap());
    let expected = open(&pictures_definition(), root.path())
        .splits(SIZE, None)
        .unwrap();
    let start = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let dataset = cached(root.path(), folder.path());
                start.wait();
                assert_eq!(dataset.splits(SIZE, None).unwrap(), expected);
                let (found, stored) = counts(&dataset);
                assert_eq!(found + stored, 4);
            });
        }
    });
    assert_eq!(files(folder.path()).len(), 4);
}

#[test]
fn a_small_cache_holds_no_more_than_it_may_and_the_cases_are_right() {
    let (root, folder) = (small_pictures(), tempfile::tempdir().unwrap());
    let expected = cached(root.path(), folder.path())
        .splits(SIZE, None)
        .unwrap();
    let one = std::fs::metadata(&files(folder.path())[0]).unwrap().len();
    let cache = Cache::new(folder.path(), 2 * one);
    let dataset = open(&pictures_definition(), root.path()).with_cache(cache);
    assert_eq!(dataset.splits(SIZE, None).unwrap(), expected);
    assert_eq!(files(folder.path()).len(), 2);
}
