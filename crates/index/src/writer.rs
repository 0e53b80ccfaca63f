//! The one writer of a bot: from one immutable snapshot to the next.
//!
//! A transaction gathers documents, builds the next snapshot in a folder beside the current
//! one, and publishes it by moving a pointer. Until the pointer moves, nothing that readers see
//! has changed, and a crash at any moment leaves at most a folder for the next writer to sweep.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use document::BotId;
use tantivy::TantivyError;

use crate::cache::Cache;
use crate::files::{create_folder, sync_folder};
use crate::layout::Layout;
use crate::lock::FileLock;
use crate::places::Places;
use crate::{
    Config, Embedding, IndexError, Manifest, ModelEntry, PipelineKey, Pointer, Snapshot,
    SnapshotKey,
};

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

/// How long a writer waits for the lock of its bot: a process that was killed while it forked may
/// leave it to its child for a moment.
const LOCK_WAIT_MAX: Duration = Duration::from_millis(200);

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
    bot: BotId,
    layout: Layout,
    places: Arc<Places>,
    config: Config,
    /// Where the pointer stood when the current snapshot was read.
    pointer: Option<Pointer>,
    /// Shared with all writers of the store.
    workshop: Arc<Workshop>,
    /// Of the store.
    cache: Arc<Cache>,
    base: Option<Arc<Manifest>>,
    /// Why the current snapshot can be no base, where it cannot.
    fault: Option<IndexError>,
    /// Locked as long as it is open.
    _lock: FileLock,
}

impl BotWriter {
    pub(crate) fn open(
        bot: &BotId,
        places: Arc<Places>,
        config: Config,
        workshop: Arc<Workshop>,
        cache: Arc<Cache>,
    ) -> Result<Self, IndexError> {
        let layout = places.layout(bot);
        create_folder(&layout.snapshots())?;
        let lock = FileLock::try_for(&layout.lock(), LOCK_WAIT_MAX)?;
        let lock = lock.ok_or_else(|| IndexError::Locked { bot: bot.clone() })?;
        recover(&layout)?;
        let pointer = places.pointer(bot)?;
        let mut base = read_base(&layout, pointer.as_ref());
        if matches!(base, Err(IndexError::Damaged { .. })) && matches!(places.heal(bot), Ok(true)) {
            base = read_base(&layout, pointer.as_ref());
        }
        let (base, fault) = match base {
            Ok(base) => (base, None),
            Err(error @ IndexError::Damaged { .. }) => (None, Some(error)),
            Err(error) => return Err(error),
        };
        let bot = bot.clone();
        let writer = Self {
            bot,
            layout,
            places,
            config,
            pointer,
            workshop,
            cache,
            base,
            fault,
            _lock: lock,
        };
        writer.sweep()?;
        Ok(writer)
    }

    /// The state this writer starts from: that of the current snapshot. `None` where there is
    /// none, or where [`fault`](Self::fault) tells why its manifest cannot be read.
    pub fn manifest(&self) -> Option<&Arc<Manifest>> {
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
        let Some(base) = read_base(&self.layout, self.pointer.as_ref())? else { return Ok(()) };
        base.verify(&self.layout.snapshot(base.key))
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
            self.base = read_base(&self.layout, self.pointer.as_ref())?;
            self.fault = None;
        }
        let Some(base) = &self.base else { return Ok(()) };
        let folder = self.layout.snapshot(base.key);
        base.check_schema(&folder)?;
        base.check(&folder, self.config.base_verify_bytes_max, |_| false)?;
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

    /// Makes a snapshot current that lies finished in its place.
    fn point_to(&mut self, manifest: Manifest) -> Result<(), IndexError> {
        let pointer = self.places.publish(&self.bot, self.pointer.as_ref(), &manifest)?;
        self.pointer = Some(pointer);
        self.base = Some(Arc::new(manifest));
        self.fault = None;
        Ok(())
    }

    /// Opens a snapshot that is about to be current, where the one before is asked in this process:
    /// then no question has to wait for it.
    fn opened(&self, key: SnapshotKey) -> Option<Arc<Snapshot>> {
        let before = self.cache.peek(&self.bot)?;
        let opened = Snapshot::open(&self.layout.snapshot(key), &self.config, Some(&before));
        // What is wrong is told to whoever asks.
        opened.ok().flatten().map(Arc::new)
    }

    /// Removes what is not current and what no reader holds.
    fn sweep(&self) -> Result<(), IndexError> {
        // An older snapshot may be the only list of documents that is left.
        if self.fault.is_some() {
            return Ok(());
        }
        self.places.sweep(&self.bot)
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

fn read_base(
    layout: &Layout,
    pointer: Option<&Pointer>,
) -> Result<Option<Arc<Manifest>>, IndexError> {
    let Some(pointer) = pointer else { return Ok(None) };
    match &pointer.target {
        Some(target) => Manifest::read(&layout.snapshot(target.key)).map(|base| Some(base.into())),
        None => Err(IndexError::damaged(&layout.current_file(), "it holds no snapshot key")),
    }
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
