//! `/v1/chat/history`: what was said.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use store::StoredMessage;
use utoipa::ToSchema;

use super::chat::conversation_not_found;
use super::page::{PageQuery, Pagination, page};
use crate::auth::{Caller, Scope};
use crate::clock::iso;
use crate::error::{ApiError, ErrorReply};
use crate::json::reply;
use crate::parameters::{Asked, Path};
use crate::state::App;

/// Messages of a page; a conversation is told whole up to that.
const MESSAGES_MAX: u32 = 1_000;

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HistoryReply {
    success: bool,
    conversation_id: String,
    /// Oldest first.
    messages: Vec<MessageBody>,
    pagination: Pagination,
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageBody {
    /// `msg_…`
    id: String,
    /// `user` or `assistant`.
    role: &'static str,
    content: String,
    timestamp: String,
    /// Of a reply: what a user thinks of it, 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<i64>,
}

impl From<StoredMessage> for MessageBody {
    fn from(message: StoredMessage) -> Self {
        Self {
            id: message.id,
            role: message.speaker.as_str(),
            content: message.content,
            timestamp: iso(message.created_at),
            rating: message.rating,
        }
    }
}

/// Read a conversation, oldest message first
#[utoipa::path(get, operation_id = "readConversation", path = "/v1/chat/history/{conversationId}", tag = "chat",
    params(("conversationId" = String, Path), PageQuery),
    responses((status = 200, body = HistoryReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Chat)?;
    let limit = query.limit_within(MESSAGES_MAX, MESSAGES_MAX)?;
    let list = format!("messages {id}");
    let from = query.cursor.as_ref().map(|_| query.after(&list)).transpose()?;
    let from = from.map_or(0, |(position, _)| position.saturating_add(1));
    let conversation = app.store.conversation(caller.account_id(), &id).await?;
    let conversation = conversation.ok_or_else(|| conversation_not_found(&id))?;
    let messages = app.store.messages(&conversation.id, from, limit + 1).await?;
    let (messages, pagination) =
        page(messages, limit, &list, |message| (message.position, &message.id));
    let messages = messages.into_iter().map(MessageBody::from).collect();
    let conversation_id = conversation.id;
    Ok(reply(StatusCode::OK, HistoryReply { success: true, conversation_id, messages, pagination }))
}
