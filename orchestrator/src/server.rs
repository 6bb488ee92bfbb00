//! The whole program: home, database, interface and duties, started in order and ended in the reverse.

use std::future::{Future, IntoFuture};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::artifact::Store;
use crate::auth::{self, Token};
use crate::config::{Database, Settings};
use crate::embedded_postgres::{Durability, Postgres};
use crate::home::Home;
use crate::live::QueueChanged;
use crate::report::Tables;
use crate::{App, api, db, reconcile};

/// Connections to the database.
const CONNECTIONS: u32 = 24;
/// Ports that are tried after the wanted one.
const PORTS: u16 = 100;
/// How long calls may take to end after the shutdown began.
const PATIENCE: Duration = Duration::from_secs(15);

/// A server that runs. Dropped without [`Running::stop`] it takes its private Postgres for granted to the next one.
#[derive(Debug)]
pub struct Running {
    /// What calls and duties share.
    pub app: App,
    /// `http://host:port`.
    pub address: String,
    /// What callers must show.
    pub token: String,
    home: Home,
    calls: JoinHandle<io::Result<()>>,
    duties: JoinSet<()>,
    postgres: Option<Postgres>,
}

/// Runs a server until `shutdown`, then ends it in order.
///
/// # Errors
/// It cannot start, or something did not end as it should.
pub async fn serve(settings: Settings, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    let mut running = Running::start(settings).await?;
    tokio::select! {
        () = shutdown => tracing::info!("shutting down"),
        ended = &mut running.calls => {
            tracing::error!(?ended, "the interface ended by itself");
        }
    }
    running.stop().await
}

impl Running {
    /// Starts a server.
    ///
    /// # Errors
    /// The home is taken, no port is free, or the database cannot be had.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let home = Home::take(&settings.home)?;
        let token = auth::load_or_create(&home.token(), settings.token.as_deref())
            .context("the server's token")?;
        let listener = listen(settings.listen).await?;
        let (options, postgres) = database(&settings.database, &home).await?;
        match Self::open(&settings, home, token, listener, options).await {
            Ok(running) => Ok(Self {
                postgres,
                ..running
            }),
            Err(error) => {
                if let Some(postgres) = postgres {
                    postgres.stop().await?;
                }
                Err(error)
            }
        }
    }

    async fn open(
        settings: &Settings,
        home: Home,
        token: String,
        listener: TcpListener,
        options: PgConnectOptions,
    ) -> anyhow::Result<Self> {
        let app = App {
            db: db::open(options, CONNECTIONS).await?,
            token: Token::new(&token),
            files: Store::open(&home.artifacts()?, settings.max_artifact_mib).await?,
            queue_changed: QueueChanged::default(),
            intervals: settings.intervals,
            science_version: settings.science_version.as_str().into(),
            tables: Tables::default(),
            shutdown: CancellationToken::new(),
        };
        let mut duties = JoinSet::new();
        let (said, heard) = (app.queue_changed.clone(), app.queue_changed.clone());
        duties.spawn(said.announce(app.db.clone(), app.shutdown.clone()));
        duties.spawn(heard.listen(app.db.clone(), app.shutdown.clone()));
        reconcile::start(&app, &mut duties);
        let address = format!("http://{}", listener.local_addr()?);
        let calls = axum::serve(listener, api::router(app.clone()))
            .with_graceful_shutdown(app.shutdown.clone().cancelled_owned());
        let calls = tokio::spawn(calls.into_future());
        home.publish(address.clone())?;
        tracing::info!("listening on {address}");
        Ok(Self {
            app,
            address,
            token,
            home,
            calls,
            duties,
            postgres: None,
        })
    }

    /// Takes no more calls, lets those under way end, ends the duties and stops the private Postgres.
    ///
    /// # Errors
    /// Postgres does not stop.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.home.withdraw();
        self.app.shutdown.cancel();
        if !self.calls.is_finished()
            && tokio::time::timeout(PATIENCE, &mut self.calls)
                .await
                .is_err()
        {
            tracing::warn!("some calls did not end within {PATIENCE:?} and were cut off");
            self.calls.abort();
        }
        let duties = async { while self.duties.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, duties).await.is_err() {
            tracing::warn!("some duties did not end within {PATIENCE:?} and were cut off");
        }
        self.app.db.close().await;
        if let Some(postgres) = self.postgres.take() {
            postgres.stop().await?;
        }
        Ok(())
    }
}

/// The wanted port or the next free one.
async fn listen(wanted: SocketAddr) -> anyhow::Result<TcpListener> {
    let last = match wanted.port() {
        0 => 0,
        port => port.saturating_add(PORTS),
    };
    for port in wanted.port()..=last {
        match TcpListener::bind(SocketAddr::new(wanted.ip(), port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).with_context(|| format!("listening on {wanted}")),
        }
    }
    anyhow::bail!(
        "no port from {} to {last} is free on {}: give another --listen",
        wanted.port(),
        wanted.ip()
    )
}

async fn database(
    database: &Database,
    home: &Home,
) -> anyhow::Result<(PgConnectOptions, Option<Postgres>)> {
    match database {
        Database::Given(url) => {
            let options = url
                .parse()
                .context("the database's address (DATABASE_URL)")?;
            Ok((options, None))
        }
        Database::Private(search) => {
            let binaries = search.find()?;
            let postgres =
                Postgres::start(&home.postgres(), &binaries, Durability::Durable).await?;
            db::ensure_database(postgres.options("postgres"), "mrprism").await?;
            Ok((postgres.options("mrprism"), Some(postgres)))
        }
    }
}
