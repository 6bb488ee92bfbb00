//! Where a slice lies in the scanner's space, and laying one slice on another.
//!
//! The rule: an image keeps its rows and columns as stored; a mask follows its image. A mask that was saved with rows and
//! columns swapped or reversed, and an affine that says so, is turned back. A mask whose affine puts it anywhere else is
//! refused, since nobody can say which of the two is wrong.

use ::nifti::NiftiHeader;
use ndarray::{Array3, s};

/// How far, in pixels of the image, the two files may place a corner of the mask apart.
const SLACK: f64 = 0.5;

/// The affine of a file and which of its axes are the slice's.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plane {
    /// From indices along the file's axes (and 1) to millimetres.
    affine: [[f64; 4]; 3],
    /// The file's axis that runs along a row, from one column to the next.
    across: usize,
    /// The file's axis that runs from one row to the next.
    down: usize,
}

impl Plane {
    /// By the header's sform, else its qform; none where it has neither or where they say nothing.
    pub(super) fn of(header: &NiftiHeader, across: usize, down: usize) -> Option<Self> {
        let affine = if header.sform_code > 0 {
            [header.srow_x, header.srow_y, header.srow_z].map(|row| row.map(f64::from))
        } else if header.qform_code > 0 {
            qform(header)
        } else {
            return None;
        };
        let plane = Self {
            affine,
            across,
            down,
        };
        plane.inverse().map(|_| plane)
    }

    /// Rows that turn millimetres (less the origin) into indices along the file's axes; none of a flat affine.
    fn inverse(&self) -> Option<[[f64; 3]; 3]> {
        let a = &self.affine;
        let minor = |r: usize, c: usize| {
            let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
            a[r1][c1] * a[r2][c2] - a[r1][c2] * a[r2][c1]
        };
        let determinant: f64 = (0..3).map(|c| a[0][c] * minor(0, c)).sum();
        let inverse = [0, 1, 2].map(|r| [0, 1, 2].map(|c| minor(c, r) / determinant));
        let sound = determinant.abs() > 1e-12 && inverse.iter().flatten().all(|v| v.is_finite());
        (sound && a.iter().all(|row| row[3].is_finite())).then_some(inverse)
    }

    fn millimetres(&self, (y, x): (f64, f64)) -> [f64; 3] {
        let a = &self.affine;
        [0, 1, 2].map(|r| a[r][self.across] * x + a[r][self.down] * y + a[r][3])
    }
}

/// The rotation of a unit quaternion, voxel sizes and an origin, as the NIfTI-1 standard defines its "method 2".
fn qform(header: &NiftiHeader) -> [[f64; 4]; 3] {
    let [b, c, d] = [header.quatern_b, header.quatern_c, header.quatern_d].map(f64::from);
    let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
    let sign = if header.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
    let [_, dx, dy, dz, ..] = header.pixdim.map(f64::from);
    let dz = sign * dz;
    let [x, y, z] = [header.quatern_x, header.quatern_y, header.quatern_z].map(f64::from);
    let row = |r: [f64; 3], origin: f64| [r[0] * dx, r[1] * dy, r[2] * dz, origin];
    [
        row(
            [
                a * a + b * b - c * c - d * d,
                2.0 * (b * c - a * d),
                2.0 * (b * d + a * c),
            ],
            x,
        ),
        row(
            [
                2.0 * (b * c + a * d),
                a * a + c * c - b * b - d * d,
                2.0 * (c * d - a * b),
            ],
            y,
        ),
        row(
            [
                2.0 * (b * d - a * c),
                2.0 * (c * d + a * b),
                a * a + d * d - b * b - c * c,
            ],
            z,
        ),
    ]
}

/// One of the eight ways to turn a slice over: swapped first, then reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    swapped: bool,
    rows_reversed: bool,
    columns_reversed: bool,
}

impl Turn {
    fn all() -> impl Iterator<Item = Self> {
        (0..8).map(|bits| Self {
            swapped: bits & 4 != 0,
            rows_reversed: bits & 2 != 0,
            columns_reversed: bits & 1 != 0,
        })
    }

    /// Where pixel (y, x) goes in a slice that has `height` rows and `width` columns afterwards.
    fn place(self, (y, x): (f64, f64), (height, width): (usize, usize)) -> (f64, f64) {
        let (y, x) = if self.swapped { (x, y) } else { (y, x) };
        let reversed =
            |flag: bool, at: f64, length: usize| if flag { (length - 1) as f64 - at } else { at };
        (
            reversed(self.rows_reversed, y, height),
            reversed(self.columns_reversed, x, width),
        )
    }

    fn apply(self, mut values: Array3<f32>) -> Array3<f32> {
        if self.swapped {
            values.swap_axes(1, 2);
        }
        let step = |reversed| if reversed { -1 } else { 1 };
        let (down, across) = (step(self.rows_reversed), step(self.columns_reversed));
        values.slice(s![.., ..;down, ..;across]).to_owned()
    }
}

/// Turns `values` (`[c, h, w]`, lying at `own`) so that its pixels lie on those of an image of `side` (rows, columns) at `its`.
pub(super) fn lay(
    values: Array3<f32>,
    own: &Plane,
    side: (usize, usize),
    its: &Plane,
) -> Result<Array3<f32>, String> {
    let (_, height, width) = values.dim();
    if (height, width) != side && (width, height) != side {
        return Ok(values);
    }
    let Some(inverse) = its.inverse() else {
        return Ok(values);
    };
    let last = |length: usize| length.saturating_sub(1) as f64;
    let ends = |length: usize| [0.0, last(length)];
    let corners: Vec<_> = ends(height)
        .into_iter()
        .flat_map(|y| ends(width).map(|x| (y, x)))
        .collect();
    let in_image = |corner: &(f64, f64)| {
        let place = own.millimetres(*corner);
        let from_origin = [0, 1, 2].map(|r| place[r] - its.affine[r][3]);
        let along = |axis: usize| (0..3).map(|c| inverse[axis][c] * from_origin[c]).sum();
        (along(its.down), along(its.across))
    };
    let places: Vec<(f64, f64)> = corners.iter().map(in_image).collect();
    let fits = |turn: &Turn| {
        let after = if turn.swapped {
            (width, height)
        } else {
            (height, width)
        };
        let near = |((y, x), place): ((f64, f64), &(f64, f64))| {
            (y - place.0).abs() < SLACK && (x - place.1).abs() < SLACK
        };
        let placed = corners.iter().map(|corner| turn.place(*corner, side));
        after == side && placed.zip(&places).all(near)
    };
    match Turn::all().find(fits) {
        Some(turn) => Ok(turn.apply(values)),
        None => Err(format!(
            "its affine lays its first pixel on row {:.1}, column {:.1} of its image and its last on row {:.1}, column {:.1}: \
             export both from one volume, or, where the files are known to fit pixel by pixel, say orientation = \"stored\"",
            places[0].0, places[0].1, places[3].0, places[3].1
        )),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};

    use super::{Plane, lay};

    /// Voxels of 2 mm in both directions; columns run along x, rows along y.
    fn plane(x_step: f64, y_step: f64, x: f64, y: f64) -> Plane {
        Plane {
            affine: [
                [x_step, 0.0, 0.0, x],
                [0.0, y_step, 0.0, y],
                [0.0, 0.0, 1.0, 7.0],
            ],
            across: 0,
            down: 1,
        }
    }

    fn mask() -> Array3<f32> {
        array![[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]
    }

    #[test]
    fn a_mask_is_reversed_and_swapped_as_the_affines_say() {
        let image = plane(2.0, 2.0, 10.0, 20.0);
        let laid = |own: &Plane, values| lay(values, own, (2, 3), &image).unwrap();
        assert_eq!(laid(&image, mask()), mask());
        let mirrored = plane(-2.0, 2.0, 14.0, 20.0);
        assert_eq!(
            laid(&mirrored, mask()),
            array![[[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]]]
        );
        let turned = plane(-2.0, -2.0, 14.0, 22.0);
        assert_eq!(
            laid(&turned, mask()),
            array![[[6.0, 5.0, 4.0], [3.0, 2.0, 1.0]]]
        );
        let swapped = Plane {
            across: 1,
            down: 0,
            ..image.clone()
        };
        let values = array![[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]];
        assert_eq!(laid(&swapped, values), mask());
    }

    #[test]
    fn another_place_or_another_scale_is_refused_and_a_small_difference_is_not() {
        let image = plane(2.0, 2.0, 10.0, 20.0);
        for elsewhere in [
            plane(2.0, 2.0, 12.0, 20.0),
            plane(3.0, 2.0, 10.0, 20.0),
            plane(-2.0, 2.0, 10.0, 20.0),
        ] {
            let told = lay(mask(), &elsewhere, (2, 3), &image).unwrap_err();
            assert!(
                told.contains("row 0.0, column") && told.contains("\"stored\""),
                "{told}"
            );
        }
        assert!(lay(mask(), &plane(2.0, 2.0, 10.9, 20.0), (2, 3), &image).is_ok());
    }

    #[test]
    fn a_mask_of_another_size_is_left_to_the_check_of_sizes() {
        let image = plane(2.0, 2.0, 10.0, 20.0);
        assert_eq!(lay(mask(), &image, (5, 5), &image).unwrap(), mask());
    }
}
