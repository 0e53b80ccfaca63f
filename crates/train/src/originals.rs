//! The bytes of documents, by content: `<folder>/ab/abcd…`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use document::ContentHash;

use crate::TrainError;
use crate::durable::{LazyStaging, Staging, Sync};

/// The bytes of documents, each stored once under its hash. Shared by all bots.
///
/// Nothing is created before the first [`put`](Self::put).
#[derive(Debug)]
pub struct Originals {
    files: HashedFiles,
}

impl Originals {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { files: HashedFiles::new(folder) }
    }

    /// Stores bytes; durable on return. Where they are stored already they are read and compared,
    /// and written again only if they were damaged.
    pub fn put(&self, bytes: &[u8]) -> Result<ContentHash, TrainError> {
        let hash = ContentHash::of(bytes);
        if !matches!(self.get(hash), Ok(Some(_))) {
            self.files.write(hash, bytes, Sync::Full)?;
        }
        Ok(hash)
    }

    /// Whether bytes of this hash are stored; does not read them.
    pub fn contains(&self, hash: ContentHash) -> bool {
        self.files.path(hash).is_file()
    }

    /// How many bytes are stored under this hash; `None` where there are none.
    pub fn size(&self, hash: ContentHash) -> Option<u64> {
        fs::metadata(self.files.path(hash)).ok().map(|metadata| metadata.len())
    }

    /// The bytes of this hash, checked against it; `None` where it is unknown.
    ///
    /// # Errors
    ///
    /// [`TrainError::DamagedOriginal`] where the stored bytes have another hash.
    pub fn get(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, TrainError> {
        let Some(bytes) = self.files.read(hash)? else { return Ok(None) };
        match ContentHash::of(&bytes) {
            found if found == hash => Ok(Some(bytes)),
            found => Err(TrainError::DamagedOriginal { path: self.files.path(hash), found }),
        }
    }
}

/// Files named by a hash, spread over 256 folders.
#[derive(Debug)]
pub(crate) struct HashedFiles {
    folder: PathBuf,
    staging: LazyStaging,
}

impl HashedFiles {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { staging: LazyStaging::new(folder.join("tmp")), folder }
    }

    pub(crate) fn path(&self, hash: ContentHash) -> PathBuf {
        self.path_in("", hash)
    }

    /// The place of `hash` in a subfolder.
    pub(crate) fn path_in(&self, subfolder: &str, hash: ContentHash) -> PathBuf {
        let name = hash.to_string();
        let shard = name.get(..2).unwrap_or_default();
        self.folder.join(subfolder).join(shard).join(&name)
    }

    fn read(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, TrainError> {
        let path = self.path(hash);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TrainError::Io { path, action: "read", source }),
        }
    }

    fn write(&self, hash: ContentHash, bytes: &[u8], sync: Sync) -> Result<(), TrainError> {
        self.staging()?.write(&self.path(hash), bytes, sync)
    }

    pub(crate) fn staging(&self) -> Result<Arc<Staging>, TrainError> {
        self.staging.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_by_their_hash() {
        let data = tempfile::tempdir().unwrap();
        let originals = Originals::new(data.path().join("originals"));
        let hash = ContentHash::of(b"brindle");
        assert!(!originals.contains(hash));
        assert!(originals.get(hash).unwrap().is_none());
        assert!(!data.path().join("originals").exists());
        assert_eq!(originals.put(b"brindle").unwrap(), hash);
        assert_eq!(originals.put(b"brindle").unwrap(), hash);
        assert_eq!(originals.get(hash).unwrap().unwrap(), b"brindle");
        assert_eq!(originals.size(hash), Some(7));
    }

    #[test]
    fn damaged_bytes_are_refused_and_replaced_by_whole_ones() {
        let data = tempfile::tempdir().unwrap();
        let originals = Originals::new(data.path().to_owned());
        let hash = originals.put(b"brindle").unwrap();
        fs::write(originals.files.path(hash), b"bramble").unwrap();
        let error = originals.get(hash).unwrap_err();
        assert!(matches!(error, TrainError::DamagedOriginal { .. }), "{error}");
        assert_eq!(originals.put(b"brindle").unwrap(), hash);
        assert_eq!(originals.get(hash).unwrap().unwrap(), b"brindle");
    }
}
