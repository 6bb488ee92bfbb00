//! `GET /healthz`: the process answers. `GET /readyz`: so does its database. Both without a token.

use axum::extract::State;

use crate::error::ApiError;
use crate::{App, db};

/// The process answers.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// The database answers too; 503 where it does not.
pub(super) async fn ready(State(app): State<App>) -> Result<&'static str, ApiError> {
    db::ping(&app.db).await?;
    Ok("ready\n")
}
