//! What operators and their machines ask.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::state::App;

/// The process is alive.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// How long a sign of life of the database is waited for.
const PING_WITHIN: Duration = Duration::from_secs(5);

/// Requests can be answered: the database is there, to be read and to be changed.
pub(crate) async fn readiness(State(app): State<App>) -> Response {
    match tokio::time::timeout(PING_WITHIN, app.store.ping()).await {
        Ok(Ok(())) => return "ok\n".into_response(),
        Ok(Err(error)) => tracing::warn!(%error, "not ready"),
        Err(_) => tracing::warn!("not ready: the database is too slow"),
    }
    (StatusCode::SERVICE_UNAVAILABLE, "the database is not there\n").into_response()
}

/// Counters and histograms, as Prometheus reads them.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let cached = app.folder.store().cached();
    metrics::gauge!("jely_snapshots_open").set(cached.snapshots as f64);
    metrics::gauge!("jely_snapshots_bytes").set(cached.bytes as f64);
    if let Ok(waiting) = app.store.waiting_jobs().await {
        metrics::gauge!("jely_jobs_waiting").set(waiting as f64);
    }
    let text = app.metrics.render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
