//! Blocks to chunks, the units of retrieval.
//!
//! A chunk should answer a question by itself and be about one thing, so the cuts follow the
//! structure of the document first and its length second:
//!
//! 1. A section (a run of headings and what follows it) begins a chunk. Sections are kept apart
//!    even when short, for the path of headings is half of what a search matches; only *tiny*
//!    ones, under an eighth of the soft budget, are packed: with a tiny neighbour under the same
//!    parent, or with the section they lead into or belong to. Never beyond the soft budget.
//! 2. Within a section whole blocks are packed up to the soft budget. A block up to the hard
//!    budget stays whole; beyond it, text is cut between sentences, tables and code between
//!    lines, and only a sentence or line beyond the hard budget between words.
//! 3. A heading never ends a chunk, nor does a short paragraph ending in a colon. A chunk under
//!    half the soft budget takes the next block as well if the hard budget allows, and a last
//!    chunk that short is merged with the one before it or evened out with it.
//!
//! Chunks tile the text. They depend on nothing but the document and [`Chunking`]. The cost is
//! linear in the text.

use document::{Block, Chunk, Document, Span};
use serde::Serialize;

mod assemble;
mod budget;
mod pack;
mod piece;
mod size;
mod split;

/// Sizes of the chunks, in words: those of Unicode, two characters counting as one in scripts
/// that put no spaces between words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Chunking {
    /// Words up to which blocks are packed together. 200: a few paragraphs, about what answers
    /// one question; larger chunks blur the ranking, smaller ones lose their context.
    pub words_soft: usize,
    /// Words no chunk exceeds; at least `words_soft`, or it counts as that. 320: what a table or
    /// a long paragraph may take to stay whole.
    pub words_hard: usize,
}

impl Default for Chunking {
    fn default() -> Self {
        Self { words_soft: 200, words_hard: 320 }
    }
}

/// Cuts a document into chunks that tile its text; none for a document without text.
pub fn chunk(document: &Document, chunking: Chunking) -> Vec<Chunk> {
    let blocks = sound_blocks(document);
    let budgets = budget::Budgets::new(chunking);
    let pieces = piece::pieces(&document.text, &blocks, &budgets);
    let starts = pack::chunk_starts(&pieces, &budgets);
    assemble::chunks(document, &blocks, &starts)
}

/// The blocks that keep the promises of [`Document`]; all of the text as one block where a
/// document has text and no block.
fn sound_blocks(document: &Document) -> Vec<Block> {
    let text = document.text.as_str();
    let mut blocks: Vec<Block> = Vec::with_capacity(document.blocks.len());
    for block in &document.blocks {
        let after = blocks.last().map_or(0, |last| last.span.end);
        let visible = block.span.of(text).is_some_and(|text| !text.trim().is_empty());
        if visible && block.span.start >= after {
            blocks.push(*block);
        }
    }
    if blocks.is_empty() && !text.trim().is_empty() {
        let span = assemble::trimmed(text, Span::new(0, text.len()));
        blocks.push(Block { kind: document::BlockKind::Paragraph, span });
    }
    blocks
}

/// The size of a text in half words.
#[cfg(test)]
pub(crate) fn half_words(text: &str) -> usize {
    size::Size::of(text).half_words
}

#[cfg(test)]
mod tests;
