//! Removing what no pointer reaches from the folder of a bot.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::IndexError;
use crate::files::remove;
use crate::layout::Layout;
use crate::manifest::MANIFEST_FILE;

/// Removes stages, trash, and snapshots that are not current and that no reader holds. Whoever
/// calls has the lock of the bot.
pub(crate) fn sweep(layout: &Layout) -> Result<(), IndexError> {
    layout.remove_next_pointer()?;
    // Where the pointer itself is damaged nothing is known to be superfluous.
    let Ok(current) = layout.current() else { return Ok(()) };
    for path in layout.leftovers(current)? {
        discard(layout, &path)?;
    }
    Ok(())
}

/// Removes a snapshot's folder unless a reader holds it.
fn discard(layout: &Layout, folder: &Path) -> Result<(), IndexError> {
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
    remove(&move_to_trash(layout, folder)?)
}

/// Gives a folder that is to be removed another name: half of it must never stand under its
/// own. The name.
pub(crate) fn move_to_trash(layout: &Layout, folder: &Path) -> Result<PathBuf, IndexError> {
    let trash = layout.trash(folder);
    remove(&trash)?;
    fs::rename(folder, &trash).map_err(IndexError::io(folder))?;
    Ok(trash)
}
