//! Bytes that may be nobody's any more.
//!
//! Stored bytes are shared by content. A hash is noted in the step that takes a document's row away
//! or gives it other bytes, and before bytes are stored of which no row tells yet, so that whoever
//! dies in between loses nothing. Whoever clears away looks at what is noted, removes the bytes that
//! no document has, and settles the note.

use sqlx::AnyConnection;

use crate::rows::{all, get};
use crate::{Millis, Store, StoreError};

/// A note that the bytes of a hash may be nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The hash.
    pub hash: String,
    bot_id: String,
    job_id: Option<String>,
    due_at: Millis,
}

/// Notes a hash. It is due at a time, and when the job has ended that the bot's index still has to
/// see.
pub(crate) async fn note(
    connection: &mut AnyConnection,
    (bot_id, hash): (&str, &str),
    job_id: Option<&str>,
    due_at: Millis,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO gone (hash, bot_id, job_id, due_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (hash, bot_id) DO UPDATE SET due_at = excluded.due_at, \
         job_id = COALESCE(excluded.job_id, gone.job_id)",
    )
    .bind(hash)
    .bind(bot_id)
    .bind(job_id)
    .bind(due_at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes whatever the documents of a bot have, which is about to be deleted, for the end of a job.
pub(crate) async fn note_bot(
    connection: &mut AnyConnection,
    bot_id: &str,
    job_id: &str,
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE gone SET job_id = $2 WHERE bot_id = $1")
        .bind(bot_id)
        .bind(job_id)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO gone (hash, bot_id, job_id, due_at) \
         SELECT hash, $1, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM (\
         SELECT content_hash AS hash FROM documents WHERE bot_id = $1 UNION \
         SELECT trained_hash AS hash FROM documents WHERE bot_id = $1) AS held \
         WHERE hash IS NOT NULL ON CONFLICT (hash, bot_id) DO UPDATE SET \
         due_at = excluded.due_at, job_id = excluded.job_id",
    )
    .bind(bot_id)
    .bind(job_id)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}

/// What waits for the queued jobs of a document waits for another job: those are about to go.
pub(crate) async fn wait_for_other(
    connection: &mut AnyConnection,
    (bot_id, document_id): (&str, &str),
    job_id: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE gone SET job_id = $3 WHERE bot_id = $1 AND job_id IN (SELECT id FROM jobs \
         WHERE jobs.bot_id = $1 AND document_id = $2 AND status = 'queued')",
    )
    .bind(bot_id)
    .bind(document_id)
    .bind(job_id)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes a note back: a document has the bytes.
pub(crate) async fn is_held(
    connection: &mut AnyConnection,
    bot_id: &str,
    hash: &str,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM gone WHERE hash = $1 AND bot_id = $2")
        .bind(hash)
        .bind(bot_id)
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Notes that bytes are about to be stored for a bot. Where no document has them at `due_at`,
    /// they are nobody's.
    pub async fn note_coming(
        &self,
        bot_id: &str,
        hash: &str,
        due_at: Millis,
    ) -> Result<(), StoreError> {
        let (bot_id, hash) = (bot_id.to_owned(), hash.to_owned());
        self.write(move |connection| {
            Box::pin(async move { note(connection, (&bot_id, &hash), None, due_at).await })
        })
        .await
    }

    /// Up to `limit` notes that are due. What is noted twice is due when both are.
    pub async fn gone(&self, limit: u32, now: Millis) -> Result<Vec<Gone>, StoreError> {
        let rows = sqlx::query(
            "SELECT hash, bot_id, job_id, due_at FROM gone g WHERE NOT EXISTS (\
             SELECT 1 FROM gone w WHERE w.hash = g.hash AND (w.due_at > $1 OR EXISTS (\
             SELECT 1 FROM jobs WHERE jobs.id = w.job_id \
             AND jobs.status IN ('queued', 'running')))) LIMIT $2",
        )
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        all(&rows, |row| {
            Ok(Gone {
                hash: get(row, "hash")?,
                bot_id: get(row, "bot_id")?,
                job_id: get(row, "job_id")?,
                due_at: get(row, "due_at")?,
            })
        })
    }

    /// Takes notes away that were worked off. What was noted anew meanwhile stays.
    pub async fn settle_gone(&self, notes: Vec<Gone>) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                for note in notes {
                    sqlx::query(
                        "DELETE FROM gone WHERE hash = $1 AND bot_id = $2 AND due_at = $3 \
                         AND COALESCE(job_id, '') = $4",
                    )
                    .bind(note.hash)
                    .bind(note.bot_id)
                    .bind(note.due_at)
                    .bind(note.job_id.unwrap_or_default())
                    .execute(&mut *connection)
                    .await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Those of some hashes whose bytes no document of any bot has or is answered from.
    pub async fn unreferenced(&self, hashes: Vec<String>) -> Result<Vec<String>, StoreError> {
        let mut free = Vec::new();
        for hash in hashes {
            let row = sqlx::query(
                "SELECT COUNT(*) AS users FROM documents WHERE content_hash = $1 \
                 OR trained_hash = $1",
            )
            .bind(&hash)
            .fetch_one(&self.read)
            .await?;
            if crate::rows::count(&row, "users")? == 0 {
                free.push(hash);
            }
        }
        Ok(free)
    }
}

#[cfg(test)]
mod tests;
