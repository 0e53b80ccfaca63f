//! `/v1/bots/:botId/documents` and `/jobs`: what a bot reads, and how far it is.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use store::{Document, Job};
use utoipa::ToSchema;

use super::bots::{DoneReply, note};
use super::page::{PageQuery, Pagination, page};
use super::{bot_of, index_of};
use crate::answering::snapshot_of;
use crate::auth::{Caller, Scope};
use crate::clock::{iso, now};
use crate::error::{ApiError, Code, ErrorReply};
use crate::json::reply;
use crate::parameters::{Asked, Path};
use crate::state::App;

/// A document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DocumentBody {
    /// `doc_…`
    pub(crate) id: String,
    /// What you call it, else what was found in it.
    title: Option<String>,
    /// `queued`, `processing`, `trained` or `failed`.
    status: &'static str,
    /// The hash of its bytes, BLAKE3 as 64 hex digits.
    content_hash: String,
    /// `application/pdf`, `text/markdown` or `text/plain`.
    media_type: String,
    bytes: u64,
    /// 0 where the format has no pages.
    pages: u64,
    /// Pieces of its text that the bot answers from.
    chunks: u64,
    /// Pages, counted from 1, on which no text was found.
    pages_without_text: Vec<u32>,
    /// What went wrong without failing it.
    warnings: Vec<String>,
    /// Another document of the bot that has the same bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<String>,
    /// What you attached.
    metadata: std::collections::BTreeMap<String, String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    created_at: String,
    updated_at: String,
}

/// Why something failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Failure {
    /// `NO_TEXT`, `ENCRYPTED`, `DAMAGED`, `TOO_LARGE`, `TIMED_OUT`, ….
    code: String,
    /// A sentence.
    message: String,
}

impl From<Document> for DocumentBody {
    fn from(document: Document) -> Self {
        Self {
            id: document.id,
            title: document.title.or(document.found_title),
            status: document.status.as_str(),
            content_hash: document.content_hash,
            media_type: document.media_type,
            bytes: document.bytes,
            pages: document.pages,
            chunks: document.chunks,
            pages_without_text: document.pages_without_text,
            warnings: document.warnings,
            duplicate_of: document.duplicate_of,
            metadata: document.metadata,
            error: failure(document.error_code, document.error_message),
            created_at: iso(document.created_at),
            updated_at: iso(document.updated_at),
        }
    }
}

fn failure(code: Option<String>, message: Option<String>) -> Option<Failure> {
    Some(Failure { code: code?, message: message.unwrap_or_default() })
}

/// Work on a document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobBody {
    /// `job_…`
    pub(crate) id: String,
    /// `queued`, `running`, `done` or `failed`.
    status: &'static str,
    progress: Progress,
    #[serde(skip_serializing_if = "Option::is_none")]
    document_id: Option<String>,
    /// How often it was begun.
    attempts: u64,
    /// Why it failed, or failed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
}

/// How far it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    pages_done: u64,
    /// 0 as long as nobody knows.
    pages_total: u64,
}

impl JobBody {
    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.finished_at.is_some()
    }
}

impl From<Job> for JobBody {
    fn from(job: Job) -> Self {
        Self {
            id: job.id,
            status: job.status.as_str(),
            progress: Progress { pages_done: job.pages_done, pages_total: job.pages_total },
            document_id: job.document_id,
            attempts: job.attempts,
            error: failure(job.error_code, job.error_message),
            created_at: iso(job.created_at),
            finished_at: job.finished_at.map(iso),
        }
    }
}

/// One document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentReply {
    success: bool,
    document: DocumentBody,
    /// Its last job.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<JobBody>,
}

/// A page of documents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentsReply {
    success: bool,
    documents: Vec<DocumentBody>,
    pagination: Pagination,
}

/// One job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobReply {
    success: bool,
    job: JobBody,
}

/// A page of chunks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChunksReply {
    success: bool,
    chunks: Vec<ChunkBody>,
    pagination: Pagination,
}

/// A piece of a document's text.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChunkBody {
    /// Its place, from 0.
    ordinal: u32,
    page: Option<u32>,
    page_end: Option<u32>,
    headings: Vec<String>,
    text: String,
    /// Where it begins in the document's text, in Unicode scalar values.
    start: usize,
    end: usize,
}

/// List the documents of a bot, the oldest first
#[utoipa::path(get, operation_id = "listDocuments", path = "/v1/bots/{botId}/documents", tag = "documents",
    params(("botId" = String, Path), PageQuery),
    responses((status = 200, body = DocumentsReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, ApiError> {
    let bot = bot_of(&app, &caller, &id).await?;
    let limit = query.limit()?;
    let list = format!("documents {id}");
    let (at, after) = query.after(&list)?;
    let documents = app.store.documents(&bot.id, (at, &after), limit + 1).await?;
    let (documents, pagination) =
        page(documents, limit, &list, |document| (document.created_at, &document.id));
    let documents = documents.into_iter().map(DocumentBody::from).collect();
    Ok(reply(StatusCode::OK, DocumentsReply { success: true, documents, pagination }))
}

/// Read a document
#[utoipa::path(get, operation_id = "readDocument", path = "/v1/bots/{botId}/documents/{documentId}", tag = "documents",
    params(("botId" = String, Path), ("documentId" = String, Path)),
    responses((status = 200, body = DocumentReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Caller,
    Path((bot_id, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let bot = bot_of(&app, &caller, &bot_id).await?;
    let document = document_of(&app, &bot.id, &id).await?;
    let job = app.store.job_of_document(&bot.id, &document.id).await?.map(JobBody::from);
    Ok(reply(StatusCode::OK, DocumentReply { success: true, document: document.into(), job }))
}

/// Delete a document: from this reply on nothing is answered from it
#[utoipa::path(delete, operation_id = "deleteDocument", path = "/v1/bots/{botId}/documents/{documentId}", tag = "documents",
    params(("botId" = String, Path), ("documentId" = String, Path)),
    responses((status = 200, body = DoneReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path((bot_id, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Train)?;
    let bot = bot_of(&app, &caller, &bot_id).await?;
    let job = app.store.delete_document(&bot.id, &id, now()).await?;
    job.ok_or_else(|| document_not_found(&id))?;
    app.bell.ring();
    note(&app, &caller, "document.deleted", &id).await;
    Ok(reply(StatusCode::OK, DoneReply { success: true }))
}

/// Train a document that failed once more
#[utoipa::path(post, operation_id = "retryDocument", path = "/v1/bots/{botId}/documents/{documentId}/retry", tag = "documents",
    params(("botId" = String, Path), ("documentId" = String, Path)),
    responses((status = 202, body = JobReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path((bot_id, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Train)?;
    let bot = bot_of(&app, &caller, &bot_id).await?;
    document_of(&app, &bot.id, &id).await?;
    let Some(job) = app.store.retry_document(&bot.id, &id, now()).await? else {
        let message = "this document did not fail: there is nothing to try again";
        return Err(ApiError::new(Code::InvalidRequest, message));
    };
    app.bell.ring();
    let job = job_of(&app, &bot.id, &job).await?;
    Ok(reply(StatusCode::ACCEPTED, JobReply { success: true, job: job.into() }))
}

/// Read what a bot knows of a document, piece by piece
#[utoipa::path(get, operation_id = "listChunks", path = "/v1/bots/{botId}/documents/{documentId}/chunks", tag = "documents",
    params(("botId" = String, Path), ("documentId" = String, Path), PageQuery),
    responses((status = 200, body = ChunksReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn chunks(
    State(app): State<App>,
    caller: Caller,
    Path((bot_id, id)): Path<(String, String)>,
    Asked(query): Asked<PageQuery>,
) -> Result<Response, ApiError> {
    let bot = bot_of(&app, &caller, &bot_id).await?;
    let document = document_of(&app, &bot.id, &id).await?;
    let limit = query.limit()?;
    let list = format!("chunks {id}");
    let from = query.cursor.as_ref().map(|_| query.after(&list)).transpose()?;
    let from = from.map_or(0, |(ordinal, _)| ordinal.saturating_add(1));
    let (folder, index) = (app.folder.clone(), index_of(&bot)?);
    let wanted = document.id.clone();
    let read = move || {
        let Some(snapshot) = snapshot_of(&folder, &index)? else { return Ok(Vec::new()) };
        let Ok(id) = wanted.parse() else { return Ok(Vec::new()) };
        let from = u32::try_from(from).unwrap_or(u32::MAX);
        let chunks = snapshot.chunks_from(&id, from, limit as usize + 1);
        Ok(chunks.map_err(train::TrainError::from)?)
    };
    let chunks = app.answering.run(read).await?;
    let (chunks, pagination) = page(chunks, limit, &list, |chunk| (chunk.ordinal.into(), ""));
    let chunks = chunks.into_iter().map(ChunkBody::from).collect();
    Ok(reply(StatusCode::OK, ChunksReply { success: true, chunks, pagination }))
}

impl From<document::Chunk> for ChunkBody {
    fn from(chunk: document::Chunk) -> Self {
        Self {
            ordinal: chunk.ordinal,
            page: chunk.pages.map(|pages| pages.first),
            page_end: chunk.pages.map(|pages| pages.last),
            start: chunk.char_start,
            end: chunk.char_start + chunk.text.chars().count(),
            headings: chunk.headings,
            text: chunk.text,
        }
    }
}

/// Read how far a job is
#[utoipa::path(get, operation_id = "readJob", path = "/v1/bots/{botId}/jobs/{jobId}", tag = "documents",
    params(("botId" = String, Path), ("jobId" = String, Path)),
    responses((status = 200, body = JobReply), (status = "default", body = ErrorReply)))]
pub(crate) async fn job(
    State(app): State<App>,
    caller: Caller,
    Path((bot_id, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let bot = bot_of(&app, &caller, &bot_id).await?;
    let job = job_of(&app, &bot.id, &id).await?;
    Ok(reply(StatusCode::OK, JobReply { success: true, job: job.into() }))
}

async fn job_of(app: &App, bot_id: &str, id: &str) -> Result<Job, ApiError> {
    let job = app.store.job(bot_id, id).await?;
    let id: String = id.chars().take(80).collect();
    job.ok_or_else(|| ApiError::new(Code::NotFound, format!("no job {id:?} of this bot")))
}

async fn document_of(app: &App, bot_id: &str, id: &str) -> Result<Document, ApiError> {
    let document = app.store.document(bot_id, id).await?;
    document.ok_or_else(|| document_not_found(id))
}

fn document_not_found(id: &str) -> ApiError {
    let id: String = id.chars().take(80).collect();
    let message = format!("no document {id:?} of this bot: list them for their ids");
    ApiError::new(Code::DocumentNotFound, message)
}
