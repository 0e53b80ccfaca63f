//! The processes of the machine, as Linux lists them.

use std::time::{Duration, Instant};

/// One of them.
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) is_zombie: bool,
}

/// All processes of the machine.
pub(crate) fn processes() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let process = |entry: std::fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let mut fields = stat.rsplit(')').next()?.split_whitespace();
        let is_zombie = fields.next()? == "Z";
        Some(Process { pid, parent: fields.next()?.parse().ok()?, is_zombie })
    };
    entries.filter_map(process).collect()
}

/// The processes that `parent` started, by id.
pub(crate) fn children_of(parent: u32) -> Vec<u32> {
    let children = processes().into_iter().filter(|one| one.parent == parent);
    children.map(|one| one.pid).collect()
}

/// Waits until none of these processes is alive.
pub(crate) fn wait_until_dead(pids: &[u32]) {
    // Without an init that waits for orphans, the dead stay on the list.
    let is_alive = |one: &Process| pids.contains(&one.pid) && !one.is_zombie;
    wait_for(|| (!processes().iter().any(is_alive)).then_some(()));
}

/// What `look` finds, within ten seconds.
pub(crate) fn wait_for<T>(look: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain");
        std::thread::sleep(Duration::from_millis(5));
    }
}
