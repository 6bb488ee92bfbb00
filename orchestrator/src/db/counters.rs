//! Counts that no row tells.

use sqlx::{PgConnection, PgPool};

/// Leases that the reaper has expired.
pub const LEASES_EXPIRED: &str = "leases_expired_total";

/// Adds to a count.
///
/// # Errors
/// The database cannot be reached, or the count is unknown.
pub async fn add(db: &mut PgConnection, name: &str, by: u64) -> Result<(), sqlx::Error> {
    let changed = sqlx::query!(
        "update counters set value = value + $2 where name = $1",
        name,
        by as i64
    )
    .execute(db)
    .await?
    .rows_affected();
    super::exactly(1, changed, "add to a counter")
}

/// Reads a count; 0 where nothing has been counted.
///
/// # Errors
/// The database cannot be reached.
pub async fn read(pool: &PgPool, name: &str) -> Result<u64, sqlx::Error> {
    let value = sqlx::query_scalar!("select value from counters where name = $1", name)
        .fetch_optional(pool)
        .await?;
    Ok(value.unwrap_or(0) as u64)
}
