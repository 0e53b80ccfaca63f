//! Who is told of events.

use sqlx::any::AnyRow;

use crate::rows::{all, count, get, json, to_json};
use crate::{Kind, Millis, Store, StoreError, new_id};

/// An address that is told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// `hook_…`
    pub id: String,
    /// Its account.
    pub account_id: String,
    /// Where events are posted.
    pub url: String,
    /// Names of the events it wants.
    pub events: Vec<String>,
    /// What events are signed with, `whsec_…`. Signing needs it in the clear.
    pub secret: String,
    /// What they are signed with besides for a while, and until when.
    pub old_secret: Option<(String, Millis)>,
    /// Since when it is told nothing.
    pub disabled_at: Option<Millis>,
    /// Why.
    pub disabled_reason: Option<String>,
    /// When it was made.
    pub created_at: Millis,
}

/// A webhook to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Its account.
    pub account_id: String,
    /// Where events are posted.
    pub url: String,
    /// Names of the events it wants.
    pub events: Vec<String>,
    /// What events are signed with.
    pub secret: String,
}

macro_rules! webhook_columns {
    () => {
        "id, account_id, url, events, secret, old_secret, old_secret_until, disabled_at, \
         disabled_reason, created_at"
    };
}
pub(crate) use webhook_columns;

impl Webhook {
    pub(crate) fn of(row: &AnyRow) -> Result<Self, StoreError> {
        let old: Option<String> = get(row, "old_secret")?;
        let until: Option<Millis> = get(row, "old_secret_until")?;
        Ok(Self {
            id: get(row, "id")?,
            account_id: get(row, "account_id")?,
            url: get(row, "url")?,
            events: json(row, "webhooks", "events")?,
            secret: get(row, "secret")?,
            old_secret: old.zip(until),
            disabled_at: get(row, "disabled_at")?,
            disabled_reason: get(row, "disabled_reason")?,
            created_at: get(row, "created_at")?,
        })
    }
}

impl Store {
    /// Makes a webhook; `None` where the account has `most` already.
    pub async fn create_webhook(
        &self,
        new: NewWebhook,
        most: u64,
        now: Millis,
    ) -> Result<Option<Webhook>, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let held =
                    sqlx::query("SELECT COUNT(*) AS held FROM webhooks WHERE account_id = $1")
                        .bind(&new.account_id)
                        .fetch_one(&mut *connection)
                        .await?;
                if count(&held, "held")? >= most {
                    return Ok(None);
                }
                let row = sqlx::query(concat!(
                    "INSERT INTO webhooks (id, account_id, url, events, secret, created_at) \
                     VALUES ($1, $2, $3, $4, $5, $6) RETURNING ",
                    webhook_columns!()
                ))
                .bind(new_id(Kind::Webhook))
                .bind(new.account_id)
                .bind(new.url)
                .bind(to_json(&new.events))
                .bind(new.secret)
                .bind(now)
                .fetch_one(connection)
                .await?;
                Webhook::of(&row).map(Some)
            })
        })
        .await
    }

    /// The webhooks of an account, the oldest first.
    pub async fn webhooks(&self, account_id: &str) -> Result<Vec<Webhook>, StoreError> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            webhook_columns!(),
            " FROM webhooks WHERE account_id = $1 ORDER BY created_at, id"
        ))
        .bind(account_id)
        .fetch_all(&self.read)
        .await?;
        all(&rows, Webhook::of)
    }

    /// A webhook of an account.
    pub async fn webhook(&self, account_id: &str, id: &str) -> Result<Option<Webhook>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            webhook_columns!(),
            " FROM webhooks WHERE id = $1 AND account_id = $2"
        ))
        .bind(id)
        .bind(account_id)
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(Webhook::of).transpose()
    }

    /// Deletes a webhook of an account with what it was still to be told; `false` where there is
    /// none.
    pub async fn delete_webhook(&self, account_id: &str, id: &str) -> Result<bool, StoreError> {
        let (account_id, id) = (account_id.to_owned(), id.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query("DELETE FROM webhooks WHERE id = $1 AND account_id = $2")
                    .bind(id)
                    .bind(account_id)
                    .execute(connection)
                    .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// Gives a webhook of an account another secret; the old one signs besides until `old_until`. A
    /// webhook that was disabled is told events again. `None` where there is none.
    pub async fn rotate_webhook(
        &self,
        account_id: &str,
        id: &str,
        secret: String,
        old_until: Millis,
    ) -> Result<Option<Webhook>, StoreError> {
        let (account_id, id) = (account_id.to_owned(), id.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                let row = sqlx::query(concat!(
                    "UPDATE webhooks SET old_secret = secret, old_secret_until = $4, secret = $3, \
                     disabled_at = NULL, disabled_reason = NULL \
                     WHERE id = $1 AND account_id = $2 RETURNING ",
                    webhook_columns!()
                ))
                .bind(id)
                .bind(account_id)
                .bind(secret)
                .bind(old_until)
                .fetch_optional(connection)
                .await?;
                row.as_ref().map(Webhook::of).transpose()
            })
        })
        .await
    }
}
