//! The `.mrp` file: a header, a checksum, and the numbers under zstd.
//!
//! Layout, little-endian: `MRPRISMP`, version u16, length of the case's name u16, the name (UTF-8), then seven u32: recurrences,
//! structures, rows, columns, raters of the heads, raters of the confidences, hypotheses (version 1 has no such word and none of
//! them); BLAKE3 (32 bytes) of everything before it and of the
//! raw body; then one zstd frame of the body: all low bytes, then all high bytes, of prediction, heads, confidences and
//! hypotheses in C order.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use ndarray::{Array4, Array5};

use super::StoredPrediction;
use crate::DataError;

const MAGIC: &[u8; 8] = b"MRPRISMP";
const VERSION: u16 = 2;
const HASH_BYTES: usize = 32;
const LARGEST_BODY: u64 = 1 << 30;
const LONGEST_NAME: usize = 200;
const LEVEL: i32 = 3;

/// The file's name for a case: `<case>.mrp`, one component of a path whatever the case is called.
///
/// What could end a component or climb (`/`, `\\`, control characters, a leading dot) is written as `%` and two hexadecimal
/// digits a byte, and so is `%` itself: different cases have different files.
pub fn file_name(case: &str) -> String {
    let mut name = String::with_capacity(case.len() + 4);
    for (position, character) in case.char_indices() {
        let unsafe_here = matches!(character, '/' | '\\' | '%')
            || character.is_control()
            || (position == 0 && character == '.');
        if unsafe_here {
            let digit = |half: u8| b"0123456789ABCDEF"[usize::from(half & 15)].into();
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                name.extend(['%', digit(byte >> 4), digit(byte)]);
            }
        } else {
            name.push(character);
        }
    }
    name + ".mrp"
}

/// Writes a prediction whole or not at all: a file beside it, flushed to the disk, then renamed.
///
/// # Errors
/// Arrays whose shapes disagree, a name that is empty or too long, more than 1 GiB, or the disk's refusal.
pub fn write(path: &Path, stored: &StoredPrediction) -> Result<(), DataError> {
    let refuse =
        |message: &str| DataError::case(&stored.case, format!("prediction not stored: {message}"));
    if !stored.is_consistent() {
        return Err(refuse(
            "its arrays disagree on recurrences, structures or size",
        ));
    }
    if stored.case.is_empty() || stored.case.len() > LONGEST_NAME {
        return Err(refuse("the case's name must be 1 to 200 bytes long"));
    }
    let shape = Shape::of(stored);
    let body_bytes = shape.body_bytes().filter(|bytes| *bytes <= LARGEST_BODY);
    if body_bytes.is_none() {
        return Err(refuse("it is larger than 1 GiB"));
    }
    let header = shape.header(&stored.case);
    let body = body_of(stored);
    let packed = zstd::bulk::compress(&body, LEVEL).map_err(DataError::file("write", path))?;
    let mut bytes = header.clone();
    bytes.extend(checksum(&header, &body));
    bytes.extend(packed);
    write_atomically(path, &bytes).map_err(DataError::file("write", path))
}

/// Reads a prediction and proves its checksum.
///
/// # Errors
/// Any file that [`write()`] did not make: foreign, cut off, changed, of another version or larger than 1 GiB. Never panics.
pub fn read(path: &Path) -> Result<StoredPrediction, DataError> {
    let broken = |message: &str| {
        DataError::broken(
            path,
            format!("{message}; delete the file and predict again"),
        )
    };
    let file = File::open(path).map_err(DataError::file("read", path))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_BODY + (1 << 20))
        .read_to_end(&mut bytes)
        .map_err(DataError::file("read", path))?;
    let (header_bytes, case, shape) = parse_header(&bytes).map_err(|message| broken(&message))?;
    let expected = shape
        .body_bytes()
        .filter(|size| *size <= LARGEST_BODY)
        .ok_or_else(|| broken("its header promises more than 1 GiB"))?;
    let (header, rest) = bytes.split_at(header_bytes);
    let (hash, packed) = rest
        .split_at_checked(HASH_BYTES)
        .ok_or_else(|| broken("it is cut off"))?;
    let mut body = Vec::new();
    zstd::stream::read::Decoder::with_buffer(packed)
        .map(|decoder| decoder.take(expected + 1))
        .and_then(|mut limited| limited.read_to_end(&mut body))
        .map_err(|error| broken(&format!("its body does not unpack ({error})")))?;
    if body.len() as u64 != expected || checksum(header, &body) != *hash {
        return Err(broken(
            "its checksum is wrong: the file is cut off or was changed",
        ));
    }
    shape
        .arrays(case, &body)
        .ok_or_else(|| broken("its size is wrong"))
}

#[derive(Debug, Clone, Copy)]
struct Shape {
    recurrences: u32,
    structures: u32,
    height: u32,
    width: u32,
    heads: u32,
    confidences: u32,
    hypotheses: u32,
}

impl Shape {
    fn of(stored: &StoredPrediction) -> Self {
        let (recurrences, structures, height, width) = stored.prediction.dim();
        let [recurrences, structures, height, width] =
            [recurrences, structures, height, width].map(|n| n as u32);
        Self {
            recurrences,
            structures,
            height,
            width,
            heads: stored.heads.dim().1 as u32,
            confidences: stored.confidences.dim().1 as u32,
            hypotheses: stored.hypotheses.dim().0 as u32,
        }
    }

    fn words(self) -> [u32; 7] {
        [
            self.recurrences,
            self.structures,
            self.height,
            self.width,
            self.heads,
            self.confidences,
            self.hypotheses,
        ]
    }

    fn header(self, case: &str) -> Vec<u8> {
        let mut header = MAGIC.to_vec();
        header.extend(VERSION.to_le_bytes());
        header.extend((case.len() as u16).to_le_bytes());
        header.extend(case.as_bytes());
        for word in self.words() {
            header.extend(word.to_le_bytes());
        }
        header
    }

    /// Numbers of one segmentation, every structure; none on overflow.
    fn map(self) -> Option<u64> {
        u64::from(self.structures)
            .checked_mul(u64::from(self.height))?
            .checked_mul(u64::from(self.width))
    }

    /// Numbers in one rater's arrays; none on overflow.
    fn plane(self) -> Option<u64> {
        self.map()?.checked_mul(u64::from(self.recurrences))
    }

    fn body_bytes(self) -> Option<u64> {
        let planes = 1 + u64::from(self.heads) + u64::from(self.confidences);
        let hypotheses = self.map()?.checked_mul(u64::from(self.hypotheses))?;
        let numbers = self.plane()?.checked_mul(planes)?.checked_add(hypotheses)?;
        numbers.checked_mul(2)
    }

    fn arrays(self, case: String, body: &[u8]) -> Option<StoredPrediction> {
        let (low, high) = body.split_at(body.len() / 2);
        let numbers: Vec<u16> = low
            .iter()
            .zip(high)
            .map(|(low, high)| u16::from_le_bytes([*low, *high]))
            .collect();
        let [rec, k, h, w, heads, confidences, hypotheses] = self.words().map(|n| n as usize);
        let plane = self.plane()? as usize;
        let (prediction, rest) = numbers.split_at_checked(plane)?;
        let (head_numbers, rest) = rest.split_at_checked(plane.checked_mul(heads)?)?;
        let (confidence_numbers, rest) = rest.split_at_checked(plane.checked_mul(confidences)?)?;
        let four = |count: usize, numbers: &[u16]| {
            Array4::from_shape_vec((count, k, h, w), numbers.to_vec()).ok()
        };
        let five = |raters: usize, numbers: &[u16]| {
            Array5::from_shape_vec((rec, raters, k, h, w), numbers.to_vec()).ok()
        };
        Some(StoredPrediction {
            case,
            prediction: four(rec, prediction)?,
            heads: five(heads, head_numbers)?,
            confidences: five(confidences, confidence_numbers)?,
            hypotheses: four(hypotheses, rest)?,
        })
    }
}

fn parse_header(bytes: &[u8]) -> Result<(usize, String, Shape), String> {
    let cut_off = || "it is cut off".to_owned();
    let mut rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| "it is no stored prediction".to_owned())?;
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at_checked(count).ok_or_else(cut_off)?;
        rest = left;
        Ok::<_, String>(taken)
    };
    let half = |bytes: &[u8]| u16::from_le_bytes([bytes[0], bytes[1]]);
    let version = half(take(2)?);
    let written = match version {
        1 => 6,
        VERSION => 7,
        _ => {
            return Err(format!(
                "it has version {version} and this program reads versions 1 to {VERSION}"
            ));
        }
    };
    let name_bytes = usize::from(half(take(2)?));
    if name_bytes > LONGEST_NAME {
        return Err("the case's name is too long".to_owned());
    }
    let case = std::str::from_utf8(take(name_bytes)?)
        .map_err(|_| "the case's name is not UTF-8".to_owned())?
        .to_owned();
    let mut words = [0; 7];
    for word in words.iter_mut().take(written) {
        let bytes = take(4)?;
        *word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    }
    let [
        recurrences,
        structures,
        height,
        width,
        heads,
        confidences,
        hypotheses,
    ] = words;
    let shape = Shape {
        recurrences,
        structures,
        height,
        width,
        heads,
        confidences,
        hypotheses,
    };
    Ok((bytes.len() - rest.len(), case, shape))
}

fn body_of(stored: &StoredPrediction) -> Vec<u8> {
    let numbers = || {
        stored
            .prediction
            .iter()
            .chain(&stored.heads)
            .chain(&stored.confidences)
            .chain(&stored.hypotheses)
    };
    let low = numbers().map(|number| number.to_le_bytes()[0]);
    let high = numbers().map(|number| number.to_le_bytes()[1]);
    low.chain(high).collect()
}

fn checksum(header: &[u8], body: &[u8]) -> [u8; HASH_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(header);
    hasher.update(body);
    *hasher.finalize().as_bytes()
}

fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut unfinished_name = path.file_name().unwrap_or_default().to_os_string();
    unfinished_name.push(format!(".{}.tmp", std::process::id()));
    let unfinished = folder.join(unfinished_name);
    let written = File::create(&unfinished)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&unfinished, path))
        .and_then(|()| File::open(folder)?.sync_all());
    if written.is_err() {
        // The first error is the one worth telling; what is left here is removed as far as that goes.
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}
