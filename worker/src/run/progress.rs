//! How far a run is, for a person: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mrprism_protocol::wire::EventBody;

use crate::output;

/// Shows a run's events on standard error.
#[derive(Debug)]
pub(crate) struct Shown {
    bar: Option<ProgressBar>,
    /// Phase and tenth that was printed last.
    printed: Option<(String, u64)>,
    loss: Option<f64>,
}

impl Shown {
    /// A bar on a terminal, else lines.
    pub(crate) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let template = "{prefix:8} {wide_bar} {pos}/{len} {msg} {elapsed} (left: {eta})";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        Self {
            bar,
            printed: None,
            loss: None,
        }
    }

    /// Shows one report.
    pub(crate) fn event(&mut self, body: &EventBody) {
        match body {
            EventBody::Started {
                step, epoch, steps, ..
            } if *step > 0 => {
                self.line(&format!(
                    "going on at step {step} of {steps} (epoch {epoch})"
                ));
            }
            EventBody::Progress {
                phase, step, steps, ..
            } => self.progress(phase, *step, *steps),
            EventBody::Metric { series, value, .. } if series == "train/loss" => {
                self.loss = Some(*value);
            }
            EventBody::Log { level, message } => self.line(&format!("{level}: {message}")),
            _ => {}
        }
    }

    /// Leaves the terminal tidy.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn progress(&mut self, phase: &str, step: u64, steps: u64) {
        let loss = match self.loss {
            Some(loss) if phase == "train" => format!("loss {loss:.4}"),
            _ => String::new(),
        };
        if let Some(bar) = &self.bar {
            bar.set_prefix(phase.to_owned());
            bar.set_length(steps);
            bar.set_position(step);
            bar.set_message(loss);
            return;
        }
        let tenth = step * 10 / steps.max(1);
        let now = (phase.to_owned(), tenth);
        if self.printed.as_ref() != Some(&now) {
            self.line(format!("{phase} {step}/{steps} {loss}").trim_end());
            self.printed = Some(now);
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => output::note(text),
        }
    }
}
