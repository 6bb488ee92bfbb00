//! `best.safetensors`: the weights that validation chose. It is written once, when training has ended, and is the sign
//! that it has.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::RunError;
use crate::params::{Snapshot, file};
use crate::train::checkpoint::Unreadable;

/// The file's name within a run.
pub const WEIGHTS_NAME: &str = "best.safetensors";
const FORMAT: &str = "mrprism.weights/1";

#[derive(Debug, Serialize, Deserialize)]
struct Fields {
    format: String,
    identity: String,
    step: u64,
    score: Option<f64>,
    train_seconds: f64,
}

/// A trained network.
#[derive(Debug)]
pub struct FinalWeights {
    /// The weights.
    pub weights: Snapshot,
    /// Step they were taken at.
    pub step: u64,
    /// Their validation score; none where there were no validation cases.
    pub score: Option<f64>,
    /// Seconds that training took.
    pub train_seconds: f64,
}

/// Writes the file into `folder`; returns the hash of the weights.
///
/// # Errors
/// The disk's refusal.
pub fn write_weights(
    folder: &Path,
    identity: &str,
    trained: &FinalWeights,
) -> Result<String, RunError> {
    let fields = Fields {
        format: FORMAT.to_owned(),
        identity: identity.to_owned(),
        step: trained.step,
        score: trained.score,
        train_seconds: trained.train_seconds,
    };
    file::write(&folder.join(WEIGHTS_NAME), &fields, &trained.weights)
}

/// Reads the file with its hash; none where there is none.
///
/// # Errors
/// [`Unreadable`]: broken, or of another run.
pub fn read_weights(
    folder: &Path,
    identity: &str,
) -> Result<Option<(FinalWeights, String)>, Unreadable> {
    let path = folder.join(WEIGHTS_NAME);
    let read = file::read::<Fields>(&path).map_err(Unreadable::Broken)?;
    let Some(file::Content {
        fields,
        tensors,
        hash,
    }) = read
    else {
        return Ok(None);
    };
    if fields.format != FORMAT || fields.identity != identity {
        return Err(Unreadable::foreign(&path));
    }
    let Fields {
        step,
        score,
        train_seconds,
        ..
    } = fields;
    let weights = FinalWeights {
        weights: tensors,
        step,
        score,
        train_seconds,
    };
    Ok(Some((weights, hash)))
}
