//! `/v1/bots/:botId/train`: documents on their way in.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Bot, JobStatus, NewDocument, Upload};
use utoipa::ToSchema;

use super::bot_of;
use super::documents::{DocumentBody, JobBody};
use crate::auth::{Caller, Scope};
use crate::body;
use crate::clock::now;
use crate::error::{ApiError, Code, ErrorBody, ErrorReply};
use crate::idempotency::{self, Claiming, Guard};
use crate::json::{has_nul, reply};
use crate::multipart::{self, Form};
use crate::parameters::Path;
use crate::state::App;
use crate::uploads::{self, Stored};

/// Characters of a name that an owner gives.
const NAME_MAX: usize = 300;

/// Pairs of metadata.
const PAIRS_MAX: usize = 50;

/// Longest wait that `Prefer: wait=N` may ask for, in seconds.
const WAIT_SECONDS_MAX: u64 = 60;

/// How often a job is looked at while someone waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A form with documents.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form")]
pub(crate) struct TrainForm {
    /// A PDF, Markdown or text file; there may be several.
    #[schema(value_type = Vec<String>, format = Binary)]
    file: Vec<u8>,
    /// An object as JSON: `title`, `category`, `externalId`, and what else you attach. A new upload
    /// with the same `externalId` replaces the old one.
    metadata: Option<String>,
}

/// What became of one file, or of several.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum TrainReply {
    One(Box<OneReply>),
    Several(SeveralReply),
}

/// What became of one file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OneReply {
    success: bool,
    document: DocumentBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<JobBody>,
    /// Whether the bot has these bytes with this metadata already, or will when `job` is done.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unchanged: bool,
}

/// What became of one of several files.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileResult {
    /// What the form calls it.
    file_name: String,
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<JobBody>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unchanged: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorBody>,
}

/// What an owner says of a document.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    title: Option<String>,
    external_id: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Give a bot documents to read
#[utoipa::path(post, operation_id = "trainBot", path = "/v1/bots/{botId}/train", tag = "documents",
    params(("botId" = String, Path),
        ("Prefer" = Option<String>, Header, description = "`wait=N`: wait up to N seconds, 60 at most, for the end of the training")),
    request_body(content = TrainForm, content_type = "multipart/form-data"),
    responses((status = 202, body = TrainReply), (status = 200, body = TrainReply),
        (status = "default", body = ErrorReply)))]
pub(crate) async fn train(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, ApiError> {
    let (bot, wait) = match begin(&app, &caller, &id, &headers).await {
        Ok(begun) => begun,
        Err(error) => {
            body::drain_request(request).await;
            return Err(error);
        }
    };
    let bytes_max = caller.plan.upload_bytes_max.min(app.config.limits.upload_bytes_max);
    let form = multipart::read(request, &app, bytes_max).await?;
    let metadata = metadata(&form)?;
    let claiming =
        idempotency::claim(&app, &caller, &headers, &fingerprint(&bot.id, &form)).await?;
    let guard = match claiming {
        Claiming::Replay(response) => return Ok(response),
        Claiming::First(claimed) => Some(Guard::new(&app, claimed)),
        Claiming::None => None,
    };
    let mut results = Vec::with_capacity(form.files.len());
    let uploading = app.uploading.read().await;
    for file in form.files {
        let name = file.name.clone();
        let result = match uploads::store(&app, &bot.id, file).await {
            Ok(stored) => take(&app, &caller, &bot.id, &metadata, &stored).await,
            Err(error) => Err(error),
        };
        results.push((name, result));
    }
    drop(uploading);
    app.bell.ring();
    if let Some(wait) = wait {
        await_jobs(&app, &bot.id, &mut results, wait).await?;
    }
    let response = answer(&app, &bot.id, results).await?;
    Ok(match guard {
        Some(guard) => guard.keep(response).await,
        None => response,
    })
}

/// What is to be known before a byte of a form is read: the bot, and how long to wait.
async fn begin(
    app: &App,
    caller: &Caller,
    id: &str,
    headers: &HeaderMap,
) -> Result<(Bot, Option<Duration>), ApiError> {
    caller.needs(Scope::Train)?;
    Ok((bot_of(app, caller, id).await?, wait(headers)?))
}

/// What a form stands for: the bot, its files in their order, and what is said of them.
fn fingerprint(bot_id: &str, form: &Form) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(bot_id.as_bytes())
        .update(form.metadata.as_deref().unwrap_or_default().as_bytes());
    for file in &form.files {
        hasher.update(file.hash.as_bytes()).update(file.name.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// Notes a stored file as a document of the bot.
async fn take(
    app: &App,
    caller: &Caller,
    bot_id: &str,
    metadata: &Metadata,
    stored: &Stored,
) -> Result<Upload, ApiError> {
    let (source, title) = (source(metadata, stored), metadata.title.clone());
    let new = NewDocument {
        id: document::DocumentId::from_source(&source).to_string(),
        bot_id: bot_id.to_owned(),
        source,
        title,
        metadata: pairs(&metadata.rest),
        content_hash: stored.hash.to_string(),
        bytes: stored.bytes,
        media_type: stored.media_type.as_str().to_owned(),
    };
    let most = caller.plan.documents_per_bot;
    app.store.upload(new, most, now()).await?.ok_or_else(|| {
        let message =
            format!("the bot has {most} documents, as many as the plan allows: delete some");
        ApiError::new(Code::QuotaExceeded, message)
    })
}

/// What names a document: its owner's word, else its bytes and what it is called.
fn source(metadata: &Metadata, stored: &Stored) -> String {
    if let Some(id) = &metadata.external_id {
        return format!("external/{id}");
    }
    let title = metadata.title.as_deref().unwrap_or_default().replace('/', "∕");
    format!("upload/{}/{title}/{}", stored.hash, stored.name.replace(['/', '\\'], "∕"))
}

async fn answer(
    app: &App,
    bot_id: &str,
    results: Vec<(String, Result<Upload, ApiError>)>,
) -> Result<Response, ApiError> {
    let several = results.len() > 1;
    let mut told = Vec::with_capacity(results.len());
    for (file_name, result) in results {
        let error = match result {
            Ok(upload) => {
                let unchanged = upload.is_unchanged;
                let (document, job) = state(app, bot_id, upload).await?;
                let document = Some(document);
                told.push(FileResult {
                    file_name,
                    success: true,
                    document,
                    job,
                    unchanged,
                    error: None,
                });
                continue;
            }
            Err(error) if several => error,
            Err(error) => return Err(error),
        };
        let error = Some(error.body(crate::request_id::current()).error);
        let (document, job) = (None, None);
        told.push(FileResult { file_name, success: false, document, job, unchanged: false, error });
    }
    let ended = told.iter().all(|result| result.job.as_ref().is_none_or(JobBody::is_over));
    let status = if ended { StatusCode::OK } else { StatusCode::ACCEPTED };
    if several {
        let several = SeveralReply { success: true, results: told };
        return Ok(reply(status, TrainReply::Several(several)));
    }
    let first =
        told.pop().and_then(|result| Some((result.document?, result.job, result.unchanged)));
    let (document, job, unchanged) = first.ok_or_else(|| ApiError::internal(&"no result"))?;
    let one = OneReply { success: true, document, job, unchanged };
    Ok(reply(status, TrainReply::One(Box::new(one))))
}

/// What became of several files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeveralReply {
    success: bool,
    /// In the order of the form.
    results: Vec<FileResult>,
}

/// A document and its job as they are now.
async fn state(
    app: &App,
    bot_id: &str,
    upload: Upload,
) -> Result<(DocumentBody, Option<JobBody>), ApiError> {
    let Some(job_id) = upload.job_id else { return Ok((upload.document.into(), None)) };
    let document = app.store.document(bot_id, &upload.document.id).await?;
    let job = app.store.job(bot_id, &job_id).await?;
    Ok((document.unwrap_or(upload.document).into(), job.map(JobBody::from)))
}

/// Waits until all jobs have ended, or the time is over.
async fn await_jobs(
    app: &App,
    bot_id: &str,
    results: &mut [(String, Result<Upload, ApiError>)],
    wait: Duration,
) -> Result<(), ApiError> {
    let until = tokio::time::Instant::now() + wait;
    let uploads = results.iter().filter_map(|(_, result)| result.as_ref().ok());
    for job_id in uploads.filter_map(|upload| upload.job_id.as_deref()) {
        loop {
            let job = app.store.job(bot_id, job_id).await?;
            let is_over =
                job.is_none_or(|job| matches!(job.status, JobStatus::Done | JobStatus::Failed));
            if is_over {
                break;
            }
            // Where the server is to end, nobody begins what waits.
            if tokio::time::Instant::now() >= until || *app.stop.borrow() {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    Ok(())
}

/// Reads `Prefer: wait=N` (RFC 7240).
fn wait(headers: &HeaderMap) -> Result<Option<Duration>, ApiError> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(',')).map(str::trim);
    let Some(seconds) = preferences.find_map(|one| one.strip_prefix("wait=")) else {
        return Ok(None);
    };
    match seconds.trim().parse::<u64>() {
        Ok(seconds) => Ok(Some(Duration::from_secs(seconds.min(WAIT_SECONDS_MAX)))),
        Err(_) => Err(ApiError::field("Prefer", "expected wait=N, N in seconds")),
    }
}

fn metadata(form: &Form) -> Result<Metadata, ApiError> {
    let Some(text) = &form.metadata else { return Ok(Metadata::default()) };
    if has_nul(text.as_bytes()) {
        return Err(ApiError::field("metadata", "holds U+0000, which no text here may have"));
    }
    let metadata: Metadata = serde_json::from_str(text).map_err(|error| {
        ApiError::field("metadata", format!("expected an object as JSON: {error}"))
    })?;
    for (name, value) in [("title", &metadata.title), ("externalId", &metadata.external_id)] {
        let Some(value) = value else { continue };
        if value.trim().is_empty() || value.chars().count() > NAME_MAX {
            let problem = format!("expected 1 to {NAME_MAX} characters");
            return Err(ApiError::field(format!("metadata.{name}"), problem));
        }
        if form.files.len() > 1 {
            let problem = "names one document: send several files without it";
            return Err(ApiError::field(format!("metadata.{name}"), problem));
        }
    }
    if metadata.rest.len() > PAIRS_MAX {
        let problem = format!("expected up to {PAIRS_MAX} members");
        return Err(ApiError::field("metadata", problem));
    }
    Ok(metadata)
}

/// What an owner attached, as text; what is no text is kept as its JSON.
fn pairs(rest: &Map<String, Value>) -> BTreeMap<String, String> {
    let pairs = rest.iter().map(|(name, value)| match value {
        Value::String(text) => (name.clone(), text.clone()),
        other => (name.clone(), other.to_string()),
    });
    pairs.collect()
}
