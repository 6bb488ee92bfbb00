//! Figures made of cases and stored predictions.

use std::path::Path;

use mrprism_protocol::spec::RaterIdentity;
use mrprism_raters::case::Case;
use mrprism_raters::dataset::Dataset;
use mrprism_raters::prediction::{StoredPrediction, to_fixed};
use mrprism_report::figure::{
    Agreement, ArmPredictions, NoFigure, Picture, Reliability, Sheet, Trust,
};
use ndarray::{Array2, Array4, Array5, array};

/// Test cases of the phantom, without a file.
fn phantom(count: usize) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/datasets/phantom.toml");
    let mut definition = mrprism_raters::read::parse_definition(&path).unwrap();
    definition.phantom.as_mut().unwrap().cases = [1, 0, count as u32];
    let dataset = Dataset::open(&definition, None).unwrap();
    dataset.splits(64, None).unwrap().test
}

/// Every map `[h, w]` of a prediction, by recurrence and structure.
fn predicted(
    case: &Case,
    recurrences: usize,
    map: impl Fn(usize, usize) -> Array2<f32>,
) -> StoredPrediction {
    let (height, width) = case.side();
    let shape = (recurrences, case.structures(), height, width);
    let mut prediction = Array4::zeros(shape);
    for recurrence in 0..recurrences {
        for structure in 0..case.structures() {
            let map = map(recurrence, structure).mapv(to_fixed);
            prediction
                .slice_mut(ndarray::s![recurrence, structure, .., ..])
                .assign(&map);
        }
    }
    let none = (recurrences, 0, shape.1, height, width);
    StoredPrediction {
        case: case.name.clone(),
        prediction,
        heads: Array5::zeros(none),
        confidences: Array5::zeros(none),
        hypotheses: Array4::zeros((0, shape.1, height, width)),
    }
}

/// The share of raters, shifted to the right and sharpened.
fn guess(case: &Case, structure: usize, shift: usize, sharpness: f32) -> Array2<f32> {
    let (height, width) = case.side();
    Array2::from_shape_fn((height, width), |(y, x)| {
        let from = x.saturating_sub(shift);
        let marks = case
            .present_raters()
            .filter(|rater| case.mask(*rater, structure)[[y, from]] != 0);
        let share = marks.count() as f32 / case.present_raters().count() as f32;
        0.5 + (share - 0.5) * sharpness
    })
}

/// Two arms with three recurrences each, the first better than the second.
fn two_arms(cases: &[Case]) -> [Vec<StoredPrediction>; 2] {
    [(2, 0.97), (4, 0.8)].map(|(shift, sharpness)| {
        let of = |case: &Case| {
            predicted(case, 3, |recurrence, structure| {
                guess(case, structure, shift * (3 - recurrence) / 2, sharpness)
            })
        };
        cases.iter().map(of).collect()
    })
}

fn paired<'a>(name: &str, cases: &'a [Case], stored: &'a [StoredPrediction]) -> ArmPredictions<'a> {
    (name.to_owned(), cases.iter().zip(stored).collect())
}

/// One row of pixels, marked by two raters.
fn row(name: &str) -> Case {
    Case::of_masks(
        name,
        &[array![[0, 1, 1, 1, 0]], array![[0, 0, 1, 0, 0]]],
        None,
    )
    .unwrap()
}

fn said(refused: Result<impl std::fmt::Debug, NoFigure>) -> String {
    refused.unwrap_err().to_string()
}

#[test]
fn bins_of_two_cases_are_pooled_by_pixels() {
    let cases = [row("a"), row("b")];
    // Rec0 is nonsense and must not count. Bin 4 of `a` has one pixel, of `b` three.
    let maps = [
        array![[0.0, 0.35, 1.0, 0.55, 0.0]],
        array![[0.0, 0.32, 1.0, 0.38, 0.38]],
    ];
    let stored: Vec<_> = (cases.iter().zip(&maps))
        .map(|(case, map)| {
            predicted(case, 2, |recurrence, _| match recurrence {
                0 => Array2::from_elem((1, 5), 0.7),
                _ => map.clone(),
            })
        })
        .collect();
    let figure = Reliability::of(&[paired("one", &cases, &stored)], 0).unwrap();
    let curve = &figure.arms[0].1;
    let counts = curve.bins.map(|bin| bin.count);
    assert_eq!(counts, [3, 0, 0, 4, 0, 1, 0, 0, 0, 2]);
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-4, "{found}");
    near(
        curve.bins[3].confidence.unwrap(),
        (0.35 + 0.32 + 0.38 + 0.38) / 4.0,
    );
    near(curve.bins[3].frequency.unwrap(), (0.5 + 0.5 + 0.5) / 4.0);
    near(curve.bins[5].frequency.unwrap(), 0.5);
    // Gaps: 0.0175 over four pixels, 0.05 over one, none over five.
    near(curve.expected_error(), (4.0 * 0.0175 + 0.05) / 10.0);
    insta::assert_snapshot!(figure.csv());
    insta::assert_snapshot!(figure.svg().unwrap());
}

#[test]
fn a_case_that_nobody_marked_counts_nowhere() {
    let mut cases = [row("a"), row("b")];
    let stored: Vec<_> = (cases.iter())
        .map(|case| predicted(case, 1, |_, _| Array2::from_elem((1, 5), 0.25)))
        .collect();
    cases[1].present = vec![false; 2];
    let figure = Reliability::of(&[paired("one", &cases, &stored)], 0).unwrap();
    assert_eq!((figure.cases, figure.arms[0].1.bins[2].count), (1, 5));
    cases[0].present = vec![false; 2];
    assert_eq!(
        said(Reliability::of(&[paired("one", &cases, &stored)], 0)),
        "there is nothing to draw: no case has a rater"
    );
}

#[test]
fn arms_that_do_not_stand_side_by_side_are_refused() {
    let cases = [row("a"), row("b")];
    let stored: Vec<_> = (cases.iter())
        .map(|case| predicted(case, 1, |_, _| Array2::zeros((1, 5))))
        .collect();
    let of = |arms: &[ArmPredictions<'_>], structure| said(Reliability::of(arms, structure));
    let both = paired("both", &cases, &stored);
    let one = paired("one", &cases[..1], &stored);
    let swapped = (
        "swapped".to_owned(),
        vec![(&cases[0], &stored[1]), (&cases[1], &stored[0])],
    );
    let many: Vec<_> = (0..9)
        .map(|arm| paired(&format!("arm-{arm}"), &cases, &stored))
        .collect();
    let large = Case::of_masks("a", &[Array2::zeros((2, 5)), Array2::zeros((2, 5))], None).unwrap();
    let large = [large];
    let refusals = [
        of(&[], 0),
        of(&[paired("none", &[], &[])], 0),
        of(&[both.clone(), one], 0),
        of(&[swapped], 0),
        of(&[both], 1),
        of(&[paired("large", &large, &stored[..1])], 0),
        of(&many, 0),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn pairs_of_raters_are_averaged_over_the_cases_that_both_marked() {
    let mask = |pixels: [u8; 4]| Array2::from_shape_vec((1, 4), pixels.to_vec()).unwrap();
    let case =
        |name: &str, masks: [[u8; 4]; 3]| Case::of_masks(name, &masks.map(mask), None).unwrap();
    let mut cases = [
        case("a", [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]),
        case("b", [[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]]),
    ];
    cases[0].present[2] = false;
    let figure = Agreement::of(&cases, 0, "hand, disc", RaterIdentity::Stable).unwrap();
    let cell = |a: usize, b: usize| figure.dice[a][b].map(|cell| (cell.mean, cell.cases));
    // 2/3 and 1 over two cases; 1/2 in the one case that R3 marked.
    assert_eq!(cell(0, 1), Some((f64::midpoint(2.0 / 3.0, 1.0), 2)));
    assert_eq!(cell(2, 0), Some((0.5, 1)));
    assert_eq!(cell(0, 2), cell(2, 0));
    assert_eq!(cell(1, 1), None);
    let areas: Vec<_> = figure
        .areas
        .iter()
        .flatten()
        .map(|cell| cell.mean)
        .collect();
    assert_eq!(areas, [0.5, 0.375, 0.5]);
    insta::assert_snapshot!(figure.csv());
    insta::assert_snapshot!(figure.svg().unwrap());
}

#[test]
fn raters_who_are_nobody_twice_have_no_matrix() {
    let cases = phantom(1);
    let of = |cases: &[Case], identity| said(Agreement::of(cases, 0, "lidc, growth", identity));
    let single = Case::of_masks("single", &[Array2::zeros((2, 2))], None).unwrap();
    let refusals = [
        of(&cases, RaterIdentity::Exchangeable),
        of(&[], RaterIdentity::Stable),
        of(&[single], RaterIdentity::Stable),
        of(&[row("a"), cases[0].clone()], RaterIdentity::Stable),
        said(Agreement::of(&cases, 2, "phantom", RaterIdentity::Stable)),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}

#[test]
fn the_phantoms_figures_are_drawn_alike_every_time() {
    let cases = phantom(1);
    let stored = two_arms(&cases);
    let arms = [
        paired("mrprism", &cases, &stored[0]),
        paired("unet-majority-with-a-long-name", &cases, &stored[1]),
    ];
    alike("reliability", &Reliability::of(&arms, 0).unwrap());
    let agreement = Agreement::of(&cases, 0, "phantom, disc", RaterIdentity::Stable);
    alike("agreement", &agreement.unwrap());
    alike("sheet", &Sheet::of(&arms, 0).unwrap());
    alike(
        "trust",
        &Trust::of(&cases[0], &trusting(&cases[0], 3), 0).unwrap(),
    );
}

/// Confidences of `recurrences`, moving from equal trust to trust in each rater where he marks.
fn trusting(case: &Case, recurrences: usize) -> StoredPrediction {
    let stored = predicted(case, recurrences, |_, structure| {
        guess(case, structure, 1, 0.9)
    });
    let (raters, structures, height, width) = case.masks.dim();
    let shape = (recurrences, raters, structures, height, width);
    let confidences = Array5::from_shape_fn(shape, |(recurrence, rater, structure, y, x)| {
        let weight = |rater: usize| {
            let marks = f32::from(case.mask(rater, structure)[[y, x]]);
            1.0 + recurrence as f32 * (0.3 * marks + 0.1 * rater as f32)
        };
        to_fixed(weight(rater) / (0..raters).map(weight).sum::<f32>())
    });
    StoredPrediction {
        confidences,
        ..stored
    }
}

/// The same bytes twice, and a file that papers can hold.
fn alike(name: &str, figure: &impl Picture) {
    let (svg, png) = (figure.svg().unwrap(), figure.png().unwrap());
    assert_eq!(
        (&svg, &png),
        (&figure.svg().unwrap(), &figure.png().unwrap())
    );
    assert!(svg.len() < 600_000, "{name}: {} bytes", svg.len());
    assert!(svg.trim_end().ends_with("</svg>"), "{name}");
}

#[test]
fn a_sheet_says_soft_dice_of_every_recurrence() {
    let cases = [row("a"), row("b")];
    // Half of the raters mark the outer two of three pixels. At 0.1 and 0.3 three pixels meet three, above one meets one.
    let stored: Vec<_> = (cases.iter())
        .map(|case| {
            predicted(case, 2, |recurrence, _| match recurrence {
                0 => array![[0.0, 0.0, 1.0, 0.0, 0.0]],
                _ => array![[0.0, 0.4, 1.0, 0.4, 0.0]],
            })
        })
        .collect();
    let arms = [paired("one", &cases, &stored)];
    let figure = Sheet::of(&arms, 0).unwrap();
    let scores: Vec<_> = (figure.rows[0].arms[0].recurrences.iter())
        .map(|(_, score)| (score.unwrap() * 1e3).round())
        .collect();
    // Rec0: 2·1/(1 + 3) twice and 1 three times.
    assert_eq!(scores, [800.0, 1000.0]);
    assert!(
        figure
            .csv()
            .starts_with("case,arm,recurrence,soft_dice\na,one,0,80.0")
    );
    let many: Vec<_> = (0..11).map(|number| row(&format!("{number}"))).collect();
    let stored: Vec<_> = (many.iter())
        .map(|case| predicted(case, 1, |_, _| Array2::zeros((1, 5))))
        .collect();
    assert_eq!(
        said(Sheet::of(&[paired("one", &many, &stored)], 0)),
        "this figure is not drawn: a sheet holds 10 cases and 11 were given: choose some"
    );
}

#[test]
fn a_sheet_in_svg_holds_each_image_and_each_contour_once() {
    let cases = phantom(2);
    let stored = two_arms(&cases);
    let arms = [
        paired("mrprism", &cases, &stored[0]),
        paired("unet", &cases, &stored[1]),
    ];
    let figure = Sheet::of(&arms, 1).unwrap();
    insta::assert_snapshot!(figure.csv());
    let svg = figure.svg().unwrap();
    assert_eq!(svg.matches("data:image/png;base64,").count(), 2);
    // Two cases with three panels without an arm and three recurrences of both; nine lines of the legend, the majority's drawn twice:
    // once on its panel, once on each prediction's.
    let (panels, lines) = (3 + 2 * 3, 5 + 2 * 7 + 2 * 3);
    assert_eq!(
        svg.matches("<use ").count(),
        2 * (panels + lines) + 5 + 2 + 1
    );
}

#[test]
fn trust_stands_beside_equal_trust() {
    let cases = phantom(1);
    let figure = Trust::of(&cases[0], &trusting(&cases[0], 5), 0).unwrap();
    let shown: Vec<_> = figure.recurrences.iter().map(|at| at.recurrence).collect();
    assert_eq!(shown, [0, 4]);
    for trust in &figure.recurrences[0].raters {
        assert!((trust.mean.unwrap() - 0.2).abs() < 1e-4);
    }
    let sum: f64 = (figure.recurrences[1].raters.iter())
        .map(|trust| trust.mean.unwrap())
        .sum();
    assert!((sum - 1.0).abs() < 1e-4);
    insta::assert_snapshot!(figure.csv());
    let mut missing = cases[0].clone();
    missing.present[1] = false;
    let told = Trust::of(&missing, &trusting(&missing, 5), 0).unwrap();
    assert_eq!(told.recurrences[1].raters[1].mean, None);
    assert!(told.svg().unwrap().contains("R2, absent"));
    let svg = figure.svg().unwrap();
    assert!(svg.contains("equal trust, 20.0"));
    // The image, five maps of Rec4, and one for all of Rec0's, which are alike.
    assert_eq!(svg.matches("data:image/png;base64,").count(), 1 + 5 + 1);
}

#[test]
fn a_method_that_learns_no_confidences_has_no_maps_of_trust() {
    let cases = phantom(1);
    let case = &cases[0];
    let bare = predicted(case, 1, |_, structure| guess(case, structure, 1, 0.9));
    let mut fewer = trusting(case, 1);
    fewer.confidences = fewer
        .confidences
        .slice(ndarray::s![.., ..3, .., .., ..])
        .to_owned();
    let refusals = [
        said(Trust::of(case, &bare, 0)),
        said(Trust::of(case, &fewer, 0)),
        said(Trust::of(&row("other"), &bare, 0)),
    ];
    insta::assert_snapshot!(refusals.join("\n"));
}
