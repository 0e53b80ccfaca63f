//! Exchanges as they are kept, one by one.

use std::collections::BTreeSet;
use std::ops::Range;

use futures_util::TryStreamExt as _;
use serde::Deserialize;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::facts::{Facts, Said, visitor_hash};
use crate::rows::get;
use crate::{Millis, StoreError};

/// The kind of a reply to what was no question.
const SMALL_TALK: &str = "smallTalk";

/// What is read of a source.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cited {
    document_id: String,
}

/// Adds the exchanges of a bot whose messages came in a range. One row at a time, so that memory
/// does not grow with them.
pub(super) async fn fold(
    connection: &mut AnyConnection,
    bot_id: &str,
    range: Range<Millis>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    // Outer joins, so that both databases go by the time of the messages.
    let mut rows = sqlx::query(
        "SELECT m.created_at, m.conversation_id, m.question_key, m.content, c.user_id, r.kind, \
         r.answered, r.response_ms, r.sources FROM messages m \
         LEFT JOIN conversations c ON c.id = m.conversation_id \
         LEFT JOIN messages r ON r.conversation_id = m.conversation_id \
         AND r.position = m.position + 1 AND r.role = 'assistant' \
         WHERE m.bot_id = $1 AND m.created_at >= $2 AND m.created_at < $3 AND m.role = 'user'",
    )
    .bind(bot_id)
    .bind(range.start)
    .bind(range.end)
    .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        add(facts, &row)?;
    }
    Ok(())
}

fn add(facts: &mut Facts, row: &AnyRow) -> Result<(), StoreError> {
    let key: Option<String> = get(row, "question_key")?;
    let content: String = get(row, "content")?;
    let user_id: Option<String> = get(row, "user_id")?;
    let conversation_id: String = get(row, "conversation_id")?;
    let kind: Option<String> = get(row, "kind")?;
    let answered: Option<i64> = get(row, "answered")?;
    let response_ms: Option<Millis> = get(row, "response_ms")?;
    let is_question = kind.as_deref() != Some(SMALL_TALK);
    facts.add(&Said {
        at: get(row, "created_at")?,
        visitor: visitor_hash(user_id.as_deref(), &conversation_id),
        question: key.as_deref().filter(|_| is_question).map(|key| (key, content.as_str())),
        answered: answered.filter(|_| is_question).map(|answered| answered != 0),
        response_ms: response_ms.and_then(|took| u64::try_from(took).ok()),
    });
    let sources: Option<String> = get(row, "sources")?;
    for document_id in sources.iter().flat_map(|sources| cited(sources)) {
        *facts.documents.entry(document_id).or_default() += 1;
    }
    Ok(())
}

/// The documents of a reply, each once. Sources of another shape name none: one row is not to
/// hide the figures of all others.
fn cited(sources: &str) -> BTreeSet<String> {
    let cited: Vec<Cited> = serde_json::from_str(sources).unwrap_or_default();
    cited.into_iter().map(|source| source.document_id).collect()
}
