//! The manifest: one hash that changes whenever a file or the definition does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use mrprism_protocol::spec::{DatasetFile, hash_json};
use rayon::prelude::*;

use crate::DataError;
use crate::read::Inside;

/// BLAKE3 in hex of each file, by its path below the data set's folder.
pub(super) fn hash_files<'a>(
    inside: &Inside,
    paths: impl Iterator<Item = &'a PathBuf>,
) -> Result<BTreeMap<PathBuf, String>, DataError> {
    let paths: Vec<_> = paths.collect();
    let hashed: Vec<_> = paths
        .par_iter()
        .map(|path| {
            let file = inside.resolve(path)?;
            let mut hasher = blake3::Hasher::new();
            std::fs::File::open(&file)
                .and_then(|opened| hasher.update_reader(opened).map(|_| ()))
                .map_err(DataError::file("read", &file))?;
            Ok(((*path).clone(), hasher.finalize().to_hex().to_string()))
        })
        .collect();
    hashed.into_iter().collect()
}

/// The manifest: files in order of path, and the definition in canonical JSON.
///
/// `root` stays out: the same files elsewhere are the same data.
pub(super) fn of(definition: &DatasetFile, hashes: &BTreeMap<PathBuf, String>) -> String {
    let definition = DatasetFile {
        root: None,
        ..definition.clone()
    };
    let files: Vec<_> = hashes
        .iter()
        .map(|(path, hash)| (path.to_string_lossy(), hash))
        .collect();
    hash_json(&serde_json::json!({
        "format": "mrprism.manifest/1",
        "definition": definition,
        "files": files,
    }))
}
