//! `GET /api/v1/artifacts/{hash}`: a content, streamed.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};

use crate::api::extract::Path;
use crate::error::ApiError;
use crate::{App, db};

/// Sends a content; its address is its hash, so it may be kept for ever.
pub(in crate::api) async fn get(
    State(app): State<App>,
    Path(hash): Path<String>,
) -> Result<(HeaderMap, Body), ApiError> {
    let size = db::artifacts::blob_size(&app.db, &hash)
        .await?
        .ok_or_else(|| ApiError::NotFound(format!("no file with the hash '{hash}' is stored")))?;
    let content = app.files.read(&hash).await?;
    let headers = HeaderMap::from_iter([
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, immutable, max-age=31536000"),
        ),
    ]);
    Ok((headers, Body::from_stream(content)))
}
