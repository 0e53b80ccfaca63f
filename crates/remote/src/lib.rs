//! Bots and originals in object storage: an address in, what a data folder shares out.
//!
//! ```text
//! <prefix>/current/<bot>                the pointer: snapshot key and the objects of its files
//! <prefix>/files/<bot>/<day>/<hash>     files of snapshots and their manifests, by content
//! <prefix>/originals/ab/<hash>          the bytes of documents, by content
//! ```
//!
//! Objects are never changed but for the pointer, which moves by a conditional put (`If-Match`,
//! `If-None-Match`): of two writers one loses, and nothing of it is seen.
//!
//! **Names are given by the day.** A file that the pointer reaches is named where it lies; any other
//! is looked for, and put, under the present day alone. So an object of a past day that no pointer
//! reaches will never be reached again, and can be removed three days later without asking who
//! else may be at work. Clocks of writers must agree within a day.
//!
//! Calls block. A runtime of two threads of its own does the requests, so callers need none; tasks
//! of another should leave the waiting to threads that are there for it.

mod address;
mod objects;
mod originals;
mod place;
mod pointers;
mod snapshots;
#[cfg(test)]
mod tests;
mod transfer;

pub use address::{RemoteError, open};
