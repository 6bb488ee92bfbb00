//! One database a test, copied from a migrated template.
//!
//! The server is the one that `mrprism-orchestrator test-database` names, else one that this process starts. It ends with
//! the process, because its standard input does.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use mrprism_orchestrator::config;
use mrprism_orchestrator::db::{self, Connection as _, PgConnection};
use sqlx::postgres::PgConnectOptions;

/// A server of this process, and what keeps it alive.
struct Private {
    url: String,
    _keeper: Child,
}

/// The address of a server that databases may be made on.
fn server_url() -> &'static str {
    static GIVEN: OnceLock<Option<String>> = OnceLock::new();
    static PRIVATE: OnceLock<Private> = OnceLock::new();
    match GIVEN.get_or_init(config::test_database_url) {
        Some(url) => url,
        None => &PRIVATE.get_or_init(start).url,
    }
}

fn start() -> Private {
    let mut keeper = Command::new(env!("CARGO_BIN_EXE_mrprism-orchestrator"))
        .args(["test-database", "--", "sh", "-c"])
        .arg(format!(
            "echo ${}; cat >/dev/null",
            config::TEST_DATABASE_URL
        ))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env("MRPRISM_LOG", "warn")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(keeper.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    assert!(url.starts_with("postgres://"), "no test database: '{url}'");
    Private {
        url: url.trim().to_owned(),
        _keeper: keeper,
    }
}

fn options(database: &str) -> PgConnectOptions {
    let options: PgConnectOptions = server_url().parse().unwrap();
    options.database(database)
}

async fn admin() -> PgConnection {
    PgConnection::connect_with(&server_url().parse().unwrap())
        .await
        .unwrap()
}

/// The address of a new database with every migration applied.
pub(crate) async fn fresh_database() -> String {
    let mut admin = admin().await;
    let template = template(&mut admin).await;
    let name = new_name();
    db::create_database(&mut admin, &name, &template)
        .await
        .unwrap();
    url_of(&name)
}

/// How to connect to a new database without any table.
pub(crate) async fn empty_database() -> PgConnectOptions {
    let name = new_name();
    db::create_database(&mut admin().await, &name, "template0")
        .await
        .unwrap();
    options(&name)
}

fn new_name() -> String {
    format!("mrprism_test_{}", uuid::Uuid::now_v7().simple())
}

/// The server's address with another database; a socket's folder may follow as a parameter.
fn url_of(database: &str) -> String {
    let (path, parameters) = server_url().split_once('?').unwrap_or((server_url(), ""));
    let (server, _) = path.rsplit_once('/').unwrap();
    format!("{server}/{database}?{parameters}")
}

/// The template of these migrations, made by whichever process comes first.
async fn template(admin: &mut PgConnection) -> String {
    let mut hasher = blake3::Hasher::new();
    for migration in db::MIGRATIONS.iter() {
        hasher.update(&migration.checksum);
    }
    let name = format!("mrprism_template_{}", &hasher.finalize().to_hex()[..16]);
    sqlx::query("select pg_advisory_lock(hashtextextended('mrprism test template', 0))")
        .execute(&mut *admin)
        .await
        .unwrap();
    let there: bool =
        sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&name)
            .fetch_one(&mut *admin)
            .await
            .unwrap();
    if !there {
        let unfinished = new_name();
        db::create_database(admin, &unfinished, "template0")
            .await
            .unwrap();
        db::open(options(&unfinished), 1)
            .await
            .unwrap()
            .close()
            .await;
        let rename = format!("alter database {unfinished} rename to {name}");
        sqlx::query(sqlx::AssertSqlSafe(rename))
            .execute(&mut *admin)
            .await
            .unwrap();
    }
    sqlx::query("select pg_advisory_unlock_all()")
        .execute(&mut *admin)
        .await
        .unwrap();
    name
}
