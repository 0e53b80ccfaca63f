//! `/v1/chat`: messages and their answers.

use std::time::{Duration, Instant};

use answer::{Answer, AnswerKind, Citation, Role, Turn};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{
    Bot, BotForChat, Charge, Exchange, ExchangeResult, Kind, NewConversation, Reply, Speaker,
    StoredReply, new_id,
};
use utoipa::ToSchema;

use super::bots::DoneReply;
use super::index_of;
use crate::answering::Asked;
use crate::auth::{Caller, Scope};
use crate::clock::{iso, month, next_month, now};
use crate::error::{ApiError, Code, ErrorReply};
use crate::events::{self, Place};
use crate::idempotency::{Claimed, Kept};
use crate::json::{Json, reply};
use crate::observe;
use crate::question_key::question_key;
use crate::state::App;

mod stream;

/// Messages of a conversation that a question may lean on.
const HISTORY_MESSAGES: u32 = 20;

/// Characters of a `userId`.
const USER_ID_MAX: usize = 200;

/// Bytes of `metadata`, as JSON.
const METADATA_BYTES_MAX: usize = 8 << 10;

/// A message to a bot.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendMessage {
    /// The bot.
    bot_id: String,
    /// What the user says: 1 byte to 8 KiB.
    #[schema(min_length = 1, max_length = 8192)]
    message: String,
    /// The conversation to go on with; without it, a new one begins.
    conversation_id: Option<String>,
    /// Who says it, in your own words.
    #[schema(max_length = 200)]
    user_id: Option<String>,
    /// What you attach to a new conversation: `source`, `userAgent`, ….
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
    /// Whether the answer comes piece by piece, as server-sent events.
    #[serde(default)]
    stream: bool,
}

/// The answer to a message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SendReply {
    success: bool,
    /// What the bot says.
    response: String,
    /// `conv_…`
    conversation_id: String,
    /// `msg_…` of the answer.
    message_id: String,
    /// When it was ready.
    timestamp: String,
    /// `msg_…` of the message.
    user_message_id: String,
    /// Whether the documents hold the answer.
    answered: bool,
    /// How likely they do, 0 to 1.
    confidence: f32,
    /// What the answer rests on.
    #[schema(value_type = Vec<Source>)]
    sources: Vec<Citation>,
}

/// A place that an answer rests on.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes what `answer` writes")]
pub(crate) struct Source {
    document_id: String,
    title: String,
    /// Counted from 1; null where the format has no pages.
    page: Option<u32>,
    page_end: Option<u32>,
    /// The headings above it, outermost first.
    headings: Vec<String>,
    /// Exactly `start..end` of the document's text.
    excerpt: String,
    /// In Unicode scalar values.
    start: u64,
    end: u64,
    /// 0 to 1.
    score: f32,
}

/// A conversation to be ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndConversation {
    /// The conversation.
    conversation_id: String,
}

/// Say something to a bot
#[utoipa::path(post, operation_id = "sendMessage", path = "/v1/chat/send", tag = "chat", request_body = SendMessage,
    responses((status = 200, body = SendReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn send(
    State(app): State<App>,
    caller: Caller,
    claimed: Option<Extension<Claimed>>,
    Json(body): Json<SendMessage>,
) -> Result<Response, ApiError> {
    let claimed = claimed.map(|Extension(claimed)| claimed);
    let turn = Turns::begin(app, caller, claimed, body).await?;
    if turn.body.stream {
        return Ok(stream::reply(turn).into_response());
    }
    let answer = turn.app.answering.answer(turn.asked(), None).await?;
    let said = turn.keep(answer).await?;
    let mut response = reply(StatusCode::OK, said);
    response.extensions_mut().insert(Kept);
    Ok(response)
}

/// End a conversation
#[utoipa::path(post, operation_id = "endConversation", path = "/v1/chat/end", tag = "chat", request_body = EndConversation,
    responses((status = 200, body = DoneReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn end(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<EndConversation>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Chat)?;
    let id = &body.conversation_id;
    let event = events::conversation_ended;
    match app.store.end_conversation(caller.account_id(), id, event, now()).await? {
        None => Err(conversation_not_found(id)),
        Some(false) => Err(conversation_ended(id)),
        Some(true) => {
            app.outbox_bell.ring();
            Ok(reply(StatusCode::OK, DoneReply { success: true }))
        }
    }
}

/// A message that was let in, and all that its answer needs.
struct Turns {
    app: App,
    caller: Caller,
    /// The caller's key of this request.
    claimed: Option<Claimed>,
    body: SendMessage,
    bot: Bot,
    index: document::BotId,
    history: Vec<Turn>,
    leaving: Vec<String>,
    came: Instant,
    came_at: store::Millis,
}

impl Turns {
    async fn begin(
        app: App,
        caller: Caller,
        claimed: Option<Claimed>,
        body: SendMessage,
    ) -> Result<Self, ApiError> {
        let (came, came_at) = (Instant::now(), now());
        caller.needs(Scope::Chat)?;
        check(&app, &body)?;
        let BotForChat { bot, used, leaving } =
            bot_for(&app, &caller, &body.bot_id, came_at).await?;
        if bot.is_disabled {
            let message = "this bot is disabled: set its status to active";
            return Err(ApiError::new(Code::BotDisabled, message));
        }
        // Refused before anything is worked on; what counts is the charge at the end.
        if caller.plan.messages_per_month.is_some_and(|limit| used >= limit) {
            return Err(quota_exceeded(came_at));
        }
        let history = match &body.conversation_id {
            Some(id) => history(&app, &caller, &bot, id, came_at).await?,
            None => Vec::new(),
        };
        let index = index_of(&bot)?;
        Ok(Self { app, caller, claimed, body, bot, index, history, leaving, came, came_at })
    }

    fn asked(&self) -> Asked {
        let greeting = self.bot.configuration.get("greeting").and_then(Value::as_str);
        Asked {
            bot: self.index.clone(),
            message: self.body.message.clone(),
            history: self.history.clone(),
            greeting: greeting.map(str::to_owned),
            leaving: self.leaving.clone(),
        }
    }

    /// Keeps what was said, and says it.
    async fn keep(self, answer: Answer) -> Result<SendReply, ApiError> {
        let replied_at = now().max(self.came_at);
        let (body, kind) = (self.body, answer.kind);
        let is_new = body.conversation_id.is_none();
        let conversation_id = body.conversation_id.unwrap_or_else(|| new_id(Kind::Conversation));
        let said = SendReply {
            success: true,
            response: answer.answer,
            conversation_id,
            message_id: new_id(Kind::Message),
            timestamp: iso(replied_at),
            user_message_id: new_id(Kind::Message),
            answered: answer.answered,
            confidence: answer.confidence,
            sources: answer.sources,
        };
        let place = Place {
            bot_id: &self.bot.id,
            conversation_id: &said.conversation_id,
            user_id: body.user_id.as_deref(),
        };
        let started = is_new.then(|| events::conversation_started(place, self.came_at));
        let received =
            events::message_received(place, &said.user_message_id, &body.message, self.came_at);
        let sent = events::message_sent(place, &said.message_id, &said.response, replied_at);
        let exchange = Exchange {
            bot_id: self.bot.id.clone(),
            conversation_id: said.conversation_id.clone(),
            new: is_new.then(|| NewConversation {
                user_id: body.user_id.clone(),
                metadata: Value::Object(body.metadata.unwrap_or_default()),
            }),
            idle_ms: self.bot.idle_ms,
            question_id: said.user_message_id.clone(),
            question_key: question_key(&body.message),
            asked_at: self.came_at,
            reply: Reply {
                id: said.message_id.clone(),
                content: said.response.clone(),
                kind: name_of(kind),
                answered: said.answered,
                confidence: f64::from(said.confidence),
                sources: sources(&said.sources)?,
                response_ms: milliseconds(self.came.elapsed()),
            },
            replied_at,
            charge: Charge {
                account_id: self.caller.account_id().to_owned(),
                month: month(self.came_at),
                limit: self.caller.plan.messages_per_month,
                warning: events::quota_warning,
            },
            events: started.into_iter().chain([received, sent]).collect(),
            stored: self.claimed.map(|claimed| stored(&claimed, &said)).transpose()?,
            question: body.message,
        };
        match self.app.store.keep_exchange(exchange).await? {
            kept @ (ExchangeResult::Kept | ExchangeResult::KeptAndQueued) => {
                observe::answered(kind);
                if kept == ExchangeResult::KeptAndQueued {
                    self.app.outbox_bell.ring();
                }
                Ok(said)
            }
            ExchangeResult::QuotaExceeded => Err(quota_exceeded(self.came_at)),
            ExchangeResult::Over if is_new => Err(ApiError::bot_not_found(&self.bot.id)),
            ExchangeResult::Over => Err(conversation_ended(&said.conversation_id)),
        }
    }
}

/// The reply as it is told to whoever comes with the same key again.
fn stored(claimed: &Claimed, said: &SendReply) -> Result<StoredReply, ApiError> {
    let body = serde_json::to_string(said).map_err(|error| ApiError::internal(&error))?;
    Ok(claimed.reply(StatusCode::OK, body))
}

fn sources(sources: &[Citation]) -> Result<String, ApiError> {
    serde_json::to_string(sources).map_err(|error| ApiError::internal(&error))
}

fn milliseconds(duration: Duration) -> store::Millis {
    store::Millis::try_from(duration.as_millis()).unwrap_or(store::Millis::MAX)
}

/// What a reply is, as it is kept.
fn name_of(kind: AnswerKind) -> &'static str {
    match kind {
        AnswerKind::Answer => "answer",
        AnswerKind::NotFound => "notFound",
        AnswerKind::SmallTalk => "smallTalk",
    }
}

fn check(app: &App, body: &SendMessage) -> Result<(), ApiError> {
    let most = app.config.limits.message_bytes_max;
    if body.message.trim().is_empty() {
        return Err(ApiError::field("message", "expected some text, found none"));
    }
    if body.message.len() > most {
        let found = body.message.len();
        let problem = format!("expected up to {most} bytes, found {found}");
        return Err(ApiError::field("message", problem));
    }
    if body.user_id.as_ref().is_some_and(|id| id.chars().count() > USER_ID_MAX) {
        let problem = format!("expected up to {USER_ID_MAX} characters");
        return Err(ApiError::field("userId", problem));
    }
    let bytes = body.metadata.as_ref().map(serde_json::to_vec).transpose();
    let bytes = bytes.map_err(|error| ApiError::internal(&error))?.map_or(0, |bytes| bytes.len());
    if bytes > METADATA_BYTES_MAX {
        let problem = format!("expected up to {METADATA_BYTES_MAX} bytes, found {bytes}");
        return Err(ApiError::field("metadata", problem));
    }
    Ok(())
}

/// The bot of a message. What has not even the shape of an id is not looked up.
async fn bot_for(
    app: &App,
    caller: &Caller,
    id: &str,
    at: store::Millis,
) -> Result<BotForChat, ApiError> {
    if !Kind::Bot.names(id) {
        return Err(ApiError::bot_not_found(id));
    }
    let found = app.store.bot_for_chat(caller.account_id(), id, &month(at)).await?;
    found.ok_or_else(|| ApiError::bot_not_found(id))
}

fn quota_exceeded(at: store::Millis) -> ApiError {
    let resets = iso(next_month(at));
    let message = format!("the messages of this month are spent: a new month begins {resets}");
    ApiError::new(Code::QuotaExceeded, message)
}

/// What was said in a conversation, of this bot and going on.
async fn history(
    app: &App,
    caller: &Caller,
    bot: &Bot,
    id: &str,
    at: store::Millis,
) -> Result<Vec<Turn>, ApiError> {
    let conversation = app.store.conversation(caller.account_id(), id).await?;
    let conversation = conversation.filter(|conversation| conversation.bot_id == bot.id);
    let conversation = conversation.ok_or_else(|| conversation_not_found(id))?;
    if conversation.is_over(at) {
        return Err(conversation_ended(id));
    }
    let messages = app.store.last_messages(id, HISTORY_MESSAGES).await?;
    let turns = messages.into_iter().filter_map(|message| match message.speaker {
        Speaker::User => Some(Turn { role: Role::User, text: message.content }),
        // Of small talk and refusals nothing is to be leant on.
        Speaker::Assistant if message.kind.as_deref() != Some("answer") => None,
        Speaker::Assistant => Some(Turn { role: Role::Assistant, text: message.content }),
    });
    Ok(turns.collect())
}

pub(crate) fn conversation_not_found(id: &str) -> ApiError {
    let id: String = id.chars().take(80).collect();
    let message = format!("no conversation {id:?} of this bot: leave the id out to begin one");
    ApiError::new(Code::ConversationNotFound, message)
}

fn conversation_ended(id: &str) -> ApiError {
    let message = format!("the conversation {id:?} is over: leave the id out to begin a new one");
    ApiError::new(Code::ConversationEnded, message)
}
