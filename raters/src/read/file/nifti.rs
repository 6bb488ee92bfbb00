//! NIfTI-1 files, gzipped or not, one slice each.
//!
//! The header is checked before a voxel is read, and no more is unpacked than the header promises: a broken or hostile file
//! is refused with a sentence. Rows of the result run along the later of the slice's two axes, columns along the earlier:
//! y and x of an axial slice, as stored, whatever the affine says (a mask follows its image, see `orientation`).

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use ::nifti::{Endianness, NiftiHeader, NiftiType};
use flate2::read::MultiGzDecoder;
use ndarray::Array3;

use super::number::{ByteOrder, Number};
use super::orientation::Plane;
use super::{MOST_CHANNELS, MOST_NUMBERS, Pixels};
use crate::DataError;

const HEADER_BYTES: usize = 348;
/// What a NIfTI-2 file says its header takes.
const NIFTI_2_BYTES: i32 = 540;

/// Channels that [`read`] will give, from the header alone.
pub(super) fn channels(path: &Path) -> Result<usize, DataError> {
    let mut reader = open(path)?;
    let (_, layout) = header(&mut reader).map_err(|message| broken(path, &message))?;
    Ok(layout.slice.channels)
}

/// The slice, scaled by the header's slope and intercept.
pub(super) fn read(path: &Path) -> Result<Pixels, DataError> {
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

/// Which of a file's axes make up its slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slice {
    channels: usize,
    height: usize,
    width: usize,
    /// The file's axis along a row.
    across: usize,
    /// The file's axis from row to row.
    down: usize,
}

/// What a checked header promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    slice: Slice,
    number: Number,
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
    let said = [bytes[0], bytes[1], bytes[2], bytes[3]];
    if [i32::from_le_bytes(said), i32::from_be_bytes(said)].contains(&NIFTI_2_BYTES) {
        return Err("it is NIfTI-2: save it as NIfTI-1".to_owned());
    }
    if &bytes[344..] == b"ni1\0" {
        return Err(
            "it is the header of a .hdr/.img pair: save header and voxels as one .nii file"
                .to_owned(),
        );
    }
    let header = NiftiHeader::from_reader(&bytes[..])
        .map_err(|error| format!("no NIfTI header ({error})"))?;
    if header.sizeof_hdr != HEADER_BYTES as i32 || &header.magic != b"n+1\0" {
        return Err("it is no NIfTI-1 file".to_owned());
    }
    let number = number_of(&header)?;
    let dim = header
        .dim()
        .map_err(|error| format!("its dimensions make no sense ({error})"))?;
    let dim: Vec<_> = dim.iter().map(|length| usize::from(*length)).collect();
    let slice = slice_of(&dim)?;
    let bytes = dim
        .iter()
        .try_fold(1, |product: usize, length| product.checked_mul(*length))
        .filter(|numbers| *numbers <= MOST_NUMBERS)
        .map(|numbers| numbers * number.bytes())
        .ok_or_else(|| format!("it holds more than {MOST_NUMBERS} voxels"))?;
    let offset = header.vox_offset;
    if !(352.0..=1e6).contains(&offset) || offset.fract() != 0.0 {
        return Err(format!("its voxels are said to begin at byte {offset}"));
    }
    let layout = Layout {
        slice,
        number,
        offset: offset as usize,
        bytes,
    };
    Ok((header, layout))
}

fn number_of(header: &NiftiHeader) -> Result<Number, String> {
    let kind = header
        .data_type()
        .map_err(|error| format!("its voxel type is unknown ({error})"))?;
    Ok(match kind {
        NiftiType::Uint8 => Number::U8,
        NiftiType::Int8 => Number::I8,
        NiftiType::Uint16 => Number::U16,
        NiftiType::Int16 => Number::I16,
        NiftiType::Uint32 => Number::U32,
        NiftiType::Int32 => Number::I32,
        NiftiType::Uint64 => Number::U64,
        NiftiType::Int64 => Number::I64,
        NiftiType::Float32 => Number::F32,
        NiftiType::Float64 => Number::F64,
        other => {
            return Err(format!(
                "its voxels are {other:?}: only whole and real numbers are read"
            ));
        }
    })
}

/// Two axes, or three of which one has length 1, or a last axis of channels behind those.
fn slice_of(dim: &[usize]) -> Result<Slice, String> {
    let used = dim
        .iter()
        .rposition(|length| *length > 1)
        .map_or(2, |last| last + 1)
        .max(2);
    let (channels, across, down) = match dim.get(..used) {
        Some([_, _]) => (1, 0, 1),
        Some([1, _, _]) => (1, 1, 2),
        Some([_, 1, _]) => (1, 0, 2),
        Some([_, _, channels]) if *channels <= MOST_CHANNELS => (*channels, 0, 1),
        Some([_, _, 1, channels]) => (*channels, 0, 1),
        Some([_, 1, _, channels]) => (*channels, 0, 2),
        Some([1, _, _, channels]) => (*channels, 1, 2),
        _ => (usize::MAX, 0, 1),
    };
    if channels > MOST_CHANNELS {
        let axes: Vec<_> = dim.iter().map(ToString::to_string).collect();
        return Err(format!(
            "it has the axes {}: only single slices are read (two axes, a third of length 1 or of 2 to {MOST_CHANNELS} channels, or channels as the fourth)",
            axes.join(" x ")
        ));
    }
    Ok(Slice {
        channels,
        height: dim[down],
        width: dim[across],
        across,
        down,
    })
}

fn decode(reader: &mut dyn Read) -> Result<Pixels, String> {
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
    let order = match header.endianness {
        Endianness::Little => ByteOrder::Little,
        Endianness::Big => ByteOrder::Big,
    };
    let (slope, intercept) = scaling(&header);
    let values = layout
        .number
        .decode(&voxels, order, |stored| stored * slope + intercept);
    let Slice {
        channels,
        height,
        width,
        across,
        down,
    } = layout.slice;
    // The file's first axis runs fastest: reversed, its axes are in C order, and axes of length 1 move nothing.
    let values = Array3::from_shape_vec((channels, height, width), values)
        .map_err(|error| error.to_string())?;
    Ok(Pixels {
        values,
        largest: 1.0,
        plane: Plane::of(&header, across, down),
    })
}

/// A slope of 0 or NaN means that nothing is scaled.
fn scaling(header: &NiftiHeader) -> (f64, f64) {
    let (slope, intercept) = (header.scl_slope, header.scl_inter);
    if slope.is_finite() && slope != 0.0 && intercept.is_finite() {
        (f64::from(slope), f64::from(intercept))
    } else {
        (1.0, 0.0)
    }
}
