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
    let slice = Voxels::promised(&mut reader).and_then(|voxels| slice_of(&voxels.dim));
    let slice = slice.map_err(|message| broken(path, &message))?;
    Ok(slice.channels)
}

/// The slice, scaled by the header's slope and intercept.
pub(super) fn read(path: &Path) -> Result<Pixels, DataError> {
    let mut reader = open(path)?;
    decode(&mut reader).map_err(|message| broken(path, &message))
}

pub(super) fn broken(path: &Path, message: &str) -> DataError {
    DataError::broken(
        path,
        format!("{message}; replace the file or remove its case"),
    )
}

pub(super) fn open(path: &Path) -> Result<Box<dyn Read>, DataError> {
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

/// What a checked header promises of the voxels behind it.
#[derive(Debug)]
pub(super) struct Voxels {
    header: NiftiHeader,
    /// Lengths of the file's axes, the fastest first.
    pub(super) dim: Vec<usize>,
    number: Number,
    /// Bytes between header and voxels.
    pub(super) gap: u64,
}

impl Voxels {
    /// Reads and checks a header; its voxels follow behind a gap.
    pub(super) fn promised(reader: &mut dyn Read) -> Result<Self, String> {
        let (header, number) = header(reader)?;
        let dim = header
            .dim()
            .map_err(|error| format!("its dimensions make no sense ({error})"))?;
        let dim: Vec<_> = dim.iter().map(|length| usize::from(*length)).collect();
        dim.iter()
            .try_fold(1, |product: usize, length| product.checked_mul(*length))
            .filter(|numbers| *numbers <= MOST_NUMBERS)
            .ok_or_else(|| format!("it holds more than {MOST_NUMBERS} voxels"))?;
        let offset = header.vox_offset;
        if !(352.0..=1e6).contains(&offset) || offset.fract() != 0.0 {
            return Err(format!("its voxels are said to begin at byte {offset}"));
        }
        Ok(Self {
            gap: offset as u64 - HEADER_BYTES as u64,
            header,
            dim,
            number,
        })
    }

    /// Bytes that `voxels` of them take.
    pub(super) fn bytes(&self, voxels: usize) -> usize {
        voxels * self.number.bytes()
    }

    /// The next `voxels` of them, scaled by the header's slope and intercept.
    pub(super) fn next(&self, reader: &mut dyn Read, voxels: usize) -> Result<Vec<f32>, String> {
        let wanted = self.bytes(voxels);
        let mut bytes = Vec::new();
        reader
            .take(wanted as u64)
            .read_to_end(&mut bytes)
            .map_err(cut_off)?;
        if bytes.len() != wanted {
            return Err(format!(
                "it is cut off: {} of {wanted} bytes of voxels are there",
                bytes.len()
            ));
        }
        let order = match self.header.endianness {
            Endianness::Little => ByteOrder::Little,
            Endianness::Big => ByteOrder::Big,
        };
        let (slope, intercept) = scaling(&self.header);
        Ok(self
            .number
            .decode(&bytes, order, |stored| stored * slope + intercept))
    }

    /// Where a slice along these two axes lies.
    pub(super) fn plane(&self, across: usize, down: usize) -> Option<Plane> {
        Plane::of(&self.header, across, down)
    }
}

/// Passes over `bytes` of a file.
pub(super) fn skip(reader: &mut dyn Read, bytes: u64) -> Result<(), String> {
    std::io::copy(&mut reader.take(bytes), &mut std::io::sink())
        .map(|_| ())
        .map_err(cut_off)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn cut_off(error: std::io::Error) -> String {
    format!("its voxels cannot be read ({error})")
}

fn header(reader: &mut dyn Read) -> Result<(NiftiHeader, Number), String> {
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
    Ok((header, number))
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
    let promised = Voxels::promised(reader)?;
    let Slice {
        channels,
        height,
        width,
        across,
        down,
    } = slice_of(&promised.dim)?;
    skip(reader, promised.gap)?;
    let values = promised.next(reader, channels * height * width)?;
    // The file's first axis runs fastest: reversed, its axes are in C order, and axes of length 1 move nothing.
    let values = Array3::from_shape_vec((channels, height, width), values)
        .map_err(|error| error.to_string())?;
    Ok(Pixels {
        values,
        largest: 1.0,
        plane: promised.plane(across, down),
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
