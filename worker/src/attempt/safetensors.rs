//! The header of a safetensors file: enough to know whether it is whole and how far its training was.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

/// Bytes that hold any header of ours.
pub(crate) const HEAD_BYTES: usize = 1 << 20;

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    step: u64,
    /// Bytes of the whole file.
    bytes: u64,
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "__metadata__", default)]
    metadata: BTreeMap<String, String>,
    #[serde(flatten)]
    tensors: BTreeMap<String, Tensor>,
}

/// Of what the trainer says in the metadata's one entry, `mrprism`.
#[derive(Deserialize)]
struct About {
    step: u64,
}

#[derive(Deserialize)]
struct Tensor {
    data_offsets: [u64; 2],
}

impl Header {
    /// Header of a file that is whole; none where it is missing, cut or something else.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        let mut head = Vec::new();
        let file = File::open(path).ok()?;
        let bytes = file.metadata().ok()?.len();
        file.take(HEAD_BYTES as u64).read_to_end(&mut head).ok()?;
        Self::of_bytes(&head).filter(|header| header.bytes == bytes)
    }

    /// Header at the beginning of a file.
    pub(crate) fn of_bytes(head: &[u8]) -> Option<Self> {
        let (length, rest) = head.split_first_chunk::<8>()?;
        let length = u64::from_le_bytes(*length);
        let text = rest.get(..usize::try_from(length).ok()?)?;
        let written: Written = serde_json::from_slice(text).ok()?;
        let about = written
            .metadata
            .get("mrprism")
            .and_then(|text| serde_json::from_str::<About>(text).ok());
        let data = written
            .tensors
            .values()
            .map(|tensor| tensor.data_offsets[1])
            .max();
        Some(Self {
            step: about.map_or(0, |about| about.step),
            bytes: 8_u64.checked_add(length)?.checked_add(data.unwrap_or(0))?,
        })
    }

    /// Optimiser steps done.
    pub(crate) fn step(&self) -> u64 {
        self.step
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Header;

    /// A whole file with one tensor of eight bytes.
    pub(crate) fn file_at_step(step: u64) -> Vec<u8> {
        let header = serde_json::json!({
            "__metadata__": {"mrprism": format!("{{\"content\":\"0\",\"step\":{step}}}")},
            "weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        })
        .to_string();
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend_from_slice(header.as_bytes());
        file.extend_from_slice(&[0; 8]);
        file
    }

    #[test]
    fn a_header_is_read_and_rubbish_is_not() {
        let file = file_at_step(7);
        let header = Header::of_bytes(&file).unwrap();
        assert_eq!((header.step(), header.bytes), (7, file.len() as u64));
        for rubbish in [&file[..7], &file[..20], &[0xff; 64], b""] {
            assert_eq!(Header::of_bytes(rubbish), None);
        }
    }
}
