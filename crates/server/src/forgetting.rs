//! Taking away what nobody has any more: stored bytes, and what was read of them.
//!
//! Bytes are shared by content, so those of a document that goes may be another's. Bots that were
//! trained by the command line are in no database: what they hold is asked of their indexes.

use std::collections::BTreeSet;

use document::{BotId, ContentHash};
use store::{Kind, StoreError};
use tokio::task;
use train::{DataFolder, TrainError};

use crate::state::App;

/// What a bot holds, by content; nothing where it cannot be read.
pub(crate) fn contents(folder: &DataFolder, bot: &BotId) -> BTreeSet<ContentHash> {
    let manifest = folder.manifest(bot).ok();
    let documents = manifest.map(|manifest| manifest.documents).unwrap_or_default();
    documents.iter().map(|entry| entry.content_hash).collect()
}

/// Removes the bytes of some hashes where no document of any bot has them. An upload that is on its
/// way holds the other side of the lock until its document is noted.
pub(crate) async fn forget(app: &App, gone: BTreeSet<ContentHash>) {
    if gone.is_empty() {
        return;
    }
    let _nobody_stores = app.uploading.write().await;
    if let Err(error) = remove_unused(app, gone).await {
        tracing::error!(%error, "bytes that nobody has stay");
    }
}

#[derive(Debug, thiserror::Error)]
enum ForgettingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Folder(#[from] TrainError),
    #[error("the work broke off: {0}")]
    Crashed(#[from] task::JoinError),
}

async fn remove_unused(app: &App, gone: BTreeSet<ContentHash>) -> Result<(), ForgettingError> {
    let free = app.store.unreferenced(gone.iter().map(ToString::to_string).collect()).await?;
    let mut free: BTreeSet<ContentHash> =
        free.iter().filter_map(|hash| hash.parse().ok()).collect();
    if free.is_empty() {
        return Ok(());
    }
    let folder = app.folder.clone();
    task::spawn_blocking(move || {
        let bots = folder.store().bots().map_err(TrainError::from)?;
        for bot in bots.iter().filter(|bot| !Kind::Bot.names(bot.as_str())) {
            // One that cannot be read keeps everything: what it holds is not known.
            let manifest = folder.manifest(bot)?;
            manifest.documents.iter().for_each(|entry| {
                free.remove(&entry.content_hash);
            });
        }
        for hash in free {
            folder.extracts().remove(hash)?;
            folder.originals().remove(hash)?;
        }
        Ok(())
    })
    .await?
}
