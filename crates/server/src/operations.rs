//! What operators and their machines ask.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::state::App;

/// The process is alive.
pub(crate) async fn health() -> &'static str {
    "ok\n"
}

/// Requests can be answered: the database is there.
pub(crate) async fn readiness(State(app): State<App>) -> Response {
    match app.store.ping().await {
        Ok(()) => "ok\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database is not there\n").into_response()
        }
    }
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
