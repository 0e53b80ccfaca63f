//! The bytes of documents, by content: `<folder>/ab/abcd…`.

use std::path::PathBuf;
use std::sync::Arc;
use std::{fmt, fs, io, marker};

use document::ContentHash;

use crate::TrainError;
use crate::durable::{LazyStaging, Staging, Sync};

/// The bytes of documents, each stored once under its hash. Shared by all bots.
pub trait Originals: fmt::Debug + Send + marker::Sync {
    /// Stores bytes; durable on return. Where whole ones are stored already, nothing is written.
    fn put(&self, bytes: &[u8]) -> Result<ContentHash, TrainError>;

    /// The bytes of this hash, checked against it; `None` where it is unknown.
    ///
    /// # Errors
    ///
    /// [`TrainError::DamagedOriginal`] where the stored bytes have another hash.
    fn get(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, TrainError>;

    /// How many bytes are stored under this hash, without reading them; `None` where there are
    /// none.
    fn size(&self, hash: ContentHash) -> Result<Option<u64>, TrainError>;

    /// Removes the bytes of this hash; fine where there are none. Whoever asks knows that no
    /// document of any bot has them.
    fn remove(&self, hash: ContentHash) -> Result<(), TrainError>;
}

/// Originals in a folder.
///
/// Nothing is created before the first [`put`](Originals::put), which reads what is stored already
/// and writes it again if it was damaged.
#[derive(Debug)]
pub struct OriginalFiles {
    files: HashedFiles,
}

impl OriginalFiles {
    /// Those in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { files: HashedFiles::new(folder) }
    }
}

impl Originals for OriginalFiles {
    fn put(&self, bytes: &[u8]) -> Result<ContentHash, TrainError> {
        let hash = ContentHash::of(bytes);
        if !matches!(self.get(hash), Ok(Some(_))) {
            self.files.write(hash, bytes, Sync::Full)?;
        }
        Ok(hash)
    }

    fn get(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, TrainError> {
        let Some(bytes) = self.files.read(hash)? else { return Ok(None) };
        match ContentHash::of(&bytes) {
            found if found == hash => Ok(Some(bytes)),
            found => Err(TrainError::DamagedOriginal { path: self.files.path(hash), found }),
        }
    }

    fn size(&self, hash: ContentHash) -> Result<Option<u64>, TrainError> {
        // A place that cannot be looked at holds nothing that can be read.
        let metadata = fs::metadata(self.files.path(hash)).ok();
        Ok(metadata.filter(fs::Metadata::is_file).map(|metadata| metadata.len()))
    }

    fn remove(&self, hash: ContentHash) -> Result<(), TrainError> {
        remove(self.files.path(hash))
    }
}

/// Removes a file; fine where there is none.
pub(crate) fn remove(path: PathBuf) -> Result<(), TrainError> {
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(TrainError::Io { path, action: "remove", source })
        }
        _ => Ok(()),
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

    /// The names of all subfolders; none where nothing was written yet.
    pub(crate) fn subfolders(&self) -> Result<Vec<String>, TrainError> {
        let listed = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed.map_err(TrainError::io(&self.folder, "list"))?,
        };
        let mut names = Vec::new();
        for entry in listed {
            let entry = entry.map_err(TrainError::io(&self.folder, "list"))?;
            names.extend(entry.file_name().into_string());
        }
        Ok(names)
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
        let originals = OriginalFiles::new(data.path().join("originals"));
        let hash = ContentHash::of(b"brindle");
        assert_eq!(originals.size(hash).unwrap(), None);
        assert!(originals.get(hash).unwrap().is_none());
        assert!(!data.path().join("originals").exists());
        assert_eq!(originals.put(b"brindle").unwrap(), hash);
        assert_eq!(originals.put(b"brindle").unwrap(), hash);
        assert_eq!(originals.get(hash).unwrap().unwrap(), b"brindle");
        assert_eq!(originals.size(hash).unwrap(), Some(7));
    }

    #[test]
    fn damaged_bytes_are_refused_and_replaced_by_whole_ones() {
        let data = tempfile::tempdir().unwrap();
        let originals = OriginalFiles::new(data.path().to_owned());
        let hash = originals.put(b"brindle").unwrap();
        fs::write(originals.files.path(hash), b"bramble").unwrap();
        let error = originals.get(hash).unwrap_err();
        assert!(matches!(error, TrainError::DamagedOriginal { .. }), "{error}");
        assert_eq!(originals.put(b"brindle").unwrap(), hash);
        assert_eq!(originals.get(hash).unwrap().unwrap(), b"brindle");
    }
}
