//! `scores.csv.gz`: one line a score, its run by position.

use std::io::Write;

use mrprism_protocol::spec::{Output, Reference};
use mrprism_protocol::state::JobState;
use mrprism_protocol::wire::{ExportedRun, Score};

use super::lines::{Lines, Reading};
use super::packed::{MOST_BYTES, unpack};
use super::stream::Stream;
use super::{ExportFault, SCORES};

const HEADER: [&str; 8] = [
    "run",
    "output",
    "recurrence",
    "case",
    "structure",
    "reference",
    "metric",
    "value",
];

type Key<'a> = (Output, Option<u32>, &'a str, Reference, &'a str, &'a str);

fn key(score: &Score) -> Key<'_> {
    (
        score.output,
        score.recurrence,
        &score.structure,
        score.reference,
        &score.metric,
        &score.case,
    )
}

/// Brings a run's scores into the order in which they are exported and tables are made of them, so that sums are alike to the last bit
/// wherever the scores come from.
pub fn in_order(scores: &mut [Score]) {
    scores.sort_by(|a, b| key(a).cmp(&key(b)));
}

/// Packs scores run by run, so that no more than one run's are held at a time.
#[derive(Debug)]
pub struct ScoreWriter(Stream);

impl ScoreWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// Nothing that happens: writing to memory.
    pub fn new() -> Result<Self, ExportFault> {
        Ok(Self(Stream::new(SCORES, &HEADER)?))
    }

    /// Adds a run's scores, sorted by [`in_order`]; runs come in ascending order.
    ///
    /// # Errors
    /// As [`ScoreWriter::new`].
    pub fn run(&mut self, position: usize, scores: &[Score]) -> Result<(), ExportFault> {
        self.0.add(|lines| write(lines, position, scores))
    }

    /// What is ready to be sent.
    pub fn take(&mut self) -> Vec<u8> {
        self.0.take()
    }

    /// Ends the file: what was not taken.
    ///
    /// # Errors
    /// As [`ScoreWriter::new`].
    pub fn finish(self) -> Result<Vec<u8>, ExportFault> {
        self.0.finish()
    }
}

pub(super) fn write_header<W: Write>(lines: &mut Lines<W>) -> Result<(), ExportFault> {
    lines.write(&HEADER)
}

pub(super) fn write<W: Write>(
    lines: &mut Lines<W>,
    position: usize,
    scores: &[Score],
) -> Result<(), ExportFault> {
    let position = position.to_string();
    for score in scores {
        let recurrence = score.recurrence.map(|number| number.to_string());
        lines.write(&[
            &position,
            &score.output.to_string(),
            recurrence.as_deref().unwrap_or_default(),
            &score.case,
            &score.structure,
            &score.reference.to_string(),
            &score.metric,
            &score.value.to_string(),
        ])?;
    }
    Ok(())
}

/// Each run's scores.
pub(super) fn read(packed: &[u8], runs: &[ExportedRun]) -> Result<Vec<Vec<Score>>, ExportFault> {
    let text = unpack(SCORES, packed, MOST_BYTES)?;
    let mut reading = Reading::new(SCORES, &text, &HEADER)?;
    let mut scores: Vec<Vec<Score>> = runs.iter().map(|_| Vec::new()).collect();
    let mut last = 0;
    while let Some(line) = reading.next()? {
        let position = line.number(0, "run's position", u64::from(u32::MAX))? as usize;
        let run = runs.get(position).ok_or_else(|| {
            line.fault(format!(
                "there is no run {position}: the experiment has {}",
                runs.len()
            ))
        })?;
        if run.state != JobState::Succeeded {
            return Err(line.fault(format!(
                "run {position} is {}: only runs that succeeded have scores",
                run.state
            )));
        }
        let recurrence = match line.text(2) {
            "" => None,
            _ => Some(line.number(2, "recurrence", i32::MAX as u64)? as u32),
        };
        let score = Score {
            output: line.word(1)?,
            recurrence,
            case: line.text(3).to_owned(),
            structure: line.text(4).to_owned(),
            reference: line.word(5)?,
            metric: line.text(6).to_owned(),
            value: line.value(7)?,
        };
        let before = scores[position].last();
        if before.is_some_and(|before| key(before) == key(&score)) {
            return Err(line.fault("this score stands twice: keep one of the two"));
        }
        if position < last || before.is_some_and(|before| key(before) > key(&score)) {
            return Err(line.fault(
                "it is out of order: scores stand by run, output, recurrence, structure, reference, metric and case; export again",
            ));
        }
        last = position;
        scores[position].push(score);
    }
    Ok(scores)
}
