//! `jely serve` from outside: over HTTP, through kills and restarts.

mod client;
mod host;

// What was acknowledged outlives a kill; SIGTERM is an end in order.
mod restart;
// Requests and messages are counted to the last one.
mod rates;

pub(crate) use client::Client;
pub(crate) use host::{Setup, TestServer};
