//! Parsing in a child process, so that no document hurts anything but itself.
//!
//! What a parser does with hostile bytes is not known before: it may hang, eat all memory,
//! overflow its stack or be taken over. So it runs in a process that can do nothing but read
//! requests and write replies. The child lowers its own limits before it reads the first byte
//! ([`serve`]); the parent ([`WorkerPool`]) keeps the clocks, kills what passes them, and turns
//! every end into a verdict on one document ([`WorkerError`]).
//!
//! The child is a program of the caller's choice that calls [`serve`]; a program may name itself.
//! The two talk in frames with checksums; the parent believes nothing it has not checked. A
//! document is never blamed for the state of a worker: what fails in one that has read others is
//! tried once more in a fresh one.
//!
//! On Linux all of this holds. Other Unix systems have no landlock and no death signal: there a
//! child whose parent dies goes on to the end of its document. Elsewhere there are no workers,
//! and [`WorkerPool::parse`] says so.

#[cfg(unix)]
mod clocks;
mod command;
mod confine;
mod error;
mod frame;
#[cfg(all(unix, feature = "fuzzing"))]
pub mod fuzzing;
#[cfg(unix)]
mod launcher;
mod limits;
mod message;
#[cfg(unix)]
mod pool;
#[cfg(not(unix))]
#[path = "worker/no_pool.rs"]
mod pool;
#[cfg(unix)]
mod process;
mod reporter;
mod serve;
#[cfg(unix)]
mod talk;

pub use command::WorkerCommand;
pub use confine::{Confinement, FileAccess};
pub use error::{Clock, Death, WorkerError};
pub use limits::{InvalidWalls, Walls, WorkerLimits};
pub use message::{PagesDone, Verdict};
pub use pool::WorkerPool;
pub use serve::serve;
