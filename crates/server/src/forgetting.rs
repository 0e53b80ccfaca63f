//! Taking away what nobody has any more: stored bytes, what was read of them, and old jobs.
//!
//! Bytes are shared by content, so those of a document that goes may be another's. Which are to be
//! looked at is in the database, so that a server that dies forgets none. Bots that were trained by
//! the command line are in no database: what they hold is asked of their indexes.

use std::collections::BTreeSet;

use document::{BotId, ContentHash};
use store::{Kind, Millis, StoreError};
use tokio::task;
use train::{DataFolder, TrainError};

use crate::clock::now;
use crate::state::App;

/// Hashes that are looked at in one go.
const HASHES: u32 = 100;

/// How long hashes are left alone after they could not be looked at.
const AGAIN_MS: Millis = 60_000;

/// How long a job that ended can be asked about.
const JOBS_KEPT_MS: Millis = 30 * 24 * 3_600_000;

/// How often there is a look for old jobs.
const JOBS_EVERY_MS: Millis = 3_600_000;

/// Jobs that are forgotten in one step.
const JOBS: u32 = 500;

/// When to clear away what next.
#[derive(Debug, Default)]
pub(crate) struct Clearing {
    bytes_at: Millis,
    jobs_at: Millis,
}

impl Clearing {
    /// Clears away what is due.
    pub(crate) async fn tend(&mut self, app: &App) {
        if now() >= self.bytes_at
            && let Err(error) = forget(app).await
        {
            tracing::error!(%error, "bytes that nobody has stay");
            self.bytes_at = now() + AGAIN_MS;
        }
        if now() >= self.jobs_at {
            self.jobs_at = now() + JOBS_EVERY_MS;
            if let Err(error) = forget_jobs(app).await {
                tracing::error!(%error, "old jobs stay");
            }
        }
    }
}

async fn forget_jobs(app: &App) -> Result<(), StoreError> {
    while app.store.forget_jobs(now() - JOBS_KEPT_MS, JOBS).await? == u64::from(JOBS) {}
    Ok(())
}

/// What a bot holds, by content; nothing where it cannot be read.
pub(crate) fn contents(folder: &DataFolder, bot: &BotId) -> BTreeSet<ContentHash> {
    let manifest = folder.manifest(bot).ok();
    let documents = manifest.map(|manifest| manifest.documents).unwrap_or_default();
    documents.iter().map(|entry| entry.content_hash).collect()
}

/// Removes the bytes that may be nobody's where no document of any bot has them. An upload that is
/// on its way holds the other side of the lock until its document is noted.
async fn forget(app: &App) -> Result<(), ForgettingError> {
    loop {
        let notes = app.store.gone(HASHES, now()).await?;
        if notes.is_empty() {
            return Ok(());
        }
        let _nobody_stores = app.uploading.write().await;
        remove_unused(app, notes.iter().map(|note| note.hash.clone()).collect()).await?;
        app.store.settle_gone(notes).await?;
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

async fn remove_unused(app: &App, gone: BTreeSet<String>) -> Result<(), ForgettingError> {
    let free = app.store.unreferenced(gone.into_iter().collect()).await?;
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
