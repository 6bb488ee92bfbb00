//! Who is told what happens: events for people and tables, files for whoever keeps them.

use std::path::Path;

use mrprism_protocol::state::ArtifactKind;
use mrprism_protocol::wire::EventBody;

/// The run's listener.
pub trait Observer {
    /// Something happened.
    fn event(&mut self, body: EventBody);

    /// A file was written whole at `path`; within the run it is called `name`. A run that goes on after a stop may name
    /// a file again.
    fn file(&mut self, kind: ArtifactKind, path: &Path, name: &str);
}

/// Reports one point of a curve; what is not finite is no point.
pub fn metric(observer: &mut dyn Observer, series: impl Into<String>, step: u64, value: f64) {
    if value.is_finite() {
        observer.event(EventBody::Metric {
            series: series.into(),
            step,
            value,
        });
    }
}

/// Reports a line for people. `level` is `info`, `warn` or `error`.
pub fn log(observer: &mut dyn Observer, level: &str, message: impl Into<String>) {
    observer.event(EventBody::Log {
        level: level.to_owned(),
        message: message.into(),
    });
}
