//! NIfTI-1 files, gzipped or not, one slice each.
//!
//! The header is checked before a voxel is read, and no more is unpacked than the header promises: a broken or hostile file
//! is refused with a sentence. Rows of the result run along the file's second axis, columns along its first (x).

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use ::nifti::{InMemNiftiVolume, IntoNdArray, NiftiHeader, NiftiType};
use flate2::read::MultiGzDecoder;
use ndarray::Array3;

use crate::DataError;

const HEADER_BYTES: usize = 348;
const LARGEST_VOLUME: usize = 1 << 30;
/// A third axis that is longer than this is a stack of slices, not channels.
const MOST_CHANNELS: usize = 8;

/// Whether the name says NIfTI: `.nii` or `.nii.gz`.
pub(super) fn is_nifti(path: &Path) -> bool {
    let extension_of = |path: &Path| path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    match extension_of(path) {
        Some(extension) if extension == "gz" => {
            let unzipped = path.file_stem().map(Path::new).and_then(extension_of);
            unzipped.is_some_and(|extension| extension == "nii")
        }
        extension => extension.is_some_and(|extension| extension == "nii"),
    }
}

/// Channels that [`read`] will give, from the header alone.
pub(super) fn channels(path: &Path) -> Result<usize, DataError> {
    let mut reader = open(path)?;
    let (_, layout) = header(&mut reader).map_err(|message| broken(path, &message))?;
    Ok(layout.channels)
}

/// The slice as `[c, h, w]`, scaled by the header's slope and intercept.
pub(super) fn read(path: &Path) -> Result<Array3<f32>, DataError> {
    let mut reader = open(path)?;
    decode(&mut reader).map_err(|message| broken(path, &message))
}

fn broken(path: &Path, message: &str) -> DataError {
    DataError::broken(
        path,
        format!("{message}; replace the file or remove its case"),
    )
}

fn open(path: &Path) -> Result<Box<dyn Read>, DataError> {
    let refuse = || DataError::file("read", path);
    let mut start = [0; 2];
    let mut file = File::open(path).map_err(refuse())?;
    let gzipped = file.read_exact(&mut start).is_ok() && start == [0x1f, 0x8b];
    let file = BufReader::new(File::open(path).map_err(refuse())?);
    Ok(if gzipped {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}

/// What a checked header promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    channels: usize,
    height: usize,
    width: usize,
    /// Where voxels begin, from the file's start.
    offset: usize,
    /// How many bytes they take.
    bytes: usize,
}

fn header(reader: &mut dyn Read) -> Result<(NiftiHeader, Layout), String> {
    let mut bytes = [0; HEADER_BYTES];
    reader
        .read_exact(&mut bytes)
        .map_err(|error| format!("no whole NIfTI header ({error})"))?;
    let header = NiftiHeader::from_reader(&bytes[..])
        .map_err(|error| format!("no NIfTI header ({error})"))?;
    if header.sizeof_hdr != HEADER_BYTES as i32 || &header.magic != b"n+1\0" {
        return Err("not a NIfTI-1 file with header and voxels in one".to_owned());
    }
    let voxel = voxel_bytes(&header)?;
    let dim = header
        .dim()
        .map_err(|error| format!("its dimensions make no sense ({error})"))?;
    let dim: Vec<_> = dim.iter().map(|length| usize::from(*length)).collect();
    let (channels, height, width) = slice_of(&dim)?;
    let voxels = dim
        .iter()
        .try_fold(voxel, |product, length| product.checked_mul(*length));
    let bytes = voxels
        .filter(|bytes| *bytes <= LARGEST_VOLUME)
        .ok_or("it holds more than 1 GiB")?;
    let offset = header.vox_offset;
    if !(352.0..=1e6).contains(&offset) || offset.fract() != 0.0 {
        return Err(format!("its voxels are said to begin at byte {offset}"));
    }
    let layout = Layout {
        channels,
        height,
        width,
        offset: offset as usize,
        bytes,
    };
    Ok((header, layout))
}

fn voxel_bytes(header: &NiftiHeader) -> Result<usize, String> {
    let kind = header
        .data_type()
        .map_err(|error| format!("its voxel type is unknown ({error})"))?;
    match kind {
        NiftiType::Uint8 | NiftiType::Int8 => Ok(1),
        NiftiType::Uint16 | NiftiType::Int16 => Ok(2),
        NiftiType::Uint32 | NiftiType::Int32 | NiftiType::Float32 => Ok(4),
        NiftiType::Uint64 | NiftiType::Int64 | NiftiType::Float64 => Ok(8),
        other => Err(format!(
            "its voxels are {other:?}: only whole and real numbers are read"
        )),
    }
}

/// Channels, rows and columns: two axes, or three of which one has length 1, or a last axis of channels behind those.
fn slice_of(dim: &[usize]) -> Result<(usize, usize, usize), String> {
    let refuse = || {
        let axes: Vec<_> = dim.iter().map(ToString::to_string).collect();
        Err(format!(
            "it has the axes {}: only single slices are read (two axes, a third of length 1 or of 2 to {MOST_CHANNELS} channels, or channels as the fourth)",
            axes.join(" x ")
        ))
    };
    let used = dim
        .iter()
        .rposition(|length| *length > 1)
        .map_or(2, |last| last + 1)
        .max(2);
    match dim.get(..used) {
        Some(&[x, y]) => Ok((1, y, x)),
        Some(&[1, y, z]) => Ok((1, z, y)),
        Some(&[x, 1, z]) => Ok((1, z, x)),
        Some(&[x, y, channels]) if channels <= MOST_CHANNELS => Ok((channels, y, x)),
        Some(&[x, y, 1, channels]) => Ok((channels, y, x)),
        Some(&[x, 1, z, channels]) => Ok((channels, z, x)),
        Some(&[1, y, z, channels]) => Ok((channels, z, y)),
        _ => refuse(),
    }
}

fn decode(reader: &mut dyn Read) -> Result<Array3<f32>, String> {
    let (header, layout) = header(reader)?;
    let between = (layout.offset - HEADER_BYTES) as u64;
    let cut_off = |error: std::io::Error| format!("its voxels cannot be read ({error})");
    std::io::copy(&mut reader.take(between), &mut std::io::sink()).map_err(cut_off)?;
    let mut voxels = Vec::new();
    reader
        .take(layout.bytes as u64)
        .read_to_end(&mut voxels)
        .map_err(cut_off)?;
    if voxels.len() != layout.bytes {
        return Err(format!(
            "it is cut off: {} of {} bytes of voxels are there",
            voxels.len(),
            layout.bytes
        ));
    }
    // A slope of 0 or NaN means that nothing is scaled.
    let scaled =
        header.scl_slope.is_finite() && header.scl_slope != 0.0 && header.scl_inter.is_finite();
    let (slope, intercept) = if scaled {
        (header.scl_slope, header.scl_inter)
    } else {
        (0.0, 0.0)
    };
    let kind = header.data_type().map_err(|error| error.to_string())?;
    let volume = InMemNiftiVolume::from_raw_fields(
        header.dim,
        kind,
        slope,
        intercept,
        voxels,
        header.endianness,
    )
    .map_err(|error| error.to_string())?;
    let array = volume
        .into_ndarray::<f32>()
        .map_err(|error| error.to_string())?;
    // The file's first axis runs fastest; reversed axes are C order, so leaving axes of length 1 out moves nothing.
    let values: Vec<f32> = array.t().iter().copied().collect();
    Array3::from_shape_vec((layout.channels, layout.height, layout.width), values)
        .map_err(|error| error.to_string())
}
