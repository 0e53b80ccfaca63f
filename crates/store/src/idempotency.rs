//! Requests that may come twice and count once.

use sqlx::AnyConnection;

use crate::rows::get;
use crate::{Millis, Store, StoreError};

/// What a request with a key may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is the first: it is to be done, and its reply kept or the claim dropped.
    First,
    /// It was done: this is its reply.
    Replay {
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// It is being done.
    Running,
    /// Another request came with the same key.
    Mismatch,
}

/// A reply to be kept for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// The account.
    pub account_id: String,
    /// The key.
    pub key: String,
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Store {
    /// Claims a key of an account for a request that `fingerprint` stands for. What was claimed
    /// before `stale` without a reply counts as never begun; what was kept before `expired` is
    /// forgotten.
    pub async fn claim(
        &self,
        account_id: &str,
        key: &str,
        fingerprint: &str,
        (expired, stale): (Millis, Millis),
        now: Millis,
    ) -> Result<Claim, StoreError> {
        let (account_id, key) = (account_id.to_owned(), key.to_owned());
        let fingerprint = fingerprint.to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                let first = sqlx::query(
                    "INSERT INTO idempotency (account_id, key, fingerprint, created_at) \
                     VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, key) DO UPDATE SET \
                     fingerprint = excluded.fingerprint, created_at = excluded.created_at, \
                     status = NULL, body = NULL WHERE idempotency.created_at < $5 \
                     OR (idempotency.status IS NULL AND idempotency.created_at < $6 \
                     AND idempotency.fingerprint = excluded.fingerprint) RETURNING key",
                )
                .bind(&account_id)
                .bind(&key)
                .bind(&fingerprint)
                .bind(now)
                .bind(expired)
                .bind(stale)
                .fetch_optional(&mut *connection)
                .await?;
                if first.is_some() {
                    return Ok(Claim::First);
                }
                let row = sqlx::query(
                    "SELECT fingerprint, status, body FROM idempotency \
                     WHERE account_id = $1 AND key = $2",
                )
                .bind(&account_id)
                .bind(&key)
                .fetch_one(connection)
                .await?;
                let known: String = get(&row, "fingerprint")?;
                let (status, body): (Option<i64>, Option<String>) =
                    (get(&row, "status")?, get(&row, "body")?);
                Ok(match status.and_then(|status| u16::try_from(status).ok()).zip(body) {
                    _ if known != fingerprint => Claim::Mismatch,
                    Some((status, body)) => Claim::Replay { status, body },
                    None => Claim::Running,
                })
            })
        })
        .await
    }

    /// Keeps a reply under a claimed key.
    pub async fn keep_reply(&self, reply: StoredReply) -> Result<(), StoreError> {
        self.write(move |connection| Box::pin(async move { keep(connection, &reply).await })).await
    }

    /// Gives a claimed key back: the request was refused before anything was done.
    pub async fn drop_claim(&self, account_id: &str, key: &str) -> Result<(), StoreError> {
        let (account_id, key) = (account_id.to_owned(), key.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(
                    "DELETE FROM idempotency WHERE account_id = $1 AND key = $2 \
                     AND status IS NULL",
                )
                .bind(account_id)
                .bind(key)
                .execute(connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// Forgets up to `limit` keys that came before a time; how many there were.
    pub async fn forget_claims(&self, before: Millis, limit: u32) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM idempotency WHERE (account_id, key) IN (\
                     SELECT account_id, key FROM idempotency WHERE created_at < $1 LIMIT $2)",
                )
                .bind(before)
                .bind(i64::from(limit))
                .execute(connection)
                .await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

/// Keeps a reply within the transaction of what it tells of.
pub(crate) async fn keep(
    connection: &mut AnyConnection,
    reply: &StoredReply,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE idempotency SET status = $3, body = $4 WHERE account_id = $1 AND key = $2")
        .bind(&reply.account_id)
        .bind(&reply.key)
        .bind(i64::from(reply.status))
        .bind(&reply.body)
        .execute(connection)
        .await?;
    Ok(())
}
