//! When to stop waiting for a child.

use std::time::{Duration, Instant};

/// How long an answer may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) wall: Duration,
    pub(super) stall: Duration,
}

/// How long one exchange has taken.
pub(super) struct Clocks {
    patience: Patience,
    begun: Instant,
    /// When what is left until something must move was last set, and to what.
    set: (Instant, Duration),
    /// Processor time of the child when something moved, and when it was last looked at.
    used: Option<(Duration, Duration)>,
}

impl Clocks {
    pub(super) fn new(patience: Patience) -> Self {
        let begun = Instant::now();
        Self { patience, begun, set: (begun, patience.stall), used: None }
    }

    /// What is left on the wall clock, and until something must move.
    pub(super) fn left(&self) -> (Duration, Duration) {
        let (set, stall) = self.set;
        let wall = self.patience.wall.saturating_sub(self.begun.elapsed());
        (wall, stall.saturating_sub(set.elapsed()))
    }

    /// Begins the time without progress anew; `worker` is the child, if it works now.
    pub(super) fn moved(&mut self, worker: Option<u32>) {
        self.set = (Instant::now(), self.patience.stall);
        self.used = worker.and_then(processor_time).map(|used| (used, used));
    }

    /// Whether a child that works and moves nothing may go on: it used the processor since it
    /// was last looked at, and less of it than the time without progress. On a busy machine that
    /// gives it more time, up to the wall clock.
    pub(super) fn may_go_on(&mut self, pid: u32) -> bool {
        let (Some((at_move, before)), Some(now)) = (self.used, processor_time(pid)) else {
            return false;
        };
        let left = self.patience.stall.saturating_sub(now.saturating_sub(at_move));
        self.set = (Instant::now(), left);
        self.used = Some((at_move, now));
        now > before && !left.is_zero()
    }
}

/// Processor time of a process, its threads included; `None` where the system does not say.
#[cfg(target_os = "linux")]
fn processor_time(pid: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold anything, so fields are counted from its end: proc(5), fields 14 and 15.
    let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let ticks = user.checked_add(system)?;
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Some(Duration::from_millis(ticks.saturating_mul(1000) / per_second))
}

#[cfg(not(target_os = "linux"))]
fn processor_time(_: u32) -> Option<Duration> {
    None
}
