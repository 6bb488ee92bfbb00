//! `POST /api/v1/experiments/{id or name}/freeze`: the table as it is now, for ever.

use axum::extract::State;
use axum::http::StatusCode;
use mrprism_protocol::id::ExperimentId;
use mrprism_protocol::wire::{Cited, Freeze, SnapshotView};

use crate::api::extract::{self, Json, Path};
use crate::error::ApiError;
use crate::{App, db};

/// Digits of a content's hash in a name that nobody chose.
const DIGITS: usize = 8;

/// 201 where it is new, 200 where equal content is frozen already (under whichever name), 409 where the name holds another content.
pub(in crate::api) async fn freeze(
    State(app): State<App>,
    Path(word): Path<String>,
    Json(wanted): Json<Freeze>,
) -> Result<(StatusCode, Json<SnapshotView>), ApiError> {
    let id = extract::experiment(&app, &word).await?;
    if let Some(name) = wanted.name.as_deref().filter(|name| !is_name(name)) {
        return Err(ApiError::Unprocessable(format!(
            "'{name}' is no name of a snapshot: give 1 to 100 letters, digits, '-', '_' or '.'"
        )));
    }
    let table = app.tables.of(&app.db, id).await?;
    let content = serde_json::to_string_pretty(&*table)
        .map_err(|error| ApiError::Internal(error.to_string()))?;
    let hash = blake3::hash(content.as_bytes()).to_hex().to_string();
    let cites = cites(&app, id).await?;
    let name = wanted
        .name
        .unwrap_or_else(|| named_after(&table.experiment, &hash));
    let mut connection = app.db.acquire().await?;
    let made = db::snapshots::create(&mut connection, id, &name, &hash, &content, &cites).await?;
    drop(connection);
    let status = if made {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let view = db::snapshots::with_hash(&app.db, &hash)
        .await?
        .ok_or_else(|| ApiError::Conflict {
            kind: "mrprism:name-taken",
            detail: format!(
                "a snapshot '{name}' with other content is there already, and what was frozen never changes: give another name"
            ),
        })?;
    Ok((status, Json(view)))
}

/// An experiment's name is at most 100 letters long, and so is a snapshot's.
fn named_after(experiment: &str, hash: &str) -> String {
    let room = 100 - 1 - DIGITS;
    let name: String = experiment.chars().take(room).collect();
    let digits: String = hash.chars().take(DIGITS).collect();
    format!("{name}-{digits}")
}

fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name
            .bytes()
            .all(|letter| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter))
}

async fn cites(app: &App, id: ExperimentId) -> Result<Vec<Cited>, ApiError> {
    let mut left = db::exports::left(&app.db, id).await?;
    let facts = db::runs::facts(&app.db, id).await?.into_iter();
    let cites = facts.filter_map(|facts| {
        Some(Cited {
            run: facts.run,
            fingerprint: left.remove(&facts.run)?.fingerprint,
            arm: facts.arm,
            seed: facts.seed,
            fold: facts.fold,
            state: facts.state,
            science_version: facts.science_version,
        })
    });
    Ok(cites.collect())
}
