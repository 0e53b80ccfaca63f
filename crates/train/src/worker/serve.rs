//! The child: request in, reply out, until the input ends.

use std::io::{self, Read, Write};

use super::confine::{allow_cpu, confine};
use super::frame::{self, Kind};
use super::limits::Walls;
use super::message::{Hello, PagesDone, Reply, Request, SMALL_BYTES_MAX, Task, Verdict};
use super::reporter::Reporter;
use crate::Failure;
use ingest::{Config, IngestError, Ingested, Inspection, Outcome, Progress};
use rayon::ThreadPoolBuilder;

/// Threads of one parse at most: each takes a stack, and the allocator gives them arenas, out of
/// the address space that is there for the document.
const THREADS_MAX: usize = 4;
/// Stack of such a thread. The parsers do not recurse over their input; what lies below them was
/// not written here.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Serves as a worker: confines the calling process to `walls` for the rest of its life, then
/// reads documents from `input` with `parse`, or inspects them, and writes what it came to into
/// `output`, until the input ends. To be called by a process that does nothing else, before it starts a thread.
///
/// `parse` runs inside a rayon pool of as many threads as the request allows. What it tells of its
/// progress goes to the parent, which stops a parse that finishes no page for too long.
///
/// # Errors
///
/// Where the system refuses a limit, and where the parent stops reading or writes nonsense.
pub fn serve(
    walls: &Walls,
    mut input: impl Read,
    output: impl Write + Send,
    parse: impl Fn(&[u8], &Config, &Progress<'_>) -> Result<Ingested, IngestError> + Sync,
) -> io::Result<()> {
    let hello = Hello::new(confine(walls)?);
    // The pages of a document go to the pool they are parsed in, by default this one, which has
    // no thread beside the calling one. An error says that there is one already.
    let _ = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    let reporter = Reporter::new(output);
    reporter.send(Kind::Hello, &serde_json::to_vec(&hello)?)?;
    let progress = |done, of| reporter.tell(PagesDone { done, of });
    while let Some(request) = frame::read(&mut input, Kind::Request, SMALL_BYTES_MAX)? {
        let request: Request = serde_json::from_slice(&request)?;
        let bytes = frame::read(&mut input, Kind::Document, request.bytes)?;
        let bytes = bytes.ok_or(io::ErrorKind::UnexpectedEof)?;
        allow_cpu(walls.cpu_seconds_max)?;
        let read = || parse(&bytes, &request.config, &progress);
        let reply = match request.task {
            Task::Parse => parsed(request.threads, read, walls)?,
            Task::Inspect => inspected(&request, &bytes, &progress, walls)?,
        };
        drop(bytes);
        reporter.send(Kind::Reply, &reply)?;
    }
    Ok(())
}

fn parsed(
    threads: usize,
    parse: impl FnOnce() -> Result<Ingested, IngestError> + Send,
    walls: &Walls,
) -> io::Result<Vec<u8>> {
    let verdict = Verdict::of(on_threads(threads, parse));
    encode(verdict, walls, |error| Verdict::failed(Failure::from(&error)))
}

fn inspected(
    request: &Request,
    bytes: &[u8],
    progress: &Progress<'_>,
    walls: &Walls,
) -> io::Result<Vec<u8>> {
    let inspect = || ingest::inspect_with(bytes, &request.config, progress);
    let inspection = on_threads(request.threads, inspect);
    let length = bytes.len() as u64;
    encode(inspection, walls, |error| Inspection::unread(bytes, length, Outcome::refused(&error)))
}

/// Runs `work` in a pool of `threads`, or, where they are one or the system refuses them, on the
/// calling one.
fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let threads = threads.min(THREADS_MAX);
    if threads < 2 {
        return work();
    }
    match ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK_BYTES).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// A reply as it is sent, or one that says it is too long.
fn encode<R: Reply>(
    reply: R,
    walls: &Walls,
    refused: impl FnOnce(IngestError) -> R,
) -> io::Result<Vec<u8>> {
    let limit = walls.output_bytes_max;
    let mut capped = Capped { bytes: Vec::new(), limit, found: 0 };
    match reply.encode(&mut capped) {
        Ok(()) => Ok(capped.bytes),
        Err(_) if capped.found > limit => {
            let error = IngestError::TooLarge {
                what: "bytes of text and structure".to_owned(),
                found: capped.found,
                limit,
            };
            let mut bytes = Vec::new();
            refused(error).encode(&mut bytes)?;
            Ok(bytes)
        }
        Err(error) => Err(error),
    }
}

/// Takes bytes up to a limit.
struct Capped {
    bytes: Vec<u8>,
    limit: u64,
    /// Bytes that came, the first beyond the limit included.
    found: u64,
}

impl Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.found = self.found.saturating_add(bytes.len() as u64);
        if self.found > self.limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_at_the_limit_is_sent_and_one_beyond_it_is_refused() {
        let verdict = Verdict::of(ingest::ingest(b"# A\n\nWords.\n", &Config::default()));
        let mut whole = Vec::new();
        verdict.clone().encode(&mut whole).unwrap();
        let length = whole.len() as u64;
        let sent = |limit| {
            let walls = Walls { output_bytes_max: limit, ..Walls::default() };
            let refused = |error| Verdict::failed(Failure::from(&error));
            Verdict::decode(&encode(verdict.clone(), &walls, refused).unwrap()).unwrap()
        };
        assert_eq!(sent(length), verdict);
        let refused = sent(length - 1);
        let failure = refused.parsed.unwrap_err();
        assert_eq!((failure.code.as_str(), refused.lasting), ("TOO_LARGE", false));
        assert!(failure.message.contains(&format!("limit {}", length - 1)), "{failure}");
    }

    #[test]
    fn work_runs_on_the_threads_it_was_allowed() {
        for (asked, given) in [(2, 2), (THREADS_MAX, THREADS_MAX), (THREADS_MAX + 1, THREADS_MAX)] {
            assert_eq!(on_threads(asked, rayon::current_num_threads), given);
        }
    }
}
