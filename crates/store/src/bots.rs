//! Bots.

use serde_json::Value;
use sqlx::any::AnyRow;

use crate::rows::{all, count, flag, get, json, to_json};
use crate::{Kind, Millis, Store, StoreError, new_id};

/// A bot.
#[derive(Debug, Clone, PartialEq)]
pub struct Bot {
    /// `bot_…`; also the name of its index.
    pub id: String,
    /// Its account.
    pub account_id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Greeting and theme, as its owner gave them: an object.
    pub configuration: Value,
    /// Whether it refuses to answer.
    pub is_disabled: bool,
    /// How long a conversation may rest before it ends.
    pub idle_ms: Millis,
    /// Whether a document of it waits to be trained.
    pub is_training: bool,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// A bot to be.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBot {
    /// Its account.
    pub account_id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Greeting and theme: an object.
    pub configuration: Value,
    /// How long a conversation may rest before it ends.
    pub idle_ms: Millis,
}

/// What is to change of a bot; `None` stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BotChange {
    /// What people call it.
    pub name: Option<String>,
    /// What it is for; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// Greeting and theme: an object that takes the place of the old.
    pub configuration: Option<Value>,
    /// Whether it refuses to answer.
    pub is_disabled: Option<bool>,
    /// How long a conversation may rest before it ends.
    pub idle_ms: Option<Millis>,
}

/// What a message to a bot needs.
#[derive(Debug, Clone, PartialEq)]
pub struct BotForChat {
    /// The bot; whether it is training is not looked at.
    pub bot: Bot,
    /// Messages of its account so far in the month.
    pub used: u64,
    /// Documents that were deleted and may still be in its index.
    pub leaving: Vec<String>,
}

/// Everything of a bot, in statements that begin with it.
macro_rules! select_bots {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, name, description, configuration, is_disabled, idle_ms, \
             created_at, updated_at, CASE WHEN EXISTS (SELECT 1 FROM jobs j WHERE \
             j.bot_id = bots.id AND j.kind = 'train' AND j.status <> 'done' \
             AND j.status IN ('queued', 'running')) \
             THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS is_training FROM bots ",
            $rest
        )
    };
}

impl Bot {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: get(row, "id")?,
            account_id: get(row, "account_id")?,
            name: get(row, "name")?,
            description: get(row, "description")?,
            configuration: json(row, "bots", "configuration")?,
            is_disabled: flag(row, "is_disabled")?,
            idle_ms: get(row, "idle_ms")?,
            is_training: flag(row, "is_training")?,
            created_at: get(row, "created_at")?,
            updated_at: get(row, "updated_at")?,
        })
    }
}

impl Store {
    /// Makes a bot.
    pub async fn create_bot(&self, new: NewBot, now: Millis) -> Result<Bot, StoreError> {
        let bot = Bot {
            id: new_id(Kind::Bot),
            account_id: new.account_id,
            name: new.name,
            description: new.description,
            configuration: new.configuration,
            is_disabled: false,
            idle_ms: new.idle_ms,
            is_training: false,
            created_at: now,
            updated_at: now,
        };
        let kept = bot.clone();
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO bots (id, account_id, name, description, configuration, \
                     is_disabled, idle_ms, created_at, updated_at) \
                     VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $7)",
                )
                .bind(bot.id)
                .bind(bot.account_id)
                .bind(bot.name)
                .bind(bot.description)
                .bind(to_json(&bot.configuration))
                .bind(bot.idle_ms)
                .bind(now)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await?;
        Ok(kept)
    }

    /// A bot of an account.
    pub async fn bot(&self, account_id: &str, id: &str) -> Result<Option<Bot>, StoreError> {
        let row = sqlx::query(select_bots!("WHERE id = $1 AND account_id = $2"))
            .bind(id)
            .bind(account_id)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(Bot::of).transpose()
    }

    /// What a message to a bot of an account needs, in one look: the bot, the messages that the
    /// account has used of a month, and whether documents of the bot are on their way out.
    pub async fn bot_for_chat(
        &self,
        account_id: &str,
        id: &str,
        month: &str,
    ) -> Result<Option<BotForChat>, StoreError> {
        let row = sqlx::query(
            "SELECT id, account_id, name, description, configuration, is_disabled, idle_ms, \
             created_at, updated_at, CAST(0 AS BIGINT) AS is_training, \
             COALESCE((SELECT messages FROM usage WHERE account_id = $2 AND month = $3), 0) \
             AS used, CASE WHEN EXISTS (SELECT 1 FROM jobs WHERE jobs.bot_id = bots.id \
             AND kind = 'remove' AND status <> 'done') THEN CAST(1 AS BIGINT) \
             ELSE CAST(0 AS BIGINT) END AS is_leaving \
             FROM bots WHERE id = $1 AND account_id = $2",
        )
        .bind(id)
        .bind(account_id)
        .bind(month)
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let (bot, used) = (Bot::of(&row)?, count(&row, "used")?);
        let leaving =
            if flag(&row, "is_leaving")? { self.leaving_documents(id).await? } else { Vec::new() };
        Ok(Some(BotForChat { bot, used, leaving }))
    }

    /// Up to `limit` bots of an account in the order of their making, after the one of a time and
    /// an id.
    pub async fn bots(
        &self,
        account_id: &str,
        after: (Millis, &str),
        limit: u32,
    ) -> Result<Vec<Bot>, StoreError> {
        let rows = sqlx::query(select_bots!(
            "WHERE account_id = $1 AND (created_at > $2 OR (created_at = $2 AND id > $3)) \
             ORDER BY created_at, id LIMIT $4"
        ))
        .bind(account_id)
        .bind(after.0)
        .bind(after.1)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        all(&rows, Bot::of)
    }

    /// Changes a bot of an account; `false` where there is none.
    pub async fn change_bot(
        &self,
        account_id: &str,
        id: &str,
        change: BotChange,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let (account_id, id) = (account_id.to_owned(), id.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                let (sets_description, description) = match change.description {
                    Some(description) => (1, description),
                    None => (0, None),
                };
                let done = sqlx::query(
                    "UPDATE bots SET name = COALESCE($3, name), \
                     description = CASE WHEN $4 = 1 THEN $5 ELSE description END, \
                     configuration = COALESCE($6, configuration), \
                     is_disabled = COALESCE($7, is_disabled), \
                     idle_ms = COALESCE($8, idle_ms), updated_at = $9 \
                     WHERE id = $1 AND account_id = $2",
                )
                .bind(id)
                .bind(account_id)
                .bind(change.name)
                .bind(sets_description)
                .bind(description)
                .bind(change.configuration.map(|value| to_json(&value)))
                .bind(change.is_disabled.map(i64::from))
                .bind(change.idle_ms)
                .bind(now)
                .execute(connection)
                .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// Deletes a bot of an account with its documents and conversations, and leaves a job that
    /// clears its index away; `false` where there is none.
    pub async fn delete_bot(
        &self,
        account_id: &str,
        id: &str,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let (account_id, id) = (account_id.to_owned(), id.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                let held = sqlx::query("SELECT id FROM bots WHERE id = $1 AND account_id = $2")
                    .bind(&id)
                    .bind(account_id)
                    .fetch_optional(&mut *connection)
                    .await?;
                if held.is_none() {
                    return Ok(false);
                }
                sqlx::query("DELETE FROM jobs WHERE bot_id = $1")
                    .bind(&id)
                    .execute(&mut *connection)
                    .await?;
                let drop = crate::JobKind::DropBot;
                let job = crate::jobs::insert(connection, &id, None, drop, now).await?;
                crate::gone::note_bot(connection, &id, &job, now).await?;
                let done = sqlx::query("DELETE FROM bots WHERE id = $1")
                    .bind(&id)
                    .execute(connection)
                    .await?;
                if done.rows_affected() == 0 {
                    return Err(sqlx::Error::RowNotFound.into());
                }
                Ok(true)
            })
        })
        .await
    }
}
