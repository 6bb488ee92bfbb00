//! REFUGE with seven raters, in small folders of its public package's layout. Every trap of the layout is a test.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use mrprism_protocol::spec::ArbitratedKind;
use mrprism_raters::dataset::{Dataset, SplitName};
use ndarray::Axis;
use support::fundus::{CUP, RIM, SQUARE, within, write_square_image};
use support::{
    all_cases, assert_tells, built_in, names_of, refusal, write_bytes, write_png, write_rgb,
};

/// One case of the public package; rater r's disc is one pixel wider for each odd r.
fn case(root: &Path, folder: &str, id: &str) {
    let at = |rest: &str| root.join(folder).join(id).join(format!("{id}{rest}"));
    write_square_image(&at(".jpg"));
    // Turned, and of another size.
    write_rgb(&at("_cropped.jpg"), 9, SQUARE, |_, _| [255, 0, 0]);
    write_png(&at("_disc.bmp"), SQUARE, SQUARE, |x, y| {
        if within(x, y, CUP) {
            0
        } else if within(x, y, RIM) {
            128
        } else {
            255
        }
    });
    write_png(&at("_cup.bmp"), SQUARE, SQUARE, |x, y| {
        if within(x, y, CUP) { 0 } else { 255 }
    });
    for rater in 1..=7 {
        for (structure, half) in [("disc", RIM), ("cup", CUP)] {
            let half = half + rater % 2;
            write_png(
                &at(&format!("_seg_{structure}_{rater}.png")),
                SQUARE,
                SQUARE,
                |x, y| 255 * u8::from(within(x, y, half)),
            );
        }
    }
}

/// Two training cases, a validation case, a test case.
fn package() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (folder, id) in [
        ("Training-400", "0853"),
        ("Training-400", "0004"),
        ("Validation-400", "0412"),
        ("Test-400", "0544"),
    ] {
        case(root.path(), folder, id);
    }
    root
}

fn open(root: &tempfile::TempDir) -> Dataset {
    Dataset::open(&built_in("refuge"), Some(root.path())).unwrap()
}

#[test]
fn the_three_folders_are_the_three_splits_and_seven_raters_are_counted() {
    let root = package();
    let dataset = open(&root);
    let card = dataset.card();
    assert_eq!((card.raters, card.channels), (7, 3));
    assert_eq!(card.arbitrated, Some(ArbitratedKind::Expert));
    assert_eq!(dataset.rater_names(), ["1", "2", "3", "4", "5", "6", "7"]);
    let train = names_of(&dataset, SplitName::Train);
    assert_eq!(train, ["Training-400/0004", "Training-400/0853"]);
    let validation = names_of(&dataset, SplitName::Validation);
    assert_eq!(validation, ["Validation-400/0412"]);
    assert_eq!(names_of(&dataset, SplitName::Test), ["Test-400/0544"]);
}

#[test]
fn one_id_may_stand_in_two_folders() {
    let root = package();
    case(root.path(), "Test-400", "0853");
    assert_eq!(open(&root).case_names().len(), 5);
}

#[test]
fn inverted_arbitrated_masks_are_turned_and_masks_lie_on_the_image() {
    let root = package();
    for case in all_cases(&open(&root), SQUARE) {
        let truth = case.arbitrated.as_ref().unwrap();
        for ((y, x), value) in case.image.index_axis(Axis(0), 1).indexed_iter() {
            let (left, down) = (x as u32, y as u32);
            let [disc, cup] = [0, 1].map(|k| truth[[k, y, x]] == 1);
            assert_eq!(disc, within(left, down, RIM), "{x} {y}");
            assert_eq!(cup, within(left, down, CUP), "{x} {y}");
            assert_eq!(disc, *value > 0.5, "image and mask part at {x} {y}");
            for rater in 0..7 {
                let wider = (rater as u32 + 1) % 2;
                let marked = [0, 1].map(|k| case.mask(rater, k)[[y, x]] == 1);
                let meant = [RIM, CUP].map(|half| within(left, down, half + wider));
                assert_eq!(marked, meant, "{rater} at {x} {y}");
            }
        }
    }
}

#[test]
fn an_arbitrated_mask_that_is_not_inverted_is_read_the_other_way_round() {
    let root = package();
    let expected = all_cases(&open(&root), SQUARE);
    let at = |rest: &str| root.path().join(format!("Test-400/0544/0544_{rest}.bmp"));
    for name in ["disc", "cup"] {
        // 0 background, 128 rim, 255 cup, in both files: a cup must not swallow the rim.
        write_png(&at(name), SQUARE, SQUARE, |x, y| {
            if within(x, y, CUP) {
                255
            } else if within(x, y, RIM) {
                128
            } else {
                0
            }
        });
    }
    assert_eq!(all_cases(&open(&root), SQUARE), expected);
    // A disc without a grey rim, dark on white.
    write_png(&at("disc"), SQUARE, SQUARE, |x, y| {
        255 * u8::from(!within(x, y, RIM))
    });
    assert_eq!(all_cases(&open(&root), SQUARE), expected);
}

#[test]
fn corners_that_do_not_show_the_background_are_refused() {
    for corner in [0, 128] {
        let root = package();
        let path = root.path().join("Test-400/0544/0544_cup.bmp");
        write_png(
            &path,
            SQUARE,
            SQUARE,
            |x, y| if x + y == 0 { corner } else { 255 },
        );
        assert_tells(
            &refusal(&built_in("refuge"), Some(root.path())),
            &["0544_cup.bmp", "corners"],
        );
    }
}

#[test]
fn the_cropped_picture_is_never_taken_for_the_image() {
    let root = package();
    let cases = all_cases(&open(&root), SQUARE);
    assert!(
        cases
            .iter()
            .all(|case| case.image.index_axis(Axis(0), 0)[[0, 0]] < 0.2)
    );
    std::fs::remove_file(root.path().join("Test-400/0544/0544.jpg")).unwrap();
    assert_tells(
        &refusal(&built_in("refuge"), Some(root.path())),
        &["Test-400/0544", "0544.jpg is missing", "_cropped"],
    );
}

#[test]
fn two_cameras_may_have_two_sizes_and_a_mask_of_another_size_is_refused() {
    let root = package();
    let at = |rest: &str| root.path().join(format!("Test-400/0544/0544{rest}"));
    write_png(&at("_seg_disc_3.png"), SQUARE, 9, |_, _| 0);
    write_png(&at("_seg_cup_5.png"), 9, SQUARE, |_, _| 0);
    // One sentence tells both.
    assert_tells(
        &refusal(&built_in("refuge"), Some(root.path())),
        &[
            "Test-400/0544",
            "seg_disc_3.png has 16x9",
            "seg_cup_5.png has 9x16",
        ],
    );
}

#[test]
fn an_absent_rater_is_absent_and_one_with_half_a_mark_is_refused() {
    let root = package();
    let at = |rest: &str| root.path().join(format!("Training-400/0853/0853_{rest}"));
    std::fs::remove_file(at("seg_cup_7.png")).unwrap();
    assert_tells(
        &refusal(&built_in("refuge"), Some(root.path())),
        &[
            "Training-400/0853",
            "rater '7'",
            "0853_seg_cup_7.png is missing",
        ],
    );
    std::fs::remove_file(at("seg_disc_7.png")).unwrap();
    let cases = all_cases(&open(&root), SQUARE);
    let found = cases
        .iter()
        .find(|case| case.name.ends_with("0853"))
        .unwrap();
    assert_eq!(found.present, [true, true, true, true, true, true, false]);
    std::fs::remove_file(at("disc.bmp")).unwrap();
    assert_tells(
        &refusal(&built_in("refuge"), Some(root.path())),
        &[
            "Training-400/0853",
            "arbitrated mask",
            "0853_disc.bmp is missing",
        ],
    );
}

#[test]
fn diagnoses_come_from_the_tables_and_rows_without_masks_are_dropped() {
    let root = package();
    let before = open(&root).manifest().to_owned();
    write_bytes(
        &root.path().join("REFUGETrain.csv"),
        b"\xef\xbb\xbfimgName,maskName,multimaskName,label\n\
          REFUGE/Train/g0001.jpg,a.bmp,Dataset-new-2/Training-400/0853/0853.jpg,1\n\
          REFUGE/Train/n0002.jpg,b.bmp,Dataset-new-2/Training-400/0004/0004_x.jpg,0.0\n\
          REFUGE/Val/V0001.jpg,c.bmp,,1\n\
          REFUGE/Val/V0002.jpg,d.bmp,,\n",
    );
    // A picture's name in GBK, which is no UTF-8.
    write_bytes(
        &root.path().join("REFUGE1Test.csv"),
        b"imgName,maskName,multimaskName,label\n\
          \xcd\xbc\xcf\xf1.jpg,e.bmp,Dataset-new-2\\Test-400\\0544\\0544.jpg,1\n",
    );
    let dataset = open(&root);
    let labels: Vec<_> = all_cases(&dataset, SQUARE)
        .into_iter()
        .map(|case| case.label)
        .collect();
    assert_eq!(labels, [Some(1), Some(0), Some(1), None]);
    assert_ne!(before, dataset.manifest(), "tables are part of the data");
}

#[test]
fn tables_that_are_wrong_are_told_with_their_line() {
    let broken: [(&[u8], &str); 5] = [
        (b"imgName,label\na,1\n", "no column 'multimaskName'"),
        (
            b"multimaskName,label\nTest-400/0544/0544.jpg,2\n",
            "line 2: label 2",
        ),
        (
            b"multimaskName,label\nTest-400/0544/0544.jpg,ill\n",
            "line 2: 'ill'",
        ),
        (
            b"multimaskName,label\nTest-400/0544/0544.jpg,1,3\n",
            "no table",
        ),
        (
            b"multimaskName,label\nTest-400/0544/0544.jpg,1\nTest-400/0544/0544.jpg,0\n",
            "line 3: 'Test-400/0544/0544.jpg' has another label",
        ),
    ];
    for (bytes, told) in broken {
        let root = package();
        write_bytes(&root.path().join("REFUGE1Val.csv"), bytes);
        let sentence = refusal(&built_in("refuge"), Some(root.path()));
        assert_tells(&sentence, &["REFUGE1Val.csv", told]);
    }
}

#[test]
fn a_definition_that_asks_for_more_than_the_layout_has_is_refused() {
    let root = package();
    let mut definition = built_in("refuge");
    definition.structures = vec!["disc".to_owned(), "macula".to_owned()];
    definition.nested.clear();
    assert_tells(
        &refusal(&definition, Some(root.path())),
        &["`structures`", "\"cup\""],
    );
    let mut definition = built_in("refuge");
    definition.arbitrated_kind = None;
    assert_tells(
        &refusal(&definition, Some(root.path())),
        &["`arbitrated_kind`"],
    );
    let mut definition = built_in("refuge");
    definition.split.validation_fraction = Some(0.1);
    assert_tells(
        &refusal(&definition, Some(root.path())),
        &["validation cases of its own"],
    );
    assert_tells(
        &refusal(&built_in("refuge"), Some(&root.path().join("Test-400"))),
        &["no case in", "Training-400/<id>/<id>.jpg"],
    );
}
