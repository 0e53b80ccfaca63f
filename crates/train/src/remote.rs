//! What machines share, as a data folder needs it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use index::{Folder, Shared};

use crate::durable::create_dir;
use crate::folder::{cached_remote, read_version, staging, write_version};
use crate::{OriginalFiles, Originals, TrainError};

/// Bots and originals that several machines share.
#[derive(Debug, Clone)]
pub struct Remote {
    name: String,
    bots: Shared,
    originals: Arc<dyn Originals>,
    /// Where it is a folder.
    folder: Option<PathBuf>,
}

impl Remote {
    /// Something that is called `name`: a data folder is a cache of one remote, and remembers which
    /// by this.
    pub fn new(name: String, bots: Shared, originals: Arc<dyn Originals>) -> Self {
        Self { name, bots, originals, folder: None }
    }

    /// A folder on a file system that all machines mount. It is laid out as a data folder, and is
    /// one; the first cache that is opened over it creates it. What a known cache does not find is
    /// away, and never created: its file system may not be mounted.
    ///
    /// # Errors
    ///
    /// Where the path cannot be made absolute.
    pub fn folder(path: &Path) -> Result<Self, TrainError> {
        let path = std::path::absolute(path).map_err(TrainError::io(path, "find"))?;
        let bots = Arc::new(Folder::shared(path.join("bots")));
        Ok(Self {
            name: path.display().to_string(),
            bots: Shared { pointers: bots.clone(), snapshots: bots },
            originals: Arc::new(OriginalFiles::new(path.join("originals"))),
            folder: Some(path),
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Pointers and snapshots of the bots.
    pub fn bots(&self) -> &Shared {
        &self.bots
    }

    /// The bytes of documents.
    pub fn originals(&self) -> &Arc<dyn Originals> {
        &self.originals
    }

    /// Creates it for its first cache; for a known one sees that it is, where it can be reached,
    /// what it was.
    pub(crate) fn prepare(&self, is_known: bool) -> Result<(), TrainError> {
        let Some(folder) = &self.folder else { return Ok(()) };
        match checked(folder) {
            Ok(()) if is_known => Ok(()),
            Ok(()) => {
                create_dir(&folder.join("bots"))?;
                write_version(folder, &staging(folder))
            }
            Err(TrainError::Io { .. }) if is_known => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Refuses a folder of another version, and one that is a cache.
fn checked(folder: &Path) -> Result<(), TrainError> {
    if let Some(found) = cached_remote(folder)? {
        let path = folder.to_owned();
        return Err(TrainError::Elsewhere { path, found: Some(found), wanted: None });
    }
    read_version(folder).map(drop)
}
