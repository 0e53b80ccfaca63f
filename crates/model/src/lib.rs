//! Answers in the words of a language model behind any OpenAI-compatible endpoint.
//!
//! [`OpenAi`] is a [`Generator`](answer::Generator): what it asks and how a reply is checked
//! stands in `answer`; here are the request, its deadline, its retries and the reading of what
//! comes back. A model is a guest: whatever goes wrong with it (no connection, an error, silence,
//! garbage, a reply cut short or without citations) the answer is that of
//! [`Extractive`](answer::Extractive), and [`Generated::fallback`](answer::Generated::fallback)
//! tells why.
//!
//! The client blocks, as the trait does; who has an event loop calls it from a thread of its own.
//! Neither redirects nor proxies are followed, and the key goes into one header and nowhere else.

mod client;
mod failure;
mod reply;
mod settings;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use client::OpenAi;
pub use settings::{Key, Settings, SettingsError};
