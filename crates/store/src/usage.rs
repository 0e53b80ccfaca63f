//! What an account has used of its month.

use sqlx::AnyConnection;

use crate::documents::signed;
use crate::rows::count;
use crate::{Event, Millis, Store, StoreError};

/// Shares of a month's messages, in percent, at which an account is warned, once each.
const WARNINGS: [u64; 2] = [80, 95];

/// A month's account of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Messages so far.
    pub used: u64,
    /// Messages of the plan.
    pub limit: u64,
}

/// What a message is charged to.
#[derive(Debug, Clone)]
pub struct Charge {
    /// The account.
    pub account_id: String,
    /// The month, `2026-11`.
    pub month: String,
    /// Messages of the plan in a month; `None` for no end.
    pub limit: Option<u64>,
    /// Makes the event that warns.
    pub warning: fn(Spent) -> Event,
}

impl Store {
    /// Messages of an account in a month, `2026-11`.
    pub async fn messages_used(&self, account_id: &str, month: &str) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT messages FROM usage WHERE account_id = $1 AND month = $2")
            .bind(account_id)
            .bind(month)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map_or(Ok(0), |row| count(row, "messages"))
    }
}

/// Counts a message; `None` where the month is spent, and then it is not counted. Warnings that
/// are due go out with it: whether a webhook is to be told of one.
///
/// What is noted of a warning is the messages at which it was due, so that a greater plan within the
/// month warns anew.
pub(crate) async fn charge(
    connection: &mut AnyConnection,
    charge: &Charge,
    now: Millis,
) -> Result<Option<bool>, StoreError> {
    let counted = sqlx::query(
        "INSERT INTO usage (account_id, month, messages) VALUES ($1, $2, 1) \
         ON CONFLICT (account_id, month) DO UPDATE SET messages = usage.messages + 1 \
         WHERE usage.messages < $3 RETURNING messages, warned",
    )
    .bind(&charge.account_id)
    .bind(&charge.month)
    .bind(charge.limit.map_or(i64::MAX, signed))
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = counted else { return Ok(None) };
    let Some(limit) = charge.limit else { return Ok(Some(false)) };
    let (used, warned) = (count(&row, "messages")?, count(&row, "warned")?);
    let reached = WARNINGS.map(|share| due_at(limit, share)).into_iter().filter(|at| used >= *at);
    let Some(reached) = reached.max().filter(|at| *at > warned) else { return Ok(Some(false)) };
    sqlx::query("UPDATE usage SET warned = $3 WHERE account_id = $1 AND month = $2")
        .bind(&charge.account_id)
        .bind(&charge.month)
        .bind(signed(reached))
        .execute(&mut *connection)
        .await?;
    let warning = (charge.warning)(Spent { used, limit });
    crate::outbox::enqueue(connection, &charge.account_id, &[warning], now).await.map(Some)
}

/// Messages at which a share of a limit, in percent, is reached.
fn due_at(limit: u64, percent: u64) -> u64 {
    let at = (u128::from(limit) * u128::from(percent)).div_ceil(100);
    u64::try_from(at).unwrap_or(u64::MAX)
}
