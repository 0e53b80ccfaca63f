//! How far a parse has come.

use std::sync::atomic::{AtomicU32, Ordering};

/// Is told after each page how many are done, and of how many.
///
/// It is called from the threads that read, possibly from several at once, and should return
/// quickly. Each count comes once, though not always in order. A document that crosses a limit of
/// the whole of it is read a second time, and counted from 1 again. Formats without pages say
/// nothing.
pub type Progress<'a> = dyn Fn(u32, u32) + Sync + 'a;

/// Progress that nobody hears of.
pub(crate) fn unheard(_: u32, _: u32) {}

/// The pages of one reading of a document.
pub(crate) struct PageCount<'a> {
    progress: &'a Progress<'a>,
    done: AtomicU32,
    of: u32,
}

impl<'a> PageCount<'a> {
    pub(crate) fn new(progress: &'a Progress<'a>, of: usize) -> Self {
        let of = u32::try_from(of).unwrap_or(u32::MAX);
        Self { progress, done: AtomicU32::new(0), of }
    }

    /// Counts a page.
    pub(crate) fn advance(&self) {
        let before = self.done.fetch_add(1, Ordering::Relaxed);
        (self.progress)(before.saturating_add(1), self.of);
    }
}
