//! Originals on their way to the disk, several at a time.
//!
//! To store an original is to wait, for a journal or for a network, and to wait for many takes
//! hardly longer than for one: a journal commits at once what came while it was busy. So a run hands
//! its originals to threads that do nothing but wait, and parses on; it publishes when all are
//! durable.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, scope};

use document::ContentHash;

use crate::ordered::caught;
use crate::{Originals, TrainError};

/// Originals that are made durable at once.
const AT_ONCE_MAX: usize = 16;

/// Bytes that wait to be durable; beyond them, whoever brings more waits. One original that is
/// larger goes alone.
const WAITING_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Takes originals and stores them meanwhile.
pub(crate) struct Storing<'a> {
    originals: &'a dyn Originals,
    state: Mutex<State<'a>>,
    changed: Condvar,
}

#[derive(Default)]
struct State<'a> {
    waiting: VecDeque<Cow<'a, [u8]>>,
    /// Of what waits and of what is being stored.
    bytes: usize,
    /// Threads that store; without any, each original is stored where it comes from.
    threads: usize,
    failure: Option<TrainError>,
    is_closed: bool,
}

/// Runs `work`, which brings at most `count` originals, and returns when all of them are durable.
///
/// # Errors
///
/// Those of `work` and of [`Originals::put`], whichever came first; what still waits is then left
/// out.
pub(crate) fn storing<'a, T>(
    originals: &'a dyn Originals,
    count: usize,
    work: impl FnOnce(&Storing<'a>) -> Result<T, TrainError>,
) -> Result<T, TrainError> {
    let storing = Storing { originals, state: Mutex::default(), changed: Condvar::new() };
    let done = scope(|threads| {
        // Dropped before the threads are waited for, also where `work` panics.
        let _closing = Closing(&storing);
        // One original alone would wait no less.
        let wanted = if count > 1 { count.min(AT_ONCE_MAX) } else { 0 };
        for number in 0..wanted {
            let thread = Builder::new().name(format!("store-{number}"));
            if thread.spawn_scoped(threads, || storing.store_all()).is_err() {
                break;
            }
            storing.lock().threads += 1;
        }
        let done = work(&storing);
        if done.is_err() {
            storing.lock().waiting.clear();
        }
        done
    });
    let done = done?;
    match storing.lock().failure.take() {
        Some(failure) => Err(failure),
        None => Ok(done),
    }
}

impl<'a> Storing<'a> {
    /// Takes an original, which is durable when [`storing`] returns; waits where too many bytes
    /// wait already.
    ///
    /// # Errors
    ///
    /// Why an original could not be stored, this or one before it.
    pub(crate) fn put(&self, bytes: Cow<'a, [u8]>) -> Result<(), TrainError> {
        let length = bytes.len();
        let is_full = |state: &mut State<'_>| {
            state.bytes > 0
                && state.bytes.saturating_add(length) > WAITING_BYTES_MAX
                && state.failure.is_none()
        };
        let mut state =
            self.changed.wait_while(self.lock(), is_full).unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = state.failure.take() {
            return Err(failure);
        }
        if state.threads == 0 {
            drop(state);
            return self.originals.put(&bytes).map(drop);
        }
        state.bytes += length;
        state.waiting.push_back(bytes);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Stores what comes until nothing more will.
    fn store_all(&self) {
        let is_idle = |state: &mut State<'_>| state.waiting.is_empty() && !state.is_closed;
        loop {
            let state = self.changed.wait_while(self.lock(), is_idle);
            let Some(bytes) = state.unwrap_or_else(PoisonError::into_inner).waiting.pop_front()
            else {
                return;
            };
            let crashed = |message| {
                let source_name = ContentHash::of(&bytes).to_string();
                TrainError::Crashed { source_name, message }
            };
            // Whoever waits for room is not to wait for a thread that is gone.
            let stored = caught(|| self.originals.put(&bytes)).map_err(crashed).flatten();
            let mut state = self.lock();
            state.bytes -= bytes.len();
            if let Err(failure) = stored {
                state.bytes -= state.waiting.drain(..).map(|bytes| bytes.len()).sum::<usize>();
                state.failure.get_or_insert(failure);
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the threads that nothing more comes.
struct Closing<'s, 'a>(&'s Storing<'a>);

impl Drop for Closing<'_, '_> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OriginalFiles;

    fn original(number: usize) -> Vec<u8> {
        format!("brindle {number}").into_bytes()
    }

    #[test]
    fn whatever_was_brought_is_stored_on_return() {
        let data = tempfile::tempdir().unwrap();
        for count in [0, 1, 2, 300] {
            let originals = OriginalFiles::new(data.path().join(count.to_string()));
            let bring = |storing: &Storing<'_>| {
                (0..count).try_for_each(|number| storing.put(original(number).into()))
            };
            storing(&originals, count, bring).unwrap();
            let is_stored =
                |number| originals.size(ContentHash::of(&original(number))).unwrap().is_some();
            assert!((0..count).all(is_stored), "{count}");
        }
    }

    #[test]
    fn more_bytes_than_may_wait_go_through() {
        let data = tempfile::tempdir().unwrap();
        let originals = OriginalFiles::new(data.path().to_owned());
        let large = |first: u8| {
            let mut bytes = vec![0; WAITING_BYTES_MAX / 2 + 1];
            bytes[0] = first;
            bytes
        };
        let bring =
            |storing: &Storing<'_>| (0..3).try_for_each(|first| storing.put(large(first).into()));
        storing(&originals, 3, bring).unwrap();
        assert!(
            (0..3).all(|first| originals.size(ContentHash::of(&large(first))).unwrap().is_some())
        );
    }

    #[test]
    fn one_that_cannot_be_stored_ends_it() {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("originals");
        std::fs::write(&folder, b"no folder").unwrap();
        let originals = OriginalFiles::new(folder);
        for count in [1, 2, 300] {
            let mut brought = 0;
            let error = storing(&originals, count, |storing| {
                (0..count).try_for_each(|number| {
                    brought += 1;
                    storing.put(original(number).into())
                })
            });
            assert!(matches!(error, Err(TrainError::Io { .. })), "{count}: {error:?}");
            assert!(brought >= 1);
        }
    }
}
