//! Named tensors in a safetensors file that is written whole or not at all, and proves its content when read.
//!
//! All tensors are f32. The header's metadata holds one entry, `mrprism`: a JSON object with the writer's own fields and
//! `content`, the [`hash`] of the tensors.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::Snapshot;
use crate::error::RunError;

const KEY: &str = "mrprism";

/// The metadata's JSON object.
#[derive(Serialize, Deserialize)]
struct Header<T> {
    content: String,
    #[serde(flatten)]
    fields: T,
}

/// One tensor's shape and bytes.
struct Numbers {
    name: String,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Numbers {
    fn of(name: &str, tensor: &Tensor) -> Self {
        let tensor = tensor
            .detach()
            .to_device(Device::Cpu)
            .to_kind(Kind::Float)
            .contiguous();
        let mut bytes = vec![0; tensor.numel() * 4];
        // x86-64 is little-endian, as the format wants it.
        tensor.copy_data_u8(&mut bytes, tensor.numel());
        Self {
            name: name.to_owned(),
            shape: tensor.size().iter().map(|side| *side as usize).collect(),
            bytes,
        }
    }
}

impl View for &Numbers {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// BLAKE3 in hex over (name, shape, f32 bytes) of every tensor, by name.
pub fn hash(tensors: &[(String, Tensor)]) -> String {
    hash_of(&mut numbers(tensors))
}

fn numbers(tensors: &[(String, Tensor)]) -> Vec<Numbers> {
    tensors
        .iter()
        .map(|(name, tensor)| Numbers::of(name, tensor))
        .collect()
}

fn hash_of(numbers: &mut [Numbers]) -> String {
    numbers.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = blake3::Hasher::new();
    for Numbers { name, shape, bytes } in numbers {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        hasher.update(&(shape.len() as u64).to_le_bytes());
        for side in shape {
            hasher.update(&(*side as u64).to_le_bytes());
        }
        hasher.update(bytes);
    }
    hasher.finalize().to_hex().to_string()
}

/// Writes `tensors` with `fields`: a file beside `path`, flushed to the disk, then renamed. Returns the content's hash.
///
/// # Errors
/// [`RunError::File`] where the disk refuses.
pub fn write<T: Serialize>(
    path: &Path,
    fields: &T,
    tensors: &[(String, Tensor)],
) -> Result<String, RunError> {
    let mut numbers = numbers(tensors);
    let content = hash_of(&mut numbers);
    let header = Header {
        content: content.clone(),
        fields,
    };
    let metadata =
        serde_json::to_string(&header).map_err(|error| RunError::Internal(error.to_string()))?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".tmp");
    let unfinished = PathBuf::from(unfinished);
    let views = numbers
        .iter()
        .map(|numbers| (numbers.name.clone(), numbers));
    let metadata = HashMap::from([(KEY.to_owned(), metadata)]);
    safetensors::serialize_to_file(views, Some(metadata), &unfinished)
        .map_err(std::io::Error::other)
        .and_then(|()| File::open(&unfinished)?.sync_all())
        .and_then(|()| std::fs::rename(&unfinished, path))
        .and_then(|()| File::open(folder(path))?.sync_all())
        .map_err(RunError::file("write", path))?;
    Ok(content)
}

fn folder(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
}

/// What a file held.
#[derive(Debug)]
pub struct Content<T> {
    /// The writer's own fields.
    pub fields: T,
    /// The tensors on the processor, sorted by name.
    pub tensors: Snapshot,
    /// Their hash.
    pub hash: String,
}

/// Reads a file and proves its content. None where there is no file.
///
/// # Errors
/// A sentence about a file that [`write()`] did not make: foreign, cut off or changed.
pub fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<Content<T>>, String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("it cannot be read ({error})")),
    };
    let foreign = |error: String| format!("it is no file of this program, or is cut off ({error})");
    let (_, metadata) =
        SafeTensors::read_metadata(&bytes).map_err(|error| foreign(error.to_string()))?;
    let metadata = metadata
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(KEY));
    let metadata =
        metadata.ok_or_else(|| foreign("its header does not name MrPrism".to_owned()))?;
    let header: Header<T> =
        serde_json::from_str(metadata).map_err(|error| foreign(error.to_string()))?;
    let file = SafeTensors::deserialize(&bytes).map_err(|error| foreign(error.to_string()))?;
    let mut tensors = Vec::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(format!(
                "'{name}' is {:?} where f32 is expected",
                view.dtype()
            ));
        }
        let shape: Vec<i64> = view.shape().iter().map(|side| *side as i64).collect();
        let tensor = Tensor::f_from_data_size(view.data(), &shape, Kind::Float)
            .map_err(|error| error.to_string())?;
        tensors.push((name.to_owned(), tensor));
    }
    tensors.sort_by(|a, b| a.0.cmp(&b.0));
    let hash = hash(&tensors);
    if hash != header.content {
        return Err("its content does not match its own hash: the file was changed".to_owned());
    }
    Ok(Some(Content {
        fields: header.fields,
        tensors,
        hash,
    }))
}
