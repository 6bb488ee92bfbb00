//! Bringing a case to a square of a given side: padded to square first, then the image smoothly and the masks by nearest pixel.

use ndarray::{Array2, Array3, Array4, ArrayRef2, Axis};

use crate::case::Case;

/// The case at `size` × `size`. Padding is centred and 0 (background, darkest value).
///
/// The image passes a triangle filter, widened when shrinking so that nothing aliases (bilinear when growing); a mask pixel
/// is the source pixel that holds its middle, so masks stay 0 or 1 and aligned with the image.
pub(crate) fn bring_to(case: Case, size: usize) -> Case {
    let (height, width) = case.side();
    if (height, width) == (size, size) {
        return case;
    }
    let side = height.max(width);
    let (top, left) = ((side - height) / 2, (side - width) / 2);
    let mask_rows = nearest(side, size, top, height);
    let mask_columns = nearest(side, size, left, width);
    let (raters, structures, _, _) = case.masks.dim();
    let pixel = |source: &dyn Fn(usize, usize) -> u8, y: usize, x: usize| match (
        mask_rows[y],
        mask_columns[x],
    ) {
        (Some(row), Some(column)) => source(row, column),
        _ => 0,
    };
    let masks = Array4::from_shape_fn((raters, structures, size, size), |(m, k, y, x)| {
        pixel(&|row, column| case.masks[[m, k, row, column]], y, x)
    });
    let arbitrated = case.arbitrated.map(|source| {
        Array3::from_shape_fn((structures, size, size), |(k, y, x)| {
            pixel(&|row, column| source[[k, row, column]], y, x)
        })
    });
    let rows = triangle(side, size, top, height);
    let columns = triangle(side, size, left, width);
    let mut image = Array3::zeros((case.image.dim().0, size, size));
    for (source, mut target) in case
        .image
        .axis_iter(Axis(0))
        .zip(image.axis_iter_mut(Axis(0)))
    {
        target.assign(&filtered(&source, &rows, &columns));
    }
    Case {
        image,
        masks,
        arbitrated,
        ..case
    }
}

/// For each target pixel along one axis: the source pixel that holds its middle, or nothing in the padding.
fn nearest(side: usize, size: usize, margin: usize, length: usize) -> Vec<Option<usize>> {
    (0..size)
        .map(|i| {
            let padded = (2 * i + 1) * side / (2 * size);
            padded.checked_sub(margin).filter(|source| *source < length)
        })
        .collect()
}

/// For each target pixel along one axis: the first source pixel and its neighbours' weights.
type Weights = Vec<(usize, Vec<f32>)>;

/// Weights of a triangle filter from a padded side to `size`; source pixels are counted without the margin of `margin` pixels
/// before the `length` real ones. Padding takes its share of the weight and adds nothing.
fn triangle(side: usize, size: usize, margin: usize, length: usize) -> Weights {
    let scale = side as f64 / size as f64;
    let reach = scale.max(1.0);
    (0..size)
        .map(|i| {
            let middle = (i as f64 + 0.5) * scale;
            let first = (middle - reach).floor().max(0.0) as usize;
            let last = ((middle + reach).ceil() as usize).min(side);
            let weight =
                |source: usize| (1.0 - ((source as f64 + 0.5 - middle) / reach).abs()).max(0.0);
            let sum: f64 = (first..last).map(weight).sum();
            let (real_first, real_last) = (first.max(margin), last.min(margin + length));
            let weights = (real_first..real_last).map(|source| (weight(source) / sum) as f32);
            (real_first.saturating_sub(margin), weights.collect())
        })
        .collect()
}

fn filtered(source: &ArrayRef2<f32>, rows: &Weights, columns: &Weights) -> Array2<f32> {
    let height = source.nrows();
    let mut narrow = Array2::<f32>::zeros((height, columns.len()));
    for (row, mut target) in source.rows().into_iter().zip(narrow.rows_mut()) {
        for ((first, weights), value) in columns.iter().zip(&mut target) {
            *value = weights
                .iter()
                .zip(row.iter().skip(*first))
                .map(|(weight, pixel)| weight * pixel)
                .sum();
        }
    }
    let mut result = Array2::<f32>::zeros((rows.len(), columns.len()));
    for ((first, weights), mut target) in rows.iter().zip(result.rows_mut()) {
        for (weight, row) in weights.iter().zip(narrow.rows().into_iter().skip(*first)) {
            target.scaled_add(*weight, &row);
        }
    }
    // Weights are rounded one by one, so that a sum may pass 1 by a last bit.
    result.mapv_inplace(|value| value.clamp(0.0, 1.0));
    result
}
