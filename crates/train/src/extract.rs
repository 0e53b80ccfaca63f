//! What remains of a document after parsing: its chunks and a summary.

use std::collections::BTreeMap;

use document::{Chunk, MediaType};
use ingest::Ingested;
use serde::{Deserialize, Serialize};

/// What is known of a parsed document beside its chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// What its bytes are.
    pub media_type: MediaType,
    /// Its own title.
    pub title: Option<String>,
    /// Its own metadata: front matter, PDF information dictionary.
    pub metadata: BTreeMap<String, String>,
    /// Number of pages; 0 where the format has none.
    pub pages: u32,
    /// Pages, counted from 1, on which no text was found.
    pub pages_without_text: Vec<u32>,
    /// Pages, counted from 1, that damage or a limit cut short; the warnings tell why.
    pub pages_incomplete: Vec<u32>,
    /// Lines left out as furniture of the page.
    pub lines_removed: u32,
    /// Glyphs for which no Unicode text was found.
    pub unmapped_glyphs: u32,
    /// What went wrong without stopping the parse, one sentence each.
    pub warnings: Vec<String>,
}

/// A parsed document, ready to be indexed: the same for the same bytes and pipeline key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extract {
    /// What is known of it.
    pub summary: Summary,
    /// Its chunks, in order.
    pub chunks: Vec<Chunk>,
}

impl From<Ingested> for Extract {
    fn from(Ingested { document, chunks }: Ingested) -> Self {
        let unmapped = document.pages.iter().map(|page| page.unmapped_glyphs);
        let incomplete = document.pages.iter().filter(|page| page.partial.is_some());
        let summary = Summary {
            pages: count(document.pages.len()),
            pages_without_text: document.pages_without_text(),
            pages_incomplete: incomplete.map(|page| page.number).collect(),
            lines_removed: count(document.removed.len()),
            unmapped_glyphs: unmapped.fold(0, u32::saturating_add),
            media_type: document.media_type,
            title: document.title,
            metadata: document.metadata,
            warnings: document.warnings,
        };
        Self { summary, chunks }
    }
}

/// A count as it is stored; the limits of ingest lie far below the largest.
pub(crate) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
