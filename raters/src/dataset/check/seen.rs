//! What is kept of a decoded case: everything the check needs, and no pixels.

use super::super::Dataset;
use super::thumbnail::Thumbnail;
use crate::case::Case;
use crate::metric::pairwise_dice;

/// A case after it was looked at.
#[derive(Debug)]
pub(super) struct Seen {
    /// Position in order of name.
    pub(super) position: usize,
    pub(super) name: String,
    /// `width x height`.
    pub(super) size: String,
    pub(super) present: Vec<bool>,
    /// `[structure]`: each pair of present raters and their Dice, positions from 0.
    pub(super) pairs: Vec<Vec<(usize, usize, f64)>>,
    /// `[structure][rater]`: marked pixels, none where absent.
    pub(super) areas: Vec<Vec<Option<u64>>>,
    pub(super) pixels: u64,
    /// Pairs of raters whose masks are equal in every structure and not empty.
    pub(super) equal: Vec<(usize, usize)>,
    /// Raters with a pixel of an inner structure outside the next outer one.
    pub(super) not_nested: Vec<usize>,
    /// `[structure]`: masks whose four corners are all marked.
    pub(super) full_corners: Vec<u32>,
    /// Whether every channel has one value everywhere.
    pub(super) constant: bool,
    /// Hash of size and pixels, after `intensity`.
    pub(super) image_hash: blake3::Hash,
    pub(super) thumbnail: Thumbnail,
}

impl Seen {
    pub(super) fn new(position: usize, case: &Case, dataset: &Dataset) -> Self {
        let structures = 0..case.structures();
        let (height, width) = case.side();
        let area = |k: usize, m: usize| {
            let marked = case.mask(m, k).iter().map(|pixel| u64::from(*pixel)).sum();
            case.present[m].then_some(marked)
        };
        let areas: Vec<Vec<_>> = structures
            .clone()
            .map(|k| (0..case.raters()).map(|m| area(k, m)).collect())
            .collect();
        Self {
            position,
            name: case.name.clone(),
            size: format!("{width} x {height}"),
            present: case.present.clone(),
            pairs: structures.clone().map(|k| pairwise_dice(case, k)).collect(),
            equal: equal(case, &areas),
            areas,
            pixels: (height * width) as u64,
            not_nested: not_nested(case, dataset),
            full_corners: structures.map(|k| full_corners(case, k)).collect(),
            constant: is_constant(case),
            image_hash: image_hash(case),
            thumbnail: Thumbnail::of(&case.image),
        }
    }
}

fn equal(case: &Case, areas: &[Vec<Option<u64>>]) -> Vec<(usize, usize)> {
    let present: Vec<_> = case.present_raters().collect();
    let is_empty = |m: usize| areas.iter().all(|of_rater| of_rater[m] == Some(0));
    // Areas first: they differ nearly always, and pixels need not be compared.
    let equal = |a: usize, b: usize| {
        areas.iter().all(|of_rater| of_rater[a] == of_rater[b])
            && case.masks.index_axis(ndarray::Axis(0), a)
                == case.masks.index_axis(ndarray::Axis(0), b)
    };
    let mut found = Vec::new();
    for (position, a) in present.iter().enumerate() {
        let later = present[position + 1..].iter();
        found.extend(
            later
                .filter(|b| !is_empty(*a) && equal(*a, **b))
                .map(|b| (*a, *b)),
        );
    }
    found
}

fn not_nested(case: &Case, dataset: &Dataset) -> Vec<usize> {
    let definition = &dataset.definition;
    let position = |name: &String| definition.structures.iter().position(|s| s == name);
    let nested: Vec<_> = definition.nested.iter().filter_map(position).collect();
    let leaves = |rater: usize| {
        nested.windows(2).any(|pair| {
            let (outer, inner) = (case.mask(rater, pair[0]), case.mask(rater, pair[1]));
            outer.iter().zip(inner).any(|(outer, inner)| inner > outer)
        })
    };
    case.present_raters()
        .filter(|rater| leaves(*rater))
        .collect()
}

fn full_corners(case: &Case, structure: usize) -> u32 {
    let (height, width) = case.side();
    let corners = [
        [0, 0],
        [0, width - 1],
        [height - 1, 0],
        [height - 1, width - 1],
    ];
    let full = |rater: &usize| {
        let mask = case.mask(*rater, structure);
        corners.iter().all(|at| mask[*at] == 1)
    };
    case.present_raters().filter(full).count() as u32
}

fn is_constant(case: &Case) -> bool {
    let channels = case.image.outer_iter();
    let mut flat = channels.map(|channel| {
        let first = channel.first().copied().unwrap_or_default();
        channel
            .iter()
            .all(|value| value.to_bits() == first.to_bits())
    });
    flat.all(|flat| flat)
}

fn image_hash(case: &Case) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for length in case.image.shape() {
        hasher.update(&(*length as u64).to_le_bytes());
    }
    for row in case.image.rows() {
        let bytes: Vec<u8> = row.iter().flat_map(|value| value.to_le_bytes()).collect();
        hasher.update(&bytes);
    }
    hasher.finalize()
}
