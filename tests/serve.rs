//! `jely serve` from outside: over HTTP, through kills and restarts.

mod client;
mod host;

// What was acknowledged outlives a kill; SIGTERM is an end in order.
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
// The README's tour.
mod tour;
// The description of the API.
mod description;
// Requests and messages are counted to the last one.
mod rates;

pub(crate) use client::Client;
pub(crate) use host::{Setup, TestServer};
