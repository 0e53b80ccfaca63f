//! The kinds of documents that can be read.

use serde::{Deserialize, Serialize};

/// What the bytes of a document are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MediaType {
    /// Portable Document Format.
    #[serde(rename = "application/pdf")]
    Pdf,
    /// CommonMark with tables, footnotes, strikethrough, task lists and front matter.
    #[serde(rename = "text/markdown")]
    Markdown,
    /// Text without markup.
    #[serde(rename = "text/plain")]
    PlainText,
}

impl MediaType {
    /// The registered name, as in an HTTP `Content-Type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Markdown => "text/markdown",
            Self::PlainText => "text/plain",
        }
    }
}
