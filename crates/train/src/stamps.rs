//! What the file system said of each file when it was hashed, so that an unchanged file costs a
//! look at its metadata instead of its bytes.
//!
//! A hash is believed again while size, inode and both of the file's times are what they were.
//! The change time is set by the kernel at every write, rename or change of metadata and cannot
//! be set back by a program. A file changed so late that a second change could bear the same
//! time is not believed: the times of the file of stamps itself tell, as in Git's index. This is
//! a cache: checksummed, not synced, and any doubt about it means hashing.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use document::{BotId, ContentHash};
use serde::{Deserialize, Serialize};

use crate::durable::{Sync, create_dir, write_atomically};
use crate::hashing::Fingerprint;

/// Times of a file closer than this to the writing of the stamps prove nothing: file systems
/// count time in steps of up to 2 s.
const DOUBT_NANOSECONDS: i128 = 2_500_000_000;

/// Metadata that differs whenever the bytes may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    bytes: u64,
    device: u64,
    inode: u64,
    modified: i128,
    changed: i128,
}

impl Stamp {
    /// The stamp of a file; `None` where the system does not tell enough.
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds =
            |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Some(Self {
            bytes: metadata.len(),
            device: metadata.dev(),
            inode: metadata.ino(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// The stamp of a file; `None` where the system does not tell enough.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

/// A file as it was when it was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamped {
    pub(crate) stamp: Stamp,
    pub(crate) hash: ContentHash,
}

/// The stamps of a bot's files, by source.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    path: PathBuf,
    known: BTreeMap<String, Stamped>,
    /// Only files that had changed before this time are believed.
    believed_before: i128,
}

impl Stamps {
    /// Reads the stamps of a bot under `folder`; none where there is any doubt about them.
    pub(crate) fn read(folder: &Path, bot: &BotId) -> Self {
        let path = folder.join(bot.as_str());
        let known = fs::read(&path).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default();
        let written = fs::metadata(&path).ok().and_then(|metadata| Stamp::of(&metadata));
        let believed_before = written.map_or(i128::MIN, |stamp| stamp.modified - DOUBT_NANOSECONDS);
        Self { path, known, believed_before }
    }

    /// The fingerprint of a file that is as it was when it was hashed.
    pub(crate) fn believed(&self, source: &str, metadata: &Metadata) -> Option<Fingerprint> {
        let Stamped { stamp, hash } = *self.known.get(source)?;
        let settled = stamp.modified.max(stamp.changed) < self.believed_before;
        (settled && Stamp::of(metadata) == Some(stamp))
            .then_some(Fingerprint { hash, bytes: stamp.bytes })
    }

    /// Adds what was hashed anew and forgets the sources that `keeps` denies. A cache that cannot
    /// be written is none; the next run hashes.
    pub(crate) fn update(mut self, fresh: BTreeMap<String, Stamped>, keeps: impl Fn(&str) -> bool) {
        if fresh.is_empty() {
            return;
        }
        self.known.extend(fresh);
        self.known.retain(|source, _| keeps(source));
        let folder = self.path.parent().unwrap_or(Path::new("."));
        if create_dir(folder).is_ok() {
            let _ = write_atomically(folder, &self.path, &encode(&self.known), Sync::None);
        }
    }
}

/// A checksum, then JSON.
fn encode(known: &BTreeMap<String, Stamped>) -> Vec<u8> {
    let json = serde_json::to_vec(known).unwrap_or_default();
    let mut bytes = ContentHash::of(&json).as_bytes().to_vec();
    bytes.extend(json);
    bytes
}

fn decode(bytes: &[u8]) -> Option<BTreeMap<String, Stamped>> {
    let (checksum, json) = bytes.split_first_chunk::<32>()?;
    let intact = ContentHash::of(json).as_bytes() == checksum;
    intact.then(|| serde_json::from_slice(json).ok()).flatten()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    struct Files {
        folder: tempfile::TempDir,
        bot: BotId,
    }

    impl Files {
        fn new() -> Self {
            let files = Self { folder: tempfile::tempdir().unwrap(), bot: "shop".parse().unwrap() };
            fs::write(files.file(), b"one").unwrap();
            files
        }

        fn file(&self) -> PathBuf {
            self.folder.path().join("file")
        }

        fn stamps(&self) -> Stamps {
            Stamps::read(&self.folder.path().join("stamps"), &self.bot)
        }

        fn metadata(&self) -> Metadata {
            fs::metadata(self.file()).unwrap()
        }

        /// Remembers the file as it is, as if the stamps were written `later` seconds from now.
        fn remember(&self, later: u64) {
            let stamped = Stamped {
                stamp: Stamp::of(&self.metadata()).unwrap(),
                hash: ContentHash::of(&fs::read(self.file()).unwrap()),
            };
            self.stamps().update(BTreeMap::from([("s".to_owned(), stamped)]), |_| true);
            let path = self.folder.path().join("stamps/shop");
            let file = fs::File::options().write(true).open(path).unwrap();
            let modified = self.metadata().modified().unwrap();
            file.set_modified(modified + std::time::Duration::from_secs(later)).unwrap();
        }

        fn believed(&self) -> bool {
            self.stamps().believed("s", &self.metadata()).is_some()
        }
    }

    #[test]
    fn a_settled_file_is_believed_until_anything_about_it_changes() {
        let files = Files::new();
        assert!(!files.believed());
        files.remember(10);
        assert!(files.believed());
        let modified = files.metadata().modified().unwrap();
        fs::write(files.file(), b"two").unwrap();
        let file = fs::File::options().write(true).open(files.file()).unwrap();
        file.set_modified(modified).unwrap();
        assert!(!files.believed(), "same size and modification time, other change time");
    }

    #[test]
    fn a_file_that_has_just_changed_is_not_believed() {
        let files = Files::new();
        files.remember(1);
        assert!(!files.believed());
    }

    #[test]
    fn damaged_stamps_are_none() {
        let files = Files::new();
        files.remember(10);
        let path = files.folder.path().join("stamps/shop");
        let mut bytes = fs::read(&path).unwrap();
        let last = bytes.len() - 3;
        bytes[last] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(!files.believed());
        files.remember(10);
        files.stamps().update(BTreeMap::new(), |_| false);
        assert!(files.believed(), "nothing fresh, nothing written");
    }
}
