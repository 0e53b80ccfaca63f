//! One worker, as its parent sees it.

use std::fmt;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use super::clocks::Patience;
use super::command::WorkerCommand;
use super::confine::Confinement;
use super::error::{Clock, Death, WorkerError};
use super::frame::{Header, Kind};
use super::launcher::Launcher;
use super::limits::WorkerLimits;
use super::message::{Hello, PagesDone, Reply, Request, SMALL_BYTES_MAX};
use super::talk::{Pipes, Silence, timespec};

/// How long a child that closed its output may take to end before it is killed.
const FAREWELL: Duration = Duration::from_secs(1);
/// The signal for too much processor time, on all systems with workers.
const SIGXCPU: i32 = 24;

/// A child that is ready for a document. Dropping it kills it.
pub(super) struct Worker {
    process: Process,
    pipes: Pipes,
    pub(super) confinement: Confinement,
    /// Documents it has read.
    pub(super) documents: u32,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Worker");
        debug.field("pid", &self.process.0.id()).field("documents", &self.documents).finish()
    }
}

impl Worker {
    /// Starts a worker and waits until it is ready.
    pub(super) fn start(
        command: &WorkerCommand,
        limits: &WorkerLimits,
        launcher: &Launcher,
    ) -> Result<Self, WorkerError> {
        let fail = |why: String| WorkerError::NoWorker {
            program: command.program.display().to_string(),
            why,
        };
        let child = launcher.spawn(spawnable(command, limits));
        let mut process = Process(child.map_err(|error| fail(error.to_string()))?);
        let mut pipes = Pipes::of(&mut process.0).map_err(|error| fail(error.to_string()))?;
        let patience = Patience { wall: limits.stall_max, stall: limits.stall_max };
        let hello = match pipes.ask(&[], Kind::Hello, SMALL_BYTES_MAX, patience, &|_| {}) {
            Ok(hello) => hello,
            Err(silence) => return Err(fail(stillborn(process, &mut pipes, &silence))),
        };
        let hello: Hello = serde_json::from_slice(&hello)
            .map_err(|error| fail(format!("its first words make no sense: {error}")))?;
        if hello != Hello::new(hello.confinement) {
            let found = hello.release;
            return Err(fail(format!("it is of release {found}: start this program again")));
        }
        Ok(Self { process, pipes, confinement: hello.confinement, documents: 0 })
    }

    /// Reads a document. After an error it is of no more use.
    pub(super) fn read<R: Reply>(
        &mut self,
        request: &Request,
        bytes: &[u8],
        limits: &WorkerLimits,
        told: &dyn Fn(PagesDone),
    ) -> Result<R, WorkerError> {
        self.documents = self.documents.saturating_add(1);
        let reply = self.exchange(request, bytes, limits, told);
        let reply = reply.and_then(|reply| R::decode(&reply).map_err(Silence::Garbage));
        reply.map_err(|silence| self.diagnose(silence, limits))
    }

    fn exchange(
        &mut self,
        request: &Request,
        bytes: &[u8],
        limits: &WorkerLimits,
        told: &dyn Fn(PagesDone),
    ) -> Result<Vec<u8>, Silence> {
        let request =
            serde_json::to_vec(request).map_err(|error| Silence::Garbage(error.to_string()))?;
        let parts = [
            &Header::bytes_of(Kind::Request, &request),
            request.as_slice(),
            &Header::bytes_of(Kind::Document, bytes),
            bytes,
        ];
        let patience = Patience { wall: limits.wall_max, stall: limits.stall_max };
        self.pipes.ask(&parts, Kind::Reply, limits.walls.output_bytes_max, patience, told)
    }

    /// Why the worker is silent; ends it.
    fn diagnose(&mut self, silence: Silence, limits: &WorkerLimits) -> WorkerError {
        let pages = self.pipes.pages();
        let timed_out = |clock, limit| WorkerError::TimedOut { clock, limit, pages };
        match silence {
            Silence::Wall => timed_out(Clock::Wall, limits.wall_max),
            Silence::Stall => timed_out(Clock::Stall, limits.stall_max),
            Silence::Garbage(what) => WorkerError::Crashed { how: Death::Garbage(what) },
            Silence::Ended => {
                let status = self.process.end(&mut self.pipes);
                post_mortem(status, &self.pipes, limits)
            }
        }
    }

    /// Bytes of address space it holds; `None` where the system does not say.
    pub(super) fn kept_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id()));
        let line = status.ok()?.lines().find_map(|line| line.strip_prefix("VmSize:").map(kib))?;
        line?.checked_mul(1024)
    }
}

/// Reads `  1234 kB`.
fn kib(text: &str) -> Option<u64> {
    text.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// The command with pipes, the limits behind its arguments, and nothing of our environment.
fn spawnable(command: &WorkerCommand, limits: &WorkerLimits) -> Command {
    let mut spawnable = Command::new(&command.program);
    spawnable
        .args(&command.arguments)
        .arg(limits.walls.to_string())
        .env_clear()
        // Each arena of the C library takes 64 MiB of the address space that is limited.
        .env("MALLOC_ARENA_MAX", "2")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A group of its own: killed with whatever it started, and not by the terminal.
        .process_group(0);
    spawnable
}

/// Why a child never got ready.
fn stillborn(mut process: Process, pipes: &mut Pipes, silence: &Silence) -> String {
    match silence {
        Silence::Wall | Silence::Stall => "it does not answer".to_owned(),
        Silence::Garbage(what) => format!("it is no worker: {what}"),
        Silence::Ended => {
            let status = process.end(pipes);
            let status = status.map_or("unknown".to_owned(), |status| status.to_string());
            format!("it ended at once ({status}): {}", pipes.complaint().trim())
        }
    }
}

/// What killed a worker that was not killed by us.
fn post_mortem(status: Option<ExitStatus>, pipes: &Pipes, limits: &WorkerLimits) -> WorkerError {
    let (walls, complaint) = (&limits.walls, pipes.complaint());
    let signal = status.and_then(|status| status.signal());
    if signal == Some(SIGXCPU) {
        let limit = Duration::from_secs(walls.cpu_seconds_max);
        let pages = pipes.pages();
        return WorkerError::TimedOut { clock: Clock::Processor, limit, pages };
    }
    // The words of the standard library when it gives up; there is no other sign.
    if complaint.contains("memory allocation of") {
        return WorkerError::OutOfMemory { limit_bytes: walls.memory_bytes_max };
    }
    let how = match (signal, status.and_then(|status| status.code())) {
        (Some(_), _) if complaint.contains("has overflowed its stack") => Death::StackOverflow,
        (Some(signal), _) => Death::Signal(signal),
        (None, Some(code)) => Death::Exit(code),
        (None, None) => Death::Garbage("it closed its output".to_owned()),
    };
    WorkerError::Crashed { how }
}

/// A child process that does not outlive its handle.
struct Process(Child);

impl Process {
    /// Waits a moment for an end that has begun, then ends it; how it ended. A process that is on
    /// its way out keeps its own status when it is killed.
    fn end(&mut self, pipes: &mut Pipes) -> Option<ExitStatus> {
        pipes.listen_to_the_end(FAREWELL);
        self.wait_for_the_end();
        self.kill()
    }

    /// Waits a moment for the end of a child that may have closed its pipes before.
    #[cfg(target_os = "linux")]
    fn wait_for_the_end(&self) {
        use rustix::event::{PollFd, PollFlags, poll};
        use rustix::process::{PidfdFlags, pidfd_open};

        let Some(handle) = pid(&self.0).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok())
        else {
            return;
        };
        // Whatever comes of it, the child is killed next.
        let _ = poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timespec(FAREWELL)));
    }

    #[cfg(not(target_os = "linux"))]
    fn wait_for_the_end(&self) {}

    /// Kills the child and all it started, and takes its status, so that no zombie is left.
    fn kill(&mut self) -> Option<ExitStatus> {
        // A child that was waited for has no group any more; its number may be another's.
        if let (Ok(None), Some(group)) = (self.0.try_wait(), pid(&self.0)) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.0.wait().ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}
