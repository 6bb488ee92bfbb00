//! Contours against scikit-image (`tools/golden/contour.py`), and what mathematics promises of them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot make its input fails"
)]

use std::collections::BTreeSet;

use mrprism_raters::contour::{Contour, Point, contours};
use ndarray::{Array2, s};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Scenario {
    seed: u64,
    /// A random mask …
    #[serde(default)]
    height: usize,
    #[serde(default)]
    width: usize,
    #[serde(default)]
    percent: u64,
    /// … or a smooth map from a coarse grid of this side.
    #[serde(default)]
    coarse: usize,
    level: f64,
    contours: Vec<Theirs>,
}

#[derive(Deserialize)]
struct Theirs {
    closed: bool,
    points: Vec<f64>,
}

const ENLARGED: usize = 8;

fn splitmix64(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn input(scenario: &Scenario) -> Array2<f64> {
    let draw = |at: usize| splitmix64((scenario.seed << 40) + at as u64);
    let coarse = scenario.coarse;
    if coarse == 0 {
        let (height, width) = (scenario.height, scenario.width);
        return Array2::from_shape_fn((height, width), |(y, x)| {
            f64::from(u8::from(draw(y * width + x) % 100 < scenario.percent))
        });
    }
    let grid = |y: usize, x: usize| (draw(y * coarse + x) >> 48) as usize;
    let side = (coarse - 1) * ENLARGED + 1;
    Array2::from_shape_fn((side, side), |(y, x)| {
        let (j, fy, i, fx) = (y / ENLARGED, y % ENLARGED, x / ENLARGED, x % ENLARGED);
        let (down, right) = ((j + 1).min(coarse - 1), (i + 1).min(coarse - 1));
        let row = |j: usize| (ENLARGED - fx) * grid(j, i) + fx * grid(j, right);
        let value = (ENLARGED - fy) * row(j) + fy * row(down);
        value as f64 / (ENLARGED * ENLARGED * 65_535) as f64
    })
}

/// A closed contour from its topmost, then leftmost vertex on.
fn turned(contour: &Contour) -> Vec<Point> {
    let mut points = contour.points.clone();
    if contour.closed {
        let first = (0..points.len()).min_by(|a, b| {
            let key = |i: &usize| (points[*i].y, points[*i].x);
            key(a).partial_cmp(&key(b)).unwrap()
        });
        points.rotate_left(first.unwrap());
    }
    points
}

#[test]
fn every_vertex_equals_scikit_images_in_the_same_order() {
    let text = include_str!("golden/contour.json");
    let scenarios: Vec<Scenario> = serde_json::from_str(text).unwrap();
    assert_eq!(scenarios.len(), 7);
    for scenario in scenarios {
        let mut ours: Vec<_> = contours(&input(&scenario), scenario.level)
            .iter()
            .map(|contour| (contour.closed, turned(contour)))
            .collect();
        ours.sort_by(|a, b| {
            let key = |c: &(bool, Vec<Point>)| (c.0, c.1[0].y, c.1[0].x);
            key(a).partial_cmp(&key(b)).unwrap()
        });
        assert_eq!(
            ours.len(),
            scenario.contours.len(),
            "seed {}",
            scenario.seed
        );
        for ((closed, points), theirs) in ours.iter().zip(&scenario.contours) {
            assert_eq!(*closed, theirs.closed, "seed {}", scenario.seed);
            let flat: Vec<f64> = points.iter().flat_map(|point| [point.x, point.y]).collect();
            assert_eq!(flat.len(), theirs.points.len(), "seed {}", scenario.seed);
            let near = |(a, b): (&f64, &f64)| (a - b).abs() < 2e-9;
            assert!(
                flat.iter().zip(&theirs.points).all(near),
                "seed {}: {flat:?} and {:?}",
                scenario.seed,
                theirs.points
            );
        }
    }
}

fn mask() -> impl Strategy<Value = Array2<u8>> {
    (1_usize..9, 1_usize..9, 0.0..=1.0_f64).prop_flat_map(|(height, width, share)| {
        prop::collection::vec(prop::bool::weighted(share), height * width).prop_map(move |marks| {
            let marks = marks.into_iter().map(u8::from).collect();
            Array2::from_shape_vec((height, width), marks).unwrap()
        })
    })
}

fn map() -> impl Strategy<Value = Array2<f32>> {
    (1_usize..8, 1_usize..8).prop_flat_map(|(height, width)| {
        prop::collection::vec(0.0_f32..=1.0, height * width)
            .prop_map(move |values| Array2::from_shape_vec((height, width), values).unwrap())
    })
}

/// Every vertex as whole numbers of half pixels: exact for a mask at 0.5.
fn halves(found: &[Contour]) -> BTreeSet<(i64, i64)> {
    let points = found.iter().flat_map(|contour| &contour.points);
    points
        .map(|point| {
            (
                (point.x * 2.0).round() as i64,
                (point.y * 2.0).round() as i64,
            )
        })
        .collect()
}

/// What marching squares gives of one cell's area, by its high corners.
fn cell_area(corners: [u8; 4]) -> f64 {
    match corners.iter().sum::<u8>() {
        1 => 0.125,
        2 if corners[0] == corners[2] => 0.25,
        2 => 0.5,
        3 => 0.875,
        4 => 1.0,
        _ => 0.0,
    }
}

proptest! {
    #[test]
    fn every_vertex_lies_on_a_line_between_two_pixels_and_at_the_level(map in map(), level in 0.05..0.95_f64) {
        for contour in contours(&map, level) {
            for point in contour.points {
                prop_assert!(point.x.fract() == 0.0 || point.y.fract() == 0.0, "{point:?}");
                let at = |y: f64, x: f64| f64::from(map[[y as usize, x as usize]]);
                let (first, second) = (at(point.y.floor(), point.x.floor()), at(point.y.ceil(), point.x.ceil()));
                let share = point.x.fract() + point.y.fract();
                prop_assert!((first + share * (second - first) - level).abs() < 1e-9, "{point:?}");
            }
        }
    }

    #[test]
    fn a_mask_and_its_complement_share_their_vertices(mask in mask()) {
        let complement = mask.mapv(|pixel| 1 - pixel);
        prop_assert_eq!(halves(&contours(&mask, 0.5)), halves(&contours(&complement, 0.5)));
    }

    #[test]
    fn areas_of_contours_and_holes_sum_to_the_area_of_the_cells(mask in mask()) {
        let (height, width) = mask.dim();
        let mut framed = Array2::<u8>::zeros((height + 2, width + 2));
        framed.slice_mut(s![1..=height, 1..=width]).assign(&mask);
        let found = contours(&framed, 0.5);
        prop_assert!(found.iter().all(|contour| contour.closed));
        let of_contours: f64 = found.iter().map(Contour::signed_area).sum();
        let of_cells: f64 = framed
            .windows((2, 2))
            .into_iter()
            .map(|cell| cell_area([cell[[0, 0]], cell[[0, 1]], cell[[1, 1]], cell[[1, 0]]]))
            .sum();
        prop_assert!((of_contours - of_cells).abs() < 1e-9, "{of_contours} and {of_cells}");
        let marked: u32 = mask.iter().map(|pixel| u32::from(*pixel)).sum();
        let turns = 4 * found.len() as u32 * (height + width) as u32;
        prop_assert!((of_contours - f64::from(marked)).abs() <= f64::from(turns), "{of_contours} and {marked}");
    }

    #[test]
    fn a_transposed_map_has_transposed_vertices(map in map(), level in 0.05..0.95_f64) {
        let points = |found: Vec<Contour>, swapped: bool| -> BTreeSet<(u64, u64)> {
            let points = found.into_iter().flat_map(|contour| contour.points);
            points
                .map(|p| if swapped { (p.y.to_bits(), p.x.to_bits()) } else { (p.x.to_bits(), p.y.to_bits()) })
                .collect()
        };
        prop_assert_eq!(points(contours(&map, level), true), points(contours(&map.t().to_owned(), level), false));
    }
}
