//! `jely serve` from outside: over HTTP, through kills and restarts.

mod client;
mod host;

// What was acknowledged outlives a kill; SIGTERM is an end in order.
mod ending;
mod restart;
// The contract, request by request.
mod contract;
// What is sent piece by piece.
mod streaming;
// Requests that come twice.
mod twice;
// Who is told of events, and by what signature.
mod hooks;
// Killed again and again, and nothing acknowledged is lost.
mod endurance;
// The same over PostgreSQL.
mod postgres;
// The README's tour.
mod tour;
// The description of the API.
mod description;
// Requests and messages are counted to the last one.
mod rates;
// Nobody sees what is another's.
mod tenants;
// Too large, too deep, too slow, too early gone.
mod hostile;
// Logs and metrics.
mod watched;
// Copies that are made meanwhile, and what it is shipped in.
mod backup;
mod packaging;

pub(crate) use client::{Client, Pending, Reply};
pub(crate) use host::{Setup, TestServer};

/// What whoever runs the tests asks for.
#[expect(clippy::disallowed_methods, reason = "a test's knob, set by whoever runs it")]
fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
