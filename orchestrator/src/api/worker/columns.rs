//! A batch of events, checked and sorted into the columns it is stored in.

use std::collections::BTreeMap;

use mrprism_protocol::wire::{Event, EventBody, Score};

use crate::db::events::{Columns, ScoreColumns};

/// Most events in one batch.
pub(super) const MOST: usize = 5000;
/// Longest name of a curve, case, structure or metric in bytes.
const LONGEST_NAME: usize = 500;

/// Sorts a batch, or says why it is refused.
pub(super) fn sort(events: Vec<Event>) -> Result<Columns, String> {
    if events.len() > MOST {
        return Err(format!(
            "{} events: send at most {MOST} in a batch",
            events.len()
        ));
    }
    if !events
        .windows(2)
        .all(|pair| pair[0].sequence < pair[1].sequence)
    {
        return Err("sequences must ascend within a batch".to_owned());
    }
    let mut columns = Columns::default();
    // Within a batch the last of two equal keys is meant; the statement may write each key once only.
    let mut scores = BTreeMap::new();
    for event in events {
        let sequence = whole(event.sequence, "sequence")?;
        columns.last_sequence = sequence;
        match event.body {
            EventBody::Metric {
                series,
                step,
                value,
            } => {
                name(&series, "series")?;
                columns.points.sequence.push(sequence);
                columns.points.value.push(finite(value, &series)?);
                columns.points.step.push(whole(step, "step")?);
                columns.points.series.push(series);
            }
            EventBody::Scores { scores: found } => {
                for score in found {
                    check(&score)?;
                    scores.insert(key(&score), score);
                }
            }
            body => other(&mut columns, sequence, event.at, body)?,
        }
    }
    columns.scores = score_columns(scores.into_values());
    Ok(columns)
}

fn other(
    columns: &mut Columns,
    sequence: i64,
    at: chrono::DateTime<chrono::Utc>,
    body: EventBody,
) -> Result<(), String> {
    let standing = &mut columns.standing;
    let (kind, body) = match body {
        EventBody::Started {
            step,
            epoch,
            steps,
            steps_per_epoch,
        } => {
            let (done, epochs) = (whole(step, "step")?, whole(epoch, "epoch")?);
            standing.step = Some(done);
            standing.epoch = Some(epochs);
            standing.steps = Some(whole(steps, "steps")?);
            standing.phase.get_or_insert_with(|| "train".to_owned());
            if done > 0 {
                standing.resumed_from_step = Some(done);
                standing.resumed_from_epoch = Some(epochs);
            }
            whole(steps_per_epoch, "steps_per_epoch")?;
            let body = EventBody::Started {
                step,
                epoch,
                steps,
                steps_per_epoch,
            };
            ("started", body)
        }
        // Where training stands is read off the attempt: progress needs no row of its own.
        EventBody::Progress {
            phase,
            step,
            epoch,
            steps,
        } => {
            name(&phase, "phase")?;
            standing.phase = Some(phase);
            standing.step = Some(whole(step, "step")?);
            standing.epoch = Some(whole(epoch, "epoch")?);
            standing.steps = Some(whole(steps, "steps")?);
            return Ok(());
        }
        EventBody::TestCases { cases } => {
            for found in cases {
                name(&found.case, "case")?;
                name(&found.patient, "patient")?;
                columns.cases.case.push(found.case);
                columns.cases.patient.push(found.patient);
            }
            return Ok(());
        }
        EventBody::Dropped { metric_points } => {
            standing.dropped_points = Some(whole(metric_points, "metric_points")?);
            ("dropped", EventBody::Dropped { metric_points })
        }
        EventBody::Log { level, message } => (
            "log",
            EventBody::Log {
                level: storable(level),
                message: storable(message),
            },
        ),
        EventBody::Metric { .. } | EventBody::Scores { .. } => return Ok(()),
    };
    columns.events.sequence.push(sequence);
    columns.events.at.push(at);
    columns.events.kind.push(kind.to_owned());
    columns
        .events
        .body
        .push(serde_json::to_value(body).map_err(|error| error.to_string())?);
    Ok(())
}

/// Postgres takes no NUL in a text; a trainer's output may hold one.
fn storable(text: String) -> String {
    if text.contains('\0') {
        text.replace('\0', "\u{fffd}")
    } else {
        text
    }
}

fn whole(number: u64, what: &str) -> Result<i64, String> {
    i64::try_from(number).map_err(|_| format!("{what} {number} is too large"))
}

fn finite(value: f64, what: &str) -> Result<f64, String> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(format!("{what}: {value} is not finite"))
    }
}

fn name(text: &str, what: &str) -> Result<(), String> {
    if text.is_empty() || text.len() > LONGEST_NAME || text.contains('\0') {
        return Err(format!(
            "{what}: give a name of 1 to {LONGEST_NAME} bytes without NUL"
        ));
    }
    Ok(())
}

fn check(score: &Score) -> Result<(), String> {
    name(&score.case, "case")?;
    name(&score.structure, "structure")?;
    name(&score.metric, "metric")?;
    finite(score.value, &score.metric)?;
    Ok(())
}

/// What a score is the score of.
type Key = (String, Option<u32>, String, String, String, String);

fn key(score: &Score) -> Key {
    (
        score.output.to_string(),
        score.recurrence,
        score.case.clone(),
        score.structure.clone(),
        score.reference.to_string(),
        score.metric.clone(),
    )
}

fn score_columns(scores: impl Iterator<Item = Score>) -> ScoreColumns {
    let mut columns = ScoreColumns::default();
    for score in scores {
        columns.output.push(score.output.to_string());
        columns
            .recurrence
            .push(score.recurrence.map(|number| number as i32));
        columns.case.push(score.case);
        columns.structure.push(score.structure);
        columns.reference.push(score.reference.to_string());
        columns.metric.push(score.metric);
        columns.value.push(score.value);
    }
    columns
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use mrprism_protocol::spec::{Output, Reference};
    use mrprism_protocol::wire::{Event, EventBody, Score};

    use super::{MOST, sort};

    fn event(sequence: u64, body: EventBody) -> Event {
        Event {
            sequence,
            at: DateTime::UNIX_EPOCH,
            body,
        }
    }

    fn metric(sequence: u64, value: f64) -> Event {
        let body = EventBody::Metric {
            series: "train/loss".to_owned(),
            step: sequence,
            value,
        };
        event(sequence, body)
    }

    fn score(value: f64) -> Score {
        Score {
            output: Output::Prediction,
            recurrence: Some(1),
            case: "c".to_owned(),
            structure: "disc".to_owned(),
            reference: Reference::Mean,
            metric: "soft_dice@1".to_owned(),
            value,
        }
    }

    #[test]
    fn what_is_not_finite_too_much_or_out_of_order_is_refused() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(sort(vec![metric(0, value)]).is_err());
            let scores = EventBody::Scores {
                scores: vec![score(value)],
            };
            assert!(sort(vec![event(0, scores)]).is_err());
        }
        let many = (0..=MOST as u64).map(|n| metric(n, 0.0)).collect();
        assert!(sort(many).unwrap_err().contains("at most 5000"));
        assert!(sort(vec![metric(1, 0.0), metric(1, 0.0)]).is_err());
        assert!(sort(vec![metric(u64::MAX, 0.0)]).is_err());
    }

    #[test]
    fn of_two_equal_keys_in_a_batch_the_last_is_meant() {
        let scores = |values: &[f64]| EventBody::Scores {
            scores: values.iter().copied().map(score).collect(),
        };
        let columns = sort(vec![
            event(0, scores(&[0.1, 0.2])),
            event(1, scores(&[0.3])),
        ])
        .unwrap();
        assert_eq!(columns.scores.value, [0.3]);
    }

    #[test]
    fn a_start_with_steps_done_is_a_resumption() {
        let started = |step| EventBody::Started {
            step,
            epoch: step / 2,
            steps: 10,
            steps_per_epoch: 2,
        };
        let anew = sort(vec![event(0, started(0))]).unwrap().standing;
        assert_eq!((anew.resumed_from_step, anew.steps), (None, Some(10)));
        let resumed = sort(vec![event(0, started(4))]).unwrap().standing;
        assert_eq!(
            (resumed.resumed_from_step, resumed.resumed_from_epoch),
            (Some(4), Some(2))
        );
    }

    #[test]
    fn a_nul_in_a_log_line_is_made_visible() {
        let log = EventBody::Log {
            level: "info".to_owned(),
            message: "a\0b".to_owned(),
        };
        let columns = sort(vec![event(0, log)]).unwrap();
        assert_eq!(columns.events.body[0]["message"], "a\u{fffd}b");
    }
}
