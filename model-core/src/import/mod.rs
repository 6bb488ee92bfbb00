//! Encoder weights from elsewhere: read, matched with a ResNet by name and shape, kept by the hash of their numbers.
//!
//! A file in the home's `weights` folder is named by what it holds, so a run's specification says `blake3:<hash>` and no
//! path, and whoever has the file has exactly those weights. The numbers are stored as the source has them; the first
//! convolution is fitted to the data's channels when a run begins.

mod apply;
#[cfg(test)]
mod hostile;
mod matching;
mod pickle;
mod torch;
mod zip;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::error::RunError;
use crate::params::file;

pub use apply::apply;
pub use matching::Matched;

const FORMAT: &str = "mrprism.import/1";

/// The written file's own fields.
#[derive(Debug, Serialize, Deserialize)]
struct Fields {
    format: String,
    source: String,
    layers: u32,
}

/// What an import found and wrote.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Import {
    /// BLAKE3 of the kept tensors: what a specification names.
    pub hash: String,
    /// The file that holds them now.
    pub path: PathBuf,
    /// What fits what.
    #[serde(flatten)]
    pub matched: Matched,
}

/// Reads `source` (`.pth` or `.safetensors`), keeps what belongs to a ResNet in `folder` under its hash.
///
/// # Errors
/// [`RunError::Unusable`] with a sentence where the file is broken, holds anything but data, or no ResNet;
/// [`RunError::File`] where the disk refuses.
pub fn import(source: &Path, folder: &Path) -> Result<Import, RunError> {
    let bytes = std::fs::read(source).map_err(RunError::file("read", source))?;
    let refuse = |message: String| RunError::Unusable(format!("{}: {message}", source.display()));
    let found = read(&bytes).map_err(refuse)?;
    let (kept, matched) = matching::matched(found).map_err(refuse)?;
    let fields = Fields {
        format: FORMAT.to_owned(),
        source: source
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        layers: matched.layers,
    };
    std::fs::create_dir_all(folder).map_err(RunError::file("make", folder))?;
    let hash = file::hash(&kept);
    let path = folder.join(file_name(&hash));
    file::write(&path, &fields, &kept)?;
    Ok(Import {
        hash,
        path,
        matched,
    })
}

/// The name of the file that holds the weights of that hash.
pub fn file_name(hash: &str) -> String {
    format!("{hash}.safetensors")
}

/// Tensors of a file by name: real ones as f32, and the names of the others.
struct Found {
    tensors: BTreeMap<String, Tensor>,
    whole: Vec<String>,
}

fn read(bytes: &[u8]) -> Result<Found, String> {
    if torch::is_torch(bytes) {
        let torch::StateDict { tensors, whole } = torch::read(bytes)?;
        return Ok(Found { tensors, whole });
    }
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        format!("it is neither a file of torch.save nor a safetensors file ({error})")
    })?;
    let (mut tensors, mut whole) = (BTreeMap::new(), Vec::new());
    for (name, view) in file.iter() {
        let kind = match view.dtype() {
            Dtype::F64 => Kind::Double,
            Dtype::F32 => Kind::Float,
            Dtype::F16 => Kind::Half,
            Dtype::BF16 => Kind::BFloat16,
            _ => {
                whole.push(name.to_owned());
                continue;
            }
        };
        let shape: Vec<i64> = view.shape().iter().map(|side| *side as i64).collect();
        let tensor = Tensor::f_from_data_size(view.data(), &shape, kind)
            .and_then(|tensor| tensor.f_to_kind(Kind::Float))
            .map_err(|error| format!("'{name}': {error}"))?;
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(Found { tensors, whole })
}
