//! Why a run ended without a result, in sentences that say what to do, and whether trying again can help.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mrprism_protocol::state::AttemptOutcome;
use mrprism_raters::DataError;

/// A run's failure.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The data cannot be read or do not hold what they should.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Specification and data do not go together, or cannot be trained.
    #[error("{0}")]
    Unusable(String),
    /// Loss or gradient became infinite or no number.
    #[error(
        "training diverged at step {step}: {terms}, gradient norm {gradient_norm}. The weights before this update are \
         untouched. Try a smaller train.lr or another seed; if it happens at once, look at the data with \
         `mrprism data check`"
    )]
    Diverged {
        /// The step, counted from 1.
        step: u64,
        /// Every loss term with its value.
        terms: String,
        /// Norm of all gradients together.
        gradient_norm: f64,
    },
    /// The asked device is not there.
    #[error("{0}")]
    NoDevice(String),
    /// Imported weights that this machine does not have.
    #[error(
        "the run's encoder begins with the weights blake3:{hash}, which this machine does not have{}: bring them with \
         `mrprism weights import FILE`",
        .folder.as_ref().map(|folder| format!(" in {}", folder.display())).unwrap_or_default()
    )]
    NoWeights {
        /// The hash that the specification names.
        hash: String,
        /// Where they were looked for.
        folder: Option<PathBuf>,
    },
    /// A checkpoint that must not be gone on from.
    #[error("{path}: {message}")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        message: String,
    },
    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Memory of the device or the machine is spent.
    #[error(
        "the device ran out of memory ({0}): give a smaller train.batch or size, or a device with more memory"
    )]
    OutOfMemory(String),
    /// The device itself failed.
    #[error("the device failed ({0}): look at the driver's log; another attempt may run elsewhere")]
    Device(String),
    /// libtorch or this crate refused; a fault of the program.
    #[error("the trainer failed inside: {0}. Please report this with the run's specification")]
    Internal(String),
}

impl RunError {
    /// How the attempt ended, as the queue understands it.
    pub fn outcome(&self) -> AttemptOutcome {
        match self {
            Self::OutOfMemory(_) => AttemptOutcome::OutOfMemory,
            Self::NoDevice(_)
            | Self::NoWeights { .. }
            | Self::Device(_)
            | Self::File { .. }
            | Self::Data(DataError::File { .. }) => AttemptOutcome::Infrastructure,
            Self::Data(_)
            | Self::Unusable(_)
            | Self::Diverged { .. }
            | Self::Checkpoint { .. }
            | Self::Internal(_) => AttemptOutcome::Failed,
        }
    }

    /// What `doing` to `path` came to.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }

    /// Runs `work`, with libtorch's panics among its errors.
    pub(crate) fn catching<T>(work: impl FnOnce() -> Result<T, Self>) -> Result<T, Self> {
        catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|panic| Err(Self::from_panic(panic.as_ref())))
    }

    /// The error behind a caught panic: tch unwraps libtorch's errors, whose text says what went wrong.
    pub(crate) fn from_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Self::from_torch(text)
    }

    fn from_torch(text: &str) -> Self {
        // `called `Result::unwrap()` on an `Err` value: Torch("first line\nException raised from …")`
        let inner = text.split_once("Torch(\"").map_or(text, |(_, inner)| inner);
        let line = inner
            .split("\\n")
            .next()
            .unwrap_or(inner)
            .lines()
            .next()
            .unwrap_or(inner);
        let message = line.trim_end_matches("\")").to_owned();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if has(&[
            "out of memory",
            "can't allocate memory",
            "not enough memory",
            "bad_alloc",
        ]) {
            Self::OutOfMemory(message)
        } else if has(&["CUDA error", "cuDNN error", "CUDNN_STATUS", "CUBLAS_STATUS"]) {
            Self::Device(message)
        } else {
            Self::Internal(message)
        }
    }
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::state::AttemptOutcome;

    use super::RunError;

    #[test]
    fn memory_and_device_are_told_apart_from_faults_of_the_run() {
        let panic = |text: &str| RunError::from_panic(&text.to_owned());
        let spent = panic(
            "called `Result::unwrap()` on an `Err` value: Torch(\"[enforce fail at alloc_cpu.cpp:127] err == 0. \
             DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.\\nframe #0\")",
        );
        assert_eq!(spent.outcome(), AttemptOutcome::OutOfMemory);
        assert!(spent.to_string().contains("smaller train.batch"), "{spent}");
        assert!(!spent.to_string().contains("frame"), "{spent}");
        let lost = panic("Torch(\"CUDA error: unspecified launch failure\\nmore\")");
        assert_eq!(lost.outcome(), AttemptOutcome::Infrastructure);
        assert_eq!(
            panic("index out of bounds").outcome(),
            AttemptOutcome::Failed
        );
    }

    #[test]
    fn a_real_panic_of_torch_is_understood() {
        let caught = std::panic::catch_unwind(|| {
            let pair = tch::Tensor::zeros([2], (tch::Kind::Float, tch::Device::Cpu));
            let triple = tch::Tensor::zeros([3], (tch::Kind::Float, tch::Device::Cpu));
            let _ = pair + triple;
        });
        let error = RunError::from_panic(caught.unwrap_err().as_ref());
        assert!(error.to_string().contains("must match the size"), "{error}");
        assert!(!error.to_string().contains("Exception raised"), "{error}");
    }
}
