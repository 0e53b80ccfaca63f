//! The files of segments, as the search library sees them.
//!
//! The library writes seven files a segment and wants each synced, listed and locked. Here those
//! files are parts: what is read is a slice of a mapped pack, see `pack.rs`; what is written stays
//! in memory until it is packed, or, where it grows, in a file beside the pack to come. Nothing is
//! synced, listed or locked: a pack is one file that is synced once, by whoever publishes it, and
//! the lock of the bot keeps others away.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::Directory;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    AntiCallToken, DirectoryLock, FileHandle, Lock, OwnedBytes, TerminatingWrite, WatchCallback,
    WatchHandle, WritePtr,
};

/// Most bytes of a part that are kept in memory while it is written; the rest goes to a file.
const MEMORY_BYTES_MAX: usize = 1 << 20;

/// A set of parts by the names the library gives them; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    /// Where large parts are written; nothing can be written where it is `None`.
    folder: Option<PathBuf>,
    all: Arc<Mutex<All>>,
}

#[derive(Debug, Default)]
struct All {
    parts: BTreeMap<PathBuf, Part>,
    /// What the library says of itself; of no use in a pack.
    lists: BTreeMap<PathBuf, Vec<u8>>,
}

/// One part.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    /// In memory, or mapped.
    Bytes(OwnedBytes),
    /// In a file of its own, with its size.
    File(PathBuf, u64),
}

impl Part {
    /// Its size, in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, bytes) => *bytes,
        }
    }
}

impl Parts {
    /// No parts yet; large ones are written into a folder.
    pub(crate) fn within(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), all: Arc::default() }
    }

    /// Adds a part that can be read.
    pub(crate) fn add(&self, name: &str, bytes: OwnedBytes) {
        self.lock().parts.insert(PathBuf::from(name), Part::Bytes(bytes));
    }

    /// Takes all parts out, in the order of their names.
    pub(crate) fn take(&self) -> Vec<(PathBuf, Part)> {
        std::mem::take(&mut self.lock().parts).into_iter().collect()
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Directory for Parts {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        let part = self.lock().parts.get(path).cloned();
        match part.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))? {
            Part::Bytes(bytes) => Ok(Arc::new(bytes)),
            // A merge reads the lengths that it has just written, a byte a chunk.
            Part::File(file, _) => match fs::read(&file) {
                Ok(bytes) => Ok(Arc::new(OwnedBytes::new(bytes))),
                Err(error) => Err(OpenReadError::wrap_io_error(error, file)),
            },
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        let known = self.lock().parts.remove(path);
        known.map(drop).ok_or_else(|| DeleteError::FileDoesNotExist(path.to_owned()))
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        let all = self.lock();
        Ok(all.parts.contains_key(path) || all.lists.contains_key(path))
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        let writer = PartWriter {
            parts: self.clone(),
            name: path.to_owned(),
            bytes: Vec::new(),
            file: None,
        };
        Ok(io::BufWriter::new(Box::new(writer)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        let list = self.lock().lists.get(path).cloned();
        list.ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.lock().lists.insert(path.to_owned(), data.to_owned());
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, _lock: &Lock) -> Result<DirectoryLock, LockError> {
        Ok(DirectoryLock::from(Box::new(()) as Box<_>))
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

/// A part that is being written.
struct PartWriter {
    parts: Parts,
    name: PathBuf,
    bytes: Vec<u8>,
    file: Option<Spilled>,
}

/// The beginning of a large part.
struct Spilled {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl PartWriter {
    /// Moves what is in memory to the end of the file.
    fn spill(&mut self) -> io::Result<()> {
        let spilled = match &mut self.file {
            Some(spilled) => spilled,
            none => {
                let folder = self.parts.folder.as_ref().ok_or(io::ErrorKind::ReadOnlyFilesystem)?;
                let path = folder.join(&self.name);
                let file = File::options().write(true).create_new(true).open(&path)?;
                none.insert(Spilled { path, file, bytes: 0 })
            }
        };
        spilled.file.write_all(&self.bytes)?;
        spilled.bytes += self.bytes.len() as u64;
        self.bytes.clear();
        Ok(())
    }
}

impl Write for PartWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MEMORY_BYTES_MAX {
            self.spill()?;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for PartWriter {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        if self.file.is_some() {
            self.spill()?;
        }
        let part = match self.file.take() {
            Some(spilled) => Part::File(spilled.path, spilled.bytes),
            None => Part::Bytes(OwnedBytes::new(std::mem::take(&mut self.bytes))),
        };
        self.parts.lock().parts.insert(std::mem::take(&mut self.name), part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_parts_stay_in_memory_and_large_ones_go_to_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let parts = Parts::within(folder.path());
        for (name, bytes) in [("small", MEMORY_BYTES_MAX), ("large", MEMORY_BYTES_MAX + 1)] {
            let mut writer = parts.open_write(Path::new(name)).unwrap();
            let written: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
            written.chunks(1000).for_each(|some| writer.write_all(some).unwrap());
            writer.terminate().unwrap();
            let read = parts.open_read(Path::new(name)).unwrap().read_bytes().unwrap();
            assert!(read.as_slice() == written, "{name}");
        }
        let kinds: Vec<_> =
            parts.take().into_iter().map(|(_, part)| matches!(part, Part::File(..))).collect();
        assert_eq!(kinds, [true, false], "in the order of their names");
        assert!(parts.take().is_empty());
    }
}
