//! What a child says: replies, and between them how far it has come.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::frame::{self, Kind};
use super::message::PagesDone;

/// Between two words of progress; most documents are read before the first is due.
const PAUSE: Duration = Duration::from_millis(100);

/// The output of a child, shared by the threads of a parse.
pub(super) struct Reporter<W>(Mutex<Line<W>>);

struct Line<W> {
    output: W,
    /// When the last word was said.
    told: Instant,
}

impl<W: Write> Reporter<W> {
    pub(super) fn new(output: W) -> Self {
        Self(Mutex::new(Line { output, told: Instant::now() }))
    }

    /// Sends a frame.
    pub(super) fn send(&self, kind: Kind, payload: &[u8]) -> io::Result<()> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        line.told = Instant::now();
        frame::write(&mut line.output, kind, payload)
    }

    /// Tells how many pages are done, unless that was told a moment ago. Where nobody listens
    /// any more, the reply will notice.
    pub(super) fn tell(&self, pages: PagesDone) {
        // One thread at a time is enough.
        let Ok(mut line) = self.0.try_lock() else { return };
        if line.told.elapsed() < PAUSE {
            return;
        }
        line.told = Instant::now();
        if let Ok(payload) = serde_json::to_vec(&pages) {
            let _ = frame::write(&mut line.output, Kind::Progress, &payload);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_now_and_then() {
        let reporter = Reporter::new(Vec::new());
        let begun = Instant::now();
        let mut calls = 0;
        while begun.elapsed() < 3 * PAUSE + PAUSE / 2 {
            calls += 1;
            reporter.tell(PagesDone { done: calls, of: u32::MAX });
        }
        let output = reporter.0.into_inner().unwrap().output;
        let frames = count(&output, b"jely\x05");
        assert!((1..=3).contains(&frames), "{frames} of {calls}");
        assert!(calls > 100);
    }

    fn count(bytes: &[u8], mark: &[u8]) -> usize {
        bytes.windows(mark.len()).filter(|window| *window == mark).count()
    }
}
