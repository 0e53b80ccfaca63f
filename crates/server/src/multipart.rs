//! Forms with files, read as they come: no file is held in memory.

use axum::extract::Request;
use axum::http::header;
use multer::{Field, Multipart};
use std::future::Future;
use std::time::{Duration, Instant};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::body;
use crate::error::{ApiError, Code};
use crate::state::App;

/// Bytes of `metadata`.
const METADATA_BYTES_MAX: usize = 64 << 10;

/// Parts of a form that are neither file nor metadata, and are passed over.
const STRANGE_PARTS_MAX: usize = 20;

/// Characters of a file's name that are kept.
const NAME_CHARS_MAX: usize = 200;

/// A form.
pub(crate) struct Form {
    /// At least one.
    pub(crate) files: Vec<Spooled>,
    pub(crate) metadata: Option<String>,
}

/// A file that came, in a file that goes with this.
pub(crate) struct Spooled {
    pub(crate) path: TempPath,
    /// What its sender calls it.
    pub(crate) name: String,
    pub(crate) hash: document::ContentHash,
    pub(crate) bytes: u64,
}

/// Reads a form; each file has at most `bytes_max` bytes. What is wrong is refused while it is read.
pub(crate) async fn read(request: Request, app: &App, bytes_max: u64) -> Result<Form, ApiError> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(|_| {
        ApiError::new(Code::InvalidRequest, "send the file in a form: multipart/form-data")
    });
    let mut stream = request.into_body().into_data_stream();
    let form = match boundary {
        Ok(boundary) => parts(Multipart::new(&mut stream, boundary), app, bytes_max).await,
        Err(error) => Err(error),
    };
    if form.is_err() {
        body::drain(&mut stream).await;
    }
    form
}

async fn parts(mut parts: Multipart<'_>, app: &App, bytes_max: u64) -> Result<Form, ApiError> {
    let within = Duration::from_secs(app.config.limits.read_seconds);
    let (mut files, mut metadata, mut strange) = (Vec::new(), None, 0);
    while let Some(field) = in_time(within, parts.next_field()).await? {
        match field.name() {
            Some("file") if files.len() < app.config.limits.files_max => {
                files.push(spool(field, app, bytes_max, within).await?);
            }
            Some("file") => {
                let most = app.config.limits.files_max;
                return Err(ApiError::field("file", format!("expected up to {most} files")));
            }
            Some("metadata") if metadata.is_none() => metadata = Some(text(field, within).await?),
            Some("metadata") => return Err(ApiError::field("metadata", "given twice")),
            _ if strange < STRANGE_PARTS_MAX => strange += 1,
            _ => return Err(ApiError::new(Code::InvalidRequest, "the form has too many parts")),
        }
    }
    if files.is_empty() {
        return Err(ApiError::field("file", "expected a file, found none"));
    }
    Ok(Form { files, metadata })
}

async fn spool(
    mut field: Field<'_>,
    app: &App,
    bytes_max: u64,
    within: Duration,
) -> Result<Spooled, ApiError> {
    let name = field.file_name().unwrap_or("document").trim();
    let name: String =
        name.chars().filter(|char| !char.is_control()).take(NAME_CHARS_MAX).collect();
    let name = if name.is_empty() { "document".to_owned() } else { name };
    let failed = |error: std::io::Error| ApiError::internal(&error);
    let file = tempfile::Builder::new().prefix("upload-").tempfile_in(app.uploads());
    let (file, path) = file.map_err(failed)?.into_parts();
    let since = Instant::now();
    let mut file = tokio::fs::File::from_std(file);
    let mut hasher = blake3::Hasher::new();
    let mut bytes = 0;
    while let Some(piece) = in_time(within, field.chunk()).await? {
        bytes += piece.len() as u64;
        if body::is_too_slow(since, bytes, within) {
            return Err(body::late(within));
        }
        if bytes > bytes_max {
            let message = format!("{name:?} is larger than {bytes_max} bytes");
            return Err(ApiError::new(Code::FileTooLarge, message));
        }
        hasher.update(&piece);
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    let hash = document::ContentHash::from_bytes(*hasher.finalize().as_bytes());
    Ok(Spooled { path, name, hash, bytes })
}

async fn text(mut field: Field<'_>, within: Duration) -> Result<String, ApiError> {
    let mut bytes = Vec::new();
    while let Some(piece) = in_time(within, field.chunk()).await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > METADATA_BYTES_MAX {
            let problem = format!("expected up to {METADATA_BYTES_MAX} bytes");
            return Err(ApiError::field("metadata", problem));
        }
    }
    String::from_utf8(bytes).map_err(|_| ApiError::field("metadata", "expected UTF-8"))
}

/// Waits for the next bytes, and no longer than that: who sends a byte a minute holds no place.
async fn in_time<T>(
    within: Duration,
    next: impl Future<Output = Result<T, multer::Error>>,
) -> Result<T, ApiError> {
    let next = timeout(within, next).await.map_err(|_| body::late(within))?;
    next.map_err(|error| {
        ApiError::new(Code::InvalidRequest, format!("the form cannot be read: {error}"))
    })
}
