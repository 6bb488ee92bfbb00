//! REFUGE with seven raters, cropped to the disc, in small folders of the layout that the paper's authors load.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use mrprism_raters::dataset::{Dataset, SplitName};
use ndarray::{Axis, array};
use support::fundus::{CUP, RIM, SQUARE, within, write_square_image};
use support::{assert_tells, built_in, names_of, refusal, write_bytes, write_png};

/// The cropped form: a row of a table and its files below `root`.
fn cropped_case(root: &Path, name: &str) {
    let at = |rest: &str| root.join(format!("{name}_{rest}"));
    write_square_image(&at("ci.jpg"));
    write_png(&at("cm.bmp"), SQUARE, SQUARE, |x, y| {
        if within(x, y, CUP) {
            255
        } else {
            128 * u8::from(within(x, y, RIM))
        }
    });
    for rater in 1..=7 {
        for (structure, half) in [("disc", RIM), ("cup", CUP)] {
            write_png(
                &at(&format!("seg_{structure}_c_{rater}.png")),
                SQUARE,
                SQUARE,
                |x, y| 255 * u8::from(within(x, y, half)),
            );
            // The full-size mask of the same rater lies beside it and is another file.
            write_png(
                &at(&format!("seg_{structure}_{rater}.png")),
                4,
                4,
                |_, _| 255,
            );
        }
    }
}

/// Ten training cases and one test case; comments of the tables are in GBK.
fn cropped() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let mut train = b"imgName,maskName,multimaskName,label\n".to_vec();
    for number in 1..=10 {
        let name = format!("Training-400/{number:04}/{number:04}");
        cropped_case(root.path(), &name);
        train.extend(b"\xd1\xdb\xb5\xd7.jpg,m.bmp,");
        train.extend(format!("{name}_cropped.jpg,{}\n", number % 2).as_bytes());
    }
    train.extend(b"V0001.jpg,m.bmp,,0\n");
    write_bytes(&root.path().join("REFUGE/REFUGE1Train.csv"), &train);
    cropped_case(root.path(), "Test-400/0544/0544");
    write_bytes(
        &root.path().join("REFUGE/REFUGE1Test.csv"),
        b"imgName,maskName,multimaskName,label\nT0001.jpg,m.bmp,Test-400\\0544\\0544.jpg,1\n",
    );
    root
}

#[test]
fn the_cropped_form_reads_one_arbitrated_file_as_two_structures() {
    let root = cropped();
    let definition = built_in("refuge-cropped");
    let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
    assert_eq!(dataset.card().raters, 7);
    let counts = SplitName::ALL.map(|split| names_of(&dataset, split).len());
    assert_eq!(counts, [9, 1, 1]);
    let test = dataset.load(SplitName::Test, SQUARE, None).unwrap();
    assert_eq!(
        (test[0].name.as_str(), test[0].label),
        ("Test-400/0544/0544", Some(1))
    );
    let truth = test[0].arbitrated.as_ref().unwrap();
    let row = |structure| truth.index_axis(Axis(0), structure).row(9).to_owned();
    assert_eq!(
        row(0),
        array![0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    );
    assert_eq!(
        row(1),
        array![0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(test[0].masks.index_axis(Axis(0), 6), truth);
    let bright = test[0]
        .image
        .index_axis(Axis(0), 0)
        .mapv(|value| u8::from(value > 0.5));
    assert_eq!(bright, truth.index_axis(Axis(0), 0));
}

#[test]
fn resizing_makes_no_disc_of_a_cups_edge() {
    let root = cropped();
    let definition = built_in("refuge-cropped");
    let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
    // 255 and 0 blend to mid-grey where masks are resized smoothly; nearest pixels do not.
    for size in [7, 11, 32] {
        for case in dataset.load(SplitName::Test, size, None).unwrap() {
            assert!(case.masks.iter().all(|pixel| *pixel <= 1));
            let (disc, cup) = (case.mask(0, 0), case.mask(0, 1));
            assert!(disc.iter().zip(cup).all(|(disc, cup)| cup <= disc));
            assert_eq!(case.mask(0, 0), case.mask(6, 0));
        }
    }
}

#[test]
fn the_cropped_forms_tables_are_followed_or_refused() {
    let definition = built_in("refuge-cropped");
    let root = cropped();
    std::fs::remove_file(root.path().join("Test-400/0544/0544_ci.jpg")).unwrap();
    assert_tells(
        &refusal(&definition, Some(root.path())),
        &["REFUGE1Test.csv", "line 2", "0544_ci.jpg is missing"],
    );
    let root = cropped();
    let table = |rest: &str| {
        let text = format!("multimaskName,label\n{rest}\n");
        write_bytes(&root.path().join("REFUGE/REFUGE1Test.csv"), text.as_bytes());
        refusal(&definition, Some(root.path()))
    };
    assert_tells(&table("../0544/0544.jpg,1"), &["REFUGE1Test.csv", "line 2"]);
    assert_tells(&table("/etc/passwd,1"), &["REFUGE1Test.csv", "line 2"]);
    let twice = "Test-400/0544/0544.jpg,1\nTest-400/0544/0544.jpg,1";
    assert_tells(
        &table(twice),
        &["Test-400/0544/0544", "two images bear this name"],
    );
    let empty = tempfile::tempdir().unwrap();
    assert_tells(
        &refusal(&definition, Some(empty.path())),
        &["no case in", "REFUGE/REFUGE1Train.csv"],
    );
}
