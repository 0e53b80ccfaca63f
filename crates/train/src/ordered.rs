//! Work on a pool whose results are taken in order, within a budget.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::Pool;

/// Runs `work` on every job on the pool and hands the results, in the order of the jobs, to
/// `take` on the calling thread, while later jobs run.
///
/// The `weight` of the jobs that were started and not yet taken stays within `weight_max`; a job
/// that is heavier runs alone. The first error of `take` ends it: jobs not yet begun are left
/// out. A panic in `work` arrives as `Err` with its message. Returns how long the calling thread
/// waited for results.
pub(crate) fn in_order<J: Sync, R: Send, E>(
    pool: &Pool,
    jobs: &[J],
    weight_max: u64,
    weight: impl Fn(&J) -> u64,
    work: impl Fn(&J) -> R + Sync,
    mut take: impl FnMut(&J, Result<R, String>) -> Result<(), E>,
) -> Result<Duration, E> {
    if jobs.is_empty() {
        return Ok(Duration::ZERO);
    }
    let pool = pool.get();
    if pool.current_thread_index().is_some() {
        // A thread of the pool that waited for the pool could wait for itself.
        jobs.iter().try_for_each(|job| take(job, caught(|| work(job))))?;
        return Ok(Duration::ZERO);
    }
    let stopped = AtomicBool::new(false);
    let (stopped, work) = (&stopped, &work);
    pool.in_place_scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let mut flight = Flight::default();
        let mut waited = Duration::ZERO;
        for (position, job) in jobs.iter().enumerate() {
            while let Some(next) = flight.next(jobs, weight_max, &weight) {
                let sender = sender.clone();
                scope.spawn(move |_| {
                    if !stopped.load(Ordering::Relaxed) {
                        let result = jobs.get(next).map(|job| caught(|| work(job)));
                        // Nobody listens only after `take` failed.
                        let _ = result.map(|result| sender.send((next, result)));
                    }
                });
            }
            let since = Instant::now();
            let result = flight.wait_for(position, &receiver);
            waited += since.elapsed();
            flight.weight -= weight(job);
            if let Err(error) = take(job, result) {
                stopped.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(waited)
    })
}

/// The jobs that were started and not yet taken.
struct Flight<R> {
    started: usize,
    weight: u64,
    /// Finished before their turn.
    early: BTreeMap<usize, Result<R, String>>,
}

impl<R> Default for Flight<R> {
    fn default() -> Self {
        Self { started: 0, weight: 0, early: BTreeMap::new() }
    }
}

impl<R> Flight<R> {
    /// Starts the next job, if there is room for it.
    fn next<J>(
        &mut self,
        jobs: &[J],
        weight_max: u64,
        weight: impl Fn(&J) -> u64,
    ) -> Option<usize> {
        let total = self.weight.saturating_add(weight(jobs.get(self.started)?));
        if total > weight_max && self.weight > 0 {
            return None;
        }
        self.weight = total;
        self.started += 1;
        Some(self.started - 1)
    }

    /// The result at `position`, which was started.
    fn wait_for(
        &mut self,
        position: usize,
        results: &mpsc::Receiver<(usize, Result<R, String>)>,
    ) -> Result<R, String> {
        loop {
            if let Some(result) = self.early.remove(&position) {
                return result;
            }
            let Ok((finished, result)) = results.recv() else {
                return Err("a worker ended without a result".to_owned());
            };
            self.early.insert(finished, result);
        }
    }
}

/// Runs `work`; a panic becomes its message.
pub(crate) fn caught<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    // Unwind safe: what `work` shares with others is files, each whole or absent.
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| ingest::panic_message(&*panic))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    fn pool(threads: usize) -> Pool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().into()
    }

    #[test]
    fn results_arrive_in_order_for_any_number_of_threads_and_budget() {
        let jobs: Vec<u64> = (0..200).map(|number| number * 7919 % 50).collect();
        for threads in [1, 2, 5] {
            for weight_max in [0, 1, 60, u64::MAX] {
                let mut taken = Vec::new();
                let work = |job: &u64| {
                    std::thread::sleep(Duration::from_micros(*job));
                    job * 2
                };
                let take = |_: &u64, result: Result<u64, String>| -> Result<(), ()> {
                    taken.push(result.unwrap());
                    Ok(())
                };
                in_order(&pool(threads), &jobs, weight_max, |job| *job, work, take).unwrap();
                assert_eq!(taken, jobs.iter().map(|job| job * 2).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_thread_of_the_pool_does_the_work_itself() {
        let pool = pool(1);
        let mut taken = Vec::new();
        let take = |_: &u32, result: Result<u32, String>| result.map(|result| taken.push(result));
        pool.get().install(|| in_order(&pool, &[1, 2, 3], 1, |_| 1, |job| job * 2, take)).unwrap();
        assert_eq!(taken, [2, 4, 6]);
    }

    #[test]
    fn the_budget_holds_and_a_heavy_job_runs_alone() {
        let jobs = [3_u64, 3, 9, 3, 3, 3];
        let (running, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let work = |job: &u64| {
            let now = running.fetch_add(*job, Ordering::SeqCst) + job;
            most.fetch_max(now, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(2));
        };
        let take = |job: &u64, _: Result<(), String>| -> Result<(), ()> {
            running.fetch_sub(*job, Ordering::SeqCst);
            Ok(())
        };
        in_order(&pool(4), &jobs, 7, |job| *job, work, take).unwrap();
        assert_eq!(most.load(Ordering::SeqCst), 9);
    }

    #[test]
    fn a_panic_is_a_result_and_an_error_ends_it() {
        let jobs: Vec<u32> = (0..100).collect();
        let work = |job: &u32| assert!(*job != 3, "three");
        let mut taken = 0;
        let take = |_: &u32, result: Result<(), String>| {
            taken += 1;
            result
        };
        let error = in_order(&pool(2), &jobs, 10, |_| 1, work, take).unwrap_err();
        assert!(error.contains("three"), "{error}");
        assert_eq!(taken, 4);
    }
}
