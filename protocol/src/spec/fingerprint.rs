//! Identity of a run: what makes two runs the same work.

use serde::{Deserialize, Serialize};

use super::{RunSpec, Seed};

/// BLAKE3 over (spec, seed, fold, science version), in hex. The spec holds the data manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl Fingerprint {
    /// Fingerprint of one run. Equal fingerprints are offered again rather than repeated.
    pub fn of(spec: &RunSpec, seed: Seed, fold: Option<u32>, science_version: &str) -> Self {
        let identity = serde_json::json!({
            "format": "mrprism.run/1",
            "spec": spec,
            "seed": seed,
            "fold": fold,
            "science_version": science_version,
        });
        Self(hash_json(&identity))
    }
}

/// BLAKE3 in hex of a JSON value in canonical form: keys sorted, no white space.
pub fn hash_json(value: &serde_json::Value) -> String {
    blake3::hash(value.to_string().as_bytes())
        .to_hex()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::hash_json;

    #[test]
    fn key_order_does_not_matter() {
        let a = serde_json::from_str(r#"{"b":1,"a":{"d":2,"c":3}}"#).unwrap();
        let b = serde_json::from_str(r#"{"a":{"c":3,"d":2},"b":1}"#).unwrap();
        assert_eq!(hash_json(&a), hash_json(&b));
    }
}
