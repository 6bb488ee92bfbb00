//! The training loop and its parts. It knows no method, no file format of data, no HTTP: what it needs is handed in.

mod batch;
pub mod checkpoint;
mod fit;
mod observe;
mod optimizer;
mod step;
mod stop;

pub use batch::{Batch, Member, Presence, TrainingSet, check, image};
pub use fit::{Best, Fit, Fitted, Plan, Progress, Saver, Validation, Validator};
pub use observe::{Observer, log, metric};
pub use optimizer::Adam;
pub use step::{Learner, LossTerm, Place, StepReport, detached, step};
pub use stop::{Stop, StopSignal};
