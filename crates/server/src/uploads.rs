//! From a file that came to stored bytes.

use document::{ContentHash, MediaType};
use ingest::IngestError;
use tokio::task;

use crate::error::{ApiError, Code};
use crate::multipart::Spooled;
use crate::state::App;

/// Bytes that are durably stored.
pub(crate) struct Stored {
    pub(crate) hash: ContentHash,
    pub(crate) bytes: u64,
    pub(crate) media_type: MediaType,
    pub(crate) name: String,
}

/// Stores a file, if it is of a kind that can be read. The kind is told by the content.
pub(crate) async fn store(app: &App, file: Spooled) -> Result<Stored, ApiError> {
    let _one_of_few = app.storing.acquire().await.map_err(|error| ApiError::internal(&error))?;
    let folder = app.folder.clone();
    let stored = task::spawn_blocking(move || {
        let bytes = std::fs::read(&file.path).map_err(|error| ApiError::internal(&error))?;
        let media_type = ingest::media_type(&bytes).map_err(|error| refusal(&file.name, &error))?;
        let hash = folder.originals().put(&bytes)?;
        if hash != file.hash {
            return Err(ApiError::internal(&"an upload changed on its way to the disk"));
        }
        Ok(Stored { hash, bytes: file.bytes, media_type, name: file.name })
    });
    stored.await.map_err(|error| ApiError::internal(&error))?
}

fn refusal(name: &str, error: &IngestError) -> ApiError {
    let code = match error {
        IngestError::UnsupportedMediaType { .. } => Code::UnsupportedMediaType,
        _ => Code::InvalidRequest,
    };
    ApiError::new(code, format!("{name:?}: {error}"))
}
