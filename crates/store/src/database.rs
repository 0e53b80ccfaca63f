//! Opening a database, reading from it and changing it.

use std::path::Path;
use std::str::FromStr as _;
use std::sync::{Arc, Once};
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AnyPool, Executor as _};
use tokio::sync::Mutex;

use crate::StoreError;
use crate::writer::Writer;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Which statements a database understands where they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// How many connections there are, and how long they are waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Connections that read; with PostgreSQL those that write too.
    pub connections: u32,
    /// How long a free connection is waited for.
    pub acquire_timeout: Duration,
    /// How long another process may hold the write lock of SQLite.
    pub busy_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connections: 8,
            acquire_timeout: Duration::from_secs(5),
            busy_timeout: Duration::from_secs(10),
        }
    }
}

/// The database. Clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) read: AnyPool,
    pub(crate) dialect: Dialect,
    /// Held while a run of messages is rolled up.
    pub(crate) rolling: Arc<Mutex<()>>,
    writer: Writer,
}

impl Store {
    /// Opens `sqlite:…` or `postgres://…` and brings its tables up to date.
    ///
    /// # Errors
    /// [`StoreError::UnknownUrl`], [`StoreError::Migration`] (also where a newer release has been
    /// here), and where the database is not there.
    pub async fn open(url: &str, settings: &Settings) -> Result<Self, StoreError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(install_default_drivers);
        match url.split_once(':') {
            Some(("sqlite", _)) => Self::open_sqlite(url, settings).await,
            Some(("postgres" | "postgresql", _)) => Self::open_postgres(url, settings).await,
            scheme => {
                let url = scheme.map(|(scheme, _)| scheme).unwrap_or_default().to_owned();
                Err(StoreError::UnknownUrl { url })
            }
        }
    }

    /// Opens the SQLite database in a file, creating it where it is missing.
    ///
    /// # Errors
    /// As those of [`open`](Self::open).
    pub async fn open_file(path: &Path, settings: &Settings) -> Result<Self, StoreError> {
        Self::open(&sqlite_url(path), settings).await
    }

    async fn open_sqlite(url: &str, settings: &Settings) -> Result<Self, StoreError> {
        let writer = sqlite_pool(url, 1, settings).await?;
        MIGRATIONS.run(&writer).await?;
        let read = sqlite_pool(url, settings.connections, settings).await?;
        Ok(Self::of(read, Dialect::Sqlite, Writer::one(writer)))
    }

    async fn open_postgres(url: &str, settings: &Settings) -> Result<Self, StoreError> {
        let options = AnyConnectOptions::from_str(url)?;
        let pool = pool_options(settings.connections, settings).connect_with(options).await?;
        MIGRATIONS.run(&pool).await?;
        Ok(Self::of(pool.clone(), Dialect::Postgres, Writer::many(pool)))
    }

    fn of(read: AnyPool, dialect: Dialect, writer: Writer) -> Self {
        Self { read, dialect, rolling: Arc::default(), writer }
    }

    /// Does a change as one transaction. On return it is on the disk; where it fails, nothing of it
    /// is.
    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut AnyConnection) -> BoxFuture<'c, Result<T, StoreError>>
            + Send
            + 'static,
    {
        self.writer.run(change).await
    }

    /// Asks the database for a sign of life: that it can be read and changed.
    ///
    /// # Errors
    /// Where it gives none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read.execute("SELECT 1").await?;
        self.write(|_| Box::pin(async { Ok(()) })).await
    }

    /// Waits for what is being written, and closes all connections.
    pub async fn close(&self) {
        self.writer.close().await;
        self.read.close().await;
    }
}

fn pool_options(connections: u32, settings: &Settings) -> AnyPoolOptions {
    AnyPoolOptions::new().max_connections(connections).acquire_timeout(settings.acquire_timeout)
}

/// WAL, so that readers never wait for the writer; every commit synced, so that what is
/// acknowledged survives a loss of power.
async fn sqlite_pool(
    url: &str,
    connections: u32,
    settings: &Settings,
) -> Result<AnyPool, StoreError> {
    let options = AnyConnectOptions::from_str(url)?;
    let busy = settings.busy_timeout.as_millis();
    let pragmas = format!(
        "PRAGMA busy_timeout = {busy}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2000;"
    );
    // A file does not go away between two questions, and asking doubles what a read costs.
    let pool = pool_options(connections, settings).test_before_acquire(false);
    let pool = pool.after_connect(move |connection, _| {
        let pragmas = sqlx::AssertSqlSafe(pragmas.clone());
        Box::pin(async move { sqlx::raw_sql(pragmas).execute(connection).await.map(drop) })
    });
    Ok(pool.connect_with(options).await?)
}

/// The address of a file: what could end a path in an address is written by its number.
fn sqlite_url(path: &Path) -> String {
    let mut url = "sqlite://".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                url.push(char::from(*byte));
            }
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url + "?mode=rwc"
}
