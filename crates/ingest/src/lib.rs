//! Bytes become a [`Document`], a document becomes [`Chunk`]s.
//!
//! Everything here is a pure function of bytes and a [`Config`]: no files, no clock, no network,
//! no threads of its own. The same bytes under the same configuration and [`PARSER_VERSION`]
//! give the same result, byte for byte, whatever the number of threads; that is what lets a
//! caller cache the result by content and never parse twice.
//!
//! The formats meet in one shape. Each parser (PDF, Markdown, plain text) writes one canonical
//! text and the blocks over it: a paragraph stands on one line, blocks are separated by a blank
//! line, items of one list by a line end, so a line end is always the end of a sentence. The
//! chunker sees only that shape and never a format.
//!
//! The input is hostile until proven otherwise. What a file is, is read from its content and
//! never from its name; every size has a limit in [`Limits`]; no parser recurses over its input;
//! a panic is caught and becomes the failure of that document alone.
//!
//! Absent on purpose: files and paths (a caller names the file around an [`IngestError`]),
//! processes and memory limits (they belong to the caller's worker), anything about an index.

mod canonical;
mod chunker;
mod encoding;
mod error;
mod inspect;
mod limits;
mod markdown;
mod media_type;
mod normalize;
mod parallel;
mod pdf;
mod progress;
mod text;

use document::{Document, MediaType};

pub use chunker::{Chunking, chunk};
pub use document::Chunk;
pub use error::{Encryption, IngestError};
pub use inspect::{
    EncryptionFacts, FontFacts, FrontMatter, Inspection, LimitUse, Opened, Outcome, PartialPage,
    PdfFacts, RemovedLines, TextFacts, TextFileFacts, inspect, inspect_with,
};
pub use limits::Limits;
pub use media_type::media_type;
pub use parallel::{Ingested, ingest, ingest_all, ingest_with, panic_message};
pub use pdf::{BlockView, LineView, PageView, WordView, page_views};
pub use progress::Progress;

/// Version of everything between bytes and chunks: raised whenever the output for some input
/// changes, so that cached results of an older version are not mistaken for current ones.
pub const PARSER_VERSION: u32 = 4;

/// What a parse may use and how its result is cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Sizes beyond which a document is refused.
    pub limits: Limits,
    /// Sizes of the chunks.
    pub chunking: Chunking,
    /// Password for encrypted files; tried after the empty one.
    pub password: Option<String>,
}

/// Reads a document of any supported media type.
///
/// Pages of a PDF are read in parallel on the current rayon pool; the result does not depend on
/// it. Linear in the bytes for the text formats.
///
/// # Errors
///
/// Any [`IngestError`] but [`IngestError::Crashed`]: this function lets a panic through.
pub fn parse(bytes: &[u8], config: &Config) -> Result<Document, IngestError> {
    parse_with(bytes, config, &progress::unheard)
}

/// Reads a document as [`parse`] does and tells `progress` of its pages.
///
/// # Errors
///
/// Those of [`parse`].
pub fn parse_with(
    bytes: &[u8],
    config: &Config,
    progress: &Progress<'_>,
) -> Result<Document, IngestError> {
    match media_type(bytes)? {
        MediaType::Pdf => pdf::parse(bytes, config, progress),
        MediaType::Markdown => markdown::parse(bytes, config),
        MediaType::PlainText => text::parse(bytes, config),
    }
}

#[cfg(test)]
mod tests;
