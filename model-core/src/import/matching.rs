//! Which ResNet a file's tensors belong to.
//!
//! Names are torchvision's, perhaps all behind one of a few prefixes. The depth is the one whose names fit best; the width
//! is that of the first convolution. Every tensor must have the depth's shape but for the input channels of the first.

use std::collections::{BTreeMap, BTreeSet};

use mrprism_protocol::spec::EncoderDepth;
use serde::Serialize;
use tch::{Device, Tensor};

use super::Found;
use crate::block::ResNet;
use crate::params::{Builder, Snapshot};

/// Where other programs put a ResNet, longest first; `encoder.` is this program's own.
const PREFIXES: [&str; 7] = [
    "module.encoder.",
    "module.backbone.",
    "encoder.",
    "backbone.",
    "module.",
    "model.",
    "",
];
/// The first convolution.
pub(super) const FIRST: &str = "conv1.weight";
/// Widths that an encoder may have.
const WIDTHS: std::ops::RangeInclusive<i64> = 8..=256;

/// What of a file fits a ResNet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matched {
    /// Layers: 18, 34 or 50.
    pub layers: u32,
    /// Channels of the first stage.
    pub width: i64,
    /// Channels of the image that the first convolution was trained on.
    pub channels: i64,
    /// What stood before every name.
    pub prefix: String,
    /// Tensors that fit.
    pub matched: usize,
    /// Tensors of the ResNet that the file does not have: a run draws them as if nothing were imported.
    pub missing: Vec<String>,
    /// Tensors of the file that the ResNet does not have.
    pub unused: Vec<String>,
}

/// The tensors that belong to a ResNet, sorted and without prefix, and what is said of them.
pub(super) fn matched(found: Found) -> Result<(Snapshot, Matched), String> {
    let Found { tensors, whole } = found;
    let prefix = PREFIXES
        .into_iter()
        .find(|prefix| tensors.contains_key(&format!("{prefix}{FIRST}")));
    let prefix = prefix.ok_or_else(|| {
        format!(
            "none of its {} tensors is called {FIRST}: it is no ResNet with torchvision's names",
            tensors.len()
        )
    })?;
    let bare: BTreeMap<&str, &Tensor> = tensors
        .iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)))
        .collect();
    let first = bare[FIRST].size();
    let &[width, channels, 7, 7] = first.as_slice() else {
        return Err(format!(
            "{FIRST} has the shape {first:?}, a ResNet's is [width, channels, 7, 7]"
        ));
    };
    if !WIDTHS.contains(&width) || width % 8 != 0 || channels == 0 {
        return Err(format!(
            "{FIRST} has the shape {first:?}: widths that can be used are multiples of 8 from 8 to 256"
        ));
    }
    let (depth, wanted) = EncoderDepth::ALL
        .into_iter()
        .map(|depth| (depth, shapes(depth, channels, width)))
        .min_by_key(|(_, wanted)| {
            let strange = bare.keys().filter(|name| !wanted.contains_key(**name));
            let missing = wanted
                .keys()
                .filter(|name| !bare.contains_key(name.as_str()));
            strange.count() + missing.count()
        })
        .ok_or("there is no ResNet to compare with")?;
    let (mut kept, mut missing) = (Snapshot::new(), Vec::new());
    for (name, shape) in &wanted {
        match bare.get(name.as_str()) {
            None => missing.push(name.clone()),
            Some(tensor) if tensor.size() == *shape => {
                kept.push((name.clone(), tensor.shallow_clone()));
            }
            Some(tensor) => {
                return Err(format!(
                    "'{name}' has the shape {:?}, a ResNet-{}'s is {shape:?}",
                    tensor.size(),
                    u32::from(depth)
                ));
            }
        }
    }
    if let Some((name, _)) = kept
        .iter()
        .find(|(_, tensor)| tensor.isfinite().all().int64_value(&[]) == 0)
    {
        return Err(format!("'{name}' holds numbers that are not finite"));
    }
    let used: BTreeSet<String> = kept
        .iter()
        .map(|(name, _)| format!("{prefix}{name}"))
        .collect();
    let mut unused: Vec<String> = tensors
        .keys()
        .filter(|name| !used.contains(*name))
        .cloned()
        .chain(whole)
        .collect();
    unused.sort();
    let matched = Matched {
        layers: u32::from(depth),
        width,
        channels,
        prefix: prefix.to_owned(),
        matched: kept.len(),
        missing,
        unused,
    };
    Ok((kept, matched))
}

/// Names and shapes of a ResNet, in order of names.
fn shapes(depth: EncoderDepth, channels: i64, width: i64) -> BTreeMap<String, Vec<i64>> {
    let builder = Builder::blank(Device::Cpu);
    let network = ResNet::new(&builder.root(), depth, channels, width);
    let shapes = builder
        .finish()
        .iter()
        .map(|entry| (entry.name.clone(), entry.tensor.size()))
        .collect();
    drop(network);
    shapes
}
