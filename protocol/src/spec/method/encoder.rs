//! The encoder's depth and what its weights begin as.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::spec::NotSpelled;

/// Which ResNet encodes the image; written as its number of layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum EncoderDepth {
    /// `ResNet-18`.
    R18,
    /// `ResNet-34`, the code's choice.
    R34,
    /// `ResNet-50`: bottleneck blocks, taps four times as wide.
    R50,
}

impl EncoderDepth {
    /// Every depth.
    pub const ALL: [Self; 3] = [Self::R18, Self::R34, Self::R50];
}

impl TryFrom<u32> for EncoderDepth {
    type Error = NotSpelled;

    fn try_from(layers: u32) -> Result<Self, NotSpelled> {
        let found = Self::ALL
            .into_iter()
            .find(|depth| u32::from(*depth) == layers);
        found.ok_or_else(|| NotSpelled {
            kind: "encoder depth",
            found: layers.to_string(),
            allowed: "18, 34, 50".to_owned(),
        })
    }
}

impl From<EncoderDepth> for u32 {
    fn from(depth: EncoderDepth) -> Self {
        match depth {
            EncoderDepth::R18 => 18,
            EncoderDepth::R34 => 34,
            EncoderDepth::R50 => 50,
        }
    }
}

/// What the encoder's weights begin as: `random`, or `blake3:<hash>` of an imported file (`mrprism weights import`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EncoderWeights {
    /// Drawn from the run's seed.
    Random,
    /// The imported file whose tensors have this BLAKE3 hash, 64 hexadecimal digits.
    Imported(String),
}

const PREFIX: &str = "blake3:";

impl fmt::Display for EncoderWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random => f.write_str("random"),
            Self::Imported(hash) => write!(f, "{PREFIX}{hash}"),
        }
    }
}

impl EncoderWeights {
    /// The same for people: `random`, or `blake3:` and the hash's first 12 digits.
    pub fn short(&self) -> String {
        match self {
            Self::Random => self.to_string(),
            Self::Imported(hash) => format!("{PREFIX}{}", hash.get(..12).unwrap_or(hash)),
        }
    }
}

impl FromStr for EncoderWeights {
    type Err = NotSpelled;

    fn from_str(text: &str) -> Result<Self, NotSpelled> {
        // Lower case only: the hash is a file's name too.
        let is_hash = |hash: &&str| {
            hash.len() == 64
                && hash
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        match text.strip_prefix(PREFIX).filter(is_hash) {
            Some(hash) => Ok(Self::Imported(hash.to_owned())),
            None if text == "random" => Ok(Self::Random),
            None => Err(NotSpelled {
                kind: "name of encoder weights",
                found: text.to_owned(),
                allowed:
                    "random, blake3:<64 hexadecimal digits as `mrprism weights import` prints them>"
                        .to_owned(),
            }),
        }
    }
}

impl Serialize for EncoderWeights {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EncoderWeights {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{EncoderDepth, EncoderWeights};

    #[test]
    fn weights_are_read_as_they_are_written_and_never_name_a_path() {
        let hash = "0a".repeat(32);
        for weights in [
            EncoderWeights::Random,
            EncoderWeights::Imported(hash.clone()),
        ] {
            assert_eq!(
                weights.to_string().parse::<EncoderWeights>().unwrap(),
                weights
            );
        }
        let imported = EncoderWeights::Imported(hash.clone());
        assert_eq!(imported.short(), "blake3:0a0a0a0a0a0a");
        assert_eq!(EncoderWeights::Random.short(), "random");
        for wrong in [
            "imagenet",
            "blake3:../../etc/passwd",
            "blake3:",
            &format!("blake3:{}", hash.to_uppercase()),
        ] {
            let error = wrong.parse::<EncoderWeights>().unwrap_err().to_string();
            assert!(error.contains("mrprism weights import"), "{error}");
        }
    }

    #[test]
    fn a_depth_is_its_number_of_layers() {
        for depth in EncoderDepth::ALL {
            let json = serde_json::to_string(&depth).unwrap();
            assert_eq!(serde_json::from_str::<EncoderDepth>(&json).unwrap(), depth);
        }
        let error = serde_json::from_str::<EncoderDepth>("101").unwrap_err();
        assert!(error.to_string().contains("18, 34, 50"), "{error}");
    }
}
