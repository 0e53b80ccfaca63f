//! API keys. What opens the door is never kept, only its hash.

use sqlx::any::AnyRow;

use crate::rows::{all, get};
use crate::{Account, Kind, Millis, Store, StoreError, new_id};

/// A key, without what opens the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `key_…`
    pub id: String,
    /// Its account.
    pub account_id: String,
    /// What people call it.
    pub name: String,
    /// The hash of the key.
    pub hash: String,
    /// The last characters of the key, for people to know it by.
    pub hint: String,
    /// What it may do, separated by blanks.
    pub scopes: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Millis>,
    /// Since when it is not valid any more.
    pub revoked_at: Option<Millis>,
}

/// A key to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its account.
    pub account_id: String,
    /// What people call it.
    pub name: String,
    /// The hash of the key.
    pub hash: String,
    /// The last characters of the key.
    pub hint: String,
    /// What it may do, separated by blanks.
    pub scopes: String,
}

/// A key with its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOwner {
    /// The key.
    pub key: Key,
    /// Its account.
    pub account: Account,
}

const COLUMNS: &str =
    "id, account_id, name, hash, hint, scopes, created_at, last_used_at, revoked_at";

impl Key {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: get(row, "id")?,
            account_id: get(row, "account_id")?,
            name: get(row, "name")?,
            hash: get(row, "hash")?,
            hint: get(row, "hint")?,
            scopes: get(row, "scopes")?,
            created_at: get(row, "created_at")?,
            last_used_at: get(row, "last_used_at")?,
            revoked_at: get(row, "revoked_at")?,
        })
    }
}

impl Store {
    /// Keeps a key.
    pub async fn create_key(&self, new: NewKey, now: Millis) -> Result<Key, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let row = sqlx::query(
                    "INSERT INTO api_keys (id, account_id, name, hash, hint, scopes, created_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7) \
                     RETURNING id, account_id, name, hash, hint, scopes, created_at, \
                     last_used_at, revoked_at",
                )
                .bind(new_id(Kind::Key))
                .bind(new.account_id)
                .bind(new.name)
                .bind(new.hash)
                .bind(new.hint)
                .bind(new.scopes)
                .bind(now)
                .fetch_one(connection)
                .await?;
                Key::of(&row)
            })
        })
        .await
    }

    /// The key of a hash that is not revoked, with its account.
    pub async fn key_by_hash(&self, hash: &str) -> Result<Option<KeyOwner>, StoreError> {
        let row = sqlx::query(
            "SELECT k.id, k.account_id, k.name, k.hash, k.hint, k.scopes, k.created_at, \
             k.last_used_at, k.revoked_at, a.name AS account_name, a.plan AS account_plan, \
             a.created_at AS account_created_at \
             FROM api_keys k JOIN accounts a ON a.id = k.account_id \
             WHERE k.hash = $1 AND k.revoked_at IS NULL",
        )
        .bind(hash)
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let account = Account {
            id: get(&row, "account_id")?,
            name: get(&row, "account_name")?,
            plan: get(&row, "account_plan")?,
            created_at: get(&row, "account_created_at")?,
        };
        Ok(Some(KeyOwner { key: Key::of(&row)?, account }))
    }

    /// The keys of an account, or of all, the oldest first; revoked ones too.
    pub async fn keys(&self, account_id: Option<&str>) -> Result<Vec<Key>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM api_keys WHERE account_id = $1 OR $1 IS NULL \
             ORDER BY created_at, id"
        );
        let rows =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(account_id).fetch_all(&self.read).await?;
        all(&rows, Key::of)
    }

    /// Ends the validity of a key; `false` where it is unknown or was revoked before.
    pub async fn revoke_key(&self, id: &str, now: Millis) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
                )
                .bind(id)
                .bind(now)
                .execute(connection)
                .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    /// Notes when keys were last used; a later use that is noted stays.
    pub async fn note_key_use(&self, uses: Vec<(String, Millis)>) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                for (id, at) in uses {
                    sqlx::query(
                        "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 \
                         AND (last_used_at IS NULL OR last_used_at < $2)",
                    )
                    .bind(id)
                    .bind(at)
                    .execute(&mut *connection)
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }
}
