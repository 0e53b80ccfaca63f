//! What indexing may use.

use std::time::Duration;

/// Limits of a [`Store`](crate::Store).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Open snapshots kept for the next question. Each holds one open file, and a mapping a
    /// segment: 512 with some ten segments each stay below the usual limits of 1,024 open files and
    /// 65,530 mappings of a process.
    pub cache_snapshots_max: usize,
    /// Memory of the snapshots kept for the next question, in bytes, about: what they know of
    /// their documents, blocks they have read and what was attached to them, of which one
    /// snapshot may have a quarter of all. Mapped files are not counted; the system takes their
    /// pages back when it needs them. The most recently used snapshot is kept even where it
    /// takes more alone. 512 bots of a
    /// hundred chunks took 122 MiB, most of them asked once.
    pub cache_bytes_max: usize,
    /// How old the pointer of a bot that machines share may be when a question is answered: what
    /// another machine published is seen this much later at most, and the time to fetch it. 0 asks
    /// for it each time. While it cannot be asked for, the last known snapshot answers. A store
    /// that shares nothing reads its pointer each time.
    pub pointer_age_max: Duration,
    /// Snapshots up to this size have every checksum compared when they are opened;
    /// of larger ones only names and sizes, until [`Snapshot::verify`](crate::Snapshot::verify)
    /// or [`BotWriter::verify`](crate::BotWriter::verify) is asked.
    /// BLAKE3 takes less than a millisecond for a megabyte, so that the default adds at most
    /// some 10 ms to a cold start.
    pub verify_bytes_max: u64,
    /// Snapshots up to this many bytes have their checksums compared before they are changed,
    /// larger ones their sizes. 1 MiB, hashed in less time than one file is synced, so that a change
    /// costs what it costs alone; what a merge reads is compared whatever its size.
    pub base_verify_bytes_max: u64,
    /// Transactions with less text than this are indexed by the caller when they are published,
    /// as one segment and with the memory their text takes; others by threads, as they come.
    pub small_text_bytes_max: usize,
    /// Memory of all segments in the making, in bytes, over all bots of the store. Whoever finds
    /// it used up writes its segment as it is, so that more memory leaves fewer segments to
    /// merge. No segment is cut short before it has grown by 4 MiB, and an empty one takes some 9
    /// MiB by the library's account, most of it untouched: so much may come on top for each thread
    /// that indexes.
    pub writer_heap_bytes: usize,
    /// How many threads may analyse, index or merge at a time, over all bots of the store: those
    /// that call for small transactions, and as many as this of each large one. Each makes a
    /// segment, and four of a size are merged at the end: three or less spare that.
    pub writer_threads: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cache_snapshots_max: 512,
            cache_bytes_max: 256 << 20,
            // One request a second for a bot that is asked all the time.
            pointer_age_max: Duration::from_secs(1),
            verify_bytes_max: 16 << 20,
            base_verify_bytes_max: 1 << 20,
            small_text_bytes_max: 4 << 20,
            writer_heap_bytes: 128 << 20,
            writer_threads: 2,
        }
    }
}
