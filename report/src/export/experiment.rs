//! `experiment.json.gz`: everything but scores and curves, as indented JSON so that faults have a line.

use mrprism_protocol::wire::ExportedExperiment;
use serde_json::Value;

use super::packed::{pack, unpack};
use super::{EXPERIMENT, ExportFault, SCHEMA, check};

/// Most bytes that it may unpack to.
const MOST_BYTES: u64 = 256 << 20;

/// What names the machine, or a row of one server's database, in a provenance.
const OF_THE_MACHINE: [&str; 2] = ["host", "attempt"];

/// Leaves out which machines the runs were made on, and in which of their folders the submitted files lay.
pub fn without_hosts(experiment: &mut ExportedExperiment) {
    let bundle = &mut experiment.bundle;
    for text in std::iter::once(&mut bundle.experiment).chain(&mut bundle.methods) {
        if let Some((_, name)) = text.file.rsplit_once('/') {
            text.file = name.to_owned();
        }
    }
    for run in &mut experiment.runs {
        for attempt in &mut run.attempts {
            attempt.host = None;
        }
        if let Some(Value::Object(provenance)) = &mut run.provenance {
            provenance.retain(|key, _| !OF_THE_MACHINE.contains(&key.as_str()));
        }
    }
}

/// The file.
///
/// # Errors
/// A value has no JSON form.
pub fn packed_experiment(experiment: &ExportedExperiment) -> Result<Vec<u8>, ExportFault> {
    pack(EXPERIMENT, &text(experiment)?)
}

pub(super) fn text(experiment: &ExportedExperiment) -> Result<Vec<u8>, ExportFault> {
    let mut text = serde_json::to_vec_pretty(experiment)
        .map_err(|error| ExportFault::of_file(EXPERIMENT, error))?;
    text.push(b'\n');
    Ok(text)
}

pub(super) fn read(packed: &[u8]) -> Result<ExportedExperiment, ExportFault> {
    /// What every version of the format begins with.
    #[derive(serde::Deserialize)]
    struct Versioned {
        schema: String,
    }
    let text = unpack(EXPERIMENT, packed, MOST_BYTES)?;
    let fault = |error: &serde_json::Error| match error.line() {
        0 => ExportFault::of_file(EXPERIMENT, error),
        line => ExportFault::at(EXPERIMENT, line as u64, error),
    };
    let versioned: Versioned = serde_json::from_slice(&text).map_err(|error| fault(&error))?;
    if versioned.schema != SCHEMA {
        return Err(ExportFault::of_file(
            EXPERIMENT,
            format!(
                "its schema is '{}' and this program reads '{SCHEMA}': use the version that wrote it",
                versioned.schema
            ),
        ));
    }
    let experiment = serde_json::from_slice(&text).map_err(|error| fault(&error))?;
    check::experiment(&experiment)?;
    Ok(experiment)
}
