//! What a table is made of, read from the database.

use std::str::FromStr;

use mrprism_protocol::id::{ExperimentId, RunId};
use mrprism_protocol::spec::{ExperimentFile, NotSpelled, parse_toml};
use mrprism_protocol::wire::{Curve, Score};
use mrprism_report::export::in_order;
use mrprism_report::{Results, RunScore};
use sqlx::PgPool;

use crate::db;
use crate::db::scores::ScoreRow;

/// Reads an experiment's results.
///
/// # Errors
/// The database cannot be reached, or there is no such experiment.
pub async fn read(pool: &PgPool, experiment: ExperimentId) -> Result<Results, sqlx::Error> {
    let view = db::experiments::view(pool, experiment).await?;
    let source = db::experiments::bundle(pool, experiment).await?.experiment;
    let file: ExperimentFile = parse_toml(&source.file, &source.text)
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    // Scores before runs: a run that succeeds in between is then said to have no score, rather than left half read.
    let scores = db::scores::of_succeeded_runs(pool, experiment).await?;
    let results = Results {
        experiment: view.name,
        question: view.question,
        baseline: file.table.baseline.clone(),
        scores: ordered(scores)?,
        runs: db::runs::facts(pool, experiment).await?,
    };
    Ok(results.in_order_of(&file))
}

/// Runs' scores in the one order of exports, which no database's collation changes.
fn ordered(rows: Vec<ScoreRow>) -> Result<Vec<RunScore>, sqlx::Error> {
    let mut ordered = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    while let Some(first) = rows.next() {
        let run = first.run;
        let mut scores = vec![parse(first)?];
        while let Some(row) = rows.next_if(|row| row.run == run) {
            scores.push(parse(row)?);
        }
        in_order(&mut scores);
        let of_run = scores.into_iter().map(|score| RunScore {
            run: run.into(),
            score,
        });
        ordered.extend(of_run);
    }
    Ok(ordered)
}

/// A run's scores in the one order of exports.
///
/// # Errors
/// The database cannot be reached.
pub async fn scores(pool: &PgPool, run: RunId) -> Result<Vec<Score>, sqlx::Error> {
    let rows = db::scores::of_run(pool, run).await?;
    let mut scores: Vec<_> = rows.into_iter().map(parse).collect::<Result<_, _>>()?;
    in_order(&mut scores);
    Ok(scores)
}

/// A run's curves by name, in the one order of exports.
///
/// # Errors
/// The database cannot be reached.
pub async fn curves(pool: &PgPool, run: RunId) -> Result<Vec<Curve>, sqlx::Error> {
    let mut curves = db::metric_points::curves(pool, run, None).await?;
    curves.sort_by(|a, b| a.series.cmp(&b.series));
    Ok(curves)
}

fn parse(row: ScoreRow) -> Result<Score, sqlx::Error> {
    Ok(Score {
        output: word(&row.output)?,
        recurrence: row.recurrence.map(|number| number as u32),
        case: row.case,
        structure: row.structure,
        reference: word(&row.reference)?,
        metric: row.metric,
        value: row.value,
    })
}

fn word<T: FromStr<Err = NotSpelled>>(word: &str) -> Result<T, sqlx::Error> {
    word.parse()
        .map_err(|error: NotSpelled| sqlx::Error::Decode(Box::new(error)))
}
