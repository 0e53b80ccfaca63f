//! What was said.

use serde_json::Value;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::analytics::rollups::forget_late;
use crate::outbox::enqueue;
use crate::rows::{all, get, json, to_json, word};
use crate::usage::{Charge, charge};
use crate::{Event, Millis, Store, StoreError, StoredReply};

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// Whoever asks.
    User,
    /// The bot.
    Assistant,
}

impl Speaker {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }

    fn read(name: &str) -> Option<Self> {
        [Self::User, Self::Assistant].into_iter().find(|speaker| speaker.as_str() == name)
    }
}

/// A message that was said.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredMessage {
    /// `msg_…`
    pub id: String,
    /// Its place in the conversation, from 0.
    pub position: i64,
    /// Who said it.
    pub speaker: Speaker,
    /// What.
    pub content: String,
    /// Of a reply: what kind it is.
    pub kind: Option<String>,
    /// When.
    pub created_at: Millis,
    /// Of a reply: what a user thinks of it, 1 to 5.
    pub rating: Option<i64>,
}

/// A conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// `conv_…`
    pub id: String,
    /// Its bot.
    pub bot_id: String,
    /// Who asks, in the words of the caller.
    pub user_id: Option<String>,
    /// What the caller attached: an object.
    pub metadata: Value,
    /// When it began.
    pub started_at: Millis,
    /// When it ends if nobody says anything.
    pub idle_at: Millis,
    /// When it ended.
    pub ended_at: Option<Millis>,
}

impl Conversation {
    /// Whether it is over.
    pub fn is_over(&self, now: Millis) -> bool {
        self.ended_at.is_some() || self.idle_at < now
    }
}

/// A conversation to be.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConversation {
    /// Who asks, in the words of the caller.
    pub user_id: Option<String>,
    /// What the caller attached: an object.
    pub metadata: Value,
}

/// What a bot replied.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// `msg_…`
    pub id: String,
    /// What it said.
    pub content: String,
    /// What kind of a reply it is.
    pub kind: &'static str,
    /// Whether the question got its answer.
    pub answered: bool,
    /// How likely the documents hold it, 0 to 1.
    pub confidence: f64,
    /// What it rests on, as JSON.
    pub sources: String,
    /// How long it took, in milliseconds.
    pub response_ms: Millis,
}

/// A question with its reply.
#[derive(Debug)]
pub struct Exchange {
    /// The bot.
    pub bot_id: String,
    /// The conversation.
    pub conversation_id: String,
    /// The conversation, where it begins with this.
    pub new: Option<NewConversation>,
    /// How long the conversation may rest now.
    pub idle_ms: Millis,
    /// `msg_…` of the question.
    pub question_id: String,
    /// The question.
    pub question: String,
    /// What tells questions of the same matter.
    pub question_key: String,
    /// When it came.
    pub asked_at: Millis,
    /// The reply.
    pub reply: Reply,
    /// When it was ready.
    pub replied_at: Millis,
    /// What it is charged to.
    pub charge: Charge,
    /// What webhooks are to be told.
    pub events: Vec<Event>,
    /// The reply under the caller's key, where it gave one.
    pub stored: Option<StoredReply>,
}

/// What came of keeping an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeResult {
    /// It is kept, and no webhook wants to know.
    Kept,
    /// It is kept, and webhooks are to be told of it.
    KeptAndQueued,
    /// It is not: the month is spent.
    QuotaExceeded,
    /// It is not: the conversation is over, or gone with its bot.
    Over,
}

macro_rules! conversation_columns {
    () => {
        "c.id, c.bot_id, c.user_id, c.metadata, c.started_at, c.idle_at, c.ended_at"
    };
}

impl Conversation {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: get(row, "id")?,
            bot_id: get(row, "bot_id")?,
            user_id: get(row, "user_id")?,
            metadata: json(row, "conversations", "metadata")?,
            started_at: get(row, "started_at")?,
            idle_at: get(row, "idle_at")?,
            ended_at: get(row, "ended_at")?,
        })
    }
}

impl StoredMessage {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: get(row, "id")?,
            position: get(row, "position")?,
            speaker: word(row, "messages", "role", Speaker::read)?,
            content: get(row, "content")?,
            kind: get(row, "kind")?,
            created_at: get(row, "created_at")?,
            rating: get(row, "rating")?,
        })
    }
}

impl Store {
    /// A conversation of an account.
    pub async fn conversation(
        &self,
        account_id: &str,
        id: &str,
    ) -> Result<Option<Conversation>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            conversation_columns!(),
            " FROM conversations c JOIN bots b ON b.id = c.bot_id \
             WHERE c.id = $1 AND b.account_id = $2"
        ))
        .bind(id)
        .bind(account_id)
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(Conversation::of).transpose()
    }

    /// Up to `limit` messages of a conversation, oldest first, from a position on.
    pub async fn messages(
        &self,
        conversation_id: &str,
        from: i64,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, position, role, content, kind, created_at, rating FROM messages \
             WHERE conversation_id = $1 AND position >= $2 ORDER BY position LIMIT $3",
        )
        .bind(conversation_id)
        .bind(from)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        all(&rows, StoredMessage::of)
    }

    /// The last `limit` messages of a conversation, oldest first.
    pub async fn last_messages(
        &self,
        conversation_id: &str,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, position, role, content, kind, created_at, rating FROM messages \
             WHERE conversation_id = $1 ORDER BY position DESC LIMIT $2",
        )
        .bind(conversation_id)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let mut messages = all(&rows, StoredMessage::of)?;
        messages.reverse();
        Ok(messages)
    }

    /// Keeps a question with its reply, charges it and queues its events, all or nothing.
    pub async fn keep_exchange(&self, exchange: Exchange) -> Result<ExchangeResult, StoreError> {
        let due = rolls_up(&exchange).then(|| (exchange.bot_id.clone(), exchange.replied_at));
        let result = self.keep(exchange).await?;
        if let Some((bot_id, now)) = due {
            let store = self.clone();
            // Where this fails, whoever asks for figures does it again and is told.
            tokio::spawn(async move { store.roll_up(&bot_id, now).await.ok() });
        }
        Ok(result)
    }

    async fn keep(&self, exchange: Exchange) -> Result<ExchangeResult, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let now = exchange.replied_at;
                let Some(is_warned) = charge(connection, &exchange.charge, now).await? else {
                    return Ok(ExchangeResult::QuotaExceeded);
                };
                let Some(position) = advance(connection, &exchange).await? else {
                    // What was charged must not stand.
                    return Err(StoreError::Database(sqlx::Error::RowNotFound));
                };
                keep_messages(connection, &exchange, position).await?;
                forget_late(connection, &exchange.bot_id, exchange.asked_at, now).await?;
                let account_id = &exchange.charge.account_id;
                let is_told = enqueue(connection, account_id, &exchange.events, now).await?;
                if let Some(stored) = &exchange.stored {
                    crate::idempotency::keep(connection, stored).await?;
                }
                Ok(match is_warned || is_told {
                    true => ExchangeResult::KeptAndQueued,
                    false => ExchangeResult::Kept,
                })
            })
        })
        .await
        .or_else(|error| match error {
            StoreError::Database(sqlx::Error::RowNotFound) => Ok(ExchangeResult::Over),
            other => Err(other),
        })
    }

    /// Ends a conversation of an account and queues the event that `event` makes of it. `None`
    /// where it is unknown; `Some(false)` where it had ended before.
    pub async fn end_conversation(
        &self,
        account_id: &str,
        id: &str,
        event: fn(&Conversation, Millis) -> Event,
        now: Millis,
    ) -> Result<Option<bool>, StoreError> {
        let Some(mut conversation) = self.conversation(account_id, id).await? else {
            return Ok(None);
        };
        let account_id = account_id.to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                let reason = if conversation.idle_at < now { "idle" } else { "requested" };
                if !end(connection, &conversation.id, reason, now).await? {
                    return Ok(Some(false));
                }
                conversation.ended_at = Some(now);
                let event = event(&conversation, now);
                enqueue(connection, &account_id, &[event], now).await?;
                Ok(Some(true))
            })
        })
        .await
    }

    /// Ends up to `limit` conversations in which nobody said anything for too long, and queues
    /// their events; how many there were.
    pub async fn end_idle_conversations(
        &self,
        limit: u32,
        event: fn(&Conversation, Millis) -> Event,
        now: Millis,
    ) -> Result<usize, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let rows = sqlx::query(concat!(
                    "SELECT ",
                    conversation_columns!(),
                    ", b.account_id FROM conversations c JOIN bots b ON b.id = c.bot_id \
                     WHERE c.ended_at IS NULL AND c.idle_at < $1 ORDER BY c.idle_at LIMIT $2"
                ))
                .bind(now)
                .bind(i64::from(limit))
                .fetch_all(&mut *connection)
                .await?;
                let mut ended = 0;
                for row in &rows {
                    let mut conversation = Conversation::of(row)?;
                    let account_id: String = get(row, "account_id")?;
                    if end(connection, &conversation.id, "idle", now).await? {
                        conversation.ended_at = Some(now);
                        let event = event(&conversation, now);
                        enqueue(connection, &account_id, &[event], now).await?;
                        ended += 1;
                    }
                }
                Ok(ended)
            })
        })
        .await
    }
}

/// Whether a look at the roll-ups of its bot is due: with one exchange in 256, by the random end of
/// a name, which costs the others nothing and needs no counter of bots.
fn rolls_up(exchange: &Exchange) -> bool {
    exchange.reply.id.ends_with("00")
}

async fn end(
    connection: &mut AnyConnection,
    id: &str,
    reason: &str,
    now: Millis,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE conversations SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL",
    )
    .bind(id)
    .bind(now)
    .bind(reason)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Begins a conversation or goes on with it; the position of its next message. `None` where it is
/// over or its bot is gone.
async fn advance(
    connection: &mut AnyConnection,
    exchange: &Exchange,
) -> Result<Option<i64>, StoreError> {
    let now = exchange.replied_at;
    let idle_at = now.saturating_add(exchange.idle_ms);
    let Some(new) = &exchange.new else {
        let row = sqlx::query(
            "UPDATE conversations SET messages = messages + 2, last_at = $3, idle_at = $4 \
             WHERE id = $1 AND bot_id = $2 AND ended_at IS NULL AND idle_at >= $5 \
             RETURNING messages",
        )
        .bind(&exchange.conversation_id)
        .bind(&exchange.bot_id)
        .bind(now)
        .bind(idle_at)
        .bind(exchange.asked_at)
        .fetch_optional(connection)
        .await?;
        return row
            .map(|row| get::<i64>(&row, "messages").map(|messages| messages - 2))
            .transpose();
    };
    let begun = sqlx::query(
        "INSERT INTO conversations (id, bot_id, user_id, metadata, messages, started_at, last_at, \
         idle_at) SELECT $1, id, $3, $4, 2, $5, $6, $7 FROM bots WHERE id = $2",
    )
    .bind(&exchange.conversation_id)
    .bind(&exchange.bot_id)
    .bind(new.user_id.clone())
    .bind(to_json(&new.metadata))
    .bind(exchange.asked_at)
    .bind(now)
    .bind(idle_at)
    .execute(connection)
    .await?;
    Ok(Some(0).filter(|_| begun.rows_affected() > 0))
}

async fn keep_messages(
    connection: &mut AnyConnection,
    exchange: &Exchange,
    position: i64,
) -> Result<(), StoreError> {
    let reply = &exchange.reply;
    sqlx::query(
        "INSERT INTO messages (id, conversation_id, bot_id, position, role, content, created_at, \
         kind, answered, confidence, sources, response_ms, question_key) VALUES \
         ($1, $2, $3, $4, 'user', $5, $6, NULL, NULL, NULL, NULL, NULL, $7), \
         ($8, $2, $3, $9, 'assistant', $10, $11, $12, $13, $14, $15, $16, NULL)",
    )
    .bind(&exchange.question_id)
    .bind(&exchange.conversation_id)
    .bind(&exchange.bot_id)
    .bind(position)
    .bind(&exchange.question)
    .bind(exchange.asked_at)
    .bind(&exchange.question_key)
    .bind(&reply.id)
    .bind(position + 1)
    .bind(&reply.content)
    .bind(exchange.replied_at)
    .bind(reply.kind)
    .bind(i64::from(reply.answered))
    .bind(reply.confidence)
    .bind(&reply.sources)
    .bind(reply.response_ms)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
