//! What webhooks are told: bodies whose first member is `event`, as promised.

use serde::Serialize;
use store::{Conversation, Event, Millis, Spent};

use crate::clock::{iso, next_month, now};

/// Names of events, as webhooks subscribe to them.
pub(crate) const NAMES: [&str; 5] = [
    "message.received",
    "message.sent",
    "conversation.started",
    "conversation.ended",
    "quota.warning",
];

#[derive(Serialize)]
struct Body<T> {
    event: &'static str,
    timestamp: String,
    data: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageData<'a> {
    bot_id: &'a str,
    conversation_id: &'a str,
    message: Message<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    id: &'a str,
    content: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConversationData<'a> {
    bot_id: &'a str,
    conversation_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuotaData {
    used: u64,
    limit: u64,
    resets_at: String,
}

/// Where something was said, and by whom.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) bot_id: &'a str,
    pub(crate) conversation_id: &'a str,
    pub(crate) user_id: Option<&'a str>,
}

fn event<T: Serialize>(name: &'static str, at: Millis, data: T) -> Event {
    let body = Body { event: name, timestamp: iso(at), data };
    // Text and numbers only: there is always some JSON of it.
    Event { name, body: serde_json::to_string(&body).unwrap_or_default() }
}

fn message(name: &'static str, place: Place<'_>, id: &str, content: &str, at: Millis) -> Event {
    let Place { bot_id, conversation_id, user_id } = place;
    let message = Message { id, content, user_id };
    event(name, at, MessageData { bot_id, conversation_id, message })
}

/// A user said something.
pub(crate) fn message_received(place: Place<'_>, id: &str, content: &str, at: Millis) -> Event {
    message("message.received", place, id, content, at)
}

/// The bot replied.
pub(crate) fn message_sent(place: Place<'_>, id: &str, content: &str, at: Millis) -> Event {
    message("message.sent", place, id, content, at)
}

/// A conversation began.
pub(crate) fn conversation_started(place: Place<'_>, at: Millis) -> Event {
    let Place { bot_id, conversation_id, user_id } = place;
    let data = ConversationData { bot_id, conversation_id, user_id, reason: None };
    event("conversation.started", at, data)
}

/// A conversation ended, by a request or by idling.
pub(crate) fn conversation_ended(conversation: &Conversation, at: Millis) -> Event {
    let reason = if conversation.idle_at < at { "idle" } else { "requested" };
    let data = ConversationData {
        bot_id: &conversation.bot_id,
        conversation_id: &conversation.id,
        user_id: conversation.user_id.as_deref(),
        reason: Some(reason),
    };
    event("conversation.ended", at, data)
}

/// A month is nearly spent.
pub(crate) fn quota_warning(spent: Spent) -> Event {
    let now = now();
    let Spent { used, limit } = spent;
    event("quota.warning", now, QuotaData { used, limit, resets_at: iso(next_month(now)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_begins_with_its_event() {
        let place = Place { bot_id: "bot_1", conversation_id: "conv_1", user_id: None };
        let sent = message_sent(place, "msg_1", "Hi \"you\"", 0);
        assert_eq!(
            sent.body,
            "{\"event\":\"message.sent\",\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"data\":\
             {\"botId\":\"bot_1\",\"conversationId\":\"conv_1\",\"message\":\
             {\"id\":\"msg_1\",\"content\":\"Hi \\\"you\\\"\"}}}"
        );
        assert!(NAMES.contains(&sent.name));
    }
}
