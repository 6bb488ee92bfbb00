//! `latest.safetensors`: everything that training goes on from, in one file.
//!
//! | tensors | what |
//! | --- | --- |
//! | `weights/<name>` | the network's numbers, batch norm's running statistics included |
//! | `adam.first/<name>`, `adam.second/<name>` | the optimiser's moments |
//! | `best/<name>` | the weights that validation chose so far, unless they are `weights` themselves |
//!
//! The best weights travel inside: a checkpoint that is carried to another machine, or written just before a kill, is
//! whole by itself, and no second file can disagree with it. No generator state is here, for every draw is a function of
//! seed, stream and position.

use std::path::{Path, PathBuf};
use std::time::Duration;

use mrprism_protocol::spec::{RunSpec, Seed, hash_json};
use mrprism_protocol::state::ArtifactKind;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::{Best, Observer, Plan, Progress, Saver};
use crate::clock::Stopwatch;
use crate::error::RunError;
use crate::params::{Parameters, Snapshot, file};

/// The file's name within a run.
pub const NAME: &str = "latest.safetensors";
const FORMAT: &str = "mrprism.checkpoint/1";

/// Hash of what a run is: a checkpoint of another is refused.
pub fn identity(spec: &RunSpec, seed: Seed, fold: Option<u32>) -> String {
    hash_json(&serde_json::json!({ "spec": spec, "seed": seed, "fold": fold }))
}

#[derive(Debug, Serialize, Deserialize)]
struct Fields {
    format: String,
    identity: String,
    step: u64,
    epoch: u64,
    train_seconds: f64,
    best: Option<BestFields>,
}

#[derive(Debug, Serialize, Deserialize)]
struct BestFields {
    score: f64,
    step: u64,
}

/// Writes checkpoints of one run into its folder.
#[derive(Debug)]
pub struct Checkpoints<'a> {
    path: PathBuf,
    identity: String,
    parameters: &'a Parameters,
    plan: Plan,
    interval: Duration,
    watch: Stopwatch,
    last: Duration,
}

/// A checkpoint that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resumed {
    /// Steps done.
    pub step: u64,
    /// Seconds of training so far.
    pub train_seconds: f64,
}

/// Why a file of an earlier attempt cannot be gone on from.
#[derive(Debug)]
pub enum Unreadable {
    /// It is broken: training may begin anew.
    Broken(String),
    /// It belongs to another run: going on or writing over it would be wrong.
    Foreign(RunError),
}

impl Unreadable {
    /// The file at `path` belongs to another run.
    pub(crate) fn foreign(path: &Path) -> Self {
        let message = "it belongs to another run (specification, seed or fold differ): give this run a folder of its \
                       own, or delete the file to begin anew";
        Self::Foreign(RunError::Checkpoint {
            path: path.to_path_buf(),
            message: message.to_owned(),
        })
    }
}

impl<'a> Checkpoints<'a> {
    /// In `folder`, at most once an `interval` (zero: at every epoch's end).
    pub fn new(
        folder: &Path,
        identity: &str,
        parameters: &'a Parameters,
        plan: Plan,
        interval: Duration,
    ) -> Self {
        Self {
            path: folder.join(NAME),
            identity: identity.to_owned(),
            parameters,
            plan,
            interval,
            watch: Stopwatch::from_seconds(0.0),
            last: Duration::ZERO,
        }
    }

    /// Goes on from the file, if there is one: weights, moments and best are taken over.
    ///
    /// # Errors
    /// [`Unreadable`]; nothing is changed then.
    pub fn resume(&mut self, progress: &mut Progress) -> Result<Option<Resumed>, Unreadable> {
        let read = file::read::<Fields>(&self.path).map_err(Unreadable::Broken)?;
        let Some(file::Content {
            fields, tensors, ..
        }) = read
        else {
            return Ok(None);
        };
        if fields.format != FORMAT || fields.identity != self.identity {
            return Err(Unreadable::foreign(&self.path));
        }
        let weights = under(&tensors, "weights/");
        let best = fields.best.map(|best| {
            let stored = under(&tensors, "best/");
            let device = self
                .parameters
                .iter()
                .next()
                .map_or(tch::Device::Cpu, |entry| entry.tensor.device());
            let chosen = if stored.is_empty() {
                copies(&weights)
            } else {
                stored
            };
            let weights = chosen
                .into_iter()
                .map(|(name, tensor)| (name, tensor.to_device(device)))
                .collect();
            Best {
                score: best.score,
                step: best.step,
                weights,
            }
        });
        let (first, second) = (
            under(&tensors, "adam.first/"),
            under(&tensors, "adam.second/"),
        );
        self.parameters.fits(&weights).map_err(Unreadable::Broken)?;
        if let Some(best) = &best {
            self.parameters
                .fits(&best.weights)
                .map_err(Unreadable::Broken)?;
        }
        // The optimiser refuses before it changes; the weights are known to fit.
        progress
            .adam
            .restore(fields.step, &first, &second)
            .map_err(Unreadable::Broken)?;
        self.parameters
            .restore(&weights)
            .map_err(Unreadable::Broken)?;
        progress.best = best;
        self.watch = Stopwatch::from_seconds(fields.train_seconds);
        self.last = self.watch.elapsed();
        Ok(Some(Resumed {
            step: fields.step,
            train_seconds: fields.train_seconds,
        }))
    }

    /// Seconds of training in all, earlier attempts included.
    pub fn train_seconds(&self) -> f64 {
        self.watch.elapsed().as_secs_f64()
    }
}

impl Saver for Checkpoints<'_> {
    fn offer(&mut self, progress: &Progress, observer: &mut dyn Observer) -> Result<(), RunError> {
        let due = self.watch.elapsed().saturating_sub(self.last) >= self.interval;
        if due {
            self.save(progress, observer)
        } else {
            Ok(())
        }
    }

    fn save(&mut self, progress: &Progress, observer: &mut dyn Observer) -> Result<(), RunError> {
        let step = progress.adam.steps();
        let mut tensors = Vec::new();
        let mut put = |prefix: &str, snapshot: Snapshot| {
            tensors.extend(
                snapshot
                    .into_iter()
                    .map(|(name, tensor)| (format!("{prefix}{name}"), tensor)),
            );
        };
        let (first, second) = progress.adam.moments();
        put("weights/", self.parameters.snapshot());
        put("adam.first/", first);
        put("adam.second/", second);
        if let Some(best) = progress.best.as_ref().filter(|best| best.step != step) {
            put(
                "best/",
                best.weights
                    .iter()
                    .map(|(name, tensor)| (name.clone(), tensor.shallow_clone()))
                    .collect(),
            );
        }
        let fields = Fields {
            format: FORMAT.to_owned(),
            identity: self.identity.clone(),
            step,
            epoch: self.plan.epoch(step),
            train_seconds: self.train_seconds(),
            best: progress.best.as_ref().map(|best| BestFields {
                score: best.score,
                step: best.step,
            }),
        };
        file::write(&self.path, &fields, &tensors)?;
        self.last = self.watch.elapsed();
        observer.file(ArtifactKind::Checkpoint, &self.path, NAME);
        Ok(())
    }
}

/// The tensors whose names begin with `prefix`, without it.
fn under(tensors: &[(String, Tensor)], prefix: &str) -> Snapshot {
    let stripped = tensors
        .iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?, tensor)));
    stripped
        .map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone()))
        .collect()
}

fn copies(tensors: &[(String, Tensor)]) -> Snapshot {
    tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), tensor.copy()))
        .collect()
}
