//! Requests that may come twice and count once: `Idempotency-Key`.
//!
//! The first request of a key claims it; its reply is kept for a day and told to whoever comes with
//! the same key and the same request. A request that is refused gives its claim back. Where the
//! server dies meanwhile, the claim is anyone's after two minutes.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use store::{Claim, Millis, StoredReply};
use tracing::Instrument as _;

use crate::auth::Caller;
use crate::body;
use crate::clock::now;
use crate::error::{ApiError, Code};
use crate::request_id;
use crate::state::App;

/// The header.
pub(crate) const HEADER: &str = "idempotency-key";

/// Characters of a key.
const KEY_MAX: usize = 255;

/// How long replies are kept.
pub(crate) const KEPT_MS: Millis = 24 * 3_600 * 1_000;

/// How long a claim without a reply is believed.
const STALE_MS: Millis = 120_000;

/// A claimed key; in the extensions of its request.
#[derive(Debug, Clone)]
pub(crate) struct Claimed {
    account_id: String,
    key: String,
}

/// Whether a reply is kept already, with what it tells of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept;

impl Claimed {
    /// A reply to be kept under the key.
    pub(crate) fn reply(&self, status: StatusCode, body: String) -> StoredReply {
        let (account_id, key) = (self.account_id.clone(), self.key.clone());
        StoredReply { account_id, key, status: status.as_u16(), body }
    }
}

/// Claims the key of a request with a body of JSON, where it has one, and keeps its reply.
pub(crate) async fn once(
    State(app): State<App>,
    caller: Caller,
    request: Request,
    next: Next,
) -> Response {
    if !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let bytes = match body::read(body, &app.config.limits).await {
        Ok(bytes) => bytes,
        Err(error) => return error.into_response(),
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(parts.uri.path().as_bytes()).update(b"\n").update(&bytes);
    let fingerprint = hasher.finalize().to_hex().to_string();
    match claim(&app, &caller, &parts.headers, &fingerprint).await {
        Err(error) => error.into_response(),
        Ok(Claiming::Replay(response)) => response,
        Ok(Claiming::None) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Claiming::First(claimed)) => {
            parts.extensions.insert(claimed.clone());
            let guard = Guard::new(&app, claimed);
            let request = Request::from_parts(parts, Body::from(bytes));
            to_the_end(async move { guard.keep(next.run(request).await).await }).await
        }
    }
}

/// Does what was claimed to its end, also where its client has gone: what it began is done by then, and
/// a claim that is given back would let it be done once more.
async fn to_the_end(work: impl Future<Output = Response> + Send + 'static) -> Response {
    let work = tokio::spawn(request_id::carried(work).in_current_span());
    work.await.unwrap_or_else(|error| ApiError::internal(&error).into_response())
}

/// What came of claiming.
pub(crate) enum Claiming {
    /// There is no key.
    None,
    /// It is to be done.
    First(Claimed),
    /// It was done.
    Replay(Response),
}

/// Claims the key in some headers for what a fingerprint stands for.
pub(crate) async fn claim(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    fingerprint: &str,
) -> Result<Claiming, ApiError> {
    let Some(value) = headers.get(HEADER) else { return Ok(Claiming::None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > KEY_MAX {
        let problem = format!("expected 1 to {KEY_MAX} plain characters");
        return Err(ApiError::field("Idempotency-Key", problem));
    }
    let (account_id, key) = (caller.account_id().to_owned(), key.to_owned());
    let now = now();
    let ages = (now - KEPT_MS, now - STALE_MS);
    match app.store.claim(&account_id, &key, fingerprint, ages, now).await? {
        Claim::First => Ok(Claiming::First(Claimed { account_id, key })),
        Claim::Replay { status, body } => Ok(Claiming::Replay(replayed(status, body))),
        Claim::Running => {
            let message = "a request with this key is under way: ask again in a moment";
            Err(ApiError::new(Code::IdempotencyConflict, message).retry_after(1))
        }
        Claim::Mismatch => {
            let message = "this key came with another request before: take a new one";
            Err(ApiError::new(Code::IdempotencyMismatch, message))
        }
    }
}

fn replayed(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

/// Gives a claim back unless its reply is kept, also where nobody waits for the reply any more.
pub(crate) struct Guard {
    app: App,
    claimed: Option<Claimed>,
}

impl Guard {
    pub(crate) fn new(app: &App, claimed: Claimed) -> Self {
        Self { app: app.clone(), claimed: Some(claimed) }
    }

    /// Keeps a reply of success.
    pub(crate) async fn keep(mut self, response: Response) -> Response {
        let Some(claimed) = self.claimed.clone().filter(|_| response.status().is_success()) else {
            return response;
        };
        let is_stream = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        if is_stream || response.extensions().get::<Kept>().is_some() {
            self.claimed = None;
            return response;
        }
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_else(|_| Bytes::new());
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match self.app.store.keep_reply(claimed.reply(parts.status, text)).await {
            Ok(()) => self.claimed = None,
            Err(error) => tracing::error!(%error, "a reply was not kept under its key"),
        }
        Response::from_parts(parts, Body::from(bytes))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(Claimed { account_id, key }) = self.claimed.take() else { return };
        let store = self.app.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.drop_claim(&account_id, &key).await {
                tracing::error!(%error, "a claim was not given back");
            }
        });
    }
}
