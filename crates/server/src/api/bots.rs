//! `/v1/bots`: bots.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{AuditEntry, Bot, BotChange, NewBot};
use utoipa::ToSchema;

use super::bot_of;
use super::page::{PageQuery, Pagination, page};
use crate::auth::{Caller, Scope};
use crate::clock::{iso, now};
use crate::error::{ApiError, ErrorReply};
use crate::json::{Json, reply};
use crate::parameters::{Asked, Path};
use crate::state::App;

/// Characters of a name.
const NAME_MAX: usize = 200;

/// Characters of a description.
const DESCRIPTION_MAX: usize = 2_000;

/// Characters of a greeting.
const GREETING_MAX: usize = 1_000;

/// Minutes after which a conversation may end by itself: one week at most.
const IDLE_MINUTES_MAX: u32 = 7 * 24 * 60;

/// A bot to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateBot {
    /// What people call it, 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// What it is for, at most 2,000 characters.
    #[schema(max_length = 2000)]
    description: Option<String>,
    configuration: Option<Configuration>,
}

/// How a bot greets and looks.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Configuration {
    /// What it says first, and to a greeting.
    #[schema(max_length = 1000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) greeting: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<Theme>,
    /// Minutes after which a conversation ends if nobody says anything, 1 to 10,080.
    #[schema(minimum = 1, maximum = 10080)]
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_minutes: Option<u32>,
}

/// How the chat widget looks.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Theme {
    /// A colour, `#1a2b3c`.
    #[schema(pattern = "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_color: Option<String>,
    /// A corner: `bottom-right`, `bottom-left`, `top-right` or `top-left`.
    #[schema(pattern = "^(bottom|top)-(right|left)$")]
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<String>,
}

/// What is to change of a bot.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChangeBot {
    /// What people call it.
    name: Option<String>,
    /// What it is for; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// Takes the place of the old configuration.
    configuration: Option<Configuration>,
    /// `active` or `disabled`.
    #[schema(pattern = "^(active|disabled)$")]
    status: Option<String>,
}

/// Tells a null from a member that is not there.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A bot.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BotBody {
    /// `bot_…`
    id: String,
    /// What people call it.
    name: String,
    /// `active`, `training` or `disabled`.
    status: &'static str,
    /// When it was made.
    created_at: String,
    /// What it is for.
    description: Option<String>,
    #[schema(value_type = Configuration)]
    configuration: Value,
    /// When it was last changed.
    updated_at: String,
}

impl From<Bot> for BotBody {
    fn from(bot: Bot) -> Self {
        let status = match (bot.is_disabled, bot.is_training) {
            (true, _) => "disabled",
            (false, true) => "training",
            (false, false) => "active",
        };
        Self {
            id: bot.id,
            name: bot.name,
            status,
            created_at: iso(bot.created_at),
            description: bot.description,
            configuration: bot.configuration,
            updated_at: iso(bot.updated_at),
        }
    }
}

/// One bot.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotReply {
    success: bool,
    bot: BotBody,
}

/// A page of bots.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BotsReply {
    success: bool,
    bots: Vec<BotBody>,
    pagination: Pagination,
}

/// It is done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DoneReply {
    pub(crate) success: bool,
}

/// Make a bot
#[utoipa::path(post, operation_id = "createBot", path = "/v1/bots", tag = "bots", request_body = CreateBot,
    responses((status = 201, body = BotReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<CreateBot>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    let new = NewBot {
        account_id: caller.account_id().to_owned(),
        name: name(&body.name)?,
        description: description(body.description)?,
        idle_ms: idle_ms(&app, body.configuration.as_ref())?,
        configuration: configuration(body.configuration)?,
    };
    let bot = app.store.create_bot(new, now()).await?;
    note(&app, &caller, "bot.created", &bot.id).await;
    Ok(reply(StatusCode::CREATED, BotReply { success: true, bot: bot.into() }))
}

/// List bots, the oldest first
#[utoipa::path(get, operation_id = "listBots", path = "/v1/bots", tag = "bots", params(PageQuery),
    responses((status = 200, body = BotsReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, ApiError> {
    let limit = query.limit()?;
    let list = format!("bots {}", caller.account_id());
    let (at, id) = query.after(&list)?;
    let bots = app.store.bots(caller.account_id(), (at, &id), limit + 1).await?;
    let (bots, pagination) = page(bots, limit, &list, |bot| (bot.created_at, &bot.id));
    let bots = bots.into_iter().map(BotBody::from).collect();
    Ok(reply(StatusCode::OK, BotsReply { success: true, bots, pagination }))
}

/// Read a bot
#[utoipa::path(get, operation_id = "readBot", path = "/v1/bots/{botId}", tag = "bots", params(("botId" = String, Path)),
    responses((status = 200, body = BotReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let bot = bot_of(&app, &caller, &id).await?;
    Ok(reply(StatusCode::OK, BotReply { success: true, bot: bot.into() }))
}

/// Change a bot
#[utoipa::path(patch, operation_id = "changeBot", path = "/v1/bots/{botId}", tag = "bots", params(("botId" = String, Path)),
    request_body = ChangeBot,
    responses((status = 200, body = BotReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Json(body): Json<ChangeBot>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    bot_of(&app, &caller, &id).await?;
    let is_disabled = match body.status.as_deref() {
        None => None,
        Some("active") => Some(false),
        Some("disabled") => Some(true),
        Some(_) => return Err(ApiError::field("status", "expected `active` or `disabled`")),
    };
    let idle_ms = match &body.configuration {
        None => None,
        given => Some(idle_ms(&app, given.as_ref())?),
    };
    let change = BotChange {
        name: body.name.as_deref().map(name).transpose()?,
        description: body.description.map(description).transpose()?,
        configuration: body.configuration.map(|given| configuration(Some(given))).transpose()?,
        is_disabled,
        idle_ms,
    };
    app.store.change_bot(caller.account_id(), &id, change, now()).await?;
    note(&app, &caller, "bot.changed", &id).await;
    let bot = bot_of(&app, &caller, &id).await?;
    Ok(reply(StatusCode::OK, BotReply { success: true, bot: bot.into() }))
}

/// Delete a bot with its documents, its index and its conversations
#[utoipa::path(delete, operation_id = "deleteBot", path = "/v1/bots/{botId}", tag = "bots", params(("botId" = String, Path)),
    responses((status = 200, body = DoneReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Admin)?;
    bot_of(&app, &caller, &id).await?;
    if !app.store.delete_bot(caller.account_id(), &id, now()).await? {
        return Err(ApiError::bot_not_found(&id));
    }
    app.bell.ring();
    note(&app, &caller, "bot.deleted", &id).await;
    Ok(reply(StatusCode::OK, DoneReply { success: true }))
}

/// Keeps an act for those who ask later who did it. The act is done: where this fails it is logged, and
/// the caller is not told to do it again.
pub(crate) async fn note(app: &App, caller: &Caller, act: &str, target: &str) {
    let entry = AuditEntry {
        account_id: Some(caller.account_id().to_owned()),
        actor: caller.key_id().to_owned(),
        act: act.to_owned(),
        target: target.to_owned(),
        at: now(),
    };
    if let Err(error) = app.store.record_act(entry).await {
        tracing::error!(%error, act, target, actor = caller.key_id(), "an act was not recorded");
    }
}

fn name(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    match name.chars().count() {
        1..=NAME_MAX => Ok(name.to_owned()),
        0 => Err(ApiError::field("name", "expected a name, found none")),
        found => Err(ApiError::field(
            "name",
            format!("expected up to {NAME_MAX} characters, found {found}"),
        )),
    }
}

fn description(text: Option<String>) -> Result<Option<String>, ApiError> {
    at_most(text, "description", DESCRIPTION_MAX)
}

fn at_most(text: Option<String>, field: &str, most: usize) -> Result<Option<String>, ApiError> {
    match text.as_ref().map(|text| text.chars().count()) {
        Some(found) if found > most => {
            Err(ApiError::field(field, format!("expected up to {most} characters, found {found}")))
        }
        _ => Ok(text),
    }
}

fn configuration(given: Option<Configuration>) -> Result<Value, ApiError> {
    let given = given.unwrap_or_default();
    at_most(given.greeting.clone(), "configuration.greeting", GREETING_MAX)?;
    let theme = given.theme.clone().unwrap_or_default();
    if theme.primary_color.as_deref().is_some_and(|color| !is_color(color)) {
        let problem = "expected a colour such as #1a2b3c";
        return Err(ApiError::field("configuration.theme.primaryColor", problem));
    }
    let corners = ["bottom-right", "bottom-left", "top-right", "top-left"];
    if theme.position.as_deref().is_some_and(|position| !corners.contains(&position)) {
        let problem = format!("expected one of {}", corners.join(", "));
        return Err(ApiError::field("configuration.theme.position", problem));
    }
    serde_json::to_value(&given).map_err(|error| ApiError::internal(&error))
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        matches!(digits.len(), 3 | 6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

fn idle_ms(app: &App, given: Option<&Configuration>) -> Result<i64, ApiError> {
    let minutes = given.and_then(|given| given.idle_minutes);
    match minutes.unwrap_or(app.config.chat.idle_minutes) {
        minutes if (1..=IDLE_MINUTES_MAX).contains(&minutes) => Ok(i64::from(minutes) * 60_000),
        found => {
            let problem = format!("expected 1 to {IDLE_MINUTES_MAX}, found {found}");
            Err(ApiError::field("configuration.idleMinutes", problem))
        }
    }
}
