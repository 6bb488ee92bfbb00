//! `curves.csv.gz`: one line a point of a curve, its run by position.

use std::io::Write;

use mrprism_protocol::wire::{Curve, ExportedRun};

use super::lines::{Lines, Reading};
use super::packed::{MOST_BYTES, unpack};
use super::stream::Stream;
use super::{CURVES, ExportFault};

const HEADER: [&str; 4] = ["run", "series", "step", "value"];

/// Packs curves run by run, so that no more than one run's are held at a time.
#[derive(Debug)]
pub struct CurveWriter(Stream);

impl CurveWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// Nothing that happens: writing to memory.
    pub fn new() -> Result<Self, ExportFault> {
        Ok(Self(Stream::new(CURVES, &HEADER)?))
    }

    /// Adds a run's curves: each name once, in ascending order, its steps ascending; runs come in ascending order.
    ///
    /// # Errors
    /// As [`CurveWriter::new`].
    pub fn run(&mut self, position: usize, curves: &[Curve]) -> Result<(), ExportFault> {
        self.0.add(|lines| write(lines, position, curves))
    }

    /// What is ready to be sent.
    pub fn take(&mut self) -> Vec<u8> {
        self.0.take()
    }

    /// Ends the file: what was not taken.
    ///
    /// # Errors
    /// As [`CurveWriter::new`].
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
    curves: &[Curve],
) -> Result<(), ExportFault> {
    let position = position.to_string();
    for curve in curves {
        for (step, value) in &curve.points {
            lines.write(&[
                &position,
                &curve.series,
                &step.to_string(),
                &value.to_string(),
            ])?;
        }
    }
    Ok(())
}

/// Each run's curves.
pub(super) fn read(packed: &[u8], runs: &[ExportedRun]) -> Result<Vec<Vec<Curve>>, ExportFault> {
    let text = unpack(CURVES, packed, MOST_BYTES)?;
    let mut reading = Reading::new(CURVES, &text, &HEADER)?;
    let mut curves: Vec<Vec<Curve>> = runs.iter().map(|_| Vec::new()).collect();
    let mut last = 0;
    while let Some(line) = reading.next()? {
        let position = line.number(0, "run's position", u64::from(u32::MAX))? as usize;
        let run = runs.get(position).ok_or_else(|| {
            line.fault(format!(
                "there is no run {position}: the experiment has {}",
                runs.len()
            ))
        })?;
        if run.attempts.is_empty() {
            return Err(line.fault(format!("run {position} was never tried: it has no curves")));
        }
        let series = line.text(1);
        let step = line.number(2, "step", i64::MAX as u64)?;
        let value = line.value(3)?;
        let place = |curve: &Curve| (curve.series.clone(), curve.points.last().map(|last| last.0));
        let before = curves[position].last().map(place);
        if position < last || before.is_some_and(|before| before >= (series.to_owned(), Some(step)))
        {
            return Err(line.fault(
                "it stands twice or out of order: points stand by run, series and step; export again",
            ));
        }
        last = position;
        match curves[position].last_mut() {
            Some(curve) if curve.series == series => curve.points.push((step, value)),
            _ => curves[position].push(Curve {
                series: series.to_owned(),
                points: vec![(step, value)],
            }),
        }
    }
    Ok(curves)
}
