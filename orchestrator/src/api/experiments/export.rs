//! `GET /api/v1/experiments/{id or name}/export/{experiment|scores|curves}[?hosts=true]`: one file of an export, streamed.

use std::vec::IntoIter;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use futures::stream;
use mrprism_protocol::id::{ExperimentId, RunId};
use mrprism_report::export::{CurveWriter, ExportFault, ScoreWriter, packed_experiment};
use serde::Deserialize;

use crate::api::extract::{self, Path, Query};
use crate::error::ApiError;
use crate::{App, report};

/// What else is wanted.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Wanted {
    /// Whether machines are named.
    #[serde(default)]
    hosts: bool,
}

/// Sends one file of an export. Scores and curves are read run by run while they are sent.
pub(in crate::api) async fn export(
    State(app): State<App>,
    Path((word, part)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<(HeaderMap, Body), ApiError> {
    let id = extract::experiment(&app, &word).await?;
    let body = match part.as_str() {
        "experiment" => {
            let experiment = report::experiment(&app, id, wanted.hosts).await?;
            let packed = tokio::task::spawn_blocking(move || packed_experiment(&experiment))
                .await
                .map_err(|error| ApiError::Internal(error.to_string()))?;
            Body::from(packed.map_err(|fault| broken(&fault))?)
        }
        "scores" => {
            let writer = Writer::Scores(ScoreWriter::new().map_err(|fault| broken(&fault))?);
            Sending::start(app, id, writer).await?
        }
        "curves" => {
            let writer = Writer::Curves(CurveWriter::new().map_err(|fault| broken(&fault))?);
            Sending::start(app, id, writer).await?
        }
        _ => {
            return Err(ApiError::NotFound(format!(
                "an export has no part '{part}': it has experiment, scores and curves"
            )));
        }
    };
    let gzip = HeaderValue::from_static("application/gzip");
    Ok((HeaderMap::from_iter([(header::CONTENT_TYPE, gzip)]), body))
}

fn broken(fault: &ExportFault) -> ApiError {
    ApiError::Internal(fault.to_string())
}

/// What packs runs.
enum Writer {
    Scores(ScoreWriter),
    Curves(CurveWriter),
}

/// A file on its way.
struct Sending {
    app: App,
    runs: IntoIter<(RunId, bool)>,
    position: usize,
    /// None once the file has ended.
    writer: Option<Writer>,
}

impl Sending {
    async fn start(app: App, id: ExperimentId, writer: Writer) -> Result<Body, ApiError> {
        let runs = report::runs(&app, id).await?.into_iter();
        let sending = Self {
            app,
            runs,
            position: 0,
            writer: Some(writer),
        };
        let chunks = stream::try_unfold(sending, |mut sending| async {
            let chunk = sending.next().await?;
            Ok::<_, ApiError>(chunk.map(|chunk| (chunk, sending)))
        });
        Ok(Body::from_stream(chunks))
    }

    /// The next bytes; none after the last.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        loop {
            let Some(writer) = &mut self.writer else {
                return Ok(None);
            };
            let Some((run, succeeded)) = self.runs.next() else {
                let last = match self.writer.take() {
                    Some(Writer::Scores(writer)) => writer.finish(),
                    Some(Writer::Curves(writer)) => writer.finish(),
                    None => return Ok(None),
                };
                return last.map(Some).map_err(|fault| broken(&fault));
            };
            let db = &self.app.db;
            let ready = match writer {
                Writer::Scores(writer) if succeeded => {
                    let scores = report::scores(db, run).await?;
                    writer
                        .run(self.position, &scores)
                        .map_err(|fault| broken(&fault))?;
                    writer.take()
                }
                Writer::Scores(_) => Vec::new(),
                Writer::Curves(writer) => {
                    let curves = report::curves(db, run).await?;
                    writer
                        .run(self.position, &curves)
                        .map_err(|fault| broken(&fault))?;
                    writer.take()
                }
            };
            self.position += 1;
            if !ready.is_empty() {
                return Ok(Some(ready));
            }
        }
    }
}
