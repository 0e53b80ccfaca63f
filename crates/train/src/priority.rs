//! How much of the processor a run takes where others want it too.

/// Makes this process give way to others, where the system knows how: raises its niceness by 1 to
/// 19. Workers that are started later inherit it.
pub fn give_way(by: u8) {
    #[cfg(unix)]
    {
        // One that is refused costs speed elsewhere and no result.
        let _ = rustix::process::nice(i32::from(by));
    }
    #[cfg(not(unix))]
    let _ = by;
}
