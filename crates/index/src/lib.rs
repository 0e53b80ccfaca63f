//! Chunks in, immutable snapshots of one bot out, hits from those.
//!
//! A [`Store`] holds the bots of one data folder. Of each bot there is one [`BotWriter`] at a
//! time and any number of readers, in any number of processes. A writer turns documents into
//! the next [`Snapshot`] beside the current one and publishes it by moving a pointer; readers
//! hold a snapshot as long as they like and never see half a state.
//!
//! Four decisions shape the crate.
//!
//! **Content decides, history does not.** A snapshot is named by its content ([`SnapshotKey`]),
//! and search answers from the content: the same documents give the same hits and the same
//! scores to the last bit, in whatever order they were added, replaced or removed. That is why
//! scoring is a loop of our own over tantivy's postings, see `score.rs`.
//!
//! **One chain of analysis.** Documents, queries and whoever compares the two afterwards call
//! [`analyze`]; there is no second tokenizer to disagree with it.
//!
//! **A segment is one file that never changes.** What became of its chunks stands in the manifest,
//! so a snapshot is cheap to make from the one before, see `pack.rs`.
//!
//! **Nothing is trusted that was not checked.** The [`Manifest`] lists every file with size and
//! checksum. A snapshot that differs from it is an [`IndexError::Damaged`] that names the file,
//! never an answer.
//!
//! **One pointer decides.** Machines may share bots by way of [`Pointers`] and [`Snapshots`]; the
//! folder of a store is then a cache of theirs, and of two writers one is [`IndexError::Overtaken`].
//!
//! Absent here on purpose: file formats of documents, ranking beyond BM25, threads per bot.

mod analyzer;
mod cache;
mod config;
mod embedder;
mod error;
mod files;
mod filter;
mod key;
mod language;
mod layout;
mod lock;
mod manifest;
mod pack;
mod parts;
mod places;
mod query;
mod schema;
mod score;
mod seams;
mod snapshot;
mod store;
mod sweep;
mod vectors;
mod vocabulary;
mod writer;

pub use analyzer::{ANALYZER_VERSION, Token, analyze, each_token};
pub use cache::Cached;
pub use config::Config;
pub use embedder::{EmbedFailure, Embedder, Embedding, ModelEntry, TextKind};
pub use error::IndexError;
pub use filter::Filter;
pub use key::{ModelKey, PipelineKey, SnapshotKey};
pub use language::Language;
pub use manifest::{
    CATEGORY, DocumentEntry, Documents, FileEntry, MANIFEST_FILE, MANIFEST_FORMAT, Manifest,
    SegmentEntry,
};
pub use query::{Alternative, Query, QueryTerm};
pub use schema::SCHEMA_VERSION;
pub use seams::{Folder, Pointer, Pointers, Shared, Snapshots, Target, Version};
pub use snapshot::{Attached, Found, Hit, Similarities, Snapshot};
pub use store::Store;
pub use vectors::DIMENSIONS_MAX;
pub use writer::{Begin, BotWriter, Published, Transaction};
