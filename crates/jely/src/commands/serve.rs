//! `jely serve`.

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use server::{Config, Server};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::accounts::{self, NewKeyFor};
use super::{folder, options};
use crate::cli::{Global, Parsing, Place, Serve};
use crate::exit::{CommandError, Exit};
use crate::output::Output;

/// The account of the first key.
const FIRST_ACCOUNT: &str = "default";

/// The plan of the first account.
pub(super) const FIRST_PLAN: &str = "pro";

pub(super) fn run(global: &Global, arguments: &Serve, output: &mut Output<'_>) -> Result<Exit> {
    let mut config = config(&arguments.place)?;
    config.listen = arguments.listen.unwrap_or(config.listen);
    config.log = arguments.log.clone().unwrap_or(config.log);
    start_log(&config.log)?;
    let folder = folder(global)?;
    let model = config.model.as_ref().map(|model| model::Settings {
        key: model_key().map(|key| model::Key::new(&key)),
        ..model::Settings::new(&model.url, &model.name)
    });
    let training = options(global, &Parsing::threads(config.training.threads))?;
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        // Before a key is made that could be shown to nobody.
        let listener = server::bind(&config).await?;
        let store = server::open_store(&config, &global.data).await?;
        let key = first_key(&store, &config).await?;
        let server = Server { listener, config, store, folder, training, model };
        let (stopping, stop) = watch::channel(false);
        tokio::spawn(async move {
            until_told().await;
            tracing::info!("stopping");
            let _ = stopping.send(true);
        });
        let mut told = Ok(());
        server::serve(server, stop, |address| {
            told = tell(&format!("http://{address}"), key.as_deref(), output);
        })
        .await?;
        told.map_err(anyhow::Error::from)
    });
    // What still runs was given back, and is not waited for.
    runtime.shutdown_background();
    served.map(|()| Exit::Done)
}

/// The key of the model: never on a command line or in a file.
#[expect(clippy::disallowed_methods, reason = "the binary may, and there is no argument for it")]
fn model_key() -> Option<String> {
    std::env::var("JELY_MODEL_KEY").ok()
}

/// Says where the server is, and the key that opens it, this once.
fn tell(address: &str, key: Option<&str>, output: &mut Output<'_>) -> io::Result<()> {
    if output.is_json() {
        let line = serde_json::json!({"listening": address, "key": key});
        output.named("server", &line)?;
    } else {
        output.line(&format!("listening on {address}"))?;
        if let Some(key) = key {
            output.line(&format!("first API key, shown this once: {key}"))?;
        }
    }
    output.flush()
}

/// A key for a database that has none.
async fn first_key(store: &store::Store, config: &Config) -> Result<Option<String>> {
    if !store.accounts().await?.is_empty() {
        return Ok(None);
    }
    let wanted =
        NewKeyFor { account: FIRST_ACCOUNT, plan: Some(FIRST_PLAN), name: "first", scopes: &[] };
    let (_, key) = accounts::new_key(store, config, wanted).await?;
    Ok(Some(key.reveal().to_owned()))
}

/// The settings that a command line names.
pub(super) fn config(place: &Place) -> Result<Config> {
    let mut config = match &place.config {
        Some(path) => Config::read(path).map_err(|error| CommandError::usage(error.to_string()))?,
        None => Config::default(),
    };
    if place.database.is_some() {
        config.database.clone_from(&place.database);
    }
    Ok(config)
}

pub(super) fn runtime() -> Result<Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("the system gives no threads")
}

/// Logs as JSON lines on standard error, for people where that is a terminal.
fn start_log(filter: &str) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .map_err(|error| CommandError::usage(format!("--log: {error}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // A logger that is there already goes on.
    let _ = if io::IsTerminal::is_terminal(&io::stderr()) {
        log.without_time().try_init()
    } else {
        log.json().flatten_event(true).with_span_list(false).try_init()
    };
    Ok(io::stderr().flush()?)
}

/// Waits for Ctrl-C or, where there is such a thing, SIGTERM.
async fn until_told() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
