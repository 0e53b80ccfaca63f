//! Events that webhooks are still to be told of.

use sqlx::AnyConnection;

use crate::rows::{get, json};
use crate::{Kind, Millis, StoreError, new_id};

/// Something that happened, in the words of the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `message.sent`, say.
    pub name: &'static str,
    /// What is posted: JSON whose first member is `event`.
    pub body: String,
}

/// Puts an event into the outbox of every webhook of an account that wants it, within the
/// transaction of the fact.
pub(crate) async fn enqueue(
    connection: &mut AnyConnection,
    account_id: &str,
    events: &[Event],
    now: Millis,
) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let hooks = sqlx::query(
        "SELECT id, events FROM webhooks WHERE account_id = $1 AND disabled_at IS NULL",
    )
    .bind(account_id)
    .fetch_all(&mut *connection)
    .await?;
    let mut ids: Vec<Option<String>> = vec![None; events.len()];
    for hook in &hooks {
        let wanted: Vec<String> = json(hook, "webhooks", "events")?;
        let webhook_id: String = get(hook, "id")?;
        for (event, id) in events.iter().zip(&mut ids) {
            if !wanted.iter().any(|name| name == event.name) {
                continue;
            }
            let event_id = id.get_or_insert_with(|| new_id(Kind::Event));
            sqlx::query(
                "INSERT INTO outbox (id, event_id, webhook_id, event, body, status, next_at, \
                 created_at) VALUES ($1, $2, $3, $4, $5, 'waiting', $6, $6)",
            )
            .bind(new_id(Kind::Delivery))
            .bind(event_id.as_str())
            .bind(&webhook_id)
            .bind(event.name)
            .bind(&event.body)
            .bind(now)
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}
