//! The database's clock, which every lease is judged by.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

/// What time it is.
///
/// # Errors
/// The database cannot be reached.
pub async fn now(pool: &PgPool) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"select mrprism_now() as "now!""#)
        .fetch_one(pool)
        .await
}

/// Sets the clock further ahead. For tests: time passes without waiting.
///
/// # Errors
/// The database cannot be reached.
pub async fn advance(pool: &PgPool, by: TimeDelta) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update clock_offset set ahead = ahead + make_interval(secs => $1)",
        by.as_seconds_f64()
    )
    .execute(pool)
    .await?
    .rows_affected();
    super::exactly(1, changed, "advance the clock")
}
