//! Chunks with their place: pages, headings, blocks.

use document::{Block, BlockKind, Chunk, Document, PageBreak, Span};

/// Bytes of a heading that go into a path: a heading beyond that is none, and every chunk below
/// it would repeat it.
const HEADING_BYTES_MAX: usize = 256;

/// The chunks that begin at `starts`; the first one begins at 0 whatever it says.
pub(super) fn chunks(document: &Document, blocks: &[Block], starts: &[usize]) -> Vec<Chunk> {
    let text = document.text.as_str();
    let mut chunks = Vec::with_capacity(starts.len());
    let mut outline = Outline::default();
    let mut blocks_left = blocks;
    let mut char_start = 0;
    for index in 0..starts.len() {
        let start = if index == 0 { 0 } else { starts[index] };
        let end = starts.get(index + 1).copied().unwrap_or(text.len());
        let span = Span::new(start, end);
        let inside = blocks_left.partition_point(|block| block.span.start < end);
        let own = &blocks_left[..inside];
        let headings = outline.path(text, own, start);
        let content = span.of(text).unwrap_or_default().to_owned();
        let visible = trimmed(text, span);
        let characters = content.chars().count();
        chunks.push(Chunk {
            ordinal: u32::try_from(index).unwrap_or(u32::MAX),
            span,
            char_start,
            pages: document.pages_of(visible),
            page_breaks: page_breaks(document, visible),
            headings,
            blocks: own.iter().map(|block| clipped(text, *block, span)).collect(),
            text: content,
        });
        char_start += characters;
        // The last block may go on in the next chunk.
        let done = own.partition_point(|block| block.span.end <= end);
        blocks_left = &blocks_left[done..];
    }
    chunks
}

/// The pages that begin amid a span.
fn page_breaks(document: &Document, span: Span) -> Vec<PageBreak> {
    let pages = &document.pages;
    let first = pages.partition_point(|page| page.span.start <= span.start);
    let after = pages.get(first..).unwrap_or_default();
    let inside = after.iter().take_while(|page| page.span.start < span.end);
    inside
        .filter(|page| !page.span.is_empty())
        .map(|page| PageBreak { offset: page.span.start, page: page.number })
        .collect()
}

fn clipped(text: &str, block: Block, span: Span) -> Block {
    Block { kind: block.kind, span: trimmed(text, block.span.intersection(span)) }
}

/// A span without the blank space at its ends; empty where all is blank.
pub(super) fn trimmed(text: &str, span: Span) -> Span {
    let content = span.of(text).unwrap_or_default();
    let end = span.start + content.trim_end().len();
    let start = span.start + content.len() - content.trim_start().len();
    Span::new(start.min(end), end)
}

/// The headings above a place, outermost first.
#[derive(Default)]
struct Outline(Vec<(u8, String)>);

impl Outline {
    /// The path of a chunk, headings at its own beginning included; then enters all of its
    /// headings.
    fn path(&mut self, text: &str, blocks: &[Block], start: usize) -> Vec<String> {
        let mut path = None;
        for block in blocks {
            match block.kind {
                BlockKind::Heading { level } => {
                    // A heading that goes on from the chunk before was entered there.
                    if block.span.start >= start {
                        self.enter(level, block.span.of(text).unwrap_or_default());
                    }
                }
                _ => path = path.or_else(|| Some(self.titles())),
            }
        }
        path.unwrap_or_else(|| self.titles())
    }

    fn enter(&mut self, level: u8, title: &str) {
        while self.0.last().is_some_and(|(above, _)| *above >= level) {
            self.0.pop();
        }
        let end = title.floor_char_boundary(HEADING_BYTES_MAX);
        self.0.push((level, title[..end].to_owned()));
    }

    fn titles(&self) -> Vec<String> {
        self.0.iter().map(|(_, title)| title.clone()).collect()
    }
}
