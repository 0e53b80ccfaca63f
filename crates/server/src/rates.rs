//! How many requests a key may make.
//!
//! A bucket holds a window's requests and fills evenly: after a pause a key may make all of them
//! at once, and never more than twice as many in any window. The buckets are kept in the database,
//! and still no request waits for it but a key's first: a server takes a block of requests out of
//! a bucket ahead of time and lets them in from memory.
//!
//! - A server that is told to stop gives back what it holds, so nothing is lost. One that is
//!   killed forgets it: up to a block ([`block`]) then counts as spent, and nothing as free.
//! - Servers over one database share a bucket. Each may hold a block besides a full bucket, so `n`
//!   of them let in `n - 1` blocks more at a burst than one does, and never more over time; what
//!   one says is left lags behind the others by up to a block.
//! - Memory is bounded ([`BUCKETS_MAX`]); a key that rests is forgotten, with its block given back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use store::{Block, Millis, Store, StoreError};
use tokio::sync::OwnedMutexGuard;

use crate::config::Plan;

/// Buckets in memory, but for those that are in use at the moment.
const BUCKETS_MAX: usize = 10_000;

/// How long a key rests before it is forgotten.
const REST_MS: Millis = 10 * 60_000;

/// Requests taken out of a bucket at once: a twentieth of the window, and at most this many.
const BLOCK_MAX: u32 = 100;

/// The buckets of all keys.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    buckets: Mutex<HashMap<String, Arc<Bucket>>>,
}

/// What came of asking for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Whether it may be made.
    pub(crate) allowed: bool,
    /// Requests in a window.
    pub(crate) limit: u32,
    /// Whole requests that are left now.
    pub(crate) remaining: u32,
    /// When the bucket will be full again.
    pub(crate) full_at: Millis,
    /// When the next request may be made.
    pub(crate) next_at: Millis,
}

#[derive(Debug)]
struct Bucket {
    state: Mutex<State>,
    /// One reserves at a time.
    reserving: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct State {
    /// Requests left in the database, as far as this server knows.
    kept: f64,
    kept_at: Millis,
    /// Requests that this server has reserved.
    held: u32,
    /// Whether the database was asked at all.
    is_known: bool,
    /// Requests in a window.
    limit: u32,
    used_at: Millis,
    /// Whether that use is still to be noted.
    is_used: bool,
}

/// What a bucket in memory says.
enum Tried {
    Ended {
        taken: Taken,
        runs_low: bool,
    },
    /// The database has to be asked.
    Dry,
}

fn block(limit: u32) -> u32 {
    (limit / 20).clamp(1, BLOCK_MAX)
}

fn per_ms(plan: &Plan) -> f64 {
    f64::from(plan.requests) / (f64::from(plan.window_seconds) * 1_000.0)
}

impl Rates {
    /// Takes a request from the bucket of a key, if there is one.
    pub(crate) async fn take(
        &self,
        store: &Store,
        key_id: &str,
        plan: &Plan,
        now: Millis,
    ) -> Result<Taken, StoreError> {
        let bucket = self.bucket(key_id);
        loop {
            match bucket.take(plan, now) {
                Tried::Ended { taken, runs_low } => {
                    if runs_low && let Ok(turn) = Arc::clone(&bucket.reserving).try_lock_owned() {
                        tokio::spawn(reserve(
                            bucket,
                            turn,
                            store.clone(),
                            key_id.into(),
                            plan.clone(),
                            now,
                        ));
                    }
                    return Ok(taken);
                }
                Tried::Dry => {
                    let turn = Arc::clone(&bucket.reserving).lock_owned().await;
                    if bucket.is_dry() {
                        // On its own: who hangs up must not lose what was reserved.
                        let reserving = reserve(
                            Arc::clone(&bucket),
                            turn,
                            store.clone(),
                            key_id.into(),
                            plan.clone(),
                            now,
                        );
                        tokio::spawn(reserving).await.map_err(|_| StoreError::Closed)??;
                    }
                }
            }
        }
    }

    fn bucket(&self, key_id: &str) -> Arc<Bucket> {
        let mut buckets = self.buckets();
        if let Some(bucket) = buckets.get(key_id) {
            return Arc::clone(bucket);
        }
        let bucket = Arc::new(Bucket::default());
        buckets.insert(key_id.to_owned(), Arc::clone(&bucket));
        bucket
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<String, Arc<Bucket>>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the use of keys, and forgets keys that rest, or rest longest where there are too many.
    /// To be done from time to time.
    pub(crate) async fn tend(&self, store: &Store, now: Millis) -> Result<(), StoreError> {
        let used = self.used();
        if !used.is_empty() {
            store.note_key_use(used).await?;
        }
        let held = self.forget(now - REST_MS, BUCKETS_MAX);
        if held.is_empty() { Ok(()) } else { store.return_requests(held).await }
    }

    /// Gives back all that is held: the end of a server.
    pub(crate) async fn settle(&self, store: &Store) -> Result<(), StoreError> {
        store.note_key_use(self.used()).await?;
        store.return_requests(self.forget(Millis::MAX, 0)).await
    }

    /// Keys that were used since this was last asked, and when.
    fn used(&self) -> Vec<(String, Millis)> {
        let buckets = self.buckets();
        let used = buckets.iter().filter_map(|(id, bucket)| {
            let mut state = bucket.state();
            std::mem::take(&mut state.is_used).then(|| (id.clone(), state.used_at))
        });
        used.collect()
    }

    /// Forgets keys that were last used before a time, or are too many; what was held of them.
    fn forget(&self, before: Millis, most: usize) -> Vec<(String, u32, f64)> {
        let mut buckets = self.buckets();
        let mut ages: Vec<Millis> = buckets.values().map(|bucket| bucket.state().used_at).collect();
        let too_many = ages.len().saturating_sub(most);
        let mut before = before;
        if let Some(last) = too_many.checked_sub(1) {
            before = before.max(ages.select_nth_unstable(last).1.saturating_add(1));
        }
        let gone = buckets.extract_if(|_, bucket| {
            // Whoever has it at hand is about to take from it.
            Arc::strong_count(bucket) == 1 && bucket.state().used_at < before
        });
        let held = gone.filter_map(|(id, bucket)| {
            let state = bucket.state();
            (state.held > 0).then(|| (id, state.held, f64::from(state.limit)))
        });
        held.collect()
    }
}

impl Default for Bucket {
    fn default() -> Self {
        let state = State {
            kept: 0.0,
            kept_at: 0,
            held: 0,
            is_known: false,
            limit: 0,
            used_at: 0,
            is_used: false,
        };
        Self { state: Mutex::new(state), reserving: Arc::default() }
    }
}

impl Bucket {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_dry(&self) -> bool {
        self.state().held == 0
    }

    fn take(&self, plan: &Plan, now: Millis) -> Tried {
        let state = &mut *self.state();
        if !state.is_known {
            return Tried::Dry;
        }
        let (full, per_ms) = (f64::from(plan.requests), per_ms(plan));
        // A clock that goes back fills nothing.
        let passed = now.saturating_sub(state.kept_at).max(0) as f64;
        state.limit = plan.requests;
        state.held = state.held.min(plan.requests);
        state.kept = (state.kept + passed * per_ms).min(full - f64::from(state.held));
        state.kept_at = now;
        if state.held == 0 && state.kept >= 1.0 {
            return Tried::Dry;
        }
        let allowed = state.held > 0;
        if allowed {
            state.held -= 1;
        }
        (state.used_at, state.is_used) = (now, true);
        let left = state.kept + f64::from(state.held);
        let until = |tokens: f64| now + (tokens.max(0.0) / per_ms).ceil() as Millis;
        let taken = Taken {
            allowed,
            limit: plan.requests,
            remaining: left as u32,
            full_at: until(full - left),
            next_at: until(1.0 - left),
        };
        let runs_low = state.held <= block(plan.requests) / 2 && state.kept >= 1.0;
        Tried::Ended { taken, runs_low }
    }
}

/// Reserves requests up to a block.
async fn reserve(
    bucket: Arc<Bucket>,
    _turn: OwnedMutexGuard<()>,
    store: Store,
    key_id: String,
    plan: Plan,
    now: Millis,
) -> Result<(), StoreError> {
    let held = bucket.state().held.min(plan.requests);
    let wanted = Block {
        most: f64::from(plan.requests - held),
        per_ms: per_ms(&plan),
        wanted: block(plan.requests).saturating_sub(held),
    };
    let reserved = store.reserve_requests(&key_id, wanted, now).await?;
    let mut state = bucket.state();
    state.held += reserved.granted;
    (state.kept, state.kept_at, state.is_known) = (reserved.left, now, true);
    Ok(())
}

#[cfg(test)]
mod tests;
