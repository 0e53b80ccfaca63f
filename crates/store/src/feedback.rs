//! What users think of replies.

use crate::rows::get;
use crate::{Millis, Store, StoreError};

/// What came of a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rated {
    /// It is kept; the last one of a message counts.
    Kept,
    /// There is no such message.
    Unknown,
    /// The message is the user's own.
    NoReply,
}

impl Store {
    /// Rates a reply, 1 to 5, in a conversation of an account. The same rating once more changes
    /// nothing.
    pub async fn rate(
        &self,
        account_id: &str,
        message_id: &str,
        (rating, comment): (u8, Option<String>),
        now: Millis,
    ) -> Result<Rated, StoreError> {
        let (account_id, message_id) = (account_id.to_owned(), message_id.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                let row = sqlx::query(
                    "SELECT m.role FROM messages m JOIN bots b ON b.id = m.bot_id \
                     WHERE m.id = $1 AND b.account_id = $2",
                )
                .bind(&message_id)
                .bind(account_id)
                .fetch_optional(&mut *connection)
                .await?;
                let Some(row) = row else { return Ok(Rated::Unknown) };
                if get::<String>(&row, "role")? != "assistant" {
                    return Ok(Rated::NoReply);
                }
                sqlx::query(
                    "UPDATE messages SET rating = $2, rating_comment = COALESCE($3, rating_comment), \
                     rated_at = CASE WHEN rating = $2 THEN rated_at ELSE $4 END WHERE id = $1",
                )
                .bind(message_id)
                .bind(i64::from(rating))
                .bind(comment)
                .bind(now)
                .execute(connection)
                .await?;
                Ok(Rated::Kept)
            })
        })
        .await
    }
}
