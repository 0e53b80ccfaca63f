//! Why a worker gave no reply.

use std::fmt;
use std::time::Duration;

use super::message::PagesDone;
use crate::Failure;

const MIB: u64 = 1024 * 1024;

/// Why a document was not read by a worker, in words for the person who uploaded it; or why
/// there was no worker to read it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// The worker was stopped by a clock.
    #[error(
        "reading the file took {clock} than {} s, the limit, and was stopped{}: \
         save it anew with another program, or split it",
        .limit.as_secs_f64(), After(*.pages)
    )]
    TimedOut {
        /// Which clock.
        clock: Clock,
        /// How long it ran.
        limit: Duration,
        /// How far it came, where it told.
        pages: Option<PagesDone>,
    },
    /// The worker had no memory left.
    #[error(
        "reading the file took more than {} MiB of memory, the limit, and was stopped: \
         save it anew with another program, or split it",
        .limit_bytes / MIB
    )]
    OutOfMemory {
        /// Bytes of address space it had.
        limit_bytes: u64,
    },
    /// The worker died or lost its way; a fault of ours, not of the file.
    #[error("the parser failed on the file and was stopped: {how}; please report it")]
    Crashed {
        /// What is known of its end.
        how: Death,
    },
    /// There is no worker; a fault of the installation, not of any file.
    #[error("cannot start the parsing worker {program}: {why}")]
    NoWorker {
        /// The program.
        program: String,
        /// What went wrong, and what to do.
        why: String,
    },
}

/// The part of a message that tells how far a parse came.
struct After(Option<PagesDone>);

impl fmt::Display for After {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(PagesDone { done, of }) => write!(f, " after {done} of {of} pages"),
            None => Ok(()),
        }
    }
}

impl WorkerError {
    /// A stable name of the kind of failure, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TimedOut { .. } => "TIMED_OUT",
            Self::OutOfMemory { .. } => "OUT_OF_MEMORY",
            Self::Crashed { .. } => "CRASHED",
            Self::NoWorker { .. } => "NO_WORKER",
        }
    }
}

impl From<&WorkerError> for Failure {
    fn from(error: &WorkerError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string() }
    }
}

/// A clock that can stop a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// From request to reply.
    Wall,
    /// Processor time of the document.
    Processor,
    /// Time without progress.
    Stall,
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wall => "longer",
            Self::Processor => "more processor time",
            Self::Stall => "longer without progress",
        })
    }
}

/// How a worker ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Death {
    /// By a signal.
    Signal(i32),
    /// By exiting, with this code.
    Exit(i32),
    /// By overflowing its stack.
    StackOverflow,
    /// It lived and wrote something that is no reply.
    Garbage(String),
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => write!(f, "signal {signal}{}", signal_name(*signal)),
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::StackOverflow => f.write_str("its stack overflowed"),
            Self::Garbage(what) => write!(f, "its reply makes no sense ({what})"),
        }
    }
}

/// The signals that end a parser, by the numbers they have on all systems.
fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL, from outside: the machine may have run out of memory)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: &WorkerError, code: &str, message: &str) {
        let failure = Failure::from(error);
        assert_eq!((failure.code.as_str(), failure.message.as_str()), (code, message));
    }

    #[test]
    fn a_message_says_what_happened_and_what_to_do() {
        check(
            &WorkerError::TimedOut {
                clock: Clock::Wall,
                limit: Duration::from_secs(120),
                pages: None,
            },
            "TIMED_OUT",
            "reading the file took longer than 120 s, the limit, and was stopped: \
             save it anew with another program, or split it",
        );
        check(
            &WorkerError::TimedOut {
                clock: Clock::Stall,
                limit: Duration::from_secs(20),
                pages: Some(PagesDone { done: 12, of: 300 }),
            },
            "TIMED_OUT",
            "reading the file took longer without progress than 20 s, the limit, and was stopped \
             after 12 of 300 pages: save it anew with another program, or split it",
        );
        check(
            &WorkerError::OutOfMemory { limit_bytes: 1024 * MIB },
            "OUT_OF_MEMORY",
            "reading the file took more than 1024 MiB of memory, the limit, and was stopped: \
             save it anew with another program, or split it",
        );
        check(
            &WorkerError::Crashed { how: Death::Signal(11) },
            "CRASHED",
            "the parser failed on the file and was stopped: signal 11 (SIGSEGV); please report it",
        );
    }
}
