//! The only SQL: one file a table (those of the queue and of results in folders), one function a statement. Does, and decides
//! nothing.

pub mod artifacts;
pub mod clock;
pub mod counters;
pub mod datasets;
pub mod definitions;
pub mod experiments;
pub mod plans;
mod queue;
mod results;
pub mod runs;
pub mod workers;

pub use queue::*;
pub use results::*;

use std::str::FromStr;
use std::time::Duration;

use mrprism_protocol::spec::NotSpelled;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
pub use sqlx::{Connection, PgConnection, PgPool};

/// A short transaction; dropped without `commit` it changes nothing.
pub type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;

/// Every migration, in order.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// Connects and brings the schema up to date.
///
/// # Errors
/// The database cannot be reached, or its schema is not one that these migrations made.
pub async fn open(options: PgConnectOptions, connections: u32) -> Result<PgPool, OpenError> {
    let pool = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(20))
        .connect_with(options.application_name("mrprism-orchestrator"))
        .await?;
    MIGRATIONS.run(&pool).await?;
    Ok(pool)
}

/// Makes a database of this name where there is none.
///
/// # Errors
/// The server cannot be reached, or the user may not.
pub async fn ensure_database(options: PgConnectOptions, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(&options).await?;
    let there = sqlx::query_scalar!(
        r#"select exists (select from pg_database where datname = $1) as "there!""#,
        name
    )
    .fetch_one(&mut connection)
    .await?;
    if !there {
        create_database(&mut connection, name, "template0").await?;
    }
    connection.close().await
}

/// Makes a database as a copy of another.
///
/// # Errors
/// The server cannot be reached, the name is taken, or somebody is connected to the other.
pub async fn create_database(
    db: &mut PgConnection,
    name: &str,
    template: &str,
) -> Result<(), sqlx::Error> {
    // Names cannot be parameters here; both are quoted.
    let quoted = |name: &str| name.replace('"', "\"\"");
    let statement = format!(
        "create database \"{}\" template \"{}\"",
        quoted(name),
        quoted(template)
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .execute(db)
        .await?;
    Ok(())
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be reached.
    #[error(
        "the database cannot be reached: check that it runs and that its address and password are right"
    )]
    Unreachable(#[from] sqlx::Error),
    /// Its schema is another one.
    #[error(
        "the database's schema cannot be brought up to date: it was made by another or a newer program"
    )]
    Schema(#[from] sqlx::migrate::MigrateError),
}

/// Begins a transaction.
///
/// # Errors
/// The database cannot be reached.
pub async fn begin(pool: &PgPool) -> Result<Transaction, sqlx::Error> {
    pool.begin().await
}

/// Whether the database answers.
///
/// # Errors
/// It does not.
pub async fn ping(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query!("select 1 as one").fetch_one(pool).await?;
    Ok(())
}

/// Reads a word that the schema allows.
fn spelled<T: FromStr<Err = NotSpelled>>(word: &str) -> Result<T, sqlx::Error> {
    word.parse()
        .map_err(|error: NotSpelled| sqlx::Error::Decode(Box::new(error)))
}

/// Reads a word that the schema allows, where there is one.
fn spelled_or_none<T: FromStr<Err = NotSpelled>>(
    word: Option<&str>,
) -> Result<Option<T>, sqlx::Error> {
    word.map(spelled).transpose()
}

/// Refuses a statement that changed another number of rows than its meaning says.
fn exactly(expected: u64, changed: u64, what: &str) -> Result<(), sqlx::Error> {
    if expected == changed {
        return Ok(());
    }
    Err(sqlx::Error::Protocol(format!(
        "{what}: {changed} rows in place of {expected}"
    )))
}
