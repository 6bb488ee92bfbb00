//! RIGA as published, contours drawn over copies, in small folders of the documented layout. Every trap of the layout is a test.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use std::path::Path;

use mrprism_raters::dataset::{Dataset, SplitName, check};
use ndarray::Axis;
use support::fundus::{MIDDLE, ROUND, distance, radii};
use support::{
    all_cases, assert_readable, assert_tells, built_in, names_of, refusal, write_bytes, write_rgb,
};

/// A fundus-like picture, smooth so that compression keeps it.
fn fundus(x: u32, y: u32) -> [u8; 3] {
    let glow = (90.0 - distance(x, y) * 1.5).max(0.0) as u8;
    [80 + glow, 30 + glow / 2, 20]
}

const INK: [u8; 3] = [20, 230, 250];

/// The same with a rater's two contours, two pixels thick, in `ink`.
fn annotated(ink: [u8; 3], disc: f64, cup: f64) -> impl Fn(u32, u32) -> [u8; 3] {
    move |x, y| {
        let on = |radius: f64| (radius - 2.0..=radius).contains(&distance(x, y));
        if on(disc) || on(cup) {
            ink
        } else {
            fundus(x, y)
        }
    }
}

/// `imageN` of a set, with six annotations named as `overlay` says.
fn published_case(folder: &Path, clean: &str, overlay: impl Fn(u32) -> String) {
    write_rgb(&folder.join(clean), ROUND, ROUND, fundus);
    for rater in 1..=6 {
        let (disc, cup) = radii(rater);
        write_rgb(
            &folder.join(overlay(rater)),
            ROUND,
            ROUND,
            annotated(INK, disc, cup),
        );
    }
}

/// One or two pictures of every set, without the pictures that the built-in definition leaves out.
fn published() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let at = |folder: &str| root.path().join(folder);
    for number in [1, 2] {
        published_case(
            &at("MESSIDOR"),
            &format!("image{number}prime.tif"),
            |rater| format!("image{number}-{rater}.tif"),
        );
    }
    // Annotations of one picture may have two formats.
    published_case(
        &at("BinRushed/BinRushed1-Corrected"),
        "image44prime.jpg",
        |rater| format!("image44-{rater}.{}", if rater == 5 { "tif" } else { "jpg" }),
    );
    // An older copy of the same set.
    published_case(&at("BinRushed/BinRushed1"), "image44prime.jpg", |rater| {
        format!("image44-{rater}.jpg")
    });
    published_case(&at("BinRushed/BinRushed2"), "image20prime.jpg", |rater| {
        format!("image20-{rater}.jpg")
    });
    published_case(&at("Magrabia/MagrabiaMale"), "image3prime.tif", |rater| {
        format!("{}mage3-{rater}.tif", if rater == 1 { "I" } else { "i" })
    });
    published_case(&at("Magrabia/MagrabiFemale"), "image26prime.tif", |rater| {
        format!("image26-{rater}.tif")
    });
    write_bytes(&at("Magrabia/MagrabiFemale/Thumbs.db"), b"none of ours");
    root
}

fn plain() -> mrprism_protocol::spec::DatasetFile {
    let mut definition = built_in("riga-contours");
    definition.absent.clear();
    definition
}

fn open(root: &tempfile::TempDir) -> Dataset {
    Dataset::open(&plain(), Some(root.path())).unwrap()
}

#[test]
fn contours_become_filled_masks_that_lie_on_the_image() {
    let root = published();
    let dataset = open(&root);
    let card = dataset.card();
    assert_eq!((card.raters, card.channels, card.arbitrated), (6, 3, None));
    let names: Vec<_> = dataset.case_names().collect();
    assert_eq!(
        names,
        [
            "BinRushed1-Corrected/image44",
            "BinRushed2/image20",
            "MESSIDOR/image1",
            "MESSIDOR/image2",
            "MagrabiFemale/image26",
            "MagrabiaMale/image3",
        ]
    );
    for case in all_cases(&dataset, ROUND) {
        assert_eq!(case.present, [true; 6], "{}", case.name);
        let compressed = case.name.starts_with("BinRushed");
        for rater in 0..6 {
            let (disc, cup) = radii(rater as u32 + 1);
            for (structure, radius) in [(0, disc), (1, cup)] {
                let mask = case.mask(rater, structure);
                let meant =
                    |(y, x): (usize, usize)| u8::from(distance(x as u32, y as u32) <= radius);
                // Compression frays a line's edge by a pixel here and there.
                let near = |at: (usize, usize)| {
                    compressed && (distance(at.1 as u32, at.0 as u32) - radius).abs() < 2.5
                };
                for (at, pixel) in mask.indexed_iter() {
                    let told = format!("{} rater {rater} at {at:?}", case.name);
                    assert!(*pixel == meant(at) || near(at), "{told}");
                }
            }
        }
        // The clean picture is the image: it has no ink.
        let (red, blue) = (
            case.image.index_axis(Axis(0), 0),
            case.image.index_axis(Axis(0), 2),
        );
        assert!(
            red.iter().zip(blue).all(|(red, blue)| red > blue),
            "{}",
            case.name
        );
    }
}

#[test]
fn the_papers_split_holds_for_published_pictures() {
    let dataset = open(&published());
    let test = names_of(&dataset, SplitName::Test);
    assert_eq!(test, ["MagrabiFemale/image26", "MagrabiaMale/image3"]);
}

#[test]
fn archives_that_unpack_into_a_second_folder_are_read_alike() {
    let root = published();
    let expected = all_cases(&open(&root), ROUND);
    let at = |folder: &str| root.path().join(folder);
    for (folder, inner) in [("MESSIDOR", "MESSIDOR"), ("Magrabia", "Magrabia")] {
        std::fs::rename(at(folder), at("moved")).unwrap();
        std::fs::create_dir(at(folder)).unwrap();
        std::fs::rename(at("moved"), at(folder).join(inner)).unwrap();
    }
    std::fs::create_dir(at("BinRushedcorrected")).unwrap();
    std::fs::rename(at("BinRushed"), at("BinRushedcorrected/BinRushed")).unwrap();
    assert_eq!(all_cases(&open(&root), ROUND), expected);
}

#[test]
fn a_picture_published_without_its_clean_copy_is_left_out_and_any_other_is_refused() {
    let root = published();
    let folder = root.path().join("Magrabia/MagrabiFemale");
    published_case(&folder, "image48-1.tif", |rater| {
        format!("image48-{rater}.tif")
    });
    write_rgb(&folder.join("Image48-1.tif"), ROUND, ROUND, fundus);
    assert_eq!(open(&root).case_names().len(), 6);
    published_case(&folder, "image47-1.tif", |rater| {
        format!("image47-{rater}.tif")
    });
    assert_tells(
        &refusal(&plain(), Some(root.path())),
        &["MagrabiFemale/image47", "imageNprime, is missing"],
    );
}

#[test]
fn one_annotation_in_two_files_is_refused() {
    let root = published();
    write_rgb(
        &root.path().join("MESSIDOR/image2-4.jpg"),
        ROUND,
        ROUND,
        fundus,
    );
    assert_tells(
        &refusal(&plain(), Some(root.path())),
        &[
            "MESSIDOR/image2",
            "image2-4.jpg",
            "image2-4.tif",
            "remove one",
        ],
    );
}

#[test]
fn contours_that_cannot_be_read_are_refused_by_name_and_may_be_left_out_by_name() {
    let root = published();
    let at = |path: &str| root.path().join(path);
    // The cup runs into the disc; the lines hardly differ from the picture; nothing but the disc is drawn.
    let shifted = |x: u32, y: u32| {
        let far = (f64::from(x) - MIDDLE.0 - 9.0).hypot(f64::from(y) - MIDDLE.1);
        if (6.0..=8.0).contains(&far) {
            INK
        } else {
            annotated(INK, 17.0, 17.0)(x, y)
        }
    };
    write_rgb(
        &at("BinRushed/BinRushed1-Corrected/image44-4.jpg"),
        ROUND,
        ROUND,
        shifted,
    );
    write_rgb(
        &at("BinRushed/BinRushed2/image20-3.jpg"),
        ROUND,
        ROUND,
        |x, y| annotated(INK, 17.0, 17.0)(x, y),
    );
    let faint = |x: u32, y: u32| {
        let on = |radius: f64| (radius - 2.0..=radius).contains(&distance(x, y));
        let [red, green, blue] = fundus(x, y);
        if on(17.0) || on(8.0) {
            [red + 9, green, blue]
        } else {
            [red, green, blue]
        }
    };
    write_rgb(
        &at("Magrabia/MagrabiFemale/image26-3.tif"),
        ROUND,
        ROUND,
        faint,
    );
    write_rgb(
        &at("Magrabia/MagrabiFemale/image26-5.tif"),
        ROUND,
        ROUND - 1,
        faint,
    );
    let report = check(&open(&root));
    let unreadable = &report.faults[0].items;
    assert_eq!(unreadable.len(), 3, "{report}");
    assert_tells(
        &unreadable[0],
        &[
            "BinRushed1-Corrected/image44-4.jpg",
            "two contours touch",
            "`absent`",
        ],
    );
    assert_tells(
        &unreadable[1],
        &["BinRushed2/image20-3.jpg", "one closed contour"],
    );
    // Both raters of one picture in one sentence.
    assert_tells(
        &unreadable[2],
        &[
            "image26-3.tif",
            "nothing drawn stands out",
            "image26-5.tif",
            "48x47",
            "48x48",
        ],
    );
    let mut definition = built_in("riga-contours");
    let others = definition.absent.get_mut("MagrabiFemale/image26").unwrap();
    others.push("5".to_owned());
    let dataset = Dataset::open(&definition, Some(root.path())).unwrap();
    let report = check(&dataset);
    assert_readable(&report);
    assert_eq!(report.present, [6, 6, 4, 5, 5, 6]);
}

#[test]
fn compression_noise_is_no_contour() {
    let root = published();
    // Saved twice: everything differs from the clean picture by a little.
    let path = root.path().join("BinRushed/BinRushed2/image20-2.jpg");
    let noisy = |x: u32, y: u32| {
        let noise = ((x * 31 + y * 17) % 13) as u8;
        let (disc, cup) = radii(2);
        annotated(INK, disc, cup)(x, y).map(|value| value.saturating_add(noise))
    };
    write_rgb(&path, ROUND, ROUND, noisy);
    let cases = all_cases(&open(&root), ROUND);
    let area = |structure| {
        cases[1]
            .mask(1, structure)
            .iter()
            .map(|p| f64::from(*p))
            .sum::<f64>()
    };
    for (structure, radius) in [(0, 16.0), (1, 8.0)] {
        let meant = std::f64::consts::PI * f64::powi(radius, 2);
        assert!(
            (area(structure) / meant - 1.0).abs() < 0.12,
            "{} {meant}",
            area(structure)
        );
    }
}

#[test]
fn contours_of_nothing_are_refused() {
    let root = published();
    write_bytes(&root.path().join("MESSIDOR/image1-1.tif"), b"no picture");
    assert_tells(
        &refusal(&plain(), Some(root.path())),
        &["image1-1.tif", "TIFF signature not found"],
    );
    let empty = tempfile::tempdir().unwrap();
    assert_tells(
        &refusal(&plain(), Some(empty.path())),
        &["no case in", "imageNprime.tif"],
    );
}
