//! Workers that are kept for the next document.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ingest::{Config, Inspection};

use super::command::WorkerCommand;
use super::confine::Confinement;
use super::error::WorkerError;
use super::launcher::Launcher;
use super::limits::WorkerLimits;
use super::message::{PagesDone, Reply, Request, Verdict};
use super::process::Worker;

/// Workers, at most as many as were allowed, started when a document needs one and kept for
/// the next. Shared by any number of threads. Dropping the pool ends them.
pub struct WorkerPool {
    command: WorkerCommand,
    limits: WorkerLimits,
    workers_max: usize,
    state: Mutex<State>,
    freed: Condvar,
    launcher: Launcher,
}

#[derive(Default)]
struct State {
    idle: Vec<Worker>,
    /// Documents being read.
    busy: usize,
    started: u64,
    confinement: Option<Confinement>,
}

impl fmt::Debug for WorkerPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("WorkerPool");
        debug.field("command", &self.command).field("limits", &self.limits);
        debug.finish_non_exhaustive()
    }
}

impl WorkerPool {
    /// A pool of at most `workers_max` workers; starts none.
    pub fn new(command: WorkerCommand, limits: WorkerLimits, workers_max: NonZeroUsize) -> Self {
        Self {
            command,
            limits,
            workers_max: workers_max.get(),
            state: Mutex::default(),
            freed: Condvar::new(),
            launcher: Launcher::default(),
        }
    }

    /// Reads one document on up to `threads` threads of one worker; waits where all workers
    /// are busy.
    ///
    /// What the parser reports is in the verdict. A worker that fails in any way but by the
    /// clock and has read other documents is replaced, and the document tried once more: its
    /// failure may be theirs.
    ///
    /// # Errors
    ///
    /// Where the worker did not survive the document, and where there is none to be had.
    pub fn parse(
        &self,
        bytes: &[u8],
        config: &Config,
        threads: usize,
    ) -> Result<Verdict, WorkerError> {
        self.read(bytes, config, threads, &unheard)
    }

    /// The same; `told` hears how many pages are read, some ten times a second.
    ///
    /// # Errors
    ///
    /// Those of [`WorkerPool::parse`].
    pub fn parse_told(
        &self,
        bytes: &[u8],
        config: &Config,
        threads: usize,
        told: &dyn Fn(PagesDone),
    ) -> Result<Verdict, WorkerError> {
        self.read(bytes, config, threads, told)
    }

    /// Inspects one document as [`WorkerPool::parse`] reads it; what is told of the file and why
    /// it is refused, if it is, stands in the inspection.
    ///
    /// # Errors
    ///
    /// Those of [`WorkerPool::parse`].
    pub fn inspect(
        &self,
        bytes: &[u8],
        config: &Config,
        threads: usize,
    ) -> Result<Inspection, WorkerError> {
        self.read(bytes, config, threads, &unheard)
    }

    fn read<R: Reply>(
        &self,
        bytes: &[u8],
        config: &Config,
        threads: usize,
        told: &dyn Fn(PagesDone),
    ) -> Result<R, WorkerError> {
        let config = config.clone();
        let request = Request { task: R::TASK, config, threads, bytes: bytes.len() as u64 };
        let (_seat, used) = self.sit_down();
        if let Some(worker) = used {
            match self.read_with(worker, &request, bytes, told) {
                Ok(reply) => return Ok(reply),
                Err(error @ WorkerError::TimedOut { .. }) => return Err(error),
                Err(_) => {}
            }
        }
        self.read_with(self.start()?, &request, bytes, told)
    }

    /// What the workers could do about their own rights; `None` before the first was started.
    pub fn confinement(&self) -> Option<Confinement> {
        self.lock().confinement
    }

    /// How many workers were started so far.
    pub fn started(&self) -> u64 {
        self.lock().started
    }

    fn read_with<R: Reply>(
        &self,
        mut worker: Worker,
        request: &Request,
        bytes: &[u8],
        told: &dyn Fn(PagesDone),
    ) -> Result<R, WorkerError> {
        let reply: R = worker.read(request, bytes, &self.limits, told)?;
        if !reply.tells_of_a_crash() && self.is_fit(&worker) {
            self.lock().idle.push(worker);
        }
        Ok(reply)
    }

    /// Whether a worker is as good as new.
    fn is_fit(&self, worker: &Worker) -> bool {
        worker.documents < self.limits.documents_max
            && worker.kept_bytes().is_none_or(|bytes| bytes <= self.limits.kept_bytes_max)
    }

    fn start(&self) -> Result<Worker, WorkerError> {
        let worker = Worker::start(&self.command, &self.limits, &self.launcher)?;
        let mut state = self.lock();
        state.started += 1;
        state.confinement = Some(worker.confinement);
        Ok(worker)
    }

    /// Waits for a seat; with it comes a worker, if one is idle.
    fn sit_down(&self) -> (Seat<'_>, Option<Worker>) {
        let is_full = |state: &mut State| state.busy >= self.workers_max;
        let mut state =
            self.freed.wait_while(self.lock(), is_full).unwrap_or_else(PoisonError::into_inner);
        state.busy += 1;
        (Seat(self), state.idle.pop())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody wants to know.
fn unheard(_: PagesDone) {}

/// The right to use a worker.
struct Seat<'a>(&'a WorkerPool);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.lock().busy -= 1;
        self.0.freed.notify_one();
    }
}
