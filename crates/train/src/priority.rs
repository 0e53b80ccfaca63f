//! How much of the processor a run takes where others want it too.

/// Makes this process give way to others, where the system knows how: raises its niceness by 1 to
/// 19. Workers that are started later inherit it.
///
/// On Linux that is the niceness of the calling thread and of those it starts: where questions are
/// answered in the same process, train in a thread that calls this first, with a [`Pool`](crate::Pool)
/// that is started by this run, and no question waits for it (`cargo bench --bench reads`).
pub fn give_way(by: u8) {
    #[cfg(unix)]
    {
        // One that is refused costs speed elsewhere and no result.
        let _ = rustix::process::nice(i32::from(by));
    }
    #[cfg(not(unix))]
    let _ = by;
}
