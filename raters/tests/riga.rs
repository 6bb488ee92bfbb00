//! RIGA repackaged as crops of the disc, in small folders of the documented layout. Every trap of the layout is a test.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use mrprism_protocol::spec::{ArbitratedKind, Foreground};
use mrprism_raters::dataset::{Dataset, SplitName};
use ndarray::Axis;
use proptest::prelude::*;
use support::fundus::{ROUND, distance, radii};
use support::{assert_tells, built_in, names_of, refusal, write_bytes, write_png, write_rgb};

fn repackaged_case(root: &Path, set: &str, name: &str) {
    write_rgb(
        &root.join(format!("{set}/image/{name}.jpg")),
        ROUND,
        ROUND,
        |x, y| {
            if distance(x, y) <= 14.0 {
                [250; 3]
            } else {
                [5; 3]
            }
        },
    );
    for rater in 0..=6 {
        let folder = if rater == 0 {
            "FinalLabel".to_owned()
        } else {
            format!("Rater{rater}")
        };
        let (disc, cup) = radii(rater);
        let path = root.join(format!("{set}/{folder}/{name}.tif"));
        write_png(&path, ROUND, ROUND, |x, y| match distance(x, y) {
            far if far <= cup => 255,
            far if far <= disc => 127,
            _ => 0,
        });
    }
}

fn repackaged_rows(set: &str, name: &str) -> String {
    let row = |rater: u32| {
        format!(
            "{rater},{set}\\image\\{name}.jpg,{set}\\FinalLabel\\{name}.tif,0,\"(22, 25)\",0,0,48,48,48,48,1,{rater}\n"
        )
    };
    (0..=6).map(row).collect()
}

const HEADER: &str =
    ",imgName,maskName,label,center,xmin,ymin,xmax,ymax,width,height,discFlag,rater\n";

fn repackaged() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (set, count) in [("BinRushed", 8), ("MESSIDOR", 12), ("Magrabia", 3)] {
        let mut table = HEADER.as_bytes().to_vec();
        for number in 1..=count {
            let name = format!("image{number}");
            repackaged_case(root.path(), set, &name);
            table.extend(repackaged_rows(set, &name).bytes());
        }
        write_bytes(
            &root.path().join(format!("Glaucoma_multirater_{set}.csv")),
            &table,
        );
    }
    root
}

#[test]
fn final_label_is_arbitrated_and_six_raters_are_counted() {
    let root = repackaged();
    let dataset = Dataset::open(&built_in("riga"), Some(root.path())).unwrap();
    let card = dataset.card();
    assert_eq!((card.raters, card.channels), (6, 3));
    assert_eq!(card.arbitrated, Some(ArbitratedKind::Unknown));
    assert_eq!(dataset.rater_names(), ["1", "2", "3", "4", "5", "6"]);
    for case in dataset.load(SplitName::Test, ROUND, None).unwrap() {
        let truth = case.arbitrated.as_ref().unwrap();
        for ((y, x), value) in case.image.index_axis(Axis(0), 2).indexed_iter() {
            let far = distance(x as u32, y as u32);
            // Rim and cup are the disc; only 255 is the cup.
            assert_eq!(truth[[0, y, x]] == 1, far <= 14.0, "{x} {y}");
            assert_eq!(truth[[1, y, x]] == 1, far <= 6.0, "{x} {y}");
            if !(12.0..16.0).contains(&far) {
                assert_eq!(
                    truth[[0, y, x]] == 1,
                    *value > 0.5,
                    "image and mask part at {x} {y}"
                );
            }
            for rater in 0..6 {
                let (disc, cup) = radii(rater as u32 + 1);
                assert_eq!(case.mask(rater, 0)[[y, x]] == 1, far <= disc);
                assert_eq!(case.mask(rater, 1)[[y, x]] == 1, far <= cup);
            }
        }
    }
}

#[test]
fn magrabia_is_the_test_and_validation_is_drawn_from_the_rest_by_split_seed() {
    let root = repackaged();
    let split = |seed: u64| {
        let mut definition = built_in("riga");
        definition.split_seed = seed;
        let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
        SplitName::ALL.map(|split| names_of(&dataset, split))
    };
    let [train, validation, test] = split(0);
    assert_eq!((train.len(), validation.len(), test.len()), (18, 2, 3));
    assert!(test.iter().all(|name| name.starts_with("Magrabia/")));
    assert!(
        validation
            .iter()
            .all(|name| !train.contains(name) && !test.contains(name))
    );
    assert_eq!(split(0), [train, validation.clone(), test.clone()]);
    let others: Vec<_> = (1..6).map(split).collect();
    assert!(others.iter().any(|[_, other, _]| *other != validation));
    assert!(others.iter().all(|[_, _, other]| *other == test));
}

#[test]
fn a_share_for_validation_that_makes_no_sense_is_refused() {
    let root = repackaged();
    let mut definition = built_in("riga");
    for share in [-0.1, 1.0, f64::NAN] {
        definition.split.validation_fraction = Some(share);
        let sentence = refusal(&definition, Some(root.path()));
        assert_tells(&sentence, &["validation_fraction", "between 0 and 1"]);
    }
    definition.split.validation_fraction = Some(0.99);
    let sentence = refusal(&definition, Some(root.path()));
    assert_tells(&sentence, &["no case is left for train"]);
    definition.split.validation_fraction = Some(0.1);
    definition.split.by = None;
    definition.split.fractions = Some([0.7, 0.1, 0.2]);
    let sentence = refusal(&definition, Some(root.path()));
    assert_tells(&sentence, &["`validation_fraction` goes with `by`"]);
}

#[test]
fn what_the_layout_says_is_not_said_again() {
    let root = repackaged();
    let mut definition = built_in("riga");
    definition.image = Some("{case}.jpg".to_owned());
    let sentence = refusal(&definition, Some(root.path()));
    assert_tells(&sentence, &["`image`", "leave it out"]);
    let mut definition = built_in("riga");
    definition.foreground = Some(Foreground::Above(1.0));
    let sentence = refusal(&definition, Some(root.path()));
    assert_tells(&sentence, &["`foreground`", "leave it out"]);
}

#[test]
fn resizing_makes_no_disc_of_a_cups_edge() {
    let root = repackaged();
    // A cup without a rim: any blend of 255 and 0 would be a rim.
    let path = root.path().join("Magrabia/Rater2/image1.tif");
    write_png(&path, ROUND, ROUND, |x, y| {
        255 * u8::from(distance(x, y) <= 10.0)
    });
    let dataset = Dataset::open(&built_in("riga"), Some(root.path())).unwrap();
    for size in [19, 31, 64] {
        let cases = dataset.load(SplitName::Test, size, None).unwrap();
        assert_eq!(cases[0].mask(1, 0), cases[0].mask(1, 1), "{size}");
    }
}

#[test]
fn a_repackaged_rater_without_a_file_is_absent() {
    let root = repackaged();
    std::fs::remove_file(root.path().join("Magrabia/Rater5/image2.tif")).unwrap();
    let dataset = Dataset::open(&built_in("riga"), Some(root.path())).unwrap();
    let cases = dataset.load(SplitName::Test, ROUND, None).unwrap();
    assert_eq!(cases[1].present, [true, true, true, true, false, true]);
}

#[test]
fn tables_in_gbk_are_read_and_wrong_ones_are_told_with_their_line() {
    let root = repackaged();
    let table = root.path().join("Glaucoma_multirater_Magrabia.csv");
    let mut gbk = HEADER.as_bytes().to_vec();
    gbk.extend(repackaged_rows("Magrabia", "image1").bytes());
    gbk.extend(b"7,\xb2\xe2\xca\xd4.jpg,x.tif,,,,,,,,,,1\n");
    write_bytes(&table, &gbk);
    let dataset = Dataset::open(&built_in("riga"), Some(root.path())).unwrap();
    assert_eq!(
        names_of(&dataset, SplitName::Test),
        ["Magrabia/image/image1"]
    );
    let told = |rows: &str, parts: &[&str]| {
        write_bytes(
            &table,
            format!("imgName,maskName,rater\n{rows}\n").as_bytes(),
        );
        assert_tells(&refusal(&built_in("riga"), Some(root.path())), parts);
    };
    let image = "Magrabia\\image\\image1.jpg";
    told(
        &format!("{image},Magrabia\\Other\\image1.tif,0"),
        &["line 2", "lacks the word FinalLabel"],
    );
    told(
        "gone.jpg,Magrabia\\FinalLabel\\image1.tif,0",
        &["line 2", "gone.jpg is missing"],
    );
    told(&format!("{image},,0"), &["line 2", "'maskName' is empty"]);
    told(&format!("{image},x,first"), &["line 2", "'first'"]);
    told(
        &format!("{image},..\\..\\FinalLabel\\image1.tif,0"),
        &["line 2", "without '..'"],
    );
    told(
        &format!("{image},Magrabia\\FinalLabel\\gone.tif,0"),
        &["no rater marked"],
    );
    write_bytes(&table, b"name\nx\n");
    assert_tells(
        &refusal(&built_in("riga"), Some(root.path())),
        &["Glaucoma_multirater_Magrabia.csv", "no column 'imgName'"],
    );
    let empty = tempfile::tempdir().unwrap();
    assert_tells(
        &refusal(&built_in("riga"), Some(empty.path())),
        &["no case in", "DiscRegion"],
    );
}

proptest! {
    #[test]
    fn no_bytes_in_a_table_make_the_reader_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        rows in "(.{0,20},){0,4}[\\\\/a-zA-Z.\"]{0,20}(FinalLabel)?[,\n{}0]{0,4}",
    ) {
        let root = tempfile::tempdir().unwrap();
        let table = root.path().join("Glaucoma_multirater_MESSIDOR.csv");
        let text = format!("imgName,maskName,rater\n{rows}\n");
        for bytes in [bytes.as_slice(), text.as_bytes(), &[text.as_bytes(), bytes.as_slice()].concat()] {
            write_bytes(&table, bytes);
            prop_assert!(Dataset::open(&built_in("riga"), Some(root.path())).is_err());
        }
    }
}
