//! The one writer of a bot: from one immutable snapshot to the next.
//!
//! A transaction gathers documents, builds the next snapshot in a folder beside the current
//! one, and publishes it by moving a pointer. Until the pointer moves, nothing that readers see
//! has changed, and a crash at any moment leaves at most a folder for the next writer to sweep.

use std::fs::{self, File, TryLockError};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use document::BotId;
use tantivy::TantivyError;

use crate::files::{create_folder, remove, sync_folder};
use crate::layout::Layout;
use crate::manifest::MANIFEST_FILE;
use crate::{Config, Embedding, IndexError, Manifest, ModelEntry, PipelineKey};

mod adoption;
mod builder;
mod compaction;
mod crew;
mod embedding;
mod intake;
mod stage;
mod transaction;
mod workshop;

#[cfg(test)]
mod tests;

pub use transaction::{Published, Transaction};
pub(crate) use workshop::Workshop;

/// What a transaction starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// The current snapshot; nothing, where there is none.
    Incremental,
    /// Nothing: what is not put is gone, and what was damaged is made anew. A snapshot of the same
    /// content that is there and whole is kept.
    Rebuild,
    /// Nothing, and all files are written anew, even where the content is that of the current
    /// snapshot.
    Anew,
}

/// The one writer of a bot; holds the bot's lock.
#[derive(Debug)]
pub struct BotWriter {
    layout: Layout,
    config: Config,
    /// Shared with all writers of the store.
    workshop: Arc<Workshop>,
    base: Option<Manifest>,
    /// Why the current snapshot can be no base, where it cannot.
    fault: Option<IndexError>,
    /// Locked as long as it is open.
    _lock: BotLock,
}

impl BotWriter {
    pub(crate) fn open(
        bot: &BotId,
        layout: Layout,
        config: Config,
        workshop: Arc<Workshop>,
    ) -> Result<Self, IndexError> {
        create_folder(&layout.snapshots())?;
        let lock = lock(bot, &layout.lock())?;
        recover(&layout)?;
        let (base, fault) = match read_base(&layout) {
            Ok(base) => (base, None),
            Err(error @ IndexError::Damaged { .. }) => (None, Some(error)),
            Err(error) => return Err(error),
        };
        let writer = Self { layout, config, workshop, base, fault, _lock: lock };
        writer.sweep()?;
        Ok(writer)
    }

    /// The state this writer starts from: that of the current snapshot. `None` where there is
    /// none, or where [`fault`](Self::fault) tells why its manifest cannot be read.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.base.as_ref()
    }

    /// Why the manifest of the current snapshot cannot be read, where it cannot. Such a bot
    /// takes no [`Begin::Incremental`], and nothing of it is swept before that.
    pub fn fault(&self) -> Option<&IndexError> {
        self.fault.as_ref()
    }

    /// Compares the current snapshot, read anew, with its checksums; reads all files but opens
    /// no index. Fine where nothing was published.
    pub fn verify(&self) -> Result<(), IndexError> {
        let Some(base) = read_base(&self.layout)? else { return Ok(()) };
        base.check_files(&self.layout.snapshot(base.key))
    }

    /// Begins a change that leaves vectors as they are, see [`Embedding::Keep`].
    ///
    /// # Errors
    /// As those of [`begin_with`](Self::begin_with).
    pub fn begin(
        &mut self,
        pipeline: PipelineKey,
        mode: Begin,
    ) -> Result<Transaction<'_>, IndexError> {
        self.begin_with(pipeline, mode, Embedding::Keep)
    }

    /// Begins a change.
    ///
    /// # Errors
    /// An incremental change needs a current snapshot that is whole (its files are compared as
    /// when it is opened) and of the same pipeline and schema,
    /// with vectors of the same model.
    pub fn begin_with<'a>(
        &'a mut self,
        pipeline: PipelineKey,
        mode: Begin,
        embedding: Embedding<'a>,
    ) -> Result<Transaction<'a>, IndexError> {
        if mode == Begin::Incremental {
            self.check_base(pipeline, embedding)?;
        }
        Transaction::new(self, pipeline, mode, embedding)
    }

    fn check_base(
        &mut self,
        pipeline: PipelineKey,
        embedding: Embedding<'_>,
    ) -> Result<(), IndexError> {
        if self.fault.is_some() {
            // Read once more: the error must be given away, and the folder may be well again.
            self.base = read_base(&self.layout)?;
            self.fault = None;
        }
        let Some(base) = &self.base else { return Ok(()) };
        let folder = self.layout.snapshot(base.key);
        base.check_schema(&folder)?;
        base.check(&folder, self.config.base_verify_bytes_max)?;
        if base.pipeline != pipeline {
            return Err(IndexError::OtherPipeline { current: base.pipeline, wanted: pipeline });
        }
        let wanted = embedding.model(base.model);
        if base.model != wanted {
            let key = |model: Option<ModelEntry>| model.map(|model| model.key);
            return Err(IndexError::OtherModel { current: key(base.model), wanted: key(wanted) });
        }
        Ok(())
    }

    /// Removes stages, trash, and snapshots that are not current and that no reader holds.
    fn sweep(&self) -> Result<(), IndexError> {
        // An older snapshot may be the only list of documents that is left.
        if self.fault.is_some() {
            return Ok(());
        }
        self.layout.remove_next_pointer()?;
        // Where the pointer itself is damaged nothing is known to be superfluous.
        let Ok(current) = self.layout.current() else { return Ok(()) };
        for path in self.layout.leftovers(current)? {
            self.discard(&path)?;
        }
        Ok(())
    }

    /// Removes a snapshot's folder unless a reader holds it.
    fn discard(&self, folder: &Path) -> Result<(), IndexError> {
        if Layout::is_trash(folder) {
            return remove(folder);
        }
        let manifest = File::open(folder.join(MANIFEST_FILE)).ok();
        // The lock is kept until the folder has another name, so that nobody opens half of it.
        match manifest.as_ref().map(File::try_lock) {
            Some(Err(TryLockError::WouldBlock)) => return Ok(()),
            Some(Err(TryLockError::Error(error))) => return Err(IndexError::io(folder)(error)),
            Some(Ok(())) | None => {}
        }
        remove(&self.move_to_trash(folder)?)
    }

    /// Gives a folder that is to be removed another name: half of it must never stand under its
    /// own. The name.
    fn move_to_trash(&self, folder: &Path) -> Result<PathBuf, IndexError> {
        let trash = self.layout.trash(folder);
        remove(&trash)?;
        fs::rename(folder, &trash).map_err(IndexError::io(folder))?;
        Ok(trash)
    }
}

/// Puts the current snapshot back where a writer died while replacing it: the new one waits in
/// the stage then, and the old one lies in the trash.
fn recover(layout: &Layout) -> Result<(), IndexError> {
    // A pointer that cannot be read is told of by whoever reads the manifest behind it.
    let Ok(Some(key)) = layout.current() else { return Ok(()) };
    let folder = layout.snapshot(key);
    if folder.try_exists().map_err(IndexError::io(&folder))? {
        return Ok(());
    }
    let manifest = |from: &Path| Manifest::read(from).ok().filter(|found| found.key == key);
    let (stage, trash) = (layout.stage(), layout.trash(&folder));
    let from = if manifest(&stage).is_some_and(|found| found.check_files(&stage).is_ok()) {
        stage
    } else if manifest(&trash).is_some() {
        trash
    } else {
        return Ok(());
    };
    fs::rename(&from, &folder).map_err(IndexError::io(&from))?;
    sync_folder(&layout.snapshots())
}

fn read_base(layout: &Layout) -> Result<Option<Manifest>, IndexError> {
    layout.current()?.map(|key| Manifest::read(&layout.snapshot(key))).transpose()
}

/// Runs what calls the search library, which panics where it meets what it did not expect: that is
/// an error of this change, and no end of the thread that asked for it.
fn caught<T>(folder: &Path, run: impl FnOnce() -> Result<T, IndexError>) -> Result<T, IndexError> {
    // Whatever was under way is dropped with the change.
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(crashed(folder)))
}

fn crashed(folder: &Path) -> IndexError {
    let what = "the search library crashed while indexing".to_owned();
    IndexError::tantivy(folder)(TantivyError::SystemError(what))
}

/// The lock of a bot. Released by name, not by closing: a child process that another thread has
/// just forked holds the file too until it runs its program.
#[derive(Debug)]
struct BotLock(File);

impl Drop for BotLock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn lock(bot: &BotId, path: &Path) -> Result<BotLock, IndexError> {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    let file = file.map_err(IndexError::io(path))?;
    match file.try_lock() {
        Ok(()) => Ok(BotLock(file)),
        Err(TryLockError::WouldBlock) => Err(IndexError::Locked { bot: bot.clone() }),
        Err(TryLockError::Error(error)) => Err(IndexError::io(path)(error)),
    }
}
