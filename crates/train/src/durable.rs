//! Files that are whole or absent, whatever happens while they are written.
//!
//! A file is written under a passing name in a *staging* folder of the same file system, synced,
//! renamed to its place, and the folder that names it is synced as well: only then does it
//! survive a loss of power. Staging is one folder, not one for each target folder, so that what a
//! killed process left behind is found by one look.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::NamedTempFile;

use crate::TrainError;

/// Whether a written file must survive a loss of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sync {
    /// It must: the file and the folder that names it are synced.
    Full,
    /// It need not: its reader can tell and do without.
    None,
}

/// How the names of passing files begin.
const PASSING: &str = ".tmp";

/// A staging folder that is opened by its first use, so that reading never creates anything.
#[derive(Debug)]
pub(crate) struct LazyStaging {
    folder: PathBuf,
    open: Mutex<Option<Arc<Staging>>>,
}

impl LazyStaging {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, open: Mutex::new(None) }
    }

    pub(crate) fn get(&self) -> Result<Arc<Staging>, TrainError> {
        // A poisoned lock holds a whole value all the same: it is set in one step.
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(staging) = &*open {
            return Ok(Arc::clone(staging));
        }
        let staging = Arc::new(Staging::open(self.folder.clone())?);
        *open = Some(Arc::clone(&staging));
        Ok(staging)
    }
}

/// A folder for files being written; while it is held, no other process sweeps it.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: PathBuf,
    _lock: File,
}

impl Staging {
    /// Opens `folder`, creating it where it is missing, and removes what killed processes left
    /// there, unless another process is writing at this moment.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, TrainError> {
        create_dir(&folder)?;
        let path = folder.join("lock");
        let lock = File::options().create(true).append(true).open(&path);
        let lock = lock.map_err(TrainError::io(&path, "create the lock file"))?;
        // Writers share the lock, so holding it alone proves that every file here is a leftover.
        match lock.try_lock() {
            Ok(()) => {
                sweep(&folder)?;
                lock.unlock().map_err(TrainError::io(&path, "release the lock"))?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(source)) => {
                return Err(TrainError::Io { path, action: "take the lock", source });
            }
        }
        lock.lock_shared().map_err(TrainError::io(&path, "take the lock"))?;
        Ok(Self { folder, _lock: lock })
    }

    /// Puts `bytes` at `target`, replacing what is there; the folder of `target` is created where
    /// it is missing.
    pub(crate) fn write(&self, target: &Path, bytes: &[u8], sync: Sync) -> Result<(), TrainError> {
        // Someone may have deleted the whole store meanwhile, as is allowed for a cache.
        create_dir(&self.folder)?;
        if let Some(parent) = target.parent() {
            match sync {
                Sync::Full => create_dir(parent)?,
                Sync::None => fs::create_dir_all(parent)
                    .map_err(TrainError::io(parent, "create the folder"))?,
            }
        }
        write_atomically(&self.folder, target, bytes, sync).map_err(TrainError::io(target, "write"))
    }

    /// An empty file that goes with the handle.
    pub(crate) fn passing_file(&self) -> io::Result<NamedTempFile> {
        passing_file(&self.folder)
    }
}

/// Creates a passing file that others may read as far as the mask of the process allows.
fn passing_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PASSING);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// Puts `bytes` at `target` by way of a passing file in `staging`, on the same file system.
fn write_atomically(staging: &Path, target: &Path, bytes: &[u8], sync: Sync) -> io::Result<()> {
    let mut file = passing_file(staging)?;
    file.write_all(bytes)?;
    if sync == Sync::Full {
        file.as_file().sync_all()?;
    }
    file.persist(target).map_err(|error| error.error)?;
    match target.parent() {
        Some(parent) if sync == Sync::Full => sync_dir(parent),
        _ => Ok(()),
    }
}

/// Creates `folder` and its missing parents, each made durable in the folder that names it.
pub(crate) fn create_dir(folder: &Path) -> Result<(), TrainError> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_dir(parent)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
        other => other.map_err(TrainError::io(folder, "create the folder"))?,
    }
    let parent = parent.unwrap_or(Path::new("."));
    sync_dir(parent).map_err(TrainError::io(parent, "sync the folder"))
}

fn sync_dir(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes passing files and nothing else: someone may have put the data where a folder of this
/// name was already.
fn sweep(folder: &Path) -> Result<(), TrainError> {
    let entries = fs::read_dir(folder).map_err(TrainError::io(folder, "list"))?;
    for entry in entries {
        let path = entry.map_err(TrainError::io(folder, "list"))?.path();
        let name = path.file_name().unwrap_or_default();
        if name.as_encoded_bytes().starts_with(PASSING.as_bytes()) {
            fs::remove_file(&path).map_err(TrainError::io(&path, "remove"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_into_folders_that_did_not_exist() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path().join("a/tmp")).unwrap();
        let target = data.path().join("a/b/c/file");
        staging.write(&target, b"one", Sync::Full).unwrap();
        staging.write(&target, b"two", Sync::None).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"two");
        assert_eq!(names(&data.path().join("a/tmp")), ["lock"]);
    }

    #[test]
    fn leftovers_are_swept_when_no_other_writer_is_there() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("tmp");
        let first = Staging::open(folder.clone()).unwrap();
        fs::write(folder.join(".tmpA"), b"half").unwrap();
        fs::write(folder.join("mine"), b"whole").unwrap();
        let second = Staging::open(folder.clone()).unwrap();
        assert_eq!(names(&folder), [".tmpA", "lock", "mine"]);
        drop((first, second));
        let _third = Staging::open(folder.clone()).unwrap();
        assert_eq!(names(&folder), ["lock", "mine"]);
    }

    #[cfg(unix)]
    #[test]
    fn files_are_as_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let data = tempfile::tempdir().unwrap();
        let staging = LazyStaging::new(data.path().join("tmp")).get().unwrap();
        let (ours, plain) = (data.path().join("ours"), data.path().join("plain"));
        staging.write(&ours, b"one", Sync::Full).unwrap();
        fs::write(&plain, b"one").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let data = tempfile::tempdir().unwrap();
        let staging = Staging::open(data.path().join("tmp")).unwrap();
        fs::write(data.path().join("file"), b"").unwrap();
        let error = staging.write(&data.path().join("file/x"), b"", Sync::Full).unwrap_err();
        assert!(error.to_string().contains("file: cannot create the folder"), "{error}");
    }
}
