//! The words every other crate speaks: plain data, no behaviour beyond its own invariants.
//!
//! Bytes become a [`Document`] (one canonical text, blocks and pages as spans of it), a document
//! becomes [`Chunk`]s (exact substrings with their place). Both are identified by content
//! ([`ContentHash`]) and by record ([`DocumentId`], [`BotId`]): the hash shares work, the id is
//! the thing a person added.
//!
//! Invariant: all spans are half-open byte ranges on `char` boundaries of [`Document::text`].
//! Absent here on purpose: file formats, indexes, I/O.

mod block;
mod chunk;
mod document;
mod hash;
mod id;
mod media_type;
mod region;
mod span;

pub use block::{Block, BlockKind};
pub use chunk::{Chunk, PageBreak};
pub use document::{Document, Page, RemovalReason, Removed};
pub use hash::{ContentHash, ParseHashError};
pub use id::{BotId, DocumentId, InvalidId};
pub use media_type::MediaType;
pub use region::{Rect, Region};
pub use span::{PageRange, Span};
