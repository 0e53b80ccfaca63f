//! Implementations of the seams that fail when they are told to, as a disk or a line does.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use document::{BotId, ContentHash};
use index::{
    FileEntry, IndexError, Manifest, Pointer, Pointers, Shared, Snapshots, Target, Version,
};
use train::{Originals, Remote, TrainError};

/// `EIO` of Linux.
const EIO: i32 = 5;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is done.
    Before,
    /// It is done, and the reply is lost.
    After,
}

/// When calls fail.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    calls: AtomicU64,
    /// The number of the call that fails, from 1; 0 for none.
    at: AtomicU64,
    is_after: AtomicU64,
}

impl Faults {
    /// The call of this number fails from now on counted, 0 for none; all after it succeed.
    pub(crate) fn set(&self, at: u64, fault: Fault) {
        self.calls.store(0, Ordering::SeqCst);
        self.is_after.store(u64::from(fault == Fault::After), Ordering::SeqCst);
        self.at.store(at, Ordering::SeqCst);
    }

    /// Calls since then.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    fn call<T, E>(
        &self,
        does: impl FnOnce() -> Result<T, E>,
        eio: impl FnOnce(io::Error) -> E,
    ) -> Result<T, E> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if call != self.at.load(Ordering::SeqCst) {
            return does();
        }
        if self.is_after.load(Ordering::SeqCst) == 1 {
            does()?;
        }
        Err(eio(io::Error::from_raw_os_error(EIO)))
    }

    fn index<T>(&self, does: impl FnOnce() -> Result<T, IndexError>) -> Result<T, IndexError> {
        self.call(does, |source| IndexError::Io { path: "/shared".into(), source })
    }

    fn train<T>(&self, does: impl FnOnce() -> Result<T, TrainError>) -> Result<T, TrainError> {
        let path = "/shared".into();
        self.call(does, |source| TrainError::Io { path, action: "reach", source })
    }
}

/// Something that is shared, with faults.
#[derive(Debug)]
struct Failing {
    inner: Remote,
    faults: Arc<Faults>,
}

/// What is shared, failing as `faults` say.
pub(crate) fn failing(inner: Remote, faults: &Arc<Faults>) -> Remote {
    let name = inner.name().to_owned();
    let all = Arc::new(Failing { inner, faults: Arc::clone(faults) });
    let bots = Shared { pointers: all.clone(), snapshots: all.clone() };
    Remote::new(name, bots, all)
}

impl Pointers for Failing {
    fn bots(&self) -> Result<Vec<BotId>, IndexError> {
        self.faults.index(|| self.inner.bots().pointers.bots())
    }

    fn read(&self, bot: &BotId) -> Result<Option<Pointer>, IndexError> {
        self.faults.index(|| self.inner.bots().pointers.read(bot))
    }

    fn swap(
        &self,
        bot: &BotId,
        from: Option<&Version>,
        to: &Target,
    ) -> Result<Version, IndexError> {
        self.faults.index(|| self.inner.bots().pointers.swap(bot, from, to))
    }
}

impl Snapshots for Failing {
    fn manifest(&self, bot: &BotId, target: &Target) -> Result<Vec<u8>, IndexError> {
        self.faults.index(|| self.inner.bots().snapshots.manifest(bot, target))
    }

    fn fetch(
        &self,
        bot: &BotId,
        target: &Target,
        files: &[&FileEntry],
        into: &Path,
    ) -> Result<(), IndexError> {
        self.faults.index(|| self.inner.bots().snapshots.fetch(bot, target, files, into))
    }

    fn publish(
        &self,
        bot: &BotId,
        before: Option<&Target>,
        manifest: &Manifest,
        folder: &Path,
    ) -> Result<Target, IndexError> {
        self.faults.index(|| self.inner.bots().snapshots.publish(bot, before, manifest, folder))
    }

    fn forget(&self, bot: &BotId, current: &Target) -> Result<(), IndexError> {
        self.faults.index(|| self.inner.bots().snapshots.forget(bot, current))
    }
}

impl Originals for Failing {
    fn put(&self, bytes: &[u8]) -> Result<ContentHash, TrainError> {
        self.faults.train(|| self.inner.originals().put(bytes))
    }

    fn get(&self, hash: ContentHash) -> Result<Option<Vec<u8>>, TrainError> {
        self.faults.train(|| self.inner.originals().get(hash))
    }

    fn size(&self, hash: ContentHash) -> Result<Option<u64>, TrainError> {
        self.faults.train(|| self.inner.originals().size(hash))
    }

    fn remove(&self, hash: ContentHash) -> Result<(), TrainError> {
        self.faults.train(|| self.inner.originals().remove(hash))
    }
}
