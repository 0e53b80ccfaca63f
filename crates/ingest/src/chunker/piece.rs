//! What is never cut: blocks, or the parts of blocks too large for a chunk.

use document::{Block, BlockKind};

use super::budget::Budgets;
use super::size::Size;
use super::split;

/// A stretch of the text, from `start` to the start of the next piece.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// First byte.
    pub(super) start: usize,
    /// Never beyond the hard budget.
    pub(super) size: Size,
    /// The level, if it is of a heading.
    pub(super) heading: Option<u8>,
    /// Whether it should not end a chunk: a heading, or a paragraph that leads into what follows.
    pub(super) leads: bool,
}

/// The pieces of a text, in order.
pub(super) fn pieces(text: &str, blocks: &[Block], budgets: &Budgets) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(blocks.len());
    // Of the headings directly before a block: it must leave room for them.
    let mut headings = Size::default();
    for block in blocks {
        let content = block.span.of(text).unwrap_or_default();
        let size = Size::of(content);
        let heading = heading_level(block.kind);
        let room = room_after(headings, budgets);
        if size.fits(room) {
            let leads = heading.is_some() || leads_on(block.kind, content, size, budgets);
            pieces.push(Piece { start: block.span.start, size, heading, leads });
        } else {
            let parts = split::split(content, block.kind, room, budgets.grain);
            pieces.extend(parts.into_iter().map(|(start, size)| Piece {
                start: block.span.start + start,
                size,
                heading,
                leads: heading.is_some(),
            }));
        }
        headings = if heading.is_some() { headings + size } else { Size::default() };
    }
    pieces
}

fn heading_level(kind: BlockKind) -> Option<u8> {
    if let BlockKind::Heading { level } = kind { Some(level) } else { None }
}

/// The hard budget less the headings, unless they take most of it.
fn room_after(headings: Size, budgets: &Budgets) -> Size {
    if headings.fits(budgets.short) { budgets.hard.minus(headings) } else { budgets.hard }
}

/// "The following is covered:" belongs to the list or table below it.
fn leads_on(kind: BlockKind, content: &str, size: Size, budgets: &Budgets) -> bool {
    let is_text = matches!(kind, BlockKind::Paragraph | BlockKind::ListItem);
    is_text && content.ends_with([':', '：']) && size.fits(budgets.grain)
}
