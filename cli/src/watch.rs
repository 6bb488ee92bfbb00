//! Waiting for an experiment: a bar a run on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use mrprism_protocol::id::RunId;
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::{ExperimentView, RunView};

use crate::client::Client;
use crate::{output, select};

const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Runs that have a bar at a time.
const BARS: usize = 12;

/// Waits until every run has ended. Ctrl-C leaves the runs alone and ends the waiting.
///
/// Exit code 0 where every run succeeded.
pub(crate) async fn until_ended(
    client: &Client,
    experiment: &ExperimentView,
) -> anyhow::Result<ExitCode> {
    let mut shown = Shown::new();
    let id = experiment.id.to_string();
    loop {
        match client.runs(&id).await {
            Ok(runs) => {
                shown.update(&runs);
                if runs.iter().all(|run| run.state.is_terminal()) {
                    shown.end();
                    return Ok(judge(&runs));
                }
            }
            // The runs go on without a server for a while, and so does the waiting.
            Err(error) => shown.say(&format!("{error}; waiting for it")),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            _ = tokio::signal::ctrl_c() => {
                shown.end();
                output::note(format_args!(
                    "the runs go on: `mrprism submit … --wait` waits again, `mrprism cancel {}` ends them",
                    experiment.name
                ));
                return Ok(ExitCode::FAILURE);
            }
        }
    }
}

fn judge(runs: &[RunView]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for run in runs.iter().filter(|run| run.state != JobState::Succeeded) {
        code = ExitCode::FAILURE;
        output::note(format_args!(
            "{} {}{}",
            select::label(run),
            run.state,
            reason(run)
        ));
    }
    code
}

/// Why the newest attempt ended, where it says so.
fn reason(run: &RunView) -> String {
    let message = run
        .attempts
        .last()
        .and_then(|attempt| attempt.message.as_deref());
    message.map_or_else(String::new, |message| format!(": {message}"))
}

struct Shown {
    bars: Option<MultiProgress>,
    of_run: BTreeMap<RunId, ProgressBar>,
    /// What was said last of each run: state, phase and tenth of the steps.
    said: BTreeMap<RunId, (JobState, Option<String>, u64)>,
    last: String,
}

impl Shown {
    fn new() -> Self {
        Self {
            bars: std::io::stderr().is_terminal().then(MultiProgress::new),
            of_run: BTreeMap::new(),
            said: BTreeMap::new(),
            last: String::new(),
        }
    }

    fn update(&mut self, runs: &[RunView]) {
        match self.bars.clone() {
            Some(bars) => runs.iter().for_each(|run| self.draw(&bars, run)),
            None => runs.iter().for_each(|run| self.print(run)),
        }
    }

    fn draw(&mut self, bars: &MultiProgress, run: &RunView) {
        if run.state.is_terminal() {
            if let Some(bar) = self.of_run.remove(&run.id) {
                bar.finish_and_clear();
            }
            self.print(run);
            return;
        }
        if run.state != JobState::Leased {
            return;
        }
        if !self.of_run.contains_key(&run.id) && self.of_run.len() < BARS {
            let bar = bars.add(ProgressBar::new(0));
            let template = "{prefix:28!} {wide_bar} {pos:>6}/{len:6} {msg:8} left {eta:>4}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(select::label(run));
            self.of_run.insert(run.id, bar);
        }
        if let Some(bar) = self.of_run.get(&run.id) {
            bar.update(|state| {
                state.set_len(run.steps.unwrap_or(0));
                state.set_pos(run.step);
            });
            bar.set_message(run.phase.clone().unwrap_or_else(|| "starting".to_owned()));
        }
    }

    fn print(&mut self, run: &RunView) {
        let tenth = run.steps.map_or(0, |steps| run.step * 10 / steps.max(1));
        let now = (run.state, run.phase.clone(), tenth);
        if run.state == JobState::Queued && !self.said.contains_key(&run.id)
            || self.said.get(&run.id) == Some(&now)
        {
            return;
        }
        let progress = match (run.state, &run.phase, run.steps) {
            (JobState::Leased, Some(phase), Some(steps)) => {
                format!("  {phase} {}/{steps}", run.step)
            }
            _ => String::new(),
        };
        let line = format!("{}  {}{progress}", select::label(run), run.state);
        self.said.insert(run.id, now);
        self.say(&line);
    }

    /// Says a line once in a row.
    fn say(&mut self, line: &str) {
        if self.last != line {
            line.clone_into(&mut self.last);
            let printed = self.bars.as_ref().map(|bars| bars.println(line));
            if !matches!(printed, Some(Ok(()))) {
                output::note(line);
            }
        }
    }

    fn end(&mut self) {
        for bar in self.of_run.values() {
            bar.finish_and_clear();
        }
    }
}
