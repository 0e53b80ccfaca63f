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

use super::clocks::{Clocks, Patience};
use super::frame::{FrameError, HEADER_BYTES, Header, Kind};
use super::message::PagesDone;

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

/// The parent's ends of a child's pipes.
pub(super) struct Pipes {
    pid: u32,
    stdin: ChildStdin,
    stdout: ChildStdout,
    /// `None` once it has ended.
    stderr: Option<ChildStderr>,
    complaint: Vec<u8>,
    /// How far the child has come with the document it reads.
    pages: Option<PagesDone>,
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
        let (pid, stderr) = (child.id(), Some(stderr));
        Ok(Self { pid, stdin, stdout, stderr, complaint: Vec::new(), pages: None })
    }

    /// What the child wrote to standard error, as far as it was kept.
    pub(super) fn complaint(&self) -> String {
        String::from_utf8_lossy(&self.complaint).into_owned()
    }

    /// How far the child came with the last document, where it told.
    pub(super) fn pages(&self) -> Option<PagesDone> {
        self.pages
    }

    /// Sends `parts`, one after the other, and waits for one frame of `kind` with at most
    /// `length_max` bytes. What the child tells of its pages meanwhile goes to `told`.
    pub(super) fn ask(
        &mut self,
        parts: &[&[u8]],
        kind: Kind,
        length_max: u64,
        patience: Patience,
        told: &dyn Fn(PagesDone),
    ) -> Result<Vec<u8>, Silence> {
        let mut clocks = Clocks::new(patience);
        let mut question = Outgoing { parts: parts.to_vec() };
        let mut answer = Incoming { kind, length_max, header: None, bytes: Vec::new() };
        let mut buffer = vec![0; READ_BYTES];
        self.pages = None;
        loop {
            let (wall, stall) = clocks.left();
            let ready = self.wait(!question.is_sent(), wall.min(stall))?;
            if ready.stderr {
                self.listen(&mut buffer);
            }
            let mut has_moved = ready.stdin && question.send(&self.stdin);
            if ready.stdout {
                let heard = self.hear(&mut buffer)?;
                has_moved |= !heard.is_empty();
                let before = self.pages;
                let payload = answer.take(heard, &mut self.pages)?;
                if let Some(pages) = self.pages.filter(|_| self.pages != before) {
                    told(pages);
                }
                if let Some(payload) = payload {
                    return Ok(payload);
                }
            }
            // What stood ready was taken first: the clocks run on while this process is stopped.
            if wall.is_zero() {
                return Err(Silence::Wall);
            }
            // Between question and answer the child works, and no byte is due.
            let works = !parts.is_empty() && question.is_sent() && !answer.has_begun();
            if has_moved {
                clocks.moved(works.then_some(self.pid));
            } else if stall.is_zero() && !(works && clocks.may_go_on(self.pid)) {
                return Err(Silence::Stall);
            }
        }
    }

    /// Reads what stands in standard output.
    fn hear<'b>(&mut self, buffer: &'b mut [u8]) -> Result<&'b [u8], Silence> {
        match self.stdout.read(buffer) {
            Ok(0) => Err(Silence::Ended),
            Ok(count) => Ok(buffer.get(..count).unwrap_or_default()),
            Err(error) if is_passing(&error) => Ok(&[]),
            Err(_) => Err(Silence::Ended),
        }
    }

    /// Reads standard error to its end, at most for `patience`.
    pub(super) fn listen_to_the_end(&mut self, patience: Duration) {
        let begun = Instant::now();
        let mut buffer = vec![0; READ_BYTES];
        while let Some(stderr) = &self.stderr {
            let left = patience.saturating_sub(begun.elapsed());
            let mut fds = [PollFd::from_borrowed_fd(stderr.as_fd(), PollFlags::IN)];
            match poll(&mut fds, Some(&timespec(left))) {
                Ok(count) if count > 0 && !left.is_zero() => self.listen(&mut buffer),
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Reads what stands in standard error.
    fn listen(&mut self, buffer: &mut [u8]) {
        let Some(stderr) = &mut self.stderr else { return };
        match stderr.read(buffer) {
            Ok(count) if count > 0 => {
                keep(&mut self.complaint, buffer.get(..count).unwrap_or_default());
            }
            Err(error) if is_passing(&error) => {}
            // A pipe that has ended is always ready.
            Ok(_) | Err(_) => self.stderr = None,
        }
    }

    fn wait(&self, to_write: bool, timeout: Duration) -> Result<Ready, Silence> {
        let stdout = PollFd::from_borrowed_fd(self.stdout.as_fd(), PollFlags::IN);
        let stdin = PollFd::from_borrowed_fd(self.stdin.as_fd(), PollFlags::OUT);
        let stderr = self.stderr.as_ref();
        let stderr = stderr.map(|pipe| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
        let (listens, writes) = (stderr.is_some(), to_write);
        let mut fds: Vec<_> =
            [Some(stdout), stderr, to_write.then_some(stdin)].into_iter().flatten().collect();
        match poll(&mut fds, Some(&timespec(timeout))) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Silence::Garbage(error.to_string())),
        }
        let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut next = |is_watched: bool| is_watched && ready.next().unwrap_or(false);
        Ok(Ready { stdout: next(true), stderr: next(listens), stdin: next(writes) })
    }
}

/// The pipes that can be used without waiting.
struct Ready {
    stdout: bool,
    stderr: bool,
    stdin: bool,
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
    header: Option<(Kind, Header)>,
    /// Without the header, once that is read.
    bytes: Vec<u8>,
}

impl Incoming {
    fn has_begun(&self) -> bool {
        self.header.is_some() || !self.bytes.is_empty()
    }

    /// Takes the next bytes; the payload, once it is whole. Progress before it goes to `pages`.
    fn take(
        &mut self,
        bytes: &[u8],
        pages: &mut Option<PagesDone>,
    ) -> Result<Option<Vec<u8>>, Silence> {
        self.bytes.extend_from_slice(bytes);
        while let Some((kind, header)) = self.header()?
            && self.bytes.len() >= header.length
        {
            let after = match kind {
                Kind::Progress => self.bytes.split_off(header.length),
                // One byte too many fails the check.
                _ => Vec::new(),
            };
            header.check(&self.bytes)?;
            let payload = std::mem::replace(&mut self.bytes, after);
            if kind != Kind::Progress {
                return Ok(Some(payload));
            }
            self.header = None;
            *pages = Some(progress(&payload)?);
        }
        Ok(None)
    }

    /// The header of the frame, once it is whole.
    fn header(&mut self) -> Result<Option<(Kind, Header)>, Silence> {
        if self.header.is_none()
            && let Some((header, rest)) = self.bytes.split_first_chunk::<HEADER_BYTES>()
        {
            self.header = Some(Header::parse_next(header, self.kind, self.length_max)?);
            self.bytes = rest.to_vec();
        }
        Ok(self.header)
    }
}

/// Takes bytes as they come from a child, `at_once` at a time.
#[cfg(feature = "fuzzing")]
pub(super) fn replay(bytes: &[u8], at_once: usize, kind: Kind, length_max: u64) {
    let mut incoming = Incoming { kind, length_max, header: None, bytes: Vec::new() };
    for part in bytes.chunks(at_once.max(1)) {
        if !matches!(incoming.take(part, &mut None), Ok(None)) {
            return;
        }
    }
}

fn progress(payload: &[u8]) -> Result<PagesDone, Silence> {
    serde_json::from_slice(payload).map_err(|error| Silence::Garbage(error.to_string()))
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

/// Adds to a complaint what there is room for.
fn keep(complaint: &mut Vec<u8>, bytes: &[u8]) {
    let room = COMPLAINT_BYTES_MAX.saturating_sub(complaint.len());
    complaint.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::frame;

    #[test]
    fn the_beginning_of_a_complaint_is_kept() {
        let kept = |parts: &[usize]| {
            let mut complaint = Vec::new();
            for (part, letter) in parts.iter().zip(b'a'..) {
                keep(&mut complaint, &vec![letter; *part]);
            }
            (complaint.len(), complaint.last().copied())
        };
        assert_eq!(kept(&[COMPLAINT_BYTES_MAX - 1, 1]), (COMPLAINT_BYTES_MAX, Some(b'b')));
        assert_eq!(kept(&[COMPLAINT_BYTES_MAX, 1]), (COMPLAINT_BYTES_MAX, Some(b'a')));
        assert_eq!(kept(&[COMPLAINT_BYTES_MAX - 1, 2, 1]), (COMPLAINT_BYTES_MAX, Some(b'b')));
    }

    fn sent(frames: &[(Kind, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, payload) in frames {
            frame::write(&mut bytes, *kind, payload).unwrap();
        }
        bytes
    }

    fn heard(bytes: &[u8], at_once: usize, kind: Kind) -> (Result<Option<Vec<u8>>, String>, u32) {
        let mut incoming = Incoming { kind, length_max: 100, header: None, bytes: Vec::new() };
        let mut pages = None;
        for part in bytes.chunks(at_once) {
            match incoming.take(part, &mut pages) {
                Ok(None) => {}
                Ok(found) => return (Ok(found), pages.map_or(0, |pages| pages.done)),
                Err(silence) => return (Err(format!("{silence:?}")), 0),
            }
        }
        (Ok(None), pages.map_or(0, |pages| pages.done))
    }

    #[test]
    fn progress_comes_before_a_reply_in_whatever_pieces() {
        let (one, two) = (br#"{"done":1,"of":3}"#.as_slice(), br#"{"done":2,"of":3}"#.as_slice());
        let frames = [(Kind::Progress, one), (Kind::Progress, two), (Kind::Reply, b"text")];
        let bytes = sent(&frames);
        for at_once in [1, 7, 21, 40, bytes.len()] {
            assert_eq!(heard(&bytes, at_once, Kind::Reply), (Ok(Some(b"text".to_vec())), 2));
        }
        assert_eq!(heard(&sent(&frames[..2]), 9, Kind::Reply), (Ok(None), 2));
    }

    #[test]
    fn progress_of_any_other_form_is_garbage() {
        let check = |kind, frames: &[(Kind, &[u8])], says: &str| {
            let (found, _) = heard(&sent(frames), 9, kind);
            assert!(found.clone().unwrap_err().contains(says), "{found:?}");
        };
        let sound = (Kind::Progress, br#"{"done":1,"of":3}"#.as_slice());
        check(Kind::Hello, &[sound], "found kind 5");
        check(Kind::Reply, &[(Kind::Progress, b"{}")], "missing field");
        check(Kind::Reply, &[(Kind::Progress, &[b' '; 65])], "65 bytes, limit 64");
        check(Kind::Reply, &[sound, (Kind::Hello, b"x")], "found kind 1");
    }
}
