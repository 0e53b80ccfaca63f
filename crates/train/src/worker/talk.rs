//! One question and one answer over the pipes of a child that may do anything.
//!
//! All three pipes are watched at once and never waited for alone: a child that does not read, or
//! fills its standard error, blocks nobody but itself.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;

use super::frame::{FrameError, HEADER_BYTES, Header, Kind};

/// Bytes of standard error that are kept, from its beginning: the reason of an abort stands there.
const COMPLAINT_BYTES_MAX: usize = 4096;
/// Bytes read at once; what a pipe holds on Linux.
const READ_BYTES: usize = 64 * 1024;

/// Why no answer came.
#[derive(Debug)]
pub(super) enum Silence {
    /// The clock from question to answer ran out.
    Wall,
    /// Nothing moved where something was due.
    Stall,
    /// The child closed its output.
    Ended,
    /// It said something else.
    Garbage(String),
}

impl From<FrameError> for Silence {
    fn from(error: FrameError) -> Self {
        Self::Garbage(error.to_string())
    }
}

/// When to stop waiting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) wall: Duration,
    pub(super) stall: Duration,
}

/// The parent's ends of a child's pipes.
pub(super) struct Pipes {
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
    complaint: Vec<u8>,
}

impl Pipes {
    /// Takes the pipes of a child that was started with three of them.
    pub(super) fn of(child: &mut Child) -> io::Result<Self> {
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        ioctl_fionbio(&stdin, true)?;
        ioctl_fionbio(&stdout, true)?;
        ioctl_fionbio(&stderr, true)?;
        Ok(Self { stdin, stdout, stderr, complaint: Vec::new() })
    }

    /// What the child wrote to standard error, as far as it was kept.
    pub(super) fn complaint(&self) -> String {
        String::from_utf8_lossy(&self.complaint).into_owned()
    }

    /// Sends `parts`, one after the other, and waits for one frame of `kind` with at most
    /// `length_max` bytes.
    pub(super) fn ask(
        &mut self,
        parts: &[&[u8]],
        kind: Kind,
        length_max: u64,
        patience: Patience,
    ) -> Result<Vec<u8>, Silence> {
        let begun = Instant::now();
        let mut question = Outgoing { parts: parts.to_vec() };
        let mut answer = Incoming { kind, length_max, header: None, bytes: Vec::new() };
        let mut moved = begun;
        let mut buffer = vec![0; READ_BYTES];
        loop {
            // Between question and answer the child works; only the wall clock runs then.
            let is_due = parts.is_empty() || !question.is_sent() || answer.has_begun();
            let wall = patience.wall.saturating_sub(begun.elapsed());
            let stall = patience.stall.saturating_sub(moved.elapsed());
            let timeout = if is_due { wall.min(stall) } else { wall };
            let ready = self.wait(!question.is_sent(), timeout)?;
            if ready.nothing() {
                if wall.is_zero() {
                    return Err(Silence::Wall);
                }
                if is_due && stall.is_zero() {
                    return Err(Silence::Stall);
                }
                continue;
            }
            if ready.stderr {
                self.listen(&mut buffer);
            }
            if ready.stdin && question.send(&self.stdin) {
                moved = Instant::now();
            }
            if ready.stdout {
                match self.stdout.read(&mut buffer) {
                    Ok(0) => return Err(Silence::Ended),
                    Ok(count) => {
                        moved = Instant::now();
                        if let Some(payload) =
                            answer.take(buffer.get(..count).unwrap_or_default())?
                        {
                            return Ok(payload);
                        }
                    }
                    Err(error) if is_passing(&error) => {}
                    Err(_) => return Err(Silence::Ended),
                }
            }
        }
    }

    /// Reads standard error to its end, at most for `patience`; whether the end was seen.
    pub(super) fn listen_to_the_end(&mut self, patience: Duration) -> bool {
        let begun = Instant::now();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let left = patience.saturating_sub(begun.elapsed());
            let mut fds = [PollFd::from_borrowed_fd(self.stderr.as_fd(), PollFlags::IN)];
            match poll(&mut fds, Some(&timespec(left))) {
                Ok(0) | Err(_) => return false,
                Ok(_) => {}
            }
            if self.listen(&mut buffer) {
                return true;
            }
        }
    }

    /// Reads what stands in standard error; whether it has ended.
    fn listen(&mut self, buffer: &mut [u8]) -> bool {
        match self.stderr.read(buffer) {
            Ok(0) => true,
            Ok(count) => {
                let room = COMPLAINT_BYTES_MAX.saturating_sub(self.complaint.len());
                let kept = buffer.get(..count.min(room)).unwrap_or_default();
                self.complaint.extend_from_slice(kept);
                false
            }
            Err(error) => !is_passing(&error),
        }
    }

    fn wait(&self, to_write: bool, timeout: Duration) -> Result<Ready, Silence> {
        let mut fds = vec![
            PollFd::from_borrowed_fd(self.stdout.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.stderr.as_fd(), PollFlags::IN),
        ];
        if to_write {
            fds.push(PollFd::from_borrowed_fd(self.stdin.as_fd(), PollFlags::OUT));
        }
        match poll(&mut fds, Some(&timespec(timeout))) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Silence::Garbage(error.to_string())),
        }
        let is_ready = |at: usize| fds.get(at).is_some_and(|fd| !fd.revents().is_empty());
        Ok(Ready { stdout: is_ready(0), stderr: is_ready(1), stdin: is_ready(2) })
    }
}

struct Ready {
    stdout: bool,
    stderr: bool,
    stdin: bool,
}

impl Ready {
    fn nothing(&self) -> bool {
        !(self.stdout || self.stderr || self.stdin)
    }
}

/// What is left to send.
struct Outgoing<'a> {
    parts: Vec<&'a [u8]>,
}

impl Outgoing<'_> {
    fn is_sent(&self) -> bool {
        self.parts.iter().all(|part| part.is_empty())
    }

    /// Sends as much as the pipe takes; whether that was anything. A child that no longer reads
    /// is sent no more: how it ended, its output tells.
    fn send(&mut self, mut stdin: &ChildStdin) -> bool {
        let Some(part) = self.parts.iter_mut().find(|part| !part.is_empty()) else { return false };
        match stdin.write(part) {
            Ok(count) => {
                *part = part.get(count..).unwrap_or_default();
                count > 0
            }
            Err(error) => {
                if !is_passing(&error) {
                    self.parts.clear();
                }
                false
            }
        }
    }
}

/// A frame on its way.
struct Incoming {
    kind: Kind,
    length_max: u64,
    header: Option<Header>,
    /// Without the header, once that is read.
    bytes: Vec<u8>,
}

impl Incoming {
    fn has_begun(&self) -> bool {
        self.header.is_some() || !self.bytes.is_empty()
    }

    /// Takes the next bytes; the payload, once it is whole.
    fn take(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, Silence> {
        self.bytes.extend_from_slice(bytes);
        if self.header.is_none()
            && let Some((header, rest)) = self.bytes.split_first_chunk::<HEADER_BYTES>()
        {
            self.header = Some(Header::parse(header, self.kind, self.length_max)?);
            self.bytes = rest.to_vec();
        }
        match self.header {
            Some(header) if self.bytes.len() >= header.length => {
                // One byte too many fails the check as well.
                header.check(&self.bytes)?;
                Ok(Some(std::mem::take(&mut self.bytes)))
            }
            _ => Ok(None),
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// A duration as the system takes it.
pub(super) fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
