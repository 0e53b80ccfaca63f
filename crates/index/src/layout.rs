//! Where things lie in the folder of a bot, and the pointer to what is current.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, io};

use crate::files::{read_if_there, remove, sync_folder, write_synced};
use crate::{IndexError, SnapshotKey};

/// Name of the pointer.
const CURRENT: &str = "current";

/// Name under which the next pointer is written before it takes the place of the old.
const CURRENT_NEXT: &str = "current.next";

/// Name of the folder in which the next snapshot is made. There is one writer, so one is enough.
const STAGE: &str = ".stage";

/// Name of the folder into which a shared snapshot is fetched, under a lock of its own.
const FETCH: &str = ".fetch";

/// Name of the folder in a shared one in which a snapshot arrives.
const PUSH: &str = ".push";

/// Beginning of the names of folders on their way out.
const TRASH: &str = ".trash-";

/// The folder of a bot.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    folder: PathBuf,
}

impl Layout {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The file whose lock makes a writer the only one.
    pub(crate) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// The file whose lock makes a process the only one that fetches.
    pub(crate) fn fetch_lock(&self) -> PathBuf {
        self.folder.join("fetch.lock")
    }

    /// The folder into which a snapshot is fetched.
    pub(crate) fn fetch_stage(&self) -> PathBuf {
        self.snapshots().join(FETCH)
    }

    /// The folder in which a snapshot arrives that was made elsewhere.
    pub(crate) fn push_stage(&self) -> PathBuf {
        self.snapshots().join(PUSH)
    }

    /// The folder of all snapshots.
    pub(crate) fn snapshots(&self) -> PathBuf {
        self.folder.join("snapshots")
    }

    /// The folder of one snapshot.
    pub(crate) fn snapshot(&self, key: SnapshotKey) -> PathBuf {
        self.snapshots().join(key.to_string())
    }

    /// The folder in which the next snapshot is made.
    pub(crate) fn stage(&self) -> PathBuf {
        self.snapshots().join(STAGE)
    }

    /// Where a folder goes before it is deleted file by file.
    pub(crate) fn trash(&self, folder: &Path) -> PathBuf {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        self.snapshots().join(format!("{TRASH}{name}"))
    }

    /// Whether a path is one that [`trash`](Self::trash) gave.
    pub(crate) fn is_trash(path: &Path) -> bool {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TRASH))
    }

    /// The key of the current snapshot; `None` where nothing was published.
    pub(crate) fn current(&self) -> Result<Option<SnapshotKey>, IndexError> {
        let Some(bytes) = self.pointer()? else { return Ok(None) };
        let damaged = || IndexError::damaged(&self.current_file(), "it holds no snapshot key");
        Self::key_of(&bytes).map(Some).ok_or_else(damaged)
    }

    /// The file of the pointer.
    pub(crate) fn current_file(&self) -> PathBuf {
        self.folder.join(CURRENT)
    }

    /// The bytes of the pointer; `None` where nothing was published.
    pub(crate) fn pointer(&self) -> Result<Option<Vec<u8>>, IndexError> {
        read_if_there(&self.current_file())
    }

    /// The key that the bytes of a pointer name.
    pub(crate) fn key_of(pointer: &[u8]) -> Option<SnapshotKey> {
        str::from_utf8(pointer).ok().and_then(|text| text.trim_end().parse().ok())
    }

    /// What stands in a pointer to `key`.
    pub(crate) fn pointer_to(key: SnapshotKey) -> String {
        format!("{key}\n")
    }

    /// Makes a snapshot current, durably.
    pub(crate) fn point_to(&self, key: SnapshotKey) -> Result<(), IndexError> {
        let next = self.folder.join(CURRENT_NEXT);
        write_synced(&next, Self::pointer_to(key).as_bytes())?;
        fs::rename(&next, self.folder.join(CURRENT)).map_err(IndexError::io(&next))?;
        sync_folder(&self.folder)
    }

    /// When the pointer last moved; `None` where there is none or the file system does not tell.
    pub(crate) fn pointed_at(&self) -> Option<SystemTime> {
        fs::metadata(self.folder.join(CURRENT)).and_then(|metadata| metadata.modified()).ok()
    }

    /// Removes a pointer that was written but never took its place.
    pub(crate) fn remove_next_pointer(&self) -> Result<(), IndexError> {
        remove(&self.folder.join(CURRENT_NEXT))
    }

    /// What is beside the current snapshot, in any order: older snapshots, stages, trash, strays.
    pub(crate) fn leftovers(
        &self,
        current: Option<SnapshotKey>,
    ) -> Result<Vec<PathBuf>, IndexError> {
        let snapshots = self.snapshots();
        let current = current.map(|key| self.snapshot(key));
        let entries = fs::read_dir(&snapshots).map_err(IndexError::io(&snapshots))?;
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        let paths: io::Result<Vec<_>> = paths.collect();
        let mut paths = paths.map_err(IndexError::io(&snapshots))?;
        paths.retain(|path| Some(path) != current.as_ref());
        Ok(paths)
    }
}
