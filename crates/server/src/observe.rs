//! Counts and times every request, by its route.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

/// Measures a request; its route, and not its path, is what is counted.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let since = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = request.method().clone();
    let response = next.run(request).await;
    let route = route.unwrap_or_else(|| "other".to_owned());
    let took = since.elapsed();
    let status = response.status().as_u16().to_string();
    tracing::info!(status, took_us = took.as_micros() as u64, "done");
    let labels = [("method", method.to_string()), ("route", route), ("status", status)];
    metrics::histogram!("jely_http_seconds", &labels).record(took.as_secs_f64());
    response
}
