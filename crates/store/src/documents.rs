//! What people gave a bot to read, and what came of it.

use std::collections::BTreeMap;

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::gone;
use crate::jobs::insert;
use crate::rows::{all, count, get, json, to_json, word};
use crate::{JobKind, Millis, Store, StoreError};

/// Where a document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentStatus {
    /// It waits.
    Queued,
    /// It is being read.
    Processing,
    /// The bot answers from it.
    Trained,
    /// It could not be read; what was trained before under its name stays.
    Failed,
}

impl DocumentStatus {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Processing => "processing",
            Self::Trained => "trained",
            Self::Failed => "failed",
        }
    }

    fn read(name: &str) -> Option<Self> {
        [Self::Queued, Self::Processing, Self::Trained, Self::Failed]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// A document of a bot.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// `doc_…`, made of its source.
    pub id: String,
    /// Its bot.
    pub bot_id: String,
    /// What names it within its bot.
    pub source: String,
    /// What its owner calls it.
    pub title: Option<String>,
    /// What was found in it as its title when it was trained last.
    pub found_title: Option<String>,
    /// What its owner attached.
    pub metadata: BTreeMap<String, String>,
    /// The hash of the bytes that came last.
    pub content_hash: String,
    /// How many they are.
    pub bytes: u64,
    /// What they are.
    pub media_type: String,
    /// Where it stands.
    pub status: DocumentStatus,
    /// The hash of the bytes that the bot answers from.
    pub trained_hash: Option<String>,
    /// Number of pages; 0 where the format has none.
    pub pages: u64,
    /// Number of chunks.
    pub chunks: u64,
    /// Pages on which no text was found.
    pub pages_without_text: Vec<u32>,
    /// What went wrong without failing it.
    pub warnings: Vec<String>,
    /// Another document of the bot that has the same bytes.
    pub duplicate_of: Option<String>,
    /// Why it failed: a code.
    pub error_code: Option<String>,
    /// Why it failed: a sentence.
    pub error_message: Option<String>,
    /// When it was first given.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
}

/// Bytes that were given to a bot.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDocument {
    /// `doc_…`, made of its source.
    pub id: String,
    /// Its bot.
    pub bot_id: String,
    /// What names it within its bot.
    pub source: String,
    /// What its owner calls it.
    pub title: Option<String>,
    /// What its owner attached.
    pub metadata: BTreeMap<String, String>,
    /// The hash of its bytes, which are stored.
    pub content_hash: String,
    /// How many they are.
    pub bytes: u64,
    /// What they are.
    pub media_type: String,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// The document.
    pub document: Document,
    /// The job that trains it; `None` where there is nothing to do.
    pub job_id: Option<String>,
    /// Whether the bot has, or is about to get, just this already.
    pub is_unchanged: bool,
}

/// What was found in a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trained {
    /// The hash of the bytes.
    pub content_hash: String,
    /// What it is called.
    pub title: Option<String>,
    /// Number of pages.
    pub pages: u64,
    /// Number of chunks.
    pub chunks: u64,
    /// Pages on which no text was found.
    pub pages_without_text: Vec<u32>,
    /// What went wrong without failing it.
    pub warnings: Vec<String>,
    /// Another document of the bot that has the same bytes.
    pub duplicate_of: Option<String>,
}

macro_rules! select_documents {
    ($rest:literal) => {
        concat!(
            "SELECT id, bot_id, source, title, found_title, metadata, content_hash, bytes, \
             media_type, status, trained_hash, pages, chunks, pages_without_text, warnings, duplicate_of, error_code, \
             error_message, created_at, updated_at FROM documents ",
            $rest
        )
    };
}

impl Document {
    fn of(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: get(row, "id")?,
            bot_id: get(row, "bot_id")?,
            source: get(row, "source")?,
            title: get(row, "title")?,
            found_title: get(row, "found_title")?,
            metadata: json(row, "documents", "metadata")?,
            content_hash: get(row, "content_hash")?,
            bytes: count(row, "bytes")?,
            media_type: get(row, "media_type")?,
            status: word(row, "documents", "status", DocumentStatus::read)?,
            trained_hash: get(row, "trained_hash")?,
            pages: count(row, "pages")?,
            chunks: count(row, "chunks")?,
            pages_without_text: json(row, "documents", "pages_without_text")?,
            warnings: json(row, "documents", "warnings")?,
            duplicate_of: get(row, "duplicate_of")?,
            error_code: get(row, "error_code")?,
            error_message: get(row, "error_message")?,
            created_at: get(row, "created_at")?,
            updated_at: get(row, "updated_at")?,
        })
    }
}

impl Store {
    /// Notes that a document was given and queues its training, in one step. Where the bot answers
    /// from the same bytes under the same title and metadata already, or will when what waits is
    /// done, there is nothing to do. `None` where the bot has `documents_max` others already.
    pub async fn upload(
        &self,
        new: NewDocument,
        documents_max: u64,
        now: Millis,
    ) -> Result<Option<Upload>, StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let held = sqlx::query(select_documents!("WHERE bot_id = $1 AND id = $2"))
                    .bind(new.bot_id.clone())
                    .bind(new.id.clone())
                    .fetch_optional(&mut *connection)
                    .await?;
                let held = held.as_ref().map(Document::of).transpose()?;
                let unchanged = held.as_ref().filter(|held| is_as(held, &new));
                if let Some(document) = unchanged.cloned() {
                    gone::is_held(connection, &new.bot_id, &new.content_hash).await?;
                    let job_id = training(connection, &new.bot_id, &new.id).await?;
                    return Ok(Some(Upload { document, job_id, is_unchanged: true }));
                }
                let others = sqlx::query(
                    "SELECT COUNT(*) AS others FROM documents WHERE bot_id = $1 AND id <> $2",
                )
                .bind(new.bot_id.clone())
                .bind(new.id.clone())
                .fetch_one(&mut *connection)
                .await?;
                if count(&others, "others")? >= documents_max {
                    let noted = (new.bot_id.as_str(), new.content_hash.as_str());
                    gone::note(connection, noted, None, now).await?;
                    return Ok(None);
                }
                let row = sqlx::query(
                    "INSERT INTO documents (id, bot_id, source, title, metadata, content_hash, \
                     bytes, media_type, status, created_at, updated_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $9) \
                     ON CONFLICT (bot_id, id) DO UPDATE SET title = COALESCE(excluded.title, \
                     documents.title), metadata = excluded.metadata, \
                     content_hash = excluded.content_hash, bytes = excluded.bytes, \
                     media_type = excluded.media_type, status = 'queued', error_code = NULL, \
                     error_message = NULL, updated_at = excluded.updated_at \
                     RETURNING id, bot_id, source, title, found_title, metadata, \
                     content_hash, bytes, media_type, status, trained_hash, pages, chunks, pages_without_text, \
                     warnings, duplicate_of, error_code, error_message, created_at, updated_at",
                )
                .bind(new.id.clone())
                .bind(new.bot_id.clone())
                .bind(new.source)
                .bind(new.title)
                .bind(to_json(&new.metadata))
                .bind(new.content_hash)
                .bind(signed(new.bytes))
                .bind(new.media_type)
                .bind(now)
                .fetch_one(&mut *connection)
                .await?;
                let document = Document::of(&row)?;
                let (bot, id) = (&new.bot_id, Some(new.id.as_str()));
                let job_id = insert(connection, bot, id, JobKind::Train, now).await?;
                for hash in held.iter().flat_map(hashes) {
                    gone::note(connection, (bot, hash), Some(&job_id), now).await?;
                }
                gone::is_held(connection, bot, &document.content_hash).await?;
                Ok(Some(Upload { document, job_id: Some(job_id), is_unchanged: false }))
            })
        })
        .await
    }

    /// A document of a bot.
    pub async fn document(&self, bot_id: &str, id: &str) -> Result<Option<Document>, StoreError> {
        let row = sqlx::query(select_documents!("WHERE bot_id = $1 AND id = $2"))
            .bind(bot_id)
            .bind(id)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(Document::of).transpose()
    }

    /// Up to `limit` documents of a bot in the order they came, after the one of a time and an id.
    pub async fn documents(
        &self,
        bot_id: &str,
        after: (Millis, &str),
        limit: u32,
    ) -> Result<Vec<Document>, StoreError> {
        let rows = sqlx::query(select_documents!(
            "WHERE bot_id = $1 AND (created_at > $2 OR (created_at = $2 AND id > $3)) \
             ORDER BY created_at, id LIMIT $4"
        ))
        .bind(bot_id)
        .bind(after.0)
        .bind(after.1)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        all(&rows, Document::of)
    }

    /// Forgets a document and leaves a job that takes it out of the index; that job's id, `None`
    /// where the document is unknown.
    pub async fn delete_document(
        &self,
        bot_id: &str,
        id: &str,
        now: Millis,
    ) -> Result<Option<String>, StoreError> {
        let (bot_id, id) = (bot_id.to_owned(), id.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                let row = sqlx::query(
                    "DELETE FROM documents WHERE bot_id = $1 AND id = $2 \
                     RETURNING content_hash, trained_hash",
                )
                .bind(&bot_id)
                .bind(&id)
                .fetch_optional(&mut *connection)
                .await?;
                let Some(row) = row else { return Ok(None) };
                let (content, trained): (String, Option<String>) =
                    (get(&row, "content_hash")?, get(&row, "trained_hash")?);
                let job = insert(connection, &bot_id, Some(&id), JobKind::Remove, now).await?;
                for hash in trained.iter().chain([&content]) {
                    gone::note(connection, (&bot_id, hash), Some(&job), now).await?;
                }
                gone::wait_for_other(connection, (&bot_id, &id), &job).await?;
                // What waits to be trained must not bring it back.
                sqlx::query(
                    "DELETE FROM jobs WHERE bot_id = $1 AND document_id = $2 \
                     AND status = 'queued' AND id <> $3",
                )
                .bind(&bot_id)
                .bind(&id)
                .bind(&job)
                .execute(connection)
                .await?;
                Ok(Some(job))
            })
        })
        .await
    }

    /// Documents that were deleted and may still be in the index of a bot.
    pub async fn leaving_documents(&self, bot_id: &str) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "SELECT document_id FROM jobs WHERE bot_id = $1 AND kind = 'remove' \
             AND status <> 'done' AND document_id IS NOT NULL",
        )
        .bind(bot_id)
        .fetch_all(&self.read)
        .await?;
        all(&rows, |row| get(row, "document_id"))
    }

    /// Queues a failed document once more; the job's id, `None` where the document is unknown or
    /// did not fail.
    pub async fn retry_document(
        &self,
        bot_id: &str,
        id: &str,
        now: Millis,
    ) -> Result<Option<String>, StoreError> {
        let (bot_id, id) = (bot_id.to_owned(), id.to_owned());
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(
                    "UPDATE documents SET status = 'queued', error_code = NULL, \
                     error_message = NULL, updated_at = $3 \
                     WHERE bot_id = $1 AND id = $2 AND status = 'failed'",
                )
                .bind(&bot_id)
                .bind(&id)
                .bind(now)
                .execute(&mut *connection)
                .await?;
                if done.rows_affected() == 0 {
                    return Ok(None);
                }
                insert(connection, &bot_id, Some(&id), JobKind::Train, now).await.map(Some)
            })
        })
        .await
    }
}

/// The job that is going to train a document, or does.
async fn training(
    connection: &mut AnyConnection,
    bot_id: &str,
    id: &str,
) -> Result<Option<String>, StoreError> {
    let row = sqlx::query(
        "SELECT id FROM jobs WHERE bot_id = $1 AND document_id = $2 AND kind = 'train' \
         AND status IN ('queued', 'running') ORDER BY created_at DESC, id DESC LIMIT 1",
    )
    .bind(bot_id)
    .bind(id)
    .fetch_optional(connection)
    .await?;
    row.map(|row| get(&row, "id")).transpose()
}

/// The hashes of the bytes of a document.
fn hashes(document: &Document) -> impl Iterator<Item = &str> {
    document.trained_hash.as_deref().into_iter().chain([document.content_hash.as_str()])
}

/// Whether a document has, or is about to get, what is given.
fn is_as(held: &Document, new: &NewDocument) -> bool {
    held.status != DocumentStatus::Failed
        && held.content_hash == new.content_hash
        && held.metadata == new.metadata
        && (new.title.is_none() || held.title == new.title)
}

pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
