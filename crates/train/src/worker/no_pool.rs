//! Workers where the system has none of what they need.

use std::num::NonZeroUsize;

use ingest::{Config, Inspection};

use super::{Confinement, PagesDone, Verdict, WorkerCommand, WorkerError, WorkerLimits};

/// A pool on a system without workers.
#[derive(Debug)]
pub struct WorkerPool(WorkerCommand);

impl WorkerPool {
    /// A pool that has no workers.
    pub fn new(command: WorkerCommand, _: WorkerLimits, _: NonZeroUsize) -> Self {
        Self(command)
    }

    /// Reads nothing.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn parse(&self, _: &[u8], _: &Config, _: usize) -> Result<Verdict, WorkerError> {
        Err(self.refusal())
    }

    /// Reads nothing.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn parse_told(
        &self,
        _: &[u8],
        _: &Config,
        _: usize,
        _: &dyn Fn(PagesDone),
    ) -> Result<Verdict, WorkerError> {
        Err(self.refusal())
    }

    /// Inspects nothing.
    ///
    /// # Errors
    ///
    /// Always.
    pub fn inspect(&self, _: &[u8], _: &Config, _: usize) -> Result<Inspection, WorkerError> {
        Err(self.refusal())
    }

    fn refusal(&self) -> WorkerError {
        let program = self.0.program.display().to_string();
        let why = "this system has no limited processes: parse in this one".to_owned();
        WorkerError::NoWorker { program, why }
    }

    /// Nothing.
    pub fn confinement(&self) -> Option<Confinement> {
        None
    }

    /// None.
    pub fn started(&self) -> u64 {
        0
    }
}
