//! The sheet of cases: deterministic, in the raters' colours, and told what it cannot show.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

mod support;

use image::RgbImage;
use mrprism_raters::dataset::{Chosen, Dataset, SheetStyle, SplitName, choose, preview};
use mrprism_raters::picture::OKABE_ITO;
use support::{assert_tells, built_in, pictures_definition, small_pictures};

fn small() -> SheetStyle {
    SheetStyle {
        panel: 160,
        detail: None,
    }
}

fn decoded(png: &[u8]) -> RgbImage {
    image::load_from_memory(png).unwrap().to_rgb8()
}

fn count(picture: &RgbImage, colour: [u8; 3]) -> usize {
    picture.pixels().filter(|pixel| pixel.0 == colour).count()
}

#[test]
fn every_rater_is_there_in_the_own_colour_and_nobody_else() {
    let dataset = Dataset::open(&built_in("phantom"), None).unwrap();
    let positions = choose(&dataset, &Chosen::Count(2), Some(SplitName::Test), 0).unwrap();
    let picture = decoded(&preview(&dataset, &positions, &small()).unwrap());
    for (rater, colour) in OKABE_ITO.iter().enumerate() {
        let found = count(&picture, *colour);
        // Black is text's neighbour at most; five raters leave two colours unused.
        assert_eq!(found > 50, rater < 5, "colour {rater}: {found} pixels");
    }
}

#[test]
fn the_same_cases_give_the_same_bytes_and_another_seed_other_cases() {
    let dataset = Dataset::open(&built_in("phantom"), None).unwrap();
    let of_seed = |seed| choose(&dataset, &Chosen::Count(3), None, seed).unwrap();
    assert_eq!(of_seed(4), of_seed(4));
    assert_ne!(of_seed(4), of_seed(5));
    let more = choose(&dataset, &Chosen::Count(6), None, 4).unwrap();
    assert!(of_seed(4).iter().all(|position| more.contains(position)));
    let first = preview(&dataset, &of_seed(4), &small()).unwrap();
    assert_eq!(first, preview(&dataset, &of_seed(4), &small()).unwrap());
}

#[test]
fn contours_lie_where_the_masks_end() {
    let root = small_pictures();
    let dataset = Dataset::open(&pictures_definition(), Some(root.path())).unwrap();
    let style = SheetStyle {
        panel: 320,
        detail: None,
    };
    let positions = choose(&dataset, &Chosen::Named(vec!["b".to_owned()]), None, 0).unwrap();
    let picture = decoded(&preview(&dataset, &positions, &style).unwrap());
    // Rater 2 marked the first two of eight columns: the contour is a vertical line a quarter into the panel.
    let columns = picture
        .enumerate_pixels()
        .filter(|(_, y, pixel)| *y > picture.height() / 2 && pixel.0 == OKABE_ITO[1]);
    let mut columns: Vec<u32> = columns.map(|(x, _, _)| x).collect();
    columns.sort_unstable();
    let middle = columns[columns.len() / 2];
    assert!(middle.abs_diff(28 + 80) <= 1, "{middle}");
}

#[test]
fn a_detail_is_the_window_of_the_greatest_disagreement() {
    let root = small_pictures();
    let dataset = Dataset::open(&pictures_definition(), Some(root.path())).unwrap();
    let style = SheetStyle {
        panel: 160,
        detail: Some(2),
    };
    let picture = decoded(&preview(&dataset, &[1], &style).unwrap());
    // The raters part in column 1 only: the window holds columns 0 and 1, and rater 1's contour runs down its middle.
    let middle = count(&picture, OKABE_ITO[0]);
    assert!(middle > 150, "{middle}");
}

#[test]
fn unknown_cases_and_endless_sheets_are_refused() {
    let dataset = Dataset::open(&built_in("phantom"), None).unwrap();
    let named = Chosen::Named(vec!["nobody".to_owned()]);
    let error = choose(&dataset, &named, None, 0).unwrap_err().to_string();
    assert_tells(&error, &["'nobody'", "no case has this name", " to '"]);
    let style = SheetStyle {
        panel: 20_000,
        detail: None,
    };
    let error = preview(&dataset, &[0], &style).unwrap_err().to_string();
    assert_tells(&error, &["cannot draw", "fewer cases or smaller panels"]);
}
