//! What layout sees of a page, for the eye: places of words, lines and blocks.

use document::{BlockKind, Rect, RemovalReason};

use super::Source;
use super::assemble::{PageBlock, with_blocks};
use super::layout::{Line, PageLayout};

/// One page as it is looked at: upright, origin at the lower left corner, in PDF points.
#[derive(Debug, Clone, PartialEq)]
pub struct PageView {
    /// Physical page number, counted from 1.
    pub number: u32,
    /// Width in points.
    pub width: f32,
    /// Height in points.
    pub height: f32,
    /// In reading order.
    pub blocks: Vec<BlockView>,
    /// Lines that are left out of the text.
    pub removed: Vec<(RemovalReason, LineView)>,
}

/// One block, or the part of it that stands on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockView {
    /// What it is.
    pub kind: BlockKind,
    /// What its lines cover.
    pub bounds: Rect,
    /// In reading order.
    pub lines: Vec<LineView>,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct LineView {
    /// What it covers.
    pub bounds: Rect,
    /// Font size in points.
    pub size: f32,
    /// The direction it runs in, in degrees counter-clockwise from rightwards.
    pub degrees: i16,
    /// In the order they are read.
    pub words: Vec<WordView>,
}

/// One word.
#[derive(Debug, Clone, PartialEq)]
pub struct WordView {
    /// What it covers.
    pub bounds: Rect,
    /// Its text.
    pub text: String,
}

/// The views of all pages.
pub(super) fn pages(source: Source) -> Vec<PageView> {
    with_blocks(source, |pages, blocks, _| {
        let numbered = (1..).zip(pages.iter().zip(blocks));
        numbered.map(|(number, (page, blocks))| view(number, page, blocks)).collect()
    })
}

fn view(number: u32, page: &PageLayout, blocks: &[PageBlock<'_>]) -> PageView {
    let (width, height) = page.frame.upright_size();
    let removed = page.removed.iter().map(|(reason, line)| (*reason, line_view(line)));
    PageView {
        number,
        width,
        height,
        blocks: blocks.iter().filter_map(block_view).collect(),
        removed: removed.collect(),
    }
}

fn block_view(block: &PageBlock<'_>) -> Option<BlockView> {
    let bounds = block.lines.iter().map(Line::bounds).reduce(Rect::union)?;
    let lines = block.lines.iter().map(line_view).collect();
    Some(BlockView { kind: block.kind, bounds, lines })
}

fn line_view(line: &Line) -> LineView {
    let ends = line.words.iter().skip(1).map(|word| word.start).chain([line.text.len()]);
    let word = |(word, end): (&super::layout::Piece, usize)| WordView {
        bounds: line.bounds_of(word.u0, word.u1),
        text: line.text.get(word.start..end).unwrap_or_default().trim().to_owned(),
    };
    LineView {
        bounds: line.bounds(),
        size: line.size,
        degrees: line.degrees,
        words: line.words.iter().zip(ends).map(word).collect(),
    }
}
