//! Who did what to an account.

use sqlx::AnyConnection;

use crate::rows::{all, get};
use crate::{Kind, Millis, Store, StoreError, new_id};

/// An administrative act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The account; `None` for acts on the whole.
    pub account_id: Option<String>,
    /// Who: the id of a key, or `cli`.
    pub actor: String,
    /// What: `bot.deleted`, `key.created`.
    pub act: String,
    /// To what: an id.
    pub target: String,
    /// When.
    pub at: Millis,
}

impl Store {
    /// Keeps an act.
    pub async fn record_act(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.write(move |connection| Box::pin(async move { insert(connection, entry).await })).await
    }

    /// The last acts of an account, the newest first.
    pub async fn acts(&self, account_id: &str, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT account_id, actor, act, target, created_at FROM audit \
             WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
        )
        .bind(account_id)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        all(&rows, |row| {
            Ok(AuditEntry {
                account_id: get(row, "account_id")?,
                actor: get(row, "actor")?,
                act: get(row, "act")?,
                target: get(row, "target")?,
                at: get(row, "created_at")?,
            })
        })
    }
}

async fn insert(connection: &mut AnyConnection, entry: AuditEntry) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (id, account_id, actor, act, target, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(new_id(Kind::Act))
    .bind(entry.account_id)
    .bind(entry.actor)
    .bind(entry.act)
    .bind(entry.target)
    .bind(entry.at)
    .execute(connection)
    .await?;
    Ok(())
}
