//! Forms with files, read as they come: no file is held in memory.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::header;
use multer::{Constraints, Field, Multipart, SizeLimit};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::auth::Caller;
use crate::body;
use crate::error::{ApiError, Code};
use crate::state::App;
use crate::turns::Turn;

mod metered;

use metered::Meter;

/// Bytes of `metadata`.
const METADATA_BYTES_MAX: usize = 64 << 10;

/// Bytes of a form beside its files: metadata, headers of parts, and parts that are passed over.
const REST_BYTES_MAX: u64 = 4 << 20;

/// How long an upload waits for its turn before a byte of it is read, at most; no longer than bytes
/// are waited for.
const TURN_WITHIN: Duration = Duration::from_secs(10);

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
    /// Its form's place among the uploads that are on the disk at once.
    _place: Arc<Turn>,
}

/// Reads a form; each file has at most `bytes_max` bytes. What is wrong is refused while it is read.
pub(crate) async fn read(request: Request, app: &App, bytes_max: u64) -> Result<Form, ApiError> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(|_| {
        ApiError::new(Code::InvalidRequest, "send the file in a form: multipart/form-data")
    });
    let caller = request.extensions().get::<Caller>();
    let account_id = caller.map(|caller| caller.account_id().to_owned()).unwrap_or_default();
    let mut stream = request.into_body().into_data_stream();
    let form = async {
        let boundary = boundary?;
        let place = Arc::new(turn(app, &account_id).await?);
        let (metered, meter) = metered::metered(&mut stream);
        let files_max = u64::try_from(app.config.limits.files_max).unwrap_or(u64::MAX);
        let whole = files_max.saturating_mul(bytes_max).saturating_add(REST_BYTES_MAX);
        let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(whole));
        let form = Multipart::with_constraints(metered, boundary, constraints);
        Reader { app, bytes_max, meter, place }.parts(form).await
    };
    let form = form.await;
    if form.is_err() {
        body::drain(&mut stream).await;
    }
    form
}

/// A place among the uploads that are on the disk at once.
async fn turn(app: &App, account_id: &str) -> Result<Turn, ApiError> {
    let within = TURN_WITHIN.min(Duration::from_secs(app.config.limits.read_seconds));
    let turn = timeout(within, app.spooling.take(account_id)).await;
    let turn = turn.map_err(|_| {
        let message = "the server has all the uploads it can take: try again";
        ApiError::new(Code::Overloaded, message).retry_after(5)
    })?;
    turn.map_err(|error| ApiError::internal(&error))
}

/// Reads one form.
struct Reader<'a> {
    app: &'a App,
    bytes_max: u64,
    meter: Meter,
    place: Arc<Turn>,
}

impl Reader<'_> {
    async fn parts(&self, mut parts: Multipart<'_>) -> Result<Form, ApiError> {
        let files_max = self.app.config.limits.files_max;
        let (mut files, mut metadata, mut strange) = (Vec::new(), None, 0);
        while let Some(mut field) = self.next(parts.next_field()).await? {
            match field.name() {
                Some("file") if files.len() < files_max => files.push(self.spool(field).await?),
                Some("file") => {
                    return Err(ApiError::field(
                        "file",
                        format!("expected up to {files_max} files"),
                    ));
                }
                Some("metadata") if metadata.is_none() => metadata = Some(self.text(field).await?),
                Some("metadata") => return Err(ApiError::field("metadata", "given twice")),
                _ if strange < STRANGE_PARTS_MAX => {
                    strange += 1;
                    while self.next(field.chunk()).await?.is_some() {}
                }
                _ => {
                    return Err(ApiError::new(Code::InvalidRequest, "the form has too many parts"));
                }
            }
        }
        if files.is_empty() {
            return Err(ApiError::field("file", "expected a file, found none"));
        }
        Ok(Form { files, metadata })
    }

    async fn spool(&self, mut field: Field<'_>) -> Result<Spooled, ApiError> {
        let name = field.file_name().unwrap_or("document").trim();
        let name: String =
            name.chars().filter(|char| !char.is_control()).take(NAME_CHARS_MAX).collect();
        let name = if name.is_empty() { "document".to_owned() } else { name };
        let failed = |error: std::io::Error| ApiError::internal(&error);
        let file = tempfile::Builder::new().prefix("upload-").tempfile_in(self.app.uploads());
        let (file, path) = file.map_err(failed)?.into_parts();
        let (since, within) = (Instant::now(), self.within());
        let mut file = tokio::fs::File::from_std(file);
        let mut hasher = blake3::Hasher::new();
        let mut bytes = 0;
        while let Some(piece) = self.next(field.chunk()).await? {
            bytes += piece.len() as u64;
            if body::is_too_slow(since, bytes, within) {
                return Err(body::late(within));
            }
            if bytes > self.bytes_max {
                let message = format!("{name:?} is larger than {} bytes", self.bytes_max);
                return Err(ApiError::new(Code::FileTooLarge, message));
            }
            hasher.update(&piece);
            file.write_all(&piece).await.map_err(failed)?;
        }
        file.flush().await.map_err(failed)?;
        let hash = document::ContentHash::from_bytes(*hasher.finalize().as_bytes());
        Ok(Spooled { path, name, hash, bytes, _place: Arc::clone(&self.place) })
    }

    async fn text(&self, mut field: Field<'_>) -> Result<String, ApiError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.next(field.chunk()).await? {
            bytes.extend_from_slice(&piece);
            if bytes.len() > METADATA_BYTES_MAX {
                let problem = format!("expected up to {METADATA_BYTES_MAX} bytes");
                return Err(ApiError::field("metadata", problem));
            }
        }
        String::from_utf8(bytes).map_err(|_| ApiError::field("metadata", "expected UTF-8"))
    }

    /// Waits for the next of a form, and no longer than that: who sends a byte a minute holds no
    /// place.
    async fn next<T>(
        &self,
        next: impl Future<Output = Result<T, multer::Error>>,
    ) -> Result<T, ApiError> {
        let within = self.within();
        let next = timeout(within, next).await.map_err(|_| body::late(within))?;
        self.meter.reset();
        next.map_err(|error| {
            let code = match error {
                multer::Error::StreamSizeExceeded { .. } => Code::FileTooLarge,
                _ => Code::InvalidRequest,
            };
            ApiError::new(code, format!("the form cannot be read: {error}"))
        })
    }

    fn within(&self) -> Duration {
        Duration::from_secs(self.app.config.limits.read_seconds)
    }
}
