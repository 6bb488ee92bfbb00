//! NumPy's .npy files, versions 1 to 3: bool, whole and real numbers, either byte order, C and Fortran order.
//!
//! Axes of length 1 are left out while more than two remain. Two axes are `[h, w]`. Of three, the one that is channels must
//! show itself: exactly one of the first and the last has at most eight entries; a shape that could be read both ways
//! is refused. Nothing is allocated before the file is known to hold as many bytes as its header promises.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use ndarray::{ArrayD, Ix3, ShapeBuilder};

use super::number::{ByteOrder, Number};
use super::{Colour, MOST_CHANNELS, MOST_NUMBERS, Pixels};
use crate::DataError;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
const LONGEST_HEADER: usize = 1 << 16;

/// Channels that [`read`] will give, from the header alone.
pub(super) fn channels(path: &Path) -> Result<usize, DataError> {
    let (header, _) = open(path)?;
    let order = axes(&header.shape).map_err(|message| broken(path, &message))?;
    Ok(order.channels(&header.shape))
}

/// The array as `[c, h, w]`, values as stored; for [`Colour::Rgb`] it must have three channels of bytes, of 16 bits or of
/// real numbers from 0 to 1.
pub(super) fn read(path: &Path, colour: Colour) -> Result<Pixels, DataError> {
    let (header, rest) = open(path)?;
    decode(&header, rest, colour).map_err(|message| broken(path, &message))
}

fn broken(path: &Path, message: &str) -> DataError {
    DataError::broken(
        path,
        format!("{message}; replace the file or remove its case"),
    )
}

/// What a checked header promises.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    number: Number,
    order: ByteOrder,
    fortran: bool,
    /// Without the axes of length 1 that can be left out.
    shape: Vec<usize>,
    /// Bytes of the array.
    bytes: usize,
}

/// A checked header and the file behind it, which is long enough.
fn open(path: &Path) -> Result<(Header, impl Read), DataError> {
    let file = File::open(path).map_err(DataError::file("read", path))?;
    let length = file
        .metadata()
        .map_err(DataError::file("read", path))?
        .len();
    let mut reader = BufReader::new(file);
    let (header, begin) = header(&mut reader).map_err(|message| broken(path, &message))?;
    let there = length.saturating_sub(begin);
    if there < header.bytes as u64 {
        let message = format!("it is cut off: {there} of {} bytes are there", header.bytes);
        return Err(broken(path, &message));
    }
    Ok((header, reader))
}

/// The header and how many bytes it took.
fn header(reader: &mut dyn Read) -> Result<(Header, u64), String> {
    let mut start = [0; 8];
    let no_header = |error: std::io::Error| format!("no whole npy header ({error})");
    reader.read_exact(&mut start).map_err(no_header)?;
    if &start[..6] != MAGIC {
        return Err("it is no npy file".to_owned());
    }
    let length_bytes = match start[6] {
        1 => 2,
        2 | 3 => 4,
        other => return Err(format!("it is of npy version {other}: 1 to 3 are read")),
    };
    let mut length = [0; 4];
    reader
        .read_exact(&mut length[..length_bytes])
        .map_err(no_header)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LONGEST_HEADER {
        return Err(format!("its header is said to take {length} bytes"));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).map_err(no_header)?;
    let header = parse(&String::from_utf8_lossy(&text))?;
    Ok((header, (8 + length_bytes + length) as u64))
}

/// Reads the header's text, a Python dictionary with three keys.
fn parse(text: &str) -> Result<Header, String> {
    let needed =
        |key: &str| value_of(text, key).ok_or_else(|| format!("its header has no key '{key}'"));
    let (order, number) = number_of(needed("descr")?)?;
    let fortran = match needed("fortran_order")? {
        said if said.starts_with("True") => true,
        said if said.starts_with("False") => false,
        _ => return Err("its header says neither C nor Fortran order".to_owned()),
    };
    let mut shape = shape_of(needed("shape")?).ok_or("its header has no readable shape")?;
    let bytes = shape
        .iter()
        .try_fold(1, |product: usize, length| product.checked_mul(*length))
        .filter(|numbers| *numbers <= MOST_NUMBERS)
        .map(|numbers| numbers * number.bytes())
        .ok_or_else(|| format!("it holds more than {MOST_NUMBERS} numbers"))?;
    while let (true, Some(single)) = (shape.len() > 2, shape.iter().position(|n| *n == 1)) {
        shape.remove(single);
    }
    Ok(Header {
        number,
        order,
        fortran,
        shape,
        bytes,
    })
}

/// What stands behind `'key':`.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let quoted = ['\'', '"'].map(|quote| format!("{quote}{key}{quote}"));
    let (at, length) = quoted
        .iter()
        .find_map(|word| text.find(word).map(|at| (at, word.len())))?;
    let rest = text[at + length..].trim_start().strip_prefix(':')?;
    Some(rest.trim_start())
}

fn number_of(value: &str) -> Result<(ByteOrder, Number), String> {
    let quote = value.chars().next().filter(|c| ['\'', '"'].contains(c));
    let name = quote.and_then(|quote| value[1..].split(quote).next());
    let refuse = || {
        let name = name.unwrap_or("a structure");
        format!(
            "its numbers are {name}: bool, 8 to 64 bits whole, and 32 or 64 bits real are read; save it with .astype(\"float32\")"
        )
    };
    let name = name.ok_or_else(refuse)?;
    let order = match name.chars().next() {
        Some('<' | '|') => ByteOrder::Little,
        Some('>') => ByteOrder::Big,
        _ => return Err(refuse()),
    };
    let number = match &name[1..] {
        "b1" | "u1" => Number::U8,
        "i1" => Number::I8,
        "u2" => Number::U16,
        "i2" => Number::I16,
        "u4" => Number::U32,
        "i4" => Number::I32,
        "u8" => Number::U64,
        "i8" => Number::I64,
        "f4" => Number::F32,
        "f8" => Number::F64,
        _ => return Err(refuse()),
    };
    Ok((order, number))
}

/// `(3, 4)`, `(3,)`, and the long integers `(3L,)` of old writers.
fn shape_of(value: &str) -> Option<Vec<usize>> {
    let (inside, _) = value.strip_prefix('(')?.split_once(')')?;
    let lengths = inside.split(',').map(str::trim).filter(|n| !n.is_empty());
    lengths
        .map(|length| length.trim_end_matches('L').parse().ok())
        .collect()
}

/// Which axis is channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axes {
    None,
    First,
    Last,
}

impl Axes {
    fn channels(self, shape: &[usize]) -> usize {
        match self {
            Self::None => 1,
            Self::First => shape[0],
            Self::Last => shape[2],
        }
    }
}

fn axes(shape: &[usize]) -> Result<Axes, String> {
    let few = |length: usize| length <= MOST_CHANNELS;
    let told = |why: &str| {
        let axes: Vec<_> = shape.iter().map(ToString::to_string).collect();
        format!("it has the axes {}: {why}", axes.join(" x "))
    };
    match *shape {
        _ if shape.contains(&0) => Err(told("it is empty")),
        [_, _] => Ok(Axes::None),
        [first, _, last] => match (few(first), few(last)) {
            (true, false) => Ok(Axes::First),
            (false, true) => Ok(Axes::Last),
            (true, true) => Err(told(
                "both the first and the last could be channels; save channels first and images of more than 8 columns",
            )),
            (false, false) => Err(told(
                "only single slices with at most 8 channels, first or last, are read",
            )),
        },
        _ => Err(told("a slice has two, or three where it has channels")),
    }
}

fn decode(header: &Header, mut rest: impl Read, colour: Colour) -> Result<Pixels, String> {
    let axes = axes(&header.shape)?;
    let largest = match header.number {
        Number::U8 => 255.0,
        Number::U16 => 65_535.0,
        _ => 1.0,
    };
    if colour == Colour::Rgb {
        let real = matches!(header.number, Number::F32 | Number::F64);
        if axes.channels(&header.shape) != 3 || (largest < 2.0 && !real) {
            return Err(
                "intensity \"rgb\" needs three channels of 8 bits, of 16 bits or of real numbers from 0 to 1"
                    .to_owned(),
            );
        }
    }
    let mut bytes = vec![0; header.bytes];
    rest.read_exact(&mut bytes)
        .map_err(|error| format!("its numbers cannot be read ({error})"))?;
    let values = header.number.decode(&bytes, header.order, |stored| stored);
    let shape = header.shape.clone().set_f(header.fortran);
    let array = ArrayD::from_shape_vec(shape, values).map_err(|error| error.to_string())?;
    let array = match axes {
        Axes::None => array.insert_axis(ndarray::Axis(0)),
        Axes::First => array,
        Axes::Last => array.permuted_axes(vec![2, 0, 1]),
    };
    let array = array
        .into_dimensionality::<Ix3>()
        .map_err(|error| error.to_string())?;
    Ok(Pixels {
        values: array.as_standard_layout().into_owned(),
        largest,
        plane: None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Axes, axes, header, parse};

    fn text(descr: &str, shape: &str) -> String {
        format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}")
    }

    fn shape(text_of_shape: &str) -> Vec<usize> {
        parse(&text("'<f4'", text_of_shape)).unwrap().shape
    }

    #[test]
    fn axes_of_length_one_are_left_out_until_two_are_left() {
        assert_eq!(shape("(5, 6)"), [5, 6]);
        assert_eq!(shape("(1, 5, 6, 1)"), [5, 6]);
        assert_eq!(shape("(1, 1, 6)"), [1, 6]);
        assert_eq!(shape("(5, 1, 3)"), [5, 3]);
    }

    #[test]
    fn channels_show_themselves_or_are_refused() {
        assert_eq!(axes(&[9, 9]), Ok(Axes::None));
        assert_eq!(axes(&[3, 9, 9]), Ok(Axes::First));
        assert_eq!(axes(&[9, 9, 4]), Ok(Axes::Last));
        for (shape, told) in [
            (&[3, 9, 4][..], "both"),
            (&[9, 9, 9], "single slices"),
            (&[9], "two"),
            (&[2, 3, 9, 9], "two"),
            (&[0, 9], "empty"),
        ] {
            let sentence = axes(shape).unwrap_err();
            assert!(sentence.contains(told), "{sentence}");
        }
    }

    #[test]
    fn hostile_headers_are_refused_before_anything_is_allocated() {
        let told = |descr: &str, shape: &str| parse(&text(descr, shape)).unwrap_err();
        assert!(told("'<f4'", "(99999999999, 99999999999)").contains("more than"));
        assert!(told("'<f4'", "(-1, 2)").contains("shape"));
        assert!(told("'<f4'", "7").contains("shape"));
        assert!(told("'|O'", "(2, 2)").contains("|O"));
        assert!(told("'<c8'", "(2, 2)").contains("<c8"));
        assert!(told("'f4'", "(2, 2)").contains("f4"));
        assert!(told("[('a', '<f4')]", "(2, 2)").contains("structure"));
        assert!(told("'", "(2, 2)").contains("its numbers"));
        assert!(parse("{}").unwrap_err().contains("'descr'"));
        let read = |bytes: &[u8]| header(&mut &bytes[..]).unwrap_err();
        assert!(read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff").contains("4294967295"));
        assert!(read(b"\x93NUMPY\x04\x00\x00\x00").contains("version 4"));
        assert!(read(b"PK\x03\x04 more than that").contains("no npy"));
        assert!(read(b"\x93NUMPY\x01\x00\xff\x00{").contains("no whole npy header"));
    }
}
