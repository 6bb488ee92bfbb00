//! Puts imported weights into a network's encoder.

use std::collections::BTreeMap;
use std::path::Path;

use tch::{Kind, Tensor, no_grad};

use super::matching::FIRST;
use super::{FORMAT, Fields, file_name};
use crate::error::RunError;
use crate::params::{Parameters, file};

/// Copies the weights of `hash` from `folder` over the parameters below `prefix`; what the file lacks stays as it was.
/// Says how many tensors were copied.
///
/// The first convolution is fitted to other channels than it was trained on: every channel gets the mean over the
/// trained ones, times (trained channels / channels). An image whose channels are all alike then answers as a gray image
/// did before: for one channel that is the sum over red, green and blue.
///
/// # Errors
/// [`RunError::NoWeights`] where this machine does not have the file; [`RunError::Unusable`] where it is broken or belongs
/// to another encoder.
pub fn apply(
    parameters: &Parameters,
    prefix: &str,
    folder: Option<&Path>,
    hash: &str,
) -> Result<usize, RunError> {
    let missing = || RunError::NoWeights {
        hash: hash.to_owned(),
        folder: folder.map(Path::to_path_buf),
    };
    let path = folder.ok_or_else(missing)?.join(file_name(hash));
    let refuse = |message: &str| RunError::Unusable(format!("{}: {message}", path.display()));
    let content = file::read::<Fields>(&path)
        .map_err(|message| refuse(&message))?
        .ok_or_else(missing)?;
    if content.fields.format != FORMAT || content.hash != hash {
        return Err(refuse(
            "it does not hold the weights that it is named by: import them again",
        ));
    }
    let known: BTreeMap<&str, &Tensor> = parameters
        .iter()
        .filter_map(|entry| Some((entry.name.strip_prefix(prefix)?, &entry.tensor)))
        .collect();
    let mut pairs = Vec::new();
    for (name, tensor) in &content.tensors {
        let into = known.get(name.as_str()).copied();
        let fitted = into.map(|into| {
            if name == FIRST {
                first_for(tensor, into.size()[1])
            } else {
                tensor.shallow_clone()
            }
        });
        match (into, fitted) {
            (Some(into), Some(fitted)) if into.size() == fitted.size() => {
                pairs.push((into, fitted));
            }
            _ => {
                return Err(refuse(&format!(
                    "'{name}' with the shape {:?} has no place in this encoder: the file is a ResNet-{}, so give \
                     network.encoder_depth = {} and the width it was trained with",
                    tensor.size(),
                    content.fields.layers,
                    content.fields.layers
                )));
            }
        }
    }
    no_grad(|| {
        for (into, fitted) in &pairs {
            into.shallow_clone().copy_(fitted);
        }
    });
    Ok(pairs.len())
}

/// The first convolution for images of `channels`. Shapes: \[w, trained, 7, 7\] → \[w, channels, 7, 7\]
fn first_for(weight: &Tensor, channels: i64) -> Tensor {
    if weight.size()[1] == channels {
        return weight.shallow_clone();
    }
    let sum = weight.sum_dim_intlist(1, true, None::<Kind>);
    (sum / channels as f64).expand([-1, channels, -1, -1], false)
}
