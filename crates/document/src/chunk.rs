//! The unit of retrieval.

use serde::{Deserialize, Serialize};

use crate::{Block, PageRange, Span};

/// A page that begins inside a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PageBreak {
    /// Byte offset in the text of the document at which the page begins.
    pub offset: usize,
    /// The page, counted from 1.
    pub page: u32,
}

/// A piece of a document that is indexed and retrieved as one.
///
/// `text` is exactly `span` of the document's text. The chunks of a document are in order and
/// tile its text: each begins where the one before it ends, blank space between blocks goes to
/// the end of the earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Position among the chunks of its document, from 0.
    pub ordinal: u32,
    /// Place in the document's text, in bytes.
    pub span: Span,
    /// `span.start` counted in Unicode scalar values.
    pub char_start: usize,
    /// Pages the chunk touches; `None` where the format has none.
    pub pages: Option<PageRange>,
    /// Pages that begin inside the chunk, in order.
    pub page_breaks: Vec<PageBreak>,
    /// The headings above the chunk's first text that is no heading itself, outermost first.
    pub headings: Vec<String>,
    /// The blocks, or the parts of blocks, that the chunk holds; spans are in the document.
    pub blocks: Vec<Block>,
    /// The text.
    pub text: String,
}

impl Chunk {
    /// The page of byte `offset` of the document's text; `None` where there are no pages.
    pub fn page_at(&self, offset: usize) -> Option<u32> {
        let before = self.page_breaks.iter().take_while(|page_break| page_break.offset <= offset);
        before
            .last()
            .map_or(self.pages.map(|pages| pages.first), |page_break| Some(page_break.page))
    }

    /// The chunk's text under a span of the document, or `None` where it reaches outside.
    pub fn slice(&self, span: Span) -> Option<&str> {
        let start = span.start.checked_sub(self.span.start)?;
        let end = span.end.checked_sub(self.span.start)?;
        self.text.get(start..end)
    }

    /// A byte offset of the document, inside this chunk, counted in Unicode scalar values.
    /// `None` where it lies outside or inside a character. Linear in the chunk.
    pub fn char_offset(&self, offset: usize) -> Option<usize> {
        let before = self.slice(Span::new(self.span.start, offset))?;
        Some(self.char_start + before.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_inside_a_chunk_are_counted_in_bytes_characters_and_pages() {
        let chunk = Chunk {
            ordinal: 3,
            span: Span::new(100, 109),
            char_start: 90,
            pages: Some(PageRange { first: 4, last: 5 }),
            page_breaks: vec![PageBreak { offset: 105, page: 5 }],
            headings: Vec::new(),
            blocks: Vec::new(),
            text: "äö bcd e".into(),
        };
        assert_eq!(chunk.slice(Span::new(102, 104)), Some("ö"));
        assert_eq!(chunk.char_offset(104), Some(92));
        assert_eq!(chunk.char_offset(103), None);
        assert_eq!(chunk.char_offset(99), None);
        assert_eq!(chunk.page_at(104), Some(4));
        assert_eq!(chunk.page_at(105), Some(5));
    }
}
