//! A parsed document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Block, MediaType, PageRange, Rect, Region, Span};

/// One page of a paginated document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Physical page number, counted from 1.
    pub number: u32,
    /// What is seen of the page, in its default user space.
    pub bounds: Rect,
    /// Degrees by which the page is turned clockwise when shown: 0, 90, 180 or 270.
    pub rotation: u16,
    /// The text that begins on this page; empty for a page without text.
    pub span: Span,
    /// Glyphs drawn on the page for which no Unicode text could be found.
    pub unmapped_glyphs: u32,
    /// Why the page is incomplete, where a limit or damage cut it short.
    pub partial: Option<String>,
}

/// Why a line was left out of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalReason {
    /// A line repeated at the top or bottom of pages, page numbers included.
    RunningLine,
    /// A number along an axis of a plot, or a name in its legend.
    PlotLabel,
    /// A word behind or across the text, such as "Draft".
    Watermark,
    /// Text that cannot be seen: beside the page, clipped away, of a layer that is switched off,
    /// or an invisible copy of what is visible.
    Hidden,
}

/// A line that was recognised as furniture of the page and left out of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// The page it stood on, counted from 1.
    pub page: u32,
    /// The line.
    pub text: String,
    /// Why it was left out.
    pub reason: RemovalReason,
}

/// A document as read from its bytes: one canonical text and the structure over it.
///
/// Blocks are in reading order, do not overlap, and are separated by blank space only, so
/// every visible character of `text` lies in exactly one block. Page spans tile the text in
/// page order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// What the bytes were.
    pub media_type: MediaType,
    /// The document's own title, from its metadata or its first heading.
    pub title: Option<String>,
    /// Further metadata of the document itself (front matter, PDF information dictionary).
    pub metadata: BTreeMap<String, String>,
    /// The canonical text: NFC, `\n` line ends. Paragraphs stand on one line; blocks are
    /// separated by a blank line, items of one list by a line end.
    pub text: String,
    /// Structure, in reading order.
    pub blocks: Vec<Block>,
    /// Where the blocks stand on their pages, in the order of the blocks; empty where the format
    /// has no pages.
    pub regions: Vec<Region>,
    /// Pages in order; empty where the format has none.
    pub pages: Vec<Page>,
    /// Lines recognised as page furniture.
    pub removed: Vec<Removed>,
    /// What went wrong without stopping the parse, one sentence each.
    pub warnings: Vec<String>,
}

impl Document {
    /// The page that holds byte `offset` of the text; `None` where the format has no pages.
    /// Costs a binary search over the pages.
    pub fn page_at(&self, offset: usize) -> Option<u32> {
        let after = self.pages.partition_point(|page| page.span.start <= offset);
        // Pages without text share their start with the next page; the last of them holds it.
        self.pages.get(after.checked_sub(1)?).map(|page| page.number)
    }

    /// The pages a span touches; `None` where the format has no pages.
    pub fn pages_of(&self, span: Span) -> Option<PageRange> {
        let first = self.page_at(span.start)?;
        let last = self.page_at(span.end.saturating_sub(1).max(span.start))?;
        Some(PageRange { first, last })
    }

    /// The regions of the block at an index of `blocks`. Costs a binary search over the regions.
    pub fn regions_of(&self, block: usize) -> &[Region] {
        let first = self.regions.partition_point(|region| region.block < block);
        let own = self.regions[first..].partition_point(|region| region.block == block);
        &self.regions[first..first + own]
    }

    /// Numbers of the pages on which no text was found.
    pub fn pages_without_text(&self) -> Vec<u32> {
        self.pages.iter().filter(|page| page.span.is_empty()).map(|page| page.number).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: u32, start: usize, end: usize) -> Page {
        let bounds = Rect::from_corners([0.0, 0.0, 612.0, 792.0]);
        let span = Span::new(start, end);
        Page { number, bounds, rotation: 0, span, unmapped_glyphs: 0, partial: None }
    }

    #[test]
    fn pages_are_found_by_offset_and_empty_pages_hold_nothing() {
        let document = Document {
            media_type: MediaType::Pdf,
            title: None,
            metadata: BTreeMap::new(),
            text: "one two three".into(),
            blocks: Vec::new(),
            regions: Vec::new(),
            pages: vec![page(1, 0, 4), page(2, 4, 4), page(3, 4, 13)],
            removed: Vec::new(),
            warnings: Vec::new(),
        };
        assert_eq!(document.page_at(0), Some(1));
        assert_eq!(document.page_at(4), Some(3));
        assert_eq!(document.pages_of(Span::new(2, 9)), Some(PageRange { first: 1, last: 3 }));
        assert_eq!(document.pages_without_text(), [2]);
    }
}
