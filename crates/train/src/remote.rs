//! What machines share, as a data folder needs it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use index::{Folder, Shared};

use crate::folder::{cached_remote, staging, write_version};
use crate::{OriginalFiles, Originals, TrainError};

/// Bots and originals that several machines share.
#[derive(Debug, Clone)]
pub struct Remote {
    /// What it is called: a data folder is a cache of one remote, and remembers which.
    pub name: String,
    /// Pointers and snapshots of the bots.
    pub bots: Shared,
    /// The bytes of documents.
    pub originals: Arc<dyn Originals>,
}

impl Remote {
    /// A folder on a file system that all machines mount, created where it is missing. It is laid
    /// out as a data folder, and is one.
    ///
    /// # Errors
    ///
    /// Where the file system refuses, and [`TrainError::NewerFormat`] or
    /// [`TrainError::NotAFolder`] for what is no data folder of this release.
    pub fn folder(path: &Path) -> Result<Self, TrainError> {
        write_version(path, &staging(path))?;
        if let Some(found) = cached_remote(path)? {
            let path = path.to_owned();
            return Err(TrainError::Elsewhere { path, found: Some(found), wanted: None });
        }
        let path = path.canonicalize().map_err(TrainError::io(path, "find"))?;
        let bots = Arc::new(Folder::shared(path.join("bots"))?);
        let originals: PathBuf = path.join("originals");
        Ok(Self {
            name: path.display().to_string(),
            bots: Shared { pointers: bots.clone(), snapshots: bots },
            originals: Arc::new(OriginalFiles::new(originals)),
        })
    }
}
