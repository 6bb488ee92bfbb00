//! What a table is made of, read from the database.

use std::str::FromStr;

use mrprism_protocol::id::ExperimentId;
use mrprism_protocol::spec::{ExperimentFile, NotSpelled, parse_toml};
use mrprism_protocol::wire::Score;
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
    Ok(Results {
        experiment: view.name,
        question: view.question,
        baseline: file.table.baseline,
        scores: scores.into_iter().map(parse).collect::<Result<_, _>>()?,
        runs: db::runs::facts(pool, experiment).await?,
    })
}

fn parse(row: ScoreRow) -> Result<RunScore, sqlx::Error> {
    Ok(RunScore {
        run: row.run.into(),
        score: Score {
            output: word(&row.output)?,
            recurrence: row.recurrence.map(|number| number as u32),
            case: row.case,
            structure: row.structure,
            reference: word(&row.reference)?,
            metric: row.metric,
            value: row.value,
        },
    })
}

fn word<T: FromStr<Err = NotSpelled>>(word: &str) -> Result<T, sqlx::Error> {
    word.parse()
        .map_err(|error: NotSpelled| sqlx::Error::Decode(Box::new(error)))
}
