//! Keys that nobody knows: who tries many is not listened to for a while.
//!
//! Counted by address, in memory alone: guessing costs whoever guesses, and a server that starts
//! anew forgives. A key that was right before is never asked for this.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use store::Millis;

/// Addresses that are counted at once. Where there are more, those with the least against them are
/// forgiven.
const ADDRESSES_MAX: usize = 10_000;

/// Addresses of IPv6 are counted by their network: a caller has as many as there are numbers.
const IPV6_PREFIX_BITS: u32 = 64;

const MINUTE_MS: f64 = 60_000.0;

/// Where a request comes from; in its extensions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Peer {
    /// Who asks: by the word of a proxy in front, where the settings name the header it writes,
    /// else by the connection. Of several entries the last one is the proxy's own.
    pub(crate) fn caller(self, headers: &HeaderMap, address_header: Option<&str>) -> IpAddr {
        let told = || {
            let value = headers.get_all(address_header?).iter().next_back()?.to_str().ok()?;
            value.rsplit(',').next()?.trim().parse().ok()
        };
        told().unwrap_or(self.0)
    }
}

/// Wrong keys by address.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    tries: Mutex<HashMap<IpAddr, Tries>>,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    count: f64,
    at: Millis,
}

impl Tries {
    fn left(self, per_minute: f64, now: Millis) -> f64 {
        let passed = now.saturating_sub(self.at).max(0) as f64;
        (self.count - passed * per_minute / MINUTE_MS).max(0.0)
    }
}

impl Strangers {
    /// How many milliseconds an address has to wait before it may try another key; `None` where it
    /// may now.
    pub(crate) fn must_wait(&self, from: IpAddr, per_minute: u32, now: Millis) -> Option<Millis> {
        let most = f64::from(per_minute);
        let tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let left = tries.get(&network(from))?.left(most, now);
        (left > most - 1.0).then(|| ((left - most + 1.0) * MINUTE_MS / most).ceil() as Millis)
    }

    /// Notes a wrong key.
    pub(crate) fn note(&self, from: IpAddr, per_minute: u32, now: Millis) {
        let per_minute = f64::from(per_minute);
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let from = network(from);
        if tries.len() >= ADDRESSES_MAX && !tries.contains_key(&from) {
            forgive(&mut tries, per_minute, now);
        }
        let known = tries.entry(from).or_insert(Tries { count: 0.0, at: now });
        *known = Tries { count: known.left(per_minute, now) + 1.0, at: now };
    }
}

/// Forgets the better half.
fn forgive(tries: &mut HashMap<IpAddr, Tries>, per_minute: f64, now: Millis) {
    let mut left: Vec<f64> = tries.values().map(|one| one.left(per_minute, now)).collect();
    let middle = left.len() / 2;
    let middle = *left.select_nth_unstable_by(middle, f64::total_cmp).1;
    // Where all are the same, that is all of them.
    tries.retain(|_, one| one.left(per_minute, now) > middle);
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let mask = u128::MAX << (u128::BITS - IPV6_PREFIX_BITS);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_tries_many_waits_and_others_do_not() {
        let strangers = Strangers::default();
        let from = address("2001:db8::1");
        for _ in 0..60 {
            assert_eq!(strangers.must_wait(from, 60, 1_000), None);
            strangers.note(from, 60, 1_000);
        }
        assert_eq!(strangers.must_wait(from, 60, 1_000), Some(1_000));
        assert_eq!(strangers.must_wait(address("2001:db8::2"), 60, 1_000), Some(1_000));
        assert_eq!(strangers.must_wait(address("2001:db8:0:1::1"), 60, 1_000), None);
        assert_eq!(strangers.must_wait(from, 60, 2_000), None, "one more every second");
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_kept() {
        let strangers = Strangers::default();
        let worst = address("192.0.2.1");
        strangers.note(worst, 2, 1);
        for number in 0..3 * ADDRESSES_MAX as u32 {
            strangers.note(IpAddr::from((number + (10 << 24)).to_be_bytes()), 2, 1);
            if number % 1_000 == 0 {
                strangers.note(worst, 2, 1);
            }
        }
        assert!(strangers.tries.lock().unwrap().len() <= ADDRESSES_MAX);
        assert!(strangers.must_wait(worst, 2, 1).is_some());
    }

    #[test]
    fn a_proxy_is_believed_where_the_settings_name_it() {
        let peer = Peer(address("192.0.2.1"));
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "198.51.100.1, 198.51.100.2".parse().unwrap());
        assert_eq!(peer.caller(&headers, None), peer.0);
        let caller = peer.caller(&headers, Some("x-forwarded-for"));
        assert_eq!(caller, address("198.51.100.2"));
        assert_eq!(peer.caller(&HeaderMap::new(), Some("x-forwarded-for")), peer.0);
    }
}
