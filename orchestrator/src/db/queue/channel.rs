//! `queue changed`: the one notification. It wakes claimers early; polling is the truth.

use sqlx::PgPool;
use sqlx::postgres::PgListener;

/// Its name in Postgres.
const CHANNEL: &str = "mrprism_queue_changed";

/// Tells every server on this database that something may be claimable.
///
/// # Errors
/// The database cannot be reached.
pub async fn announce(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query!("select pg_notify($1, '')", CHANNEL)
        .execute(pool)
        .await?;
    Ok(())
}

/// Listens. The listener reconnects by itself; `None` from `try_recv` says that it had to.
///
/// # Errors
/// The database cannot be reached.
pub async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}
