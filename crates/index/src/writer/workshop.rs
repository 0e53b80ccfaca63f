//! What all writers of a process share: how many work at a time, and the memory of what they make.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::Config;

/// Least growth of a segment in the making that is worth a segment of its own, in bytes: some
/// thousand chunks.
const GROWTH_BYTES_MIN: usize = 4 << 20;

/// Bounds the work of all writers of a [`Store`](crate::Store).
///
/// Nobody holds a turn while waiting for anything but the processor and the disk, and memory is
/// never waited for, so that writers cannot wait for each other.
#[derive(Debug)]
pub(crate) struct Workshop {
    turns_max: usize,
    heap_bytes_max: usize,
    turns: Mutex<usize>,
    ended: Condvar,
    heap_bytes: AtomicUsize,
}

impl Workshop {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            turns_max: config.writer_threads.max(1),
            heap_bytes_max: config.writer_heap_bytes,
            turns: Mutex::default(),
            ended: Condvar::new(),
            heap_bytes: AtomicUsize::new(0),
        }
    }

    /// How many may work at a time.
    pub(crate) fn turns_max(&self) -> usize {
        self.turns_max
    }

    /// Waits until fewer than `writer_threads` work. A turn is for one document or one merge, and
    /// nobody may ask for a second while holding one.
    pub(crate) fn turn(&self) -> Turn<'_> {
        let mut turns = self.turns();
        while *turns >= self.turns_max {
            turns = self.ended.wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
        *turns += 1;
        Turn(self)
    }

    fn turns(&self) -> MutexGuard<'_, usize> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to work, until it is dropped.
pub(crate) struct Turn<'a>(&'a Workshop);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.turns() -= 1;
        self.0.ended.notify_one();
    }
}

/// The memory of one segment in the making; given back when dropped.
#[derive(Debug)]
pub(crate) struct Heap {
    workshop: Arc<Workshop>,
    bytes: usize,
    /// What it took when there was nothing in it: tables, and a page for each field.
    empty_bytes: usize,
}

impl Heap {
    pub(crate) fn new(workshop: &Arc<Workshop>, empty_bytes: usize) -> Self {
        workshop.heap_bytes.fetch_add(empty_bytes, Ordering::Relaxed);
        Self { workshop: Arc::clone(workshop), bytes: empty_bytes, empty_bytes }
    }

    /// Says what the segment takes now. Whether it is to be written out: all segments together are
    /// above `writer_heap_bytes`, and this one is large enough to be one.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let all = &self.workshop.heap_bytes;
        all.fetch_add(bytes, Ordering::Relaxed);
        let before = all.fetch_sub(self.bytes, Ordering::Relaxed);
        let now = before - self.bytes;
        self.bytes = bytes;
        let growth = bytes.saturating_sub(self.empty_bytes);
        now > self.workshop.heap_bytes_max && growth >= GROWTH_BYTES_MIN
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        self.workshop.heap_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn workshop(writer_threads: usize, writer_heap_bytes: usize) -> Arc<Workshop> {
        Arc::new(Workshop::new(&Config { writer_threads, writer_heap_bytes, ..Config::default() }))
    }

    #[test]
    fn no_more_work_at_a_time_than_there_are_turns() {
        let (workshop, now, most) = (workshop(2, 0), AtomicUsize::new(0), AtomicUsize::new(0));
        let work = || {
            for _ in 0..50 {
                let _turn = workshop.turn();
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_micros(200));
                now.fetch_sub(1, Ordering::SeqCst);
            }
        };
        std::thread::scope(|scope| (0..6).for_each(|_| drop(scope.spawn(work))));
        assert_eq!(most.into_inner(), 2);
    }

    #[test]
    fn memory_is_counted_over_all_segments() {
        let workshop = workshop(1, 5 * GROWTH_BYTES_MIN);
        let [mut one, mut other] = [0, 0].map(|empty| Heap::new(&workshop, empty));
        assert!(!one.grow(3 * GROWTH_BYTES_MIN));
        assert!(!other.grow(2 * GROWTH_BYTES_MIN));
        assert!(other.grow(2 * GROWTH_BYTES_MIN + 1));
        drop(one);
        assert!(!other.grow(5 * GROWTH_BYTES_MIN));
        assert!(other.grow(5 * GROWTH_BYTES_MIN + 1));
        // Too small to be a segment, whatever the others take.
        assert!(!Heap::new(&workshop, 9).grow(GROWTH_BYTES_MIN + 8));
    }
}
