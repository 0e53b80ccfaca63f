//! Where bots are that several machines share: two small traits, and a folder behind them.
//!
//! An index is always built and searched in a local folder. What several machines share is the
//! *pointer* of each bot, which moves by compare-and-swap and so is the only judge of who comes
//! first, and its *snapshots*, which never change once they are there. A local folder beside
//! them is a cache that can be thrown away.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use document::BotId;

use crate::{FileEntry, IndexError, Manifest, SnapshotKey};

mod folder;

pub use folder::Folder;

/// What a pointer leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The content.
    pub key: SnapshotKey,
    /// Where its files are, in words that only the [`Snapshots`] that gave them read. The same
    /// content may lie in several places: a rebuild writes other files under the same key.
    pub place: String,
}

/// What tells one position of a pointer from another, in words that only its [`Pointers`] read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A pointer as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// What it leads to; `None` where what stands there leads nowhere.
    pub target: Option<Target>,
    /// For the next [`swap`](Pointers::swap).
    pub version: Version,
    /// When it moved; `None` where that is not told.
    pub moved: Option<SystemTime>,
}

/// The pointers of all bots.
pub trait Pointers: fmt::Debug + Send + Sync {
    /// The bots that have a pointer, sorted.
    fn bots(&self) -> Result<Vec<BotId>, IndexError>;

    /// The pointer of a bot; `None` where it has none.
    fn read(&self, bot: &BotId) -> Result<Option<Pointer>, IndexError>;

    /// Moves the pointer of a bot, durably, if it stands where it stood when `from` was read;
    /// `None` is for a bot without a pointer.
    ///
    /// # Errors
    ///
    /// [`IndexError::Overtaken`] where it stands elsewhere: nothing has changed then. After any
    /// other error it may have moved or not.
    fn swap(&self, bot: &BotId, from: Option<&Version>, to: &Target)
    -> Result<Version, IndexError>;
}

/// The snapshots of all bots.
pub trait Snapshots: fmt::Debug + Send + Sync {
    /// The bytes of a snapshot's manifest.
    ///
    /// # Errors
    ///
    /// [`IndexError::Damaged`] where it is not there.
    fn manifest(&self, bot: &BotId, target: &Target) -> Result<Vec<u8>, IndexError>;

    /// Copies some files of a snapshot into a local folder. They need not be synced, and whoever
    /// asks compares them with their checksums.
    ///
    /// # Errors
    ///
    /// [`IndexError::Damaged`] where one is not there.
    fn fetch(
        &self,
        bot: &BotId,
        target: &Target,
        files: &[&FileEntry],
        into: &Path,
    ) -> Result<(), IndexError>;

    /// Takes in a snapshot that lies, finished, in a local folder: the files that are not there
    /// yet, durably. `before` is where the pointer stands; what that leads to is there.
    ///
    /// What is returned may be pointed to soon after, in a pointer that is swapped from where
    /// `before` stood; not later.
    fn publish(
        &self,
        bot: &BotId,
        before: Option<&Target>,
        manifest: &Manifest,
        folder: &Path,
    ) -> Result<Target, IndexError>;

    /// Removes what cannot be pointed to any more; `current` is what was pointed to last.
    fn forget(&self, bot: &BotId, current: &Target) -> Result<(), IndexError>;
}

/// What machines share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The pointers.
    pub pointers: Arc<dyn Pointers>,
    /// The snapshots.
    pub snapshots: Arc<dyn Snapshots>,
}
