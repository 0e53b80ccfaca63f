//! Taking up another state where the list of the current one is lost.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use super::BotWriter;
use crate::files::{remove, sync_folder};
use crate::manifest::MANIFEST_FILE;
use crate::{IndexError, Manifest};

/// A state that can be taken up. Whole ones count more, then later ones.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    is_whole: bool,
    written: Option<SystemTime>,
    folder: PathBuf,
}

impl BotWriter {
    /// Where the manifest of the current snapshot cannot be read, makes another snapshot current
    /// that lies beside it: that of a reader, one whose pointer was torn, or, in a copy that was made
    /// during a publication, the one before or after. `false` where nothing is wrong, or
    /// nothing is there; then nothing has changed.
    ///
    /// What it holds may be older than what was published last, so this is for people to ask
    /// for. Its files may be damaged, see [`verify`](Self::verify).
    ///
    /// # Errors
    /// Where the file system refuses.
    pub fn adopt(&mut self) -> Result<bool, IndexError> {
        if self.fault.is_none() {
            return Ok(false);
        }
        let Some((folder, manifest)) = self.candidate()? else { return Ok(false) };
        let place = self.layout.snapshot(manifest.key);
        if folder != place {
            // A finished stage. What stands in its place is unreadable or no better.
            remove(&place)?;
            fs::rename(&folder, &place).map_err(IndexError::io(&folder))?;
            sync_folder(&self.layout.snapshots())?;
        }
        self.point_to(manifest)?;
        self.sweep()?;
        Ok(true)
    }

    /// The best state beside the current one; not from the trash, which may be half gone.
    fn candidate(&self) -> Result<Option<(PathBuf, Manifest)>, IndexError> {
        let mut best: Option<(Candidate, Manifest)> = None;
        for folder in self.layout.leftovers(None)? {
            let Ok(manifest) = Manifest::read(&folder) else { continue };
            if folder != self.layout.stage() && folder != self.layout.snapshot(manifest.key) {
                continue;
            }
            let is_whole = manifest.check_files(&folder).is_ok();
            let written = fs::metadata(folder.join(MANIFEST_FILE));
            let written = written.and_then(|metadata| metadata.modified()).ok();
            let candidate = Candidate { is_whole, written, folder };
            if best.as_ref().is_none_or(|(other, _)| candidate > *other) {
                best = Some((candidate, manifest));
            }
        }
        Ok(best.map(|(candidate, manifest)| (candidate.folder, manifest)))
    }
}
