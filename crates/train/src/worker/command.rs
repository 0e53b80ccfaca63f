//! The program that a worker is.

use std::ffi::OsString;
use std::path::PathBuf;

/// A program that calls [`serve`](super::serve) with the walls that its last argument names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// What it is told before the walls.
    pub arguments: Vec<OsString>,
}
