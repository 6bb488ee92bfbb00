//! What arrives, parsed at the door: every refusal is a problem.

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use mrprism_protocol::id::{ExperimentId, RunId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::App;
use crate::db;
use crate::error::ApiError;

/// A JSON body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let axum::Json(value) = axum::Json::<T>::from_request(request, state)
            .await
            .map_err(|rejection| unreadable_json(&rejection))?;
        Ok(Self(value))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn unreadable_json(rejection: &JsonRejection) -> ApiError {
    match rejection {
        JsonRejection::JsonDataError(_) => ApiError::Unprocessable(rejection.body_text()),
        _ => ApiError::Unreadable {
            status: rejection.status(),
            detail: rejection.body_text(),
        },
    }
}

/// Parts of the address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let axum::extract::Path(value) = axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|rejection: PathRejection| ApiError::Unreadable {
                status: rejection.status(),
                detail: rejection.body_text(),
            })?;
        Ok(Self(value))
    }
}

/// What follows the question mark.
#[derive(Debug, Clone, Copy)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let axum::extract::Query(value) =
            axum::extract::Query::<T>::from_request_parts(parts, state)
                .await
                .map_err(|rejection: QueryRejection| ApiError::Unreadable {
                    status: rejection.status(),
                    detail: rejection.body_text(),
                })?;
        Ok(Self(value))
    }
}

/// The experiment that a word in an address means.
///
/// # Errors
/// 404 where it means none.
pub(super) async fn experiment(app: &App, word: &str) -> Result<ExperimentId, ApiError> {
    db::experiments::find(&app.db, word)
        .await?
        .ok_or_else(|| ApiError::NotFound(format!("there is no experiment '{word}'")))
}

/// The run that a word in an address means.
///
/// # Errors
/// 404 where it is no id.
pub(super) fn run(word: &str) -> Result<RunId, ApiError> {
    word.parse().map_err(|_| no_run(word))
}

/// There is no such run.
pub(super) fn no_run(word: impl std::fmt::Display) -> ApiError {
    ApiError::NotFound(format!("there is no run '{word}'"))
}
