//! The files of a run without a server: `events.ndjson` grows, `scores.csv` is written at the end.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use mrprism_protocol::wire::{Event, EventBody, Score};

/// File names within the run.
pub(crate) const EVENTS: &str = "events.ndjson";
pub(crate) const SCORES: &str = "scores.csv";

/// Writes what a run reports into its folder.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    events: File,
    next: u64,
    scores: Vec<Score>,
}

impl Journal {
    /// Goes on with the folder's journal; a line that a kill has cut is removed.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(EVENTS);
        let context = || format!("opening {}", path.display());
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error).with_context(context),
        };
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let last = text[..whole]
            .split(|byte| *byte == b'\n')
            .rev()
            .find(|line| !line.is_empty());
        let next = match last {
            Some(line) => {
                serde_json::from_slice::<Event>(line)
                    .with_context(context)?
                    .sequence
                    + 1
            }
            None => 0,
        };
        let events = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .with_context(context)?;
        events.set_len(whole as u64).with_context(context)?;
        Ok(Self {
            folder: folder.to_owned(),
            events,
            next,
            scores: Vec::new(),
        })
    }

    /// Adds one report.
    pub(crate) fn add(&mut self, body: EventBody) -> std::io::Result<()> {
        if let EventBody::Scores { scores } = &body {
            self.scores.extend(scores.iter().cloned());
        }
        let event = Event {
            sequence: self.next,
            at: crate::clock::now(),
            body,
        };
        self.next += 1;
        let mut line = serde_json::to_vec(&event)?;
        line.push(b'\n');
        self.events.write_all(&line)
    }

    /// Writes the scores of this call, one line each, in order of their keys.
    pub(crate) fn write_scores(&mut self) -> anyhow::Result<()> {
        let mut lines: Vec<_> = self.scores.iter().map(csv_line).collect();
        lines.sort();
        let header = "output,recurrence,case,structure,reference,metric,value";
        let text = format!("{header}\n{}\n", lines.join("\n"));
        let (path, part) = (
            self.folder.join(SCORES),
            self.folder.join("scores.csv.part"),
        );
        std::fs::write(&part, text)
            .and_then(|()| std::fs::rename(&part, &path))
            .with_context(|| format!("writing {}", path.display()))
    }
}

fn csv_line(score: &Score) -> String {
    let recurrence = score
        .recurrence
        .map(|number| number.to_string())
        .unwrap_or_default();
    let (case, structure) = (quoted(&score.case), quoted(&score.structure));
    let Score {
        output,
        reference,
        metric,
        value,
        ..
    } = score;
    format!("{output},{recurrence},{case},{structure},{reference},{metric},{value}")
}

/// RFC 4180: a field with a comma, a quote or a line end stands in quotes.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use mrprism_protocol::spec::{Output, Reference};

    use super::*;

    fn progress(step: u64) -> EventBody {
        EventBody::Progress {
            phase: "train".into(),
            step,
            epoch: 0,
            steps: 9,
        }
    }

    #[test]
    fn a_journal_goes_on_after_a_cut_line() {
        let folder = tempfile::tempdir().unwrap();
        Journal::open(folder.path())
            .unwrap()
            .add(progress(1))
            .unwrap();
        let path = folder.path().join(EVENTS);
        let mut text = std::fs::read(&path).unwrap();
        text.extend_from_slice(b"{\"sequence\":1,\"a");
        std::fs::write(&path, text).unwrap();
        Journal::open(folder.path())
            .unwrap()
            .add(progress(2))
            .unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let sequences: Vec<_> = text
            .lines()
            .map(|line| serde_json::from_str::<Event>(line).unwrap().sequence)
            .collect();
        assert_eq!(sequences, [0, 1]);
    }

    #[test]
    fn scores_are_one_line_each_in_order_and_odd_names_are_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        let score = |recurrence, case: &str| Score {
            output: Output::Prediction,
            recurrence,
            case: case.into(),
            structure: "disc".into(),
            reference: Reference::LeaveOneOut(2),
            metric: "soft_dice@1".into(),
            value: 0.1 + 0.2,
        };
        let scores = vec![score(Some(1), "a, b"), score(Some(0), "a, b")];
        journal.add(EventBody::Scores { scores }).unwrap();
        journal.write_scores().unwrap();
        let text = std::fs::read_to_string(folder.path().join(SCORES)).unwrap();
        assert_eq!(
            text,
            "output,recurrence,case,structure,reference,metric,value\n\
             prediction,0,\"a, b\",disc,leave-one-out:2,soft_dice@1,0.30000000000000004\n\
             prediction,1,\"a, b\",disc,leave-one-out:2,soft_dice@1,0.30000000000000004\n"
        );
    }
}
