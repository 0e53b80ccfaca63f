//! What indexing may use.

/// Limits of a [`Store`](crate::Store).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Open snapshots kept for the next question. Files are mapped, not read, so one costs its
    /// manifest (a few hundred bytes a document) and a handful of mappings; 64 stay far below
    /// the usual limit of 65,530 mappings of a process.
    pub cache_snapshots_max: usize,
    /// Snapshots up to this size have every checksum compared when they are opened;
    /// of larger ones only names and sizes, until [`Snapshot::verify`](crate::Snapshot::verify)
    /// or [`BotWriter::verify`](crate::BotWriter::verify) is asked.
    /// BLAKE3 takes less than a millisecond for a megabyte, so that the default adds at most
    /// some 10 ms to a cold start.
    pub verify_bytes_max: u64,
    /// Snapshots up to this many bytes have their checksums compared before they are changed,
    /// larger ones their sizes. 1 MiB, hashed in less time than one file is synced, so that a change
    /// costs what it costs alone; what a merge or a deletion reads is compared whatever its size.
    pub base_verify_bytes_max: u64,
    /// Transactions with less text than this are indexed by one thread with the smallest heap
    /// the library allows (15 MB), so that adding a document costs what the document costs.
    pub small_text_bytes_max: usize,
    /// Heap of larger transactions, in bytes, over all threads. A thread that has filled its
    /// share writes a segment, so a bigger heap leaves fewer segments to merge.
    pub writer_heap_bytes: usize,
    /// Threads of larger transactions, besides the one that calls. Analysis stays with the
    /// caller, so more than two or three have nothing to do.
    pub writer_threads: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cache_snapshots_max: 64,
            verify_bytes_max: 16 << 20,
            base_verify_bytes_max: 1 << 20,
            small_text_bytes_max: 4 << 20,
            writer_heap_bytes: 128 << 20,
            writer_threads: 2,
        }
    }
}
