//! Single axial slices of a NIfTI volume: one plane is held at a time, whatever the volume's depth.

use std::io::Read;
use std::path::Path;

use ndarray::Array3;

use super::Pixels;
use super::nifti::{Voxels, broken, open, skip};
use crate::DataError;

/// Rows, columns and slices of a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    width: usize,
    height: usize,
    depth: usize,
}

/// The axial slice number `slice`, from 0: y and x as stored, one channel.
pub(super) fn read(path: &Path, slice: usize) -> Result<Pixels, DataError> {
    let mut reader = open(path)?;
    plane(&mut reader, slice).map_err(|message| broken(path, &message))
}

/// How many voxels of each axial slice are not 0.
pub(super) fn marked(path: &Path) -> Result<Vec<usize>, DataError> {
    let mut reader = open(path)?;
    count(&mut reader).map_err(|message| broken(path, &message))
}

fn plane(reader: &mut dyn Read, slice: usize) -> Result<Pixels, String> {
    let voxels = Voxels::promised(reader)?;
    let Extent {
        width,
        height,
        depth,
    } = extent(&voxels.dim)?;
    if slice >= depth {
        return Err(format!(
            "it has {depth} slices, and slice {slice} (from 0) is asked for"
        ));
    }
    let before = voxels.bytes(width * height * slice) as u64;
    skip(reader, voxels.gap + before)?;
    let values = voxels.next(reader, width * height)?;
    let values =
        Array3::from_shape_vec((1, height, width), values).map_err(|error| error.to_string())?;
    Ok(Pixels {
        values,
        largest: 1.0,
        plane: voxels.plane(0, 1),
    })
}

fn count(reader: &mut dyn Read) -> Result<Vec<usize>, String> {
    let voxels = Voxels::promised(reader)?;
    let Extent {
        width,
        height,
        depth,
    } = extent(&voxels.dim)?;
    skip(reader, voxels.gap)?;
    let mut counts = Vec::new();
    for _ in 0..depth {
        let plane = voxels.next(reader, width * height)?;
        counts.push(plane.iter().filter(|value| **value != 0.0).count());
    }
    Ok(counts)
}

/// Three axes; further ones of length 1 do no harm.
fn extent(dim: &[usize]) -> Result<Extent, String> {
    match dim {
        [width, height, depth, rest @ ..] if rest.iter().all(|length| *length == 1) => Ok(Extent {
            width: *width,
            height: *height,
            depth: *depth,
        }),
        _ => Err("it is no volume of three axes".to_owned()),
    }
}
