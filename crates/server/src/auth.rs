//! Who asks, and whether they may.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use store::{KeyOwner, Millis};

use crate::body;
use crate::clock::now;
use crate::config::Plan;
use crate::error::{ApiError, Code};
use crate::key::ApiKey;
use crate::rates::Taken;
use crate::state::App;
use crate::strangers::Peer;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Talk to bots and look into them.
    Chat,
    /// Give bots documents and take them away.
    Train,
    /// Read figures.
    Analytics,
    /// Make, change and delete bots, webhooks and keys.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Train, Self::Analytics, Self::Admin];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Train => "train",
            Self::Analytics => "analytics",
            Self::Admin => "admin",
        }
    }
}

/// Who asks: every route below `/v1` has one.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    owner: Arc<KeyOwner>,
    pub(crate) plan: Arc<Plan>,
}

impl Caller {
    pub(crate) fn account_id(&self) -> &str {
        &self.owner.account.id
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.owner.key.id
    }

    /// Refuses where the key may not do that.
    pub(crate) fn needs(&self, scope: Scope) -> Result<(), ApiError> {
        if self.owner.key.scopes.split(' ').any(|name| name == scope.as_str()) {
            return Ok(());
        }
        let scope = scope.as_str();
        let message = format!("this key lacks the scope {scope:?}: use one that has it");
        Err(ApiError::new(Code::ScopeRequired, message))
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| ApiError::internal(&"a route stands outside of the authentication"))
    }
}

/// Lets those in who have a key and requests left, and tells them how many.
pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().copied();
    let owner = match authenticate(&app, request.headers(), peer).await {
        Ok(owner) => owner,
        Err(error) => {
            body::drain_request(request).await;
            return error.into_response();
        }
    };
    let plan = Arc::new(app.plan(&owner.account.plan));
    let now = now();
    let taken = match app.rates.take(&app.store, &owner.key.id, &plan, now).await {
        Ok(taken) => taken,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let mut response = if !taken.allowed {
        body::drain_request(request).await;
        too_many(taken, now).into_response()
    } else if plan.api {
        request.extensions_mut().insert(Caller { owner, plan: Arc::clone(&plan) });
        next.run(request).await
    } else {
        body::drain_request(request).await;
        let message =
            format!("the plan {:?} has no API: change to one that has", owner.account.plan);
        ApiError::new(Code::PlanRequired, message).into_response()
    };
    tell(response.headers_mut(), taken, plan.window_seconds, now);
    response
}

async fn authenticate(
    app: &App,
    headers: &HeaderMap,
    peer: Option<Peer>,
) -> Result<Arc<KeyOwner>, ApiError> {
    let refused = |message: &str| ApiError::new(Code::InvalidApiKey, message);
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return Err(refused("send one header `Authorization: Bearer jt_live_…`"));
    };
    let value = value.to_str().unwrap_or_default();
    let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some((_, token)) = token else {
        return Err(refused("the header `Authorization` must begin with `Bearer `"));
    };
    let Some(key) = ApiKey::parse(token.trim()) else {
        return Err(refused("this is no key: a character is missing or wrong, copy it again"));
    };
    // What is looked up is a hash, so how long it takes tells nothing of any key.
    let hash = key.hash();
    let limits = &app.config.limits;
    let from = peer.map(|peer| peer.caller(headers, limits.address_header.as_deref()));
    let (per_minute, now) = (limits.unknown_keys_per_minute, now());
    if let Some(from) = from.filter(|_| !app.has_believed(&hash))
        && let Some(wait) = app.strangers.must_wait(from, per_minute, now)
    {
        let seconds = u64::try_from(wait).unwrap_or_default().div_ceil(1_000).max(1);
        let message = format!("too many unknown keys from {from}: try again in {seconds} s");
        return Err(ApiError::new(Code::RateLimitExceeded, message).retry_after(seconds));
    }
    let owner = app.key_owner(&hash).await?;
    owner.ok_or_else(|| {
        if let Some(from) = from {
            app.strangers.note(from, per_minute, now);
        }
        refused("this key is unknown or was revoked")
    })
}

fn too_many(taken: Taken, now: Millis) -> ApiError {
    let seconds = seconds_until(taken.next_at, now).max(1);
    let message = format!("too many requests: try again in {seconds} s");
    ApiError::new(Code::RateLimitExceeded, message).retry_after(seconds)
}

/// The promised headers, and those of the IETF's draft on rate limits.
fn tell(headers: &mut HeaderMap, taken: Taken, window_seconds: u32, now: Millis) {
    let reset = u64::try_from(taken.full_at).unwrap_or_default().div_ceil(1_000);
    let mut put = |name: &'static str, value: HeaderValue| {
        headers.insert(HeaderName::from_static(name), value);
    };
    put("x-ratelimit-limit", taken.limit.into());
    put("x-ratelimit-remaining", taken.remaining.into());
    put("x-ratelimit-reset", reset.into());
    let resets_in = seconds_until(taken.full_at, now);
    let state = format!("\"requests\";r={};t={resets_in}", taken.remaining);
    let policy = format!("\"requests\";q={};w={window_seconds}", taken.limit);
    for (name, value) in [("ratelimit", state), ("ratelimit-policy", policy)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            put(name, value);
        }
    }
}

fn seconds_until(at: Millis, now: Millis) -> u64 {
    u64::try_from(at.saturating_sub(now)).unwrap_or_default().div_ceil(1_000)
}
