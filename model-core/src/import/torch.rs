//! State dicts as PyTorch saves them (`.pth`, `.pt`, `.bin`): the archive of today and the plain file of before 2020,
//! which torchvision's downloads still are. No Python, no code of the file is run.
//!
//! An archive holds `data.pkl` and one file a storage. A plain file is five pickles (magic, version, machine, state dict,
//! storage keys) and then the storages, each behind its count.

use std::collections::{BTreeMap, HashMap};

use tch::{Kind, Tensor};

use super::pickle::{self, Element, Id, Name, TensorOf, Value, Values};
use super::zip::{self, Archive};

/// The first pickle of a plain file.
const MAGIC: [u8; 10] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19];
/// Longest pickle that is read; a `ResNet-50`'s takes 40 kB.
const LONGEST_PICKLE: usize = 4 << 20;
/// Keys under which training scripts put the state dict.
const WRAPPERS: [&str; 4] = ["state_dict", "model", "model_state_dict", "weights"];

/// What a file holds, by name.
#[derive(Debug)]
pub(super) struct StateDict {
    /// Tensors of real numbers, as f32.
    pub(super) tensors: BTreeMap<String, Tensor>,
    /// Tensors of whole numbers.
    pub(super) whole: Vec<String>,
}

/// Whether the file begins as one of PyTorch's.
pub(super) fn is_torch(bytes: &[u8]) -> bool {
    zip::is_archive(bytes) || magic(bytes).is_some()
}

/// Reads a state dict.
///
/// # Errors
/// A sentence where the file is broken or holds anything but data.
pub(super) fn read(bytes: &[u8]) -> Result<StateDict, String> {
    if zip::is_archive(bytes) {
        return archive(bytes);
    }
    plain(bytes)
}

fn archive(bytes: &[u8]) -> Result<StateDict, String> {
    let archive = Archive::open(bytes)?;
    let root = archive
        .root()
        .ok_or("the archive has no data.pkl of its own: it was not written by torch.save")?;
    let entry = |name: &str| archive.get(&format!("{root}/{name}"));
    if entry("byteorder").is_some_and(|order| order != b"little") {
        return Err("its numbers are big-endian, which is not read".to_owned());
    }
    let values = pickle::read(short(entry("data.pkl").unwrap_or_default())?)?;
    let storage = |key: &str| entry(&format!("data/{key}"));
    collect(&values, &storage, bytes.len())
}

fn plain(bytes: &[u8]) -> Result<StateDict, String> {
    let mut rest = magic(bytes).ok_or("it is no file of torch.save")?;
    let mut next = || -> Result<Values<'_>, String> {
        let head = &rest[..rest.len().min(LONGEST_PICKLE)];
        let values = pickle::read(head)?;
        rest = &rest[values.length..];
        Ok(values)
    };
    let (version, _machine) = (next()?, next()?);
    if version.count(version.top) != Some(1001) {
        return Err("it was written by a version of torch.save that is not known".to_owned());
    }
    let (values, keys) = (next()?, next()?);
    let elements: HashMap<&str, Element> = values
        .iter()
        .filter_map(|value| match value {
            Value::Storage(id) => storage(&values, *id).ok(),
            _ => None,
        })
        .map(|storage| (storage.key, storage.element))
        .collect();
    let (Value::List(listed) | Value::Tuple(listed)) = keys.get(keys.top) else {
        return Err("its list of storages is missing".to_owned());
    };
    let mut storages = HashMap::new();
    for id in listed {
        let key = keys.text(*id).ok_or("a storage's key is no text")?;
        let element = elements
            .get(key)
            .ok_or_else(|| format!("storage '{key}' belongs to no tensor"))?;
        let cut = || format!("storage '{key}' is cut off");
        let (count, after) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        let count = usize::try_from(u64::from_le_bytes(*count)).map_err(|_| cut())?;
        let length = count.checked_mul(element.size()).ok_or_else(cut)?;
        let (data, after) = after.split_at_checked(length).ok_or_else(cut)?;
        storages.insert(key, data);
        rest = after;
    }
    collect(&values, &|key| storages.get(key).copied(), bytes.len())
}

/// What follows the magic number.
fn magic(bytes: &[u8]) -> Option<&[u8]> {
    // The number's pickle is some 15 bytes: opcode, length, number, stop.
    let values = pickle::read(bytes.get(..bytes.len().min(32))?).ok()?;
    match values.get(values.top) {
        Value::Long(number) if *number == MAGIC => bytes.get(values.length..),
        _ => None,
    }
}

fn short(pickle: &[u8]) -> Result<&[u8], String> {
    if pickle.len() > LONGEST_PICKLE {
        return Err(format!(
            "its description takes {} bytes, more than any state dict's",
            pickle.len()
        ));
    }
    Ok(pickle)
}

/// A storage as a persistent id names it.
struct Storage<'a> {
    key: &'a str,
    element: Element,
}

fn storage<'a>(values: &Values<'a>, id: Id) -> Result<Storage<'a>, String> {
    let Value::Tuple(parts) = values.get(id) else {
        return Err("a storage has no name".to_owned());
    };
    let unknown = || "a storage is named in a way that is not known".to_owned();
    let [kind, class, key, _device, _count, rest @ ..] = parts.as_slice() else {
        return Err(unknown());
    };
    let whole = rest
        .iter()
        .all(|rest| matches!(values.get(*rest), Value::None));
    match (values.text(*kind), values.get(*class), values.text(*key)) {
        (Some("storage"), Value::Name(Name::Element(element)), Some(key)) if whole => Ok(Storage {
            key,
            element: *element,
        }),
        _ => Err(unknown()),
    }
}

/// Every tensor of the dictionary that holds some.
fn collect<'a>(
    values: &Values<'_>,
    bytes_of: &dyn Fn(&str) -> Option<&'a [u8]>,
    file_length: usize,
) -> Result<StateDict, String> {
    let entries = dictionary(values).ok_or("it holds no dictionary of tensors")?;
    let (mut tensors, mut whole) = (BTreeMap::new(), Vec::new());
    // Tensors may share a storage, so the file's length bounds their sum, not its storages.
    let mut left = file_length;
    for (key, value) in entries {
        let (Some(name), Value::Tensor(of)) = (values.text(*key), values.get(*value)) else {
            continue;
        };
        let faulty = |message: String| format!("'{name}': {message}");
        let Value::Storage(id) = values.get(of.storage) else {
            return Err(faulty("it has no storage".to_owned()));
        };
        let storage = storage(values, *id).map_err(faulty)?;
        let Some(kind) = real(storage.element) else {
            whole.push(name.to_owned());
            continue;
        };
        let data = bytes_of(storage.key)
            .ok_or_else(|| faulty(format!("its storage '{}' is missing", storage.key)))?;
        let place = Place::of(values, *of, data.len() / storage.element.size()).map_err(faulty)?;
        left = place
            .count
            .checked_mul(storage.element.size())
            .and_then(|taken| left.checked_sub(taken))
            .ok_or_else(|| faulty("the tensors hold more numbers than the file".to_owned()))?;
        let tensor = place
            .tensor(data, kind, storage.element.size())
            .map_err(|error| faulty(error.to_string()))?;
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(StateDict { tensors, whole })
}

/// The dictionary itself, or the one that a training script wrapped.
fn dictionary<'v>(values: &'v Values<'_>) -> Option<&'v [(Id, Id)]> {
    let Value::Dict(top) = values.get(values.top) else {
        return None;
    };
    let holds_tensors = |entries: &[(Id, Id)]| {
        entries
            .iter()
            .any(|(_, value)| matches!(values.get(*value), Value::Tensor(_)))
    };
    if holds_tensors(top) {
        return Some(top);
    }
    top.iter()
        .filter(|(key, _)| values.text(*key).is_some_and(|key| WRAPPERS.contains(&key)))
        .find_map(|(_, value)| match values.get(*value) {
            Value::Dict(entries) if holds_tensors(entries) => Some(entries.as_slice()),
            _ => None,
        })
}

/// The kind of real numbers; none for whole ones.
const fn real(element: Element) -> Option<Kind> {
    match element {
        Element::F64 => Some(Kind::Double),
        Element::F32 => Some(Kind::Float),
        Element::F16 => Some(Kind::Half),
        Element::Bf16 => Some(Kind::BFloat16),
        _ => None,
    }
}

/// Where in its storage a tensor lies, known to be inside.
struct Place {
    offset: usize,
    shape: Vec<i64>,
    stride: Vec<i64>,
    count: usize,
    /// Elements from the first to the last.
    reach: usize,
}

impl Place {
    fn of(values: &Values<'_>, of: TensorOf, stored: usize) -> Result<Self, String> {
        let broken = || "its shape is broken".to_owned();
        let offset = values.count(of.offset).ok_or_else(broken)?;
        let shape = values.counts(of.shape).ok_or_else(broken)?;
        let stride = values.counts(of.stride).ok_or_else(broken)?;
        if shape.len() != stride.len() || shape.len() > 8 {
            return Err(broken());
        }
        let count = shape
            .iter()
            .try_fold(1_usize, |count, side| count.checked_mul(*side));
        let last = shape
            .iter()
            .zip(&stride)
            .try_fold(0_usize, |last, (side, stride)| {
                last.checked_add(side.saturating_sub(1).checked_mul(*stride)?)
            });
        let (count, last) = count.zip(last).ok_or_else(broken)?;
        let reach = if count == 0 {
            0
        } else {
            last.saturating_add(1)
        };
        let inside = offset.checked_add(reach).is_some_and(|end| end <= stored);
        // A stride of 0 would repeat numbers without end.
        if !inside || count > reach {
            return Err(format!(
                "it wants numbers that its storage of {stored} does not hold"
            ));
        }
        let signed = |numbers: Vec<usize>| numbers.into_iter().map(|n| n as i64).collect();
        Ok(Self {
            offset,
            shape: signed(shape),
            stride: signed(stride),
            count,
            reach,
        })
    }

    /// A copy of its own, f32, on the processor.
    fn tensor(&self, data: &[u8], kind: Kind, size: usize) -> Result<Tensor, tch::TchError> {
        let (from, to) = (self.offset * size, (self.offset + self.reach) * size);
        let bytes = data.get(from..to).unwrap_or_default();
        let flat = Tensor::f_from_data_size(bytes, &[self.reach as i64], kind)?;
        let laid = flat.f_as_strided(&self.shape, &self.stride, None)?;
        laid.f_to_kind(Kind::Float)?.f_contiguous()
    }
}
