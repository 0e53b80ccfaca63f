//! Locks on files, which die with their process.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::IndexError;

/// How often a lock that someone else has is tried.
const TRY_EVERY: Duration = Duration::from_millis(5);

/// A locked file. Released by name, not by closing: a child process that another thread has
/// just forked holds the file too until it runs its program.
#[derive(Debug)]
pub(crate) struct FileLock(File);

impl FileLock {
    /// Locks a file, created where it is missing; waits for whoever has it.
    pub(crate) fn wait(path: &Path) -> Result<Self, IndexError> {
        let file = open(path)?;
        file.lock().map_err(IndexError::io(path))?;
        Ok(Self(file))
    }

    /// Locks a file, created where it is missing; `None` where someone else has it all the time
    /// that is given.
    pub(crate) fn try_for(path: &Path, time: Duration) -> Result<Option<Self>, IndexError> {
        let file = open(path)?;
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self(file))),
                Err(TryLockError::WouldBlock) if since.elapsed() >= time => return Ok(None),
                Err(TryLockError::WouldBlock) => thread::sleep(TRY_EVERY),
                Err(TryLockError::Error(error)) => return Err(IndexError::io(path)(error)),
            }
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

fn open(path: &Path) -> Result<File, IndexError> {
    let file = File::options().create(true).truncate(false).write(true).open(path);
    file.map_err(IndexError::io(path))
}
