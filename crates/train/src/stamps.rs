//! What the file system said of each file when it was hashed, so that an unchanged file costs a
//! look at its metadata instead of its bytes.
//!
//! A hash is believed again while size, inode and both of the file's times are what they were.
//! The change time is set by the kernel at every write, rename or change of metadata and cannot
//! be set back by a program. A file changed so late that a second change could bear the same
//! time has not *settled*, and its stamp is not kept; the file system itself is asked for the
//! time before anything is hashed. This is a cache: checksummed, not synced, and any doubt about
//! it means hashing.
//!
//! Two kinds of change escape: those on file systems without a true change time (FAT, some
//! network and user-space ones), or whose clock runs behind that of the data folder's, if size
//! and modification time are kept; and stores through a memory map, whose time is that of the
//! first since the page was last written back, until they are written back. Who has such files
//! runs with `rehash`.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use document::{BotId, ContentHash};
use serde::{Deserialize, Serialize};

use crate::durable::{LazyStaging, Sync};
use crate::hashing::Fingerprint;

/// Begins every file of stamps; its last byte is the version of the format. The first format
/// also kept what had not settled.
const MAGIC: &[u8; 7] = b"stamps\x02";

/// Times of a file closer than this to the present prove nothing: file systems count time in
/// steps of up to 2 s.
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

    /// The time of the last change that the stamp tells of.
    fn time(&self) -> i128 {
        self.modified.max(self.changed)
    }
}

/// A file as it was when it was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamped {
    pub(crate) stamp: Stamp,
    pub(crate) hash: ContentHash,
}

/// The stamps of a bot's files, by source.
#[derive(Debug)]
pub(crate) struct Stamps<'a> {
    path: PathBuf,
    staging: &'a LazyStaging,
    known: BTreeMap<String, Stamped>,
    /// Whether `known` differs from the file.
    differs: bool,
    /// Files last changed at this time or before have settled; `None` while that is unknown.
    settled: Option<i128>,
}

impl<'a> Stamps<'a> {
    /// Reads the stamps of a bot under `folder`; none where there is any doubt about them.
    pub(crate) fn read(folder: &Path, staging: &'a LazyStaging, bot: &BotId) -> Self {
        let path = folder.join(bot.as_str());
        let known = fs::read(&path).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default();
        Self { path, staging, known, differs: false, settled: None }
    }

    /// Forgets the stamps of some sources.
    pub(crate) fn forget<'s>(&mut self, sources: impl IntoIterator<Item = &'s str>) {
        for source in sources {
            self.differs |= self.known.remove(source).is_some();
        }
    }

    /// The fingerprint of a file that is as it was when it was hashed.
    pub(crate) fn believed(&self, source: &str, metadata: &Metadata) -> Option<Fingerprint> {
        let Stamped { stamp, hash } = *self.known.get(source)?;
        (Stamp::of(metadata) == Some(stamp)).then_some(Fingerprint { hash, bytes: stamp.bytes })
    }

    /// To be called before files are hashed: whatever happens to them afterwards bears a later
    /// time than what has settled now.
    pub(crate) fn begin_hashing(&mut self) {
        self.settled = self.clock().map(|now| now - DOUBT_NANOSECONDS);
    }

    /// The time as the file system tells it, that of a file created now; `None` where it does not
    /// tell.
    fn clock(&self) -> Option<i128> {
        let file = self.staging.get().ok()?.passing_file().ok()?;
        Stamp::of(&file.as_file().metadata().ok()?).map(|stamp| stamp.modified)
    }

    /// Adds what was hashed anew and has settled, and forgets the sources that `keeps` denies. A
    /// cache that cannot be written is none; the next run hashes.
    pub(crate) fn update(
        mut self,
        mut fresh: BTreeMap<String, Stamped>,
        keeps: impl Fn(&str) -> bool,
    ) {
        fresh.retain(|_, stamped| self.settled.is_some_and(|time| stamped.stamp.time() <= time));
        if fresh.is_empty() && !self.differs {
            return;
        }
        self.known.extend(fresh);
        self.known.retain(|source, _| keeps(source));
        if let Ok(staging) = self.staging.get() {
            let _ = staging.write(&self.path, &encode(&self.known), Sync::None);
        }
    }
}

#[cfg(test)]
impl Stamps<'_> {
    /// Writes that a file of this metadata has this hash, whatever its times.
    pub(crate) fn trust(mut self, source: &str, metadata: &Metadata, hash: ContentHash) {
        self.settled = Some(i128::MAX);
        let stamped = Stamp::of(metadata).map(|stamp| Stamped { stamp, hash });
        self.update(
            stamped.map(|stamped| (source.to_owned(), stamped)).into_iter().collect(),
            |_| true,
        );
    }
}

/// The magic word, a checksum, then JSON.
fn encode(known: &BTreeMap<String, Stamped>) -> Vec<u8> {
    let json = serde_json::to_vec(known).unwrap_or_default();
    [MAGIC.as_slice(), ContentHash::of(&json).as_bytes(), &json].concat()
}

fn decode(bytes: &[u8]) -> Option<BTreeMap<String, Stamped>> {
    let (checksum, json) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<32>()?;
    let intact = ContentHash::of(json).as_bytes() == checksum;
    intact.then(|| serde_json::from_slice(json).ok()).flatten()
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
