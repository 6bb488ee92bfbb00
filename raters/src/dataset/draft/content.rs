//! What a few files' pixels say: mask or image, which values are foreground, colours or grey.

use std::collections::BTreeSet;

use super::layout::Layout;
use crate::DataError;
use crate::read::{Inside, Stored, stored};

/// A mask holds no more different values than this: a few labels.
const MOST_LABELS: usize = 6;
/// Files of a group that are decoded to tell masks from images.
const TELLING: usize = 3;
/// Masks that are decoded to learn their values, and images to learn their range.
const LEARNING: usize = 12;

/// What the pixels say.
#[derive(Debug, Clone)]
pub(super) struct Content {
    /// The line `foreground = …` without its comment; nothing where none is needed.
    pub(super) foreground: Option<String>,
    /// What is uncertain about it.
    pub(super) doubt: Option<String>,
    pub(super) intensity: &'static str,
    /// Sizes of the images looked at, as `width x height`.
    pub(super) sizes: BTreeSet<String>,
}

/// Evenly spaced files.
fn sample(paths: &[String], count: usize) -> Vec<&String> {
    let count = count.min(paths.len());
    (0..count)
        .map(|i| &paths[i * paths.len() / count])
        .collect()
}

/// Whether the files of a group hold masks: few values, or nearly all pixels at one of the two ends (JPEG frays them).
pub(super) fn is_mask(inside: &Inside, paths: &[String]) -> bool {
    let read = |path: &&String| {
        let file = inside.resolve(path.as_ref()).ok()?;
        stored(&file).ok()
    };
    let decoded: Vec<_> = sample(paths, TELLING).iter().filter_map(read).collect();
    !decoded.is_empty()
        && decoded
            .iter()
            .all(|stored| values(stored).len() <= MOST_LABELS || is_frayed(stored))
}

/// Different values of every pixel; no more than is needed to see that there are too many.
fn values(stored: &Stored) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for value in &stored.pixels {
        found.insert(value.to_bits());
        if found.len() > MOST_LABELS {
            break;
        }
    }
    found
}

fn is_frayed(stored: &Stored) -> bool {
    let (low, high) = range(stored);
    let near = |value: &&f32| (**value - low).min(high - **value) < 0.08 * (high - low);
    let ends = stored.pixels.iter().filter(near).count();
    let bright = stored
        .pixels
        .iter()
        .filter(|value| **value > f32::midpoint(low, high));
    // A dark image with a bright spot also lies at its ends; a mask of JPEG also reaches the format's largest value.
    stored.lossy
        && high >= 0.9 * stored.largest
        && ends as f64 >= 0.97 * stored.pixels.len() as f64
        && bright.count() > 0
}

fn range(stored: &Stored) -> (f32, f32) {
    let finite = stored
        .pixels
        .iter()
        .copied()
        .filter(|value| value.is_finite());
    finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    })
}

/// Decodes some masks and images.
pub(super) fn look(inside: &Inside, layout: &Layout) -> Result<Content, DataError> {
    let read = |path: &String| stored(&inside.resolve(path.as_ref())?);
    let masks: Vec<_> = sample(&layout.mask_files, LEARNING)
        .into_iter()
        .map(read)
        .collect::<Result<_, _>>()?;
    let images: Vec<_> = sample(&layout.image_files, TELLING)
        .into_iter()
        .map(read)
        .collect::<Result<_, _>>()?;
    let (foreground, doubt) = foreground(&masks);
    let size = |stored: &Stored| format!("{} x {}", stored.pixels.dim().2, stored.pixels.dim().1);
    Ok(Content {
        foreground,
        doubt,
        intensity: intensity(&images),
        sizes: images.iter().map(size).collect(),
    })
}

fn intensity(images: &[Stored]) -> &'static str {
    let colours = |stored: &Stored| {
        let pixels = &stored.pixels;
        pixels.dim().0 == 3
            && pixels
                .lanes(ndarray::Axis(0))
                .into_iter()
                .any(|lane| lane.iter().any(|value| (value - lane[0]).abs() > 8.0))
    };
    let hounsfield = |stored: &Stored| stored.numeric && range(stored).0 < -500.0;
    if images.iter().any(hounsfield) {
        "ct:-400:800"
    } else if images.iter().any(|stored| stored.numeric) {
        "percentile:1:99"
    } else if images.iter().any(colours) {
        "rgb"
    } else {
        "minmax"
    }
}

/// How many of the four corners lie above `middle`.
fn bright_corners(stored: &Stored, middle: f32) -> usize {
    let (_, height, width) = stored.pixels.dim();
    let (bottom, right) = (height.saturating_sub(1), width.saturating_sub(1));
    let corners = [[0, 0, 0], [0, 0, right], [0, bottom, 0], [0, bottom, right]];
    let bright = |at: &&[usize; 3]| stored.pixels.get(**at).is_some_and(|value| *value > middle);
    corners.iter().filter(bright).count()
}

/// The rule that the masks' values suggest, and what is uncertain about it.
fn foreground(masks: &[Stored]) -> (Option<String>, Option<String>) {
    let found: BTreeSet<u32> = masks.iter().flat_map(values).collect();
    let mut found: Vec<f32> = found.into_iter().map(f32::from_bits).collect();
    found.sort_unstable_by(f32::total_cmp);
    let numeric = masks.iter().any(|stored| stored.numeric);
    let (low, high) = (
        found.first().copied().unwrap_or_default(),
        found.last().copied().unwrap_or_default(),
    );
    let middle = f32::midpoint(low, high);
    // Two of the values 0 and 1 need no decimals; 0 and 255 part at 127.
    let bound = if (low, high) == (0.0, 1.0) {
        0.0
    } else {
        middle.floor()
    };
    let bright: usize = masks
        .iter()
        .map(|stored| bright_corners(stored, middle))
        .sum();
    if found.len() > 2 && found.len() <= MOST_LABELS {
        let all: Vec<_> = found.iter().map(ToString::to_string).collect();
        let others: Vec<_> = found
            .iter()
            .filter(|value| value.abs() > 0.0)
            .map(ToString::to_string)
            .collect();
        let doubt = format!(
            "masks hold the values {}: which of them are foreground?",
            all.join(", ")
        );
        let rule = format!("{{ equals = [{}] }}", others.join(", "));
        return (Some(rule), Some(doubt));
    }
    if found.len() < 2 {
        let doubt = format!("the masks looked at hold the value {low} only: what is foreground?");
        return (Some("{ above = 127 }".to_owned()), Some(doubt));
    }
    if bright > 2 * masks.len() {
        let doubt = format!(
            "the masks' corners hold the greater value {high}: is the smaller one {low} the foreground?"
        );
        return (Some(format!("{{ below = {} }}", bound + 1.0)), Some(doubt));
    }
    let doubt = (found.len() > 2).then(|| {
        "masks hold values between the two ends (JPEG?): is the middle the right bound?".to_owned()
    });
    let rule = (!(numeric && bound.abs() < 0.5)).then(|| format!("{{ above = {bound} }}"));
    (rule, doubt)
}
