//! `/v1/webhooks`: who is told of events.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Delivery, Event, Millis, NewWebhook, Webhook};
use utoipa::ToSchema;

use super::bots::{DoneReply, note};
use super::page::{PageQuery, Pagination, page};
use crate::auth::{Caller, Scope};
use crate::clock::{iso, now};
use crate::error::{ApiError, Code, ErrorReply};
use crate::events;
use crate::json::{Json, reply};
use crate::parameters::{Asked, Path};
use crate::state::App;
use crate::webhooks::guard::check_url;
use crate::webhooks::signature::new_secret;

/// Webhooks of an account.
const WEBHOOKS_MAX: u64 = 20;

/// How long an old secret signs besides after a rotation: one day.
const OLD_SECRET_MS: Millis = 24 * 3_600 * 1_000;

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateWebhook {
    /// Where events are posted, `https://…`.
    #[schema(pattern = "^https?://", max_length = 2000)]
    url: String,
    /// Names of events; all of them by default.
    events: Option<Vec<String>>,
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookBody {
    /// `hook_…`
    id: String,
    url: String,
    events: Vec<String>,
    /// `active` or `disabled`.
    status: &'static str,
    /// Why it is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled_reason: Option<String>,
    created_at: String,
    /// What events are signed with, `whsec_…`; told when it is made, and no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl WebhookBody {
    fn of(webhook: Webhook, tells_secret: bool) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            events: webhook.events,
            status: if webhook.disabled_at.is_some() { "disabled" } else { "active" },
            disabled_reason: webhook.disabled_reason,
            created_at: iso(webhook.created_at),
            secret: tells_secret.then_some(webhook.secret),
        }
    }
}

/// One webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookReply {
    success: bool,
    webhook: WebhookBody,
}

/// All webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhooksReply {
    success: bool,
    webhooks: Vec<WebhookBody>,
}

/// An event on its way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryBody {
    /// `dlv_…`
    id: String,
    /// `evt_…`, the `webhook-id` that the receiver sees.
    event_id: String,
    event: String,
    /// `waiting`, `delivered` or `failed`.
    status: String,
    attempts: u64,
    /// When it is tried next, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    created_at: String,
    /// The status of the last reply.
    status_code: Option<i64>,
    /// What went wrong last.
    error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    took_ms: Option<i64>,
}

impl From<Delivery> for DeliveryBody {
    fn from(delivery: Delivery) -> Self {
        let waits = delivery.status == "waiting";
        Self {
            id: delivery.id,
            event_id: delivery.event_id,
            event: delivery.event,
            status: delivery.status,
            attempts: delivery.attempts,
            next_attempt_at: waits.then(|| iso(delivery.next_at)),
            created_at: iso(delivery.created_at),
            status_code: delivery.status_code,
            error: delivery.error,
            took_ms: delivery.took_ms,
        }
    }
}

/// A page of deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveriesReply {
    success: bool,
    deliveries: Vec<DeliveryBody>,
    pagination: Pagination,
}

/// A delivery that was queued.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueuedReply {
    success: bool,
    delivery_id: String,
}

/// Make a webhook; its secret is told in this reply alone
#[utoipa::path(post, operation_id = "createWebhook", path = "/v1/webhooks", tag = "webhooks", request_body = CreateWebhook,
    responses((status = 201, body = WebhookReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<CreateWebhook>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    check_url(&body.url, app.config.webhooks.allow_private)
        .map_err(|problem| ApiError::field("url", problem))?;
    let new = NewWebhook {
        account_id: caller.account_id().to_owned(),
        url: body.url,
        events: event_names(body.events)?,
        secret: new_secret().map_err(|error| ApiError::internal(&error))?,
    };
    let Some(webhook) = app.store.create_webhook(new, WEBHOOKS_MAX, now()).await? else {
        let message =
            format!("the account has {WEBHOOKS_MAX} webhooks, as many as it may: delete one");
        return Err(ApiError::new(Code::QuotaExceeded, message));
    };
    note(&app, &caller, "webhook.created", &webhook.id).await;
    let webhook = WebhookBody::of(webhook, true);
    Ok(reply(StatusCode::CREATED, WebhookReply { success: true, webhook }))
}

fn event_names(given: Option<Vec<String>>) -> Result<Vec<String>, ApiError> {
    let Some(mut names) = given else {
        return Ok(events::NAMES.map(str::to_owned).to_vec());
    };
    names.sort();
    names.dedup();
    let unknown = names.iter().find(|name| !events::NAMES.contains(&name.as_str()));
    if names.is_empty() || unknown.is_some() {
        let problem = format!("expected some of {}", events::NAMES.join(", "));
        return Err(ApiError::field("events", problem));
    }
    Ok(names)
}

/// List webhooks, the oldest first
#[utoipa::path(get, operation_id = "listWebhooks", path = "/v1/webhooks", tag = "webhooks",
    responses((status = 200, body = WebhooksReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    let webhooks = app.store.webhooks(caller.account_id()).await?;
    let webhooks = webhooks.into_iter().map(|webhook| WebhookBody::of(webhook, false)).collect();
    Ok(reply(StatusCode::OK, WebhooksReply { success: true, webhooks }))
}

/// Delete a webhook with what it was still to be told
#[utoipa::path(delete, operation_id = "deleteWebhook", path = "/v1/webhooks/{webhookId}", tag = "webhooks",
    params(("webhookId" = String, Path)),
    responses((status = 200, body = DoneReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    if !app.store.delete_webhook(caller.account_id(), &id).await? {
        return Err(webhook_not_found(&id));
    }
    note(&app, &caller, "webhook.deleted", &id).await;
    Ok(reply(StatusCode::OK, DoneReply { success: true }))
}

/// Give a webhook another secret; the old one signs besides for a day
#[utoipa::path(post, operation_id = "rotateWebhook", path = "/v1/webhooks/{webhookId}/rotate", tag = "webhooks",
    params(("webhookId" = String, Path)),
    responses((status = 200, body = WebhookReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    let secret = new_secret().map_err(|error| ApiError::internal(&error))?;
    let until = now() + OLD_SECRET_MS;
    let webhook = app.store.rotate_webhook(caller.account_id(), &id, secret, until).await?;
    let webhook = webhook.ok_or_else(|| webhook_not_found(&id))?;
    note(&app, &caller, "webhook.rotated", &id).await;
    let webhook = WebhookBody::of(webhook, true);
    Ok(reply(StatusCode::OK, WebhookReply { success: true, webhook }))
}

/// Tell a webhook a made-up event
#[utoipa::path(post, operation_id = "testWebhook", path = "/v1/webhooks/{webhookId}/test", tag = "webhooks",
    params(("webhookId" = String, Path)),
    responses((status = 202, body = QueuedReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn test(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    let webhook = active(webhook_of(&app, &caller, &id).await?)?;
    let name = "webhook.test";
    let timestamp = iso(now());
    let body = json!({"event": name, "timestamp": timestamp, "data": {"webhookId": webhook.id}});
    let event = Event { name, body: body.to_string() };
    let delivery_id = app.store.enqueue_for(&webhook.id, event, now()).await?;
    app.outbox_bell.ring();
    Ok(reply(StatusCode::ACCEPTED, QueuedReply { success: true, delivery_id }))
}

/// List what a webhook was told, the newest first
#[utoipa::path(get, operation_id = "listDeliveries", path = "/v1/webhooks/{webhookId}/deliveries", tag = "webhooks",
    params(("webhookId" = String, Path), PageQuery),
    responses((status = 200, body = DeliveriesReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn deliveries(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    let webhook = webhook_of(&app, &caller, &id).await?;
    let limit = query.limit()?;
    let list = format!("deliveries {id}");
    let before = query.cursor.as_ref().map(|_| query.after(&list)).transpose()?;
    let before = before.as_ref().map(|(at, id)| (*at, id.as_str()));
    let found = app.store.deliveries(&webhook.id, before, limit + 1).await?;
    let (found, pagination) =
        page(found, limit, &list, |delivery| (delivery.created_at, &delivery.id));
    let deliveries = found.into_iter().map(DeliveryBody::from).collect();
    Ok(reply(StatusCode::OK, DeliveriesReply { success: true, deliveries, pagination }))
}

/// Tell a webhook an event once more
#[utoipa::path(post, operation_id = "replayDelivery", path = "/v1/webhooks/{webhookId}/deliveries/{deliveryId}/replay",
    tag = "webhooks", params(("webhookId" = String, Path), ("deliveryId" = String, Path)),
    responses((status = 202, body = QueuedReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Path((id, delivery_id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    let webhook = active(webhook_of(&app, &caller, &id).await?)?;
    if !app.store.replay_delivery(&webhook.id, &delivery_id, now()).await? {
        let message = "no delivery of this webhook that has ended: list them for their ids";
        return Err(ApiError::new(Code::NotFound, message));
    }
    app.outbox_bell.ring();
    Ok(reply(StatusCode::ACCEPTED, QueuedReply { success: true, delivery_id }))
}

async fn webhook_of(app: &App, caller: &Caller, id: &str) -> Result<Webhook, ApiError> {
    let webhook = app.store.webhook(caller.account_id(), id).await?;
    webhook.ok_or_else(|| webhook_not_found(id))
}

/// A webhook that is told events.
fn active(webhook: Webhook) -> Result<Webhook, ApiError> {
    if webhook.disabled_at.is_none() {
        return Ok(webhook);
    }
    let reason = webhook.disabled_reason.unwrap_or_default();
    let message = format!("the webhook is disabled ({reason}): rotate its secret to enable it");
    Err(ApiError::new(Code::WebhookDisabled, message))
}

fn webhook_not_found(id: &str) -> ApiError {
    let id: String = id.chars().take(80).collect();
    ApiError::new(Code::NotFound, format!("no webhook {id:?}: list yours with GET /v1/webhooks"))
}
