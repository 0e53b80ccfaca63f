//! How many requests a key may make.
//!
//! A bucket holds a window's requests and fills evenly: after a pause a key may make all of them
//! at once, and never more than twice as many in any window.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use store::Millis;

use crate::config::Plan;

/// The buckets of all keys.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Requests that are left.
    left: f64,
    filled_at: Millis,
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

impl Rates {
    /// Takes a request from the bucket of a key, if there is one.
    pub(crate) fn take(&self, key_id: &str, plan: &Plan, now: Millis) -> Taken {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let full = f64::from(plan.requests);
        let per_ms = full / (f64::from(plan.window_seconds) * 1_000.0);
        let bucket =
            buckets.entry(key_id.to_owned()).or_insert(Bucket { left: full, filled_at: now });
        // A clock that goes back fills nothing.
        let passed = now.saturating_sub(bucket.filled_at).max(0) as f64;
        bucket.left = (bucket.left + passed * per_ms).min(full);
        bucket.filled_at = now;
        let allowed = bucket.left >= 1.0;
        if allowed {
            bucket.left -= 1.0;
        }
        let until = |tokens: f64| now + (tokens.max(0.0) / per_ms).ceil() as Millis;
        Taken {
            allowed,
            limit: plan.requests,
            remaining: bucket.left as u32,
            full_at: until(full - bucket.left),
            next_at: until(1.0 - bucket.left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_evenly() {
        let plan = Plan { requests: 3, window_seconds: 30, ..Plan::default() };
        let rates = Rates::default();
        let remaining: Vec<_> = (0..3).map(|_| rates.take("k", &plan, 1_000).remaining).collect();
        assert_eq!(remaining, [2, 1, 0]);
        let refused = rates.take("k", &plan, 1_000);
        assert!(!refused.allowed);
        assert_eq!((refused.next_at, refused.full_at), (11_000, 31_000));
        assert!(!rates.take("k", &plan, 500).allowed, "a clock that goes back fills nothing");
        assert!(rates.take("k", &plan, 11_000).allowed);
        assert!(rates.take("other", &plan, 1_000).allowed);
    }
}
