//! From settings to a server that listens, and to its orderly end.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use store::{Settings, Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use train::{DataFolder, Options};

use crate::answering::Answering;
use crate::clock::now;
use crate::config::Config;
use crate::events::conversation_ended;
use crate::routes::router;
use crate::state::App;
use crate::strangers::Peer;
use crate::{idempotency, training, webhooks};

/// How often conversations and keys that rest are looked at.
const IDLE_EVERY: Duration = Duration::from_secs(10);

/// How often metrics are kept up.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// Conversations that are ended at once.
const IDLE_BATCH: u32 = 200;

/// Bounds of the buckets of all histograms, in seconds.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 4.0, 16.0];

/// How long after the deadline of an end what is cut off may take to put itself in order.
const ENDING: Duration = Duration::from_secs(2);

/// Bytes that a connection holds of what is not read yet, give or take the last read: a request's
/// line and headers must fit.
const BUFFER_BYTES_MAX: usize = 64 << 10;

/// Headers of a request.
const HEADERS_MAX: usize = 100;

/// What a server is made of.
#[derive(Debug)]
pub struct Server {
    /// Where requests come in, see [`bind`].
    pub listener: TcpListener,
    /// Its settings.
    pub config: Config,
    /// Its database.
    pub store: Store,
    /// Its documents and indexes.
    pub folder: DataFolder,
    /// How documents are trained.
    pub training: Options,
    /// The model that words answers.
    pub model: Option<model::Settings>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It cannot listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// Its folder refuses.
    #[error("cannot use the data folder: {0}")]
    Folder(#[from] io::Error),
    /// Metrics cannot be kept.
    #[error("cannot keep metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// There is no client for webhooks.
    #[error("cannot tell webhooks: {0}")]
    Client(#[from] reqwest::Error),
    /// The database refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the database that the settings name, else `jely.db` in the data folder.
///
/// # Errors
/// Where it is not there or of a newer release.
pub async fn open_store(config: &Config, data: &Path) -> Result<Store, StoreError> {
    match &config.database {
        Some(url) => Store::open(url, &Settings::default()).await,
        None => Store::open_file(&data.join("jely.db"), &Settings::default()).await,
    }
}

/// Listens where the settings say; nobody is answered before [`serve`].
///
/// # Errors
/// [`ServeError::Listen`].
pub async fn bind(config: &Config) -> Result<TcpListener, ServeError> {
    let address = config.listen;
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

/// Serves until `stop` becomes true (or its sender is gone), then ends what is under way, within
/// the time that the settings allow. `listening` is told the address once it is reached.
///
/// # Errors
/// [`ServeError`].
pub async fn serve(
    server: Server,
    stop: watch::Receiver<bool>,
    listening: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let Server { listener, config, store, folder, training, model } = server;
    let address = config.listen;
    let listen = |source| ServeError::Listen { address, source };
    let address = listener.local_addr().map_err(listen)?;
    let uploads = folder.path().join("uploads");
    clear(&uploads)?;
    let folder = Arc::new(folder);
    let answering = answering(&config, &folder, model);
    let within = Duration::from_secs(config.shutdown_seconds);
    let trainers = config.training.jobs.max(1);
    let app = App::new(config, store, folder, answering, prometheus()?, uploads, stop.clone());
    let mut tasks = JoinSet::new();
    for _ in 0..trainers {
        tasks.spawn(training::work(app.clone(), training.clone(), stop.clone()));
    }
    tasks.spawn(end_idle(app.clone(), stop.clone()));
    tasks.spawn(keep_up(app.metrics.clone(), stop.clone()));
    tasks.spawn(webhooks::forget_old(app.clone(), stop.clone()));
    tasks.spawn(webhooks::deliver(app.clone(), webhooks::client(&app)?, stop.clone()));
    listening(address);
    let until = accept(listener, &app, stop, within).await;
    // Jobs that do not end in time give themselves back: see `training`.
    if tokio::time::timeout_at(until + ENDING, tasks.join_all()).await.is_err() {
        tracing::warn!("work is left to the next start");
    }
    if let Err(error) = app.rates.settle(&app.store).await {
        tracing::error!(%error, "requests that were reserved are lost");
    }
    app.store.close().await;
    Ok(())
}

/// The folder of files that are on their way in; what a killed server left there goes.
fn clear(uploads: &Path) -> io::Result<()> {
    std::fs::create_dir_all(uploads)?;
    for entry in std::fs::read_dir(uploads)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if name.as_encoded_bytes().starts_with(b"upload-") {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn answering(
    config: &Config,
    folder: &Arc<DataFolder>,
    model: Option<model::Settings>,
) -> Answering {
    let processors = available_parallelism().map_or(1, usize::from);
    let at_once = match config.chat.at_once {
        0 => 2 * processors,
        given => given,
    };
    let mut answers = answer::Config::default();
    answers.confidence_min = config.chat.confidence_min.unwrap_or(answers.confidence_min);
    let within = Duration::from_secs(config.chat.seconds_max);
    Answering::new(Arc::clone(folder), model, answers, (at_once, config.chat.waiting_max), within)
}

/// One recorder serves the process, whoever starts a server in it first.
fn prometheus() -> Result<PrometheusHandle, ServeError> {
    static RECORDER: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    if let Some(handle) = RECORDER.get() {
        return Ok(handle.clone());
    }
    let builder = PrometheusBuilder::new();
    let builder =
        builder.set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    // Another recorder of the process keeps what it has; then this one shows nothing.
    let _ = metrics::set_global_recorder(recorder);
    Ok(RECORDER.get_or_init(|| handle).clone())
}

/// Sorts what histograms have gathered into their buckets, whether somebody reads them or not.
async fn keep_up(metrics: PrometheusHandle, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        metrics.run_upkeep();
        tokio::select! {
            () = tokio::time::sleep(UPKEEP_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Accepts connections until told to stop, and lets those that are open end; until when all else
/// has to end too.
async fn accept(
    listener: TcpListener,
    app: &App,
    mut stop: watch::Receiver<bool>,
    within: Duration,
) -> tokio::time::Instant {
    let router = router(app.clone());
    let places = Arc::new(Semaphore::new(app.config.limits.connections_max));
    let open = GracefulShutdown::new();
    let read_within = Duration::from_secs(app.config.limits.read_seconds);
    let http = http(read_within);
    while !*stop.borrow() {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            _ = stop.changed() => continue,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Too many open files, say: that passes.
                    tracing::warn!(%error, "a connection was lost");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = stop.changed() => continue,
        };
        let peer = Peer(peer.ip());
        let service = router.clone().map_request(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(peer);
            request
        });
        // Replies are small, and nobody is to wait for more of them.
        let _ = stream.set_nodelay(true);
        let connection =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = open.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
        });
    }
    drop(listener);
    let until = tokio::time::Instant::now() + within;
    if tokio::time::timeout_at(until, open.shutdown()).await.is_err() {
        tracing::warn!("requests were cut off at the end");
    }
    until
}

/// How connections are served. Headers must come in time, so that nobody holds a place by silence.
fn http(read_within: Duration) -> hyper::server::conn::http1::Builder {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(read_within)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES_MAX);
    http
}

/// Ends conversations in which nobody says anything, and forgets what is old.
async fn end_idle(app: App, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match app.store.end_idle_conversations(IDLE_BATCH, conversation_ended, now()).await {
            // There may be more.
            Ok(ended) if ended == IDLE_BATCH as usize => continue,
            Ok(0) => {}
            Ok(_) => app.outbox_bell.ring(),
            Err(error) => tracing::error!(%error, "conversations could not be ended"),
        }
        let expired = now() - idempotency::KEPT_MS;
        if let Err(error) = app.store.forget_claims(expired, IDLE_BATCH).await {
            tracing::error!(%error, "old keys of requests stay");
        }
        if let Err(error) = app.rates.tend(&app.store, now()).await {
            tracing::error!(%error, "the use of keys was not noted");
        }
        tokio::select! {
            () = tokio::time::sleep(IDLE_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}
