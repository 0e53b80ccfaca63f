//! The walls a child builds around itself, once, before it reads a byte.

use std::io;

use serde::{Deserialize, Serialize};

use super::limits::Walls;

/// What a child could do about its own rights, on record in the report of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Confinement {
    /// What it can still reach of the file system.
    pub files: FileAccess,
    /// Whether the system kills it with its parent; elsewhere it ends when it next reads or
    /// writes.
    pub dies_with_parent: bool,
}

/// What a child can reach of the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FileAccess {
    /// Nothing: landlock refuses everything.
    Sealed,
    /// Nothing, but an older kernel lets it send signals or open sockets of some kinds.
    MostlySealed,
    /// What its user can, one file at a time: this kernel has no landlock.
    Open,
}

/// Confines the calling process. Wherever the system allows less than asked, the lesser holds;
/// what it cannot do at all is in the result.
#[cfg(unix)]
pub(super) fn confine(walls: &Walls) -> io::Result<Confinement> {
    use rustix::process::{Resource, nice};

    /// Besides parsing, a child must not slow down those who answer.
    const NICENESS: i32 = 10;
    /// The three pipes it was born with; one more would be a file or a socket.
    const OPEN_FILES_MAX: u64 = 3;

    let dies_with_parent = die_with_parent()?;
    nice(NICENESS)?;
    prefer_to_be_killed();
    lower(Resource::Core, 0)?;
    lower(Resource::Fsize, 0)?;
    lower(Resource::As, walls.memory_bytes_max)?;
    let files = seal();
    // Last: landlock itself needs a descriptor.
    lower(Resource::Nofile, OPEN_FILES_MAX)?;
    Ok(Confinement { files, dies_with_parent })
}

#[cfg(not(unix))]
pub(super) fn confine(_: &Walls) -> io::Result<Confinement> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Allows the calling process `seconds` of processor time from now on, rounded up; beyond them
/// the system ends it.
#[cfg(unix)]
pub(super) fn allow_cpu(seconds: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};

    let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
    let used = u64::try_from(used).unwrap_or(0);
    let maximum = getrlimit(Resource::Cpu).maximum;
    let wanted = used.saturating_add(1).saturating_add(seconds);
    let current = Some(maximum.map_or(wanted, |maximum| maximum.min(wanted)));
    Ok(setrlimit(Resource::Cpu, Rlimit { current, maximum })?)
}

#[cfg(not(unix))]
pub(super) fn allow_cpu(_: u64) -> io::Result<()> {
    Ok(())
}

/// Sets a limit for good, to `value` or to what is left of it.
#[cfg(unix)]
fn lower(resource: rustix::process::Resource, value: u64) -> io::Result<()> {
    use rustix::process::{Rlimit, getrlimit, setrlimit};

    let held = getrlimit(resource).maximum;
    let limit = Some(held.map_or(value, |held| held.min(value)));
    Ok(setrlimit(resource, Rlimit { current: limit, maximum: limit })?)
}

/// Asks the system to kill this process when the thread that started it ends.
#[cfg(target_os = "linux")]
fn die_with_parent() -> io::Result<bool> {
    use rustix::process::{Signal, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(true)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn die_with_parent() -> io::Result<bool> {
    Ok(false)
}

/// Where the machine runs out of memory, the system shall choose this process and not its
/// parent.
#[cfg(unix)]
fn prefer_to_be_killed() {
    // Only Linux has the file; without it the system chooses as it always does.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// Gives up every right to files, and to sockets and signals as far as the kernel goes.
#[cfg(target_os = "linux")]
fn seal() -> FileAccess {
    use landlock::RulesetStatus;

    match landlocked() {
        Ok(RulesetStatus::FullyEnforced) => FileAccess::Sealed,
        Ok(RulesetStatus::PartiallyEnforced) => FileAccess::MostlySealed,
        Ok(RulesetStatus::NotEnforced) | Err(_) => FileAccess::Open,
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn seal() -> FileAccess {
    FileAccess::Open
}

#[cfg(target_os = "linux")]
fn landlocked() -> Result<landlock::RulesetStatus, landlock::RulesetError> {
    use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, Scope};

    // Linux 6.12; older ones enforce what they know of it.
    let newest = ABI::V6;
    let ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(newest))?
        .handle_access(AccessNet::from_all(newest))?
        .scope(Scope::from_all(newest))?;
    Ok(ruleset.create()?.restrict_self()?.ruleset)
}
