//! Events on their way to webhooks.
//!
//! An event is put into the outbox by the transaction of the fact it tells of, once for each webhook
//! that wants it. Whoever delivers leases some for a time; what was leased by a process that is gone
//! is leased again. So an event is told at least once.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::database::Dialect;
use crate::rows::{all, count, get, json};
use crate::webhooks::webhook_columns;
use crate::{Kind, Millis, Store, StoreError, Webhook, new_id};

/// Deliveries to one webhook at a time: one that is slow takes no more places than that.
const AT_ONCE_TO_ONE: i64 = 4;

/// How long a webhook that did not reply is told nothing, at most: its next attempt may be days away, and it
/// may be back before.
const REST_MS_MAX: Millis = 60_000;

/// Something that happened, in the words of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `message.sent`, say.
    pub name: &'static str,
    /// What is posted: JSON whose first member is `event`.
    pub body: String,
}

/// A delivery that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDelivery {
    /// `dlv_…`
    pub id: String,
    /// `evt_…`: the same for all webhooks and all attempts.
    pub event_id: String,
    /// What is posted.
    pub body: String,
    /// Which attempt this is, from 1.
    pub attempt: u64,
    /// To whom.
    pub webhook: Webhook,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// `dlv_…`
    pub delivery_id: String,
    /// To whom.
    pub webhook_id: String,
    /// Which one, from 1.
    pub attempt: u64,
    /// The status of the reply, where there was one.
    pub status_code: Option<u16>,
    /// What went wrong.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: Millis,
    /// What is to become of the delivery.
    pub then: Then,
}

/// What becomes of a delivery after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// It was taken.
    Delivered,
    /// It is tried again.
    RetryAt(Millis),
    /// It is given up.
    Failed,
    /// It is given up, and the webhook told nothing any more, for this reason.
    Disable(String),
}

/// A delivery, for its owner to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `dlv_…`
    pub id: String,
    /// `evt_…`
    pub event_id: String,
    /// `message.sent`, say.
    pub event: String,
    /// `waiting`, `delivered` or `failed`.
    pub status: String,
    /// How often it was tried.
    pub attempts: u64,
    /// When it is tried next, while it waits.
    pub next_at: Millis,
    /// When it was queued.
    pub created_at: Millis,
    /// The status of the last reply.
    pub status_code: Option<i64>,
    /// What went wrong last.
    pub error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub took_ms: Option<Millis>,
}

/// Puts events into the outbox of every webhook of an account that wants them, within the
/// transaction of the fact; whether there was one.
pub(crate) async fn enqueue(
    connection: &mut AnyConnection,
    account_id: &str,
    events: &[Event],
    now: Millis,
) -> Result<bool, StoreError> {
    if events.is_empty() {
        return Ok(false);
    }
    let hooks = sqlx::query(
        "SELECT id, events FROM webhooks WHERE account_id = $1 AND disabled_at IS NULL",
    )
    .bind(account_id)
    .fetch_all(&mut *connection)
    .await?;
    if hooks.is_empty() {
        return Ok(false);
    }
    let mut is_queued = false;
    let ids: Vec<String> = events.iter().map(|_| new_id(Kind::Event)).collect();
    for hook in &hooks {
        let wanted: Vec<String> = json(hook, "webhooks", "events")?;
        let webhook_id: String = get(hook, "id")?;
        for (event, id) in events.iter().zip(&ids) {
            if wanted.iter().any(|name| name == event.name) {
                insert(connection, &webhook_id, id, event, now).await?;
                is_queued = true;
            }
        }
    }
    Ok(is_queued)
}

async fn insert(
    connection: &mut AnyConnection,
    webhook_id: &str,
    event_id: &str,
    event: &Event,
    now: Millis,
) -> Result<String, StoreError> {
    let id = new_id(Kind::Delivery);
    sqlx::query(
        "INSERT INTO outbox (id, event_id, webhook_id, event, body, status, next_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $6)",
    )
    .bind(&id)
    .bind(event_id)
    .bind(webhook_id)
    .bind(event.name)
    .bind(&event.body)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(id)
}

/// Deliveries that are due: a few of each webhook and not too many of each account, in turn.
///
/// The webhooks that wait are found by one step in the index for each, and so are the deliveries of
/// one, however many more there are. What does not wait has no lease.
macro_rules! due {
    ($few:literal, $are_few:literal, $lock:literal) => {
        concat!(
            "WITH RECURSIVE hooks (id) AS (\
             SELECT MIN(webhook_id) FROM outbox WHERE status = 'waiting' UNION ALL \
             SELECT (SELECT MIN(n.webhook_id) FROM outbox n WHERE n.status = 'waiting' \
             AND n.webhook_id > hooks.id) FROM hooks WHERE hooks.id IS NOT NULL), \
             leased (webhook_id, account_id, held) AS (\
             SELECT l.webhook_id, w.account_id, COUNT(*) FROM outbox l \
             JOIN webhooks w ON w.id = l.webhook_id \
             WHERE l.lease_until >= $1 GROUP BY l.webhook_id, w.account_id), \
             due (id, next_at, account_id, place) AS (\
             SELECT o.id, o.next_at, w.account_id, \
             ROW_NUMBER() OVER (PARTITION BY h.id ORDER BY o.next_at, o.id) \
             + COALESCE((SELECT l.held FROM leased l WHERE l.webhook_id = h.id), 0) \
             FROM hooks h JOIN webhooks w ON w.id = h.id ",
            $few,
            " FROM outbox d WHERE d.webhook_id = h.id AND d.status = 'waiting' \
             AND d.next_at <= $1 AND (d.lease_until IS NULL OR d.lease_until < $1) \
             ORDER BY d.next_at, d.id LIMIT $3",
            $are_few,
            " WHERE NOT EXISTS (SELECT 1 FROM outbox_rests r \
             WHERE r.webhook_id = h.id AND r.until > $1)), \
             ranked (id, next_at, place) AS (\
             SELECT id, next_at, \
             ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY place, next_at, id) \
             + COALESCE((SELECT SUM(l.held) FROM leased l \
             WHERE l.account_id = due.account_id), 0) FROM due WHERE place <= $3) \
             UPDATE outbox SET lease_until = $2 WHERE id IN (\
             SELECT o.id FROM outbox o WHERE o.id IN (SELECT id FROM ranked \
             WHERE place <= $4 ORDER BY place, next_at LIMIT $5) AND o.status = 'waiting' \
             AND (o.lease_until IS NULL OR o.lease_until < $1)",
            $lock,
            ") RETURNING id, event_id, body, attempts, webhook_id"
        )
    };
}

const DUE_SQLITE: &str = due!("JOIN outbox o ON o.id IN (SELECT d.id", ")", "");

/// Another node may lease at the same time: what it locks is passed over, and what it has leased
/// meanwhile is seen to be so.
const DUE_POSTGRES: &str =
    due!("CROSS JOIN LATERAL (SELECT d.id, d.next_at", ") o", " FOR UPDATE SKIP LOCKED");

impl Store {
    /// Takes up to `limit` deliveries that are due, for as long as `until`, so that no account has
    /// more than `of_account` at a time.
    pub async fn lease_deliveries(
        &self,
        (limit, of_account): (u32, u32),
        until: Millis,
        now: Millis,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let dialect = self.dialect;
        self.write(move |connection| {
            Box::pin(async move {
                let rows = sqlx::query(match dialect {
                    Dialect::Sqlite => DUE_SQLITE,
                    Dialect::Postgres => DUE_POSTGRES,
                })
                .bind(now)
                .bind(until)
                .bind(AT_ONCE_TO_ONE)
                .bind(i64::from(of_account))
                .bind(i64::from(limit))
                .fetch_all(&mut *connection)
                .await?;
                let mut due = Vec::with_capacity(rows.len());
                for row in &rows {
                    due.extend(due_of(connection, row).await?);
                }
                Ok(due)
            })
        })
        .await
    }

    /// Notes what came of an attempt.
    pub async fn note_attempt(&self, attempt: Attempt, now: Millis) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let (status, next_at) = match attempt.then {
                    Then::Delivered => ("delivered", now),
                    Then::RetryAt(at) => ("waiting", at),
                    Then::Failed | Then::Disable(_) => ("failed", now),
                };
                let known = sqlx::query(
                    "UPDATE outbox SET status = $2, attempts = attempts + 1, next_at = $3, \
                     lease_until = NULL, finished_at = $4 WHERE id = $1",
                )
                .bind(&attempt.delivery_id)
                .bind(status)
                .bind(next_at)
                .bind(Some(now).filter(|_| status != "waiting"))
                .execute(&mut *connection)
                .await?;
                if known.rows_affected() == 0 {
                    // The webhook was deleted meanwhile.
                    return Ok(());
                }
                keep(connection, &attempt, now).await?;
                let webhook_id = &attempt.webhook_id;
                match attempt.then {
                    Then::Delivered | Then::Failed => wake(connection, webhook_id).await,
                    // Who replied, whatever it said, holds its places for a moment only.
                    Then::RetryAt(_) if attempt.status_code.is_some() => Ok(()),
                    Then::RetryAt(at) => {
                        rest(connection, webhook_id, at.min(now + REST_MS_MAX)).await
                    }
                    Then::Disable(reason) => disable(connection, webhook_id, reason, now).await,
                }
            })
        })
        .await
    }

    /// Up to `limit` deliveries of a webhook, the newest first, before the one of a time and an id.
    pub async fn deliveries(
        &self,
        webhook_id: &str,
        before: Option<(Millis, &str)>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let (at, id) = before.unwrap_or((Millis::MAX, ""));
        let rows = sqlx::query(
            "SELECT o.id, o.event_id, o.event, o.status, o.attempts, o.next_at, o.created_at, \
             d.status_code, d.error, d.took_ms FROM outbox o LEFT JOIN deliveries d ON \
             d.outbox_id = o.id AND d.id = (SELECT MAX(l.id) FROM deliveries l \
             WHERE l.outbox_id = o.id) WHERE o.webhook_id = $1 \
             AND (o.created_at < $2 OR (o.created_at = $2 AND o.id < $3)) \
             ORDER BY o.created_at DESC, o.id DESC LIMIT $4",
        )
        .bind(webhook_id)
        .bind(at)
        .bind(id)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        all(&rows, Delivery::of)
    }

    /// Tells a webhook an event that concerns nobody else, for a try, at once even where it has just
    /// failed; the delivery's id.
    pub async fn enqueue_for(
        &self,
        webhook_id: &str,
        event: Event,
        now: Millis,
    ) -> Result<String, StoreError> {
        let webhook_id = webhook_id.to_owned();
        self.write(move |connection| {
            Box::pin(async move {
                wake(connection, &webhook_id).await?;
                insert(connection, &webhook_id, &new_id(Kind::Event), &event, now).await
            })
        })
        .await
    }

    /// Tells an event of a webhook once more, from the first attempt on; `false` where it is
    /// unknown or still waits.
    pub async fn replay_delivery(
        &self,
        webhook_id: &str,
        id: &str,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let (webhook_id, id) = (webhook_id.to_owned(), id.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "UPDATE outbox SET status = 'waiting', attempts = 0, next_at = $3, \
                     lease_until = NULL, finished_at = NULL \
                     WHERE id = $1 AND webhook_id = $2 AND status <> 'waiting'",
                )
                .bind(id)
                .bind(&webhook_id)
                .bind(now)
                .execute(&mut *connection)
                .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
                wake(connection, &webhook_id).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Forgets up to `limit` deliveries that ended before a time; how many there were.
    pub async fn forget_deliveries(&self, before: Millis, limit: u32) -> Result<u64, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox \
                     WHERE finished_at IS NOT NULL AND finished_at < $1 LIMIT $2)",
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

impl Delivery {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: get(row, "id")?,
            event_id: get(row, "event_id")?,
            event: get(row, "event")?,
            status: get(row, "status")?,
            attempts: count(row, "attempts")?,
            next_at: get(row, "next_at")?,
            created_at: get(row, "created_at")?,
            status_code: get(row, "status_code")?,
            error: get(row, "error")?,
            took_ms: get(row, "took_ms")?,
        })
    }
}

/// A delivery with its webhook; `None`, and no delivery any more, where that is disabled.
async fn due_of(
    connection: &mut AnyConnection,
    row: &AnyRow,
) -> Result<Option<DueDelivery>, StoreError> {
    let webhook_id: String = get(row, "webhook_id")?;
    let webhook = sqlx::query(concat!(
        "SELECT ",
        webhook_columns!(),
        " FROM webhooks WHERE id = $1 AND disabled_at IS NULL"
    ))
    .bind(&webhook_id)
    .fetch_optional(&mut *connection)
    .await?;
    let id: String = get(row, "id")?;
    let Some(webhook) = webhook else {
        sqlx::query(
            "UPDATE outbox SET status = 'failed', finished_at = next_at, lease_until = NULL \
             WHERE id = $1",
        )
        .bind(id)
        .execute(connection)
        .await?;
        return Ok(None);
    };
    Ok(Some(DueDelivery {
        id,
        event_id: get(row, "event_id")?,
        body: get(row, "body")?,
        // One that its server did not live to note was none.
        attempt: count(row, "attempts")? + 1,
        webhook: Webhook::of(&webhook)?,
    }))
}

async fn keep(
    connection: &mut AnyConnection,
    attempt: &Attempt,
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO deliveries (id, outbox_id, webhook_id, attempt, status_code, error, took_ms, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(new_id(Kind::Delivery))
    .bind(&attempt.delivery_id)
    .bind(&attempt.webhook_id)
    .bind(i64::try_from(attempt.attempt).unwrap_or(i64::MAX))
    .bind(attempt.status_code.map(i64::from))
    .bind(&attempt.error)
    .bind(attempt.took_ms)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// Tells a webhook nothing for a while: others want its places.
async fn rest(
    connection: &mut AnyConnection,
    webhook_id: &str,
    until: Millis,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO outbox_rests (webhook_id, until) VALUES ($1, $2) \
         ON CONFLICT (webhook_id) DO UPDATE SET until = excluded.until",
    )
    .bind(webhook_id)
    .bind(until)
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets a webhook be told again.
async fn wake(connection: &mut AnyConnection, webhook_id: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM outbox_rests WHERE webhook_id = $1")
        .bind(webhook_id)
        .execute(connection)
        .await?;
    Ok(())
}

async fn disable(
    connection: &mut AnyConnection,
    webhook_id: &str,
    reason: String,
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE webhooks SET disabled_at = $2, disabled_reason = $3 \
         WHERE id = $1 AND disabled_at IS NULL",
    )
    .bind(webhook_id)
    .bind(now)
    .bind(reason)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE outbox SET status = 'failed', finished_at = $2, lease_until = NULL \
         WHERE webhook_id = $1 AND status = 'waiting'",
    )
    .bind(webhook_id)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
