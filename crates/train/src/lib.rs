//! The one pipeline behind upload, command line and batch: inputs to a published snapshot.
//!
//! A run hashes its inputs, and the hashes alone decide what there is to do: the *plan* is a
//! pure function of them and of the bot's manifest. What is unchanged costs its hash and nothing
//! else. What is new is taken from the cache of *extracts*, or parsed on the pool of the caller
//! and cached; its bytes go to the *originals*; its chunks go, in input order, into one
//! transaction of the index. A document that cannot be read is a line of the [`Report`] and never
//! the end of the run; a disk that cannot be written is the end of the run, and the bot keeps the
//! state it had.
//!
//! Order is what makes a kill harmless: originals are durable before the index names them, and
//! the snapshot's pointer moves last. A [`Report`] exists only after that, so whatever it says is
//! on the disk. Extracts are a cache: they carry a checksum and are not synced, so losing power
//! can cost a parse and nothing else.
//!
//! Absent on purpose: printing, HTTP, accounts, clocks beyond the stop-watch and those of the
//! workers, threads of its own but for the one that starts them and those that wait for the disk.

mod check;
mod durable;
mod error;
mod extract;
mod extractor;
mod extracts;
mod folder;
mod hashing;
mod input;
mod jobs;
mod ordered;
mod originals;
mod pipeline;
mod plan;
mod priority;
mod progress;
mod reindex;
mod remote;
mod remove;
mod report;
mod stamps;
mod storing;
#[cfg(test)]
mod testing;
mod worker;

pub use check::{BotCheck, IndexState, OriginalReport, OriginalState, check};
pub use error::{Failure, TrainError, index_code};
pub use extract::{Extract, Summary};
pub use extracts::Extracts;
pub use folder::{DataFolder, FOLDER_VERSION};
pub use input::{Content, Input, Isolation, Options, Pool, Vectors};
pub use originals::{OriginalFiles, Originals};
pub use pipeline::train;
pub use priority::give_way;
pub use progress::{Progress, Silent, Stage};
pub use reindex::{BotReport, Rebuild, Reindex, reindex};
pub use remote::Remote;
pub use remove::remove;
pub use report::{DocumentReport, Outcome, Report, Seconds};
#[cfg(all(unix, feature = "fuzzing"))]
#[doc(hidden)]
pub use worker::fuzzing;
pub use worker::{
    Clock, Confinement, Death, FileAccess, InvalidWalls, PagesDone, Verdict, Walls, WorkerCommand,
    WorkerError, WorkerLimits, WorkerPool, serve,
};
