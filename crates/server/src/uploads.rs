//! From a file that came to stored bytes.

use document::{ContentHash, MediaType};
use ingest::IngestError;
use store::Millis;
use tokio::task;

use crate::clock::now;
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

/// How long stored bytes may be without a document of which they are: an upload that took longer
/// to be noted is lost.
const UNNOTED_MS: Millis = 3_600_000;

/// Stores a file of a bot, if it is of a kind that can be read. The kind is told by the content.
pub(crate) async fn store(app: &App, bot_id: &str, file: Spooled) -> Result<Stored, ApiError> {
    let _one_of_few = app.storing.acquire().await.map_err(|error| ApiError::internal(&error))?;
    let (file, content, media_type) = apart(move || {
        let content = std::fs::read(&file.path).map_err(|error| ApiError::internal(&error))?;
        let media_type =
            ingest::media_type(&content).map_err(|error| refusal(&file.name, &error))?;
        Ok((file, content, media_type))
    })
    .await?;
    let hash = ContentHash::of(&content);
    if hash != file.hash {
        return Err(ApiError::internal(&"an upload changed on its way to the disk"));
    }
    app.store.note_coming(bot_id, &hash.to_string(), now() + UNNOTED_MS).await?;
    let folder = app.folder.clone();
    apart(move || {
        folder.originals().put(&content)?;
        Ok(Stored { hash, bytes: file.bytes, media_type, name: file.name })
    })
    .await
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    task::spawn_blocking(work).await.map_err(|error| ApiError::internal(&error))?
}

fn refusal(name: &str, error: &IngestError) -> ApiError {
    let code = match error {
        IngestError::UnsupportedMediaType { .. } => Code::UnsupportedMediaType,
        _ => Code::InvalidRequest,
    };
    ApiError::new(code, format!("{name:?}: {error}"))
}
