//! Events that the server has not stored yet: a bounded buffer on disk.
//!
//! Events lie in segments, one file each. Over the limit, the oldest metric points go first, then the oldest log
//! lines; both are counted and reported. What an attempt did, its scores and its end are never dropped.

use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};

use mrprism_protocol::wire::{Event, EventBody};

/// Events a segment holds.
const SEGMENT: usize = 500;

/// One attempt's undelivered events, oldest first.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    limit: u64,
    segments: VecDeque<Segment>,
    /// The newest events, not yet a segment.
    tail: Vec<Event>,
    next: u64,
    dropped: Dropped,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    bytes: u64,
    /// Whether it may still hold something of a kind that can be dropped.
    metrics: bool,
    logs: bool,
}

/// What was dropped in all, and how much of it has been reported.
#[derive(Debug, Default)]
struct Dropped {
    metrics: u64,
    metrics_reported: u64,
    logs: u64,
    logs_reported: u64,
}

impl Spool {
    /// An empty buffer in `folder`, which is made anew, of at most `limit` bytes.
    pub(crate) fn new(folder: &Path, limit: u64) -> std::io::Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            limit,
            segments: VecDeque::new(),
            tail: Vec::new(),
            next: 0,
            dropped: Dropped::default(),
        })
    }

    /// Takes one report and numbers it.
    pub(crate) fn push(&mut self, body: EventBody) -> std::io::Result<()> {
        self.append(body);
        if self.tail.len() >= SEGMENT {
            self.store_tail()?;
            self.keep_within_limit()?;
        }
        Ok(())
    }

    /// The oldest events, at least one where there is any; says first what had to be dropped.
    pub(crate) fn batch(&mut self) -> std::io::Result<Vec<Event>> {
        self.report_dropped();
        match self.segments.front() {
            Some(segment) => read(&segment.path),
            None => Ok(self.tail.clone()),
        }
    }

    /// Forgets every event up to and with `sequence`.
    pub(crate) fn stored_through(&mut self, sequence: u64) -> std::io::Result<()> {
        while let Some(segment) = self.segments.front() {
            let events = read(&segment.path)?;
            let left: Vec<_> = events
                .into_iter()
                .filter(|event| event.sequence > sequence)
                .collect();
            if left.is_empty() {
                std::fs::remove_file(&segment.path)?;
                self.segments.pop_front();
                continue;
            }
            self.rewrite(0, &left)?;
            return Ok(());
        }
        self.tail.retain(|event| event.sequence > sequence);
        Ok(())
    }

    fn append(&mut self, body: EventBody) {
        self.tail.push(Event {
            sequence: self.next,
            at: crate::clock::now(),
            body,
        });
        self.next += 1;
    }

    fn report_dropped(&mut self) {
        if self.dropped.metrics > self.dropped.metrics_reported {
            self.dropped.metrics_reported = self.dropped.metrics;
            self.append(EventBody::Dropped {
                metric_points: self.dropped.metrics,
            });
        }
        if self.dropped.logs > self.dropped.logs_reported {
            let lines = self.dropped.logs - self.dropped.logs_reported;
            self.dropped.logs_reported = self.dropped.logs;
            self.append(EventBody::Log {
                level: "warn".to_owned(),
                message: format!("the worker's full buffer dropped {lines} earlier log lines"),
            });
        }
    }

    fn store_tail(&mut self) -> std::io::Result<()> {
        let first = self.tail.first().map_or(self.next, |event| event.sequence);
        let path = self.folder.join(format!("{first:020}.ndjson"));
        let bytes = write(&path, &self.tail)?;
        let holds =
            |matching: fn(&EventBody) -> bool| self.tail.iter().any(|event| matching(&event.body));
        self.segments.push_back(Segment {
            path,
            bytes,
            metrics: holds(is_metric),
            logs: holds(is_log),
        });
        self.tail.clear();
        Ok(())
    }

    fn keep_within_limit(&mut self) -> std::io::Result<()> {
        while self
            .segments
            .iter()
            .map(|segment| segment.bytes)
            .sum::<u64>()
            > self.limit
        {
            if let Some(at) = self.segments.iter().position(|segment| segment.metrics) {
                self.dropped.metrics += self.drop_from(at, is_metric)?;
            } else if let Some(at) = self.segments.iter().position(|segment| segment.logs) {
                self.dropped.logs += self.drop_from(at, is_log)?;
            } else {
                // What is left is never dropped: states and scores of one run are few.
                return Ok(());
            }
        }
        Ok(())
    }

    /// Drops one kind of event from segment `at`; returns how many.
    fn drop_from(&mut self, at: usize, kind: fn(&EventBody) -> bool) -> std::io::Result<u64> {
        let events = read(&self.segments[at].path)?;
        let (gone, left): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| kind(&event.body));
        if left.is_empty() {
            std::fs::remove_file(&self.segments[at].path)?;
            self.segments.remove(at);
        } else {
            self.rewrite(at, &left)?;
        }
        Ok(gone.len() as u64)
    }

    fn rewrite(&mut self, at: usize, events: &[Event]) -> std::io::Result<()> {
        let segment = &mut self.segments[at];
        segment.bytes = write(&segment.path, events)?;
        segment.metrics = events.iter().any(|event| is_metric(&event.body));
        segment.logs = events.iter().any(|event| is_log(&event.body));
        Ok(())
    }
}

fn is_metric(body: &EventBody) -> bool {
    matches!(body, EventBody::Metric { .. })
}

fn is_log(body: &EventBody) -> bool {
    matches!(body, EventBody::Log { .. })
}

fn write(path: &Path, events: &[Event]) -> std::io::Result<u64> {
    let mut text = Vec::new();
    for event in events {
        serde_json::to_writer(&mut text, event)?;
        text.write_all(b"\n")?;
    }
    std::fs::write(path, &text)?;
    Ok(text.len() as u64)
}

fn read(path: &Path) -> std::io::Result<Vec<Event>> {
    let text = std::fs::read_to_string(path)?;
    text.lines()
        .map(|line| serde_json::from_str(line).map_err(std::io::Error::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool(limit: u64) -> (tempfile::TempDir, Spool) {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(&folder.path().join("spool"), limit).unwrap();
        (folder, spool)
    }

    fn metric(step: u64) -> EventBody {
        EventBody::Metric {
            series: "train/loss".into(),
            step,
            value: 0.5,
        }
    }

    fn log(number: u64) -> EventBody {
        EventBody::Log {
            level: "info".into(),
            message: format!("line {number}"),
        }
    }

    fn scores() -> EventBody {
        EventBody::Scores { scores: Vec::new() }
    }

    /// Takes everything out as a server would.
    fn drain(spool: &mut Spool) -> Vec<Event> {
        let mut all = Vec::new();
        loop {
            let batch = spool.batch().unwrap();
            if batch.is_empty() {
                return all;
            }
            spool
                .stored_through(batch.last().unwrap().sequence)
                .unwrap();
            all.extend(batch);
        }
    }

    #[test]
    fn events_come_out_as_they_went_in_across_segments() {
        let (_folder, mut spool) = spool(u64::MAX);
        for step in 0..1700 {
            spool.push(metric(step)).unwrap();
        }
        let events = drain(&mut spool);
        let sequences: Vec<_> = events.iter().map(|event| event.sequence).collect();
        assert_eq!(sequences, (0..1700).collect::<Vec<_>>());
        assert_eq!(events[1234].body, metric(1234));
    }

    #[test]
    fn a_batch_stays_until_it_is_stored_and_a_part_of_it_may_be() {
        let (_folder, mut spool) = spool(u64::MAX);
        (0..600).for_each(|step| spool.push(metric(step)).unwrap());
        assert_eq!(spool.batch().unwrap(), spool.batch().unwrap());
        spool.stored_through(99).unwrap();
        assert_eq!(spool.batch().unwrap()[0].sequence, 100);
        spool.stored_through(550).unwrap();
        assert_eq!(spool.batch().unwrap()[0].sequence, 551);
        spool.stored_through(599).unwrap();
        assert!(spool.batch().unwrap().is_empty());
    }

    #[test]
    fn over_the_limit_the_oldest_metric_points_go_and_are_counted() {
        let (_folder, mut spool) = spool(100_000);
        for step in 0..5000 {
            spool.push(metric(step)).unwrap();
            if step % 100 == 0 {
                spool.push(scores()).unwrap();
                spool.push(log(step)).unwrap();
            }
        }
        let events = drain(&mut spool);
        let count = |kind: fn(&EventBody) -> bool| events.iter().filter(|e| kind(&e.body)).count();
        let metrics: Vec<_> = events.iter().filter(|e| is_metric(&e.body)).collect();
        let dropped = events
            .iter()
            .find_map(|event| match event.body {
                EventBody::Dropped { metric_points } => Some(metric_points),
                _ => None,
            })
            .unwrap();
        assert!(dropped > 0);
        assert_eq!(dropped + metrics.len() as u64, 5000);
        assert_eq!(metrics.last().unwrap().body, metric(4999));
        assert_eq!(count(|body| matches!(body, EventBody::Scores { .. })), 50);
        assert_eq!(count(is_log), 50);
        assert!(events.is_sorted_by_key(|event| event.sequence));
    }

    #[test]
    fn log_lines_go_only_when_no_metric_point_is_left_and_scores_never() {
        let (_folder, mut spool) = spool(20_000);
        for number in 0..3000 {
            spool.push(log(number)).unwrap();
            if number % 10 == 0 {
                spool.push(scores()).unwrap();
            }
        }
        let events = drain(&mut spool);
        let kept = events
            .iter()
            .filter(|event| matches!(event.body, EventBody::Scores { .. }))
            .count();
        assert_eq!(kept, 300);
        let told = events.iter().any(|event| {
            matches!(&event.body, EventBody::Log { message, .. } if message.contains("earlier log lines"))
        });
        assert!(told);
    }
}
