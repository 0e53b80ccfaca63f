//! The pages' lines to one document: furniture out, paragraphs together, headings named.

mod blocks;
mod cells;
mod code;
mod formulas;
mod headings;
mod hyphens;
mod phrases;
mod plots;
mod running;
mod tables;
mod tagged;

use std::collections::BTreeMap;

use document::{
    Block, BlockKind, Document, MediaType, Page, Rect, Region, RemovalReason, Removed, Span,
};

use super::Source;
use super::layout::{Line, PageLayout};
use super::structure::Tag;
use blocks::Grouping;
pub(super) use blocks::PageBlock;

use hyphens::Vocabulary;
use tagged::Tagged;

/// Joins laid-out pages to a document. Linear in the text.
pub(super) fn document(source: Source) -> Document {
    let (metadata, warnings) = (source.metadata.clone(), source.warnings.clone());
    with_blocks(source, |pages, blocks, vocabulary| {
        let mut writer = Writer::new(vocabulary, warnings);
        for (number, (page, page_blocks)) in (1..).zip(pages.iter().zip(blocks)) {
            writer.page(number, page, page_blocks);
        }
        writer.finish(metadata, removed(pages))
    })
}

/// Takes furniture out of the pages and groups what is left to blocks, which `then` is given.
pub(super) fn with_blocks<T>(
    source: Source,
    then: impl FnOnce(&[PageLayout], &[Vec<PageBlock<'_>>], &Vocabulary) -> T,
) -> T {
    let mut pages = source.pages;
    take(&mut pages, running::lines, RemovalReason::RunningLine);
    take(&mut pages, plots::labels, RemovalReason::PlotLabel);
    let vocabulary = Vocabulary::of(pages.iter().flat_map(|page| &page.lines));
    let measures = blocks::Measures::of(&pages);
    let tagged = Tagged::of(&source.structure, &pages, &measures);
    let grouping = Grouping { measures: &measures, vocabulary: &vocabulary, tagged: &tagged };
    let mut blocks: Vec<Vec<PageBlock<'_>>> =
        pages.iter().map(|page| grouping.blocks(&page.lines)).collect();
    if tagged.has_headings {
        headings::name_untagged(&mut blocks, &measures);
    } else {
        headings::name(&mut blocks, &measures);
        headings::follow(&mut blocks, &source.bookmarks);
    }
    then(&pages, &blocks, &vocabulary)
}

/// Takes the lines that `mark` marks on each page out of its text.
fn take(
    pages: &mut [PageLayout],
    mark: fn(&[PageLayout]) -> Vec<Vec<usize>>,
    reason: RemovalReason,
) {
    let marks = mark(pages);
    for (page, marks) in pages.iter_mut().zip(marks) {
        let mut marks = marks.into_iter().peekable();
        let lines = std::mem::take(&mut page.lines);
        for (index, line) in lines.into_iter().enumerate() {
            if marks.next_if_eq(&index).is_some() {
                page.removed.push((reason, line));
            } else {
                page.lines.push(line);
            }
        }
    }
}

/// The report of the lines that were taken out.
fn removed(pages: &[PageLayout]) -> Vec<Removed> {
    let of_page = |(number, page): (u32, &PageLayout)| {
        let removed = page.removed.iter();
        removed
            .map(|(reason, line)| Removed {
                page: number,
                text: line.text.clone(),
                reason: *reason,
            })
            .collect::<Vec<_>>()
    };
    (1..).zip(pages).flat_map(of_page).collect()
}

struct Writer<'a> {
    vocabulary: &'a Vocabulary,
    text: String,
    blocks: Vec<Block>,
    regions: Vec<Region>,
    pages: Vec<Page>,
    warnings: Vec<String>,
    unmapped: u64,
    /// The last paragraph's last line, if the paragraph may go on in the next column or page.
    open: Option<OpenParagraph>,
}

/// Where a paragraph was left without an end of a sentence.
struct OpenParagraph {
    size: f32,
    v: f32,
    page: u32,
    tag: Tag,
}

impl<'a> Writer<'a> {
    fn new(vocabulary: &'a Vocabulary, warnings: Vec<String>) -> Self {
        Self {
            vocabulary,
            text: String::new(),
            blocks: Vec::new(),
            regions: Vec::new(),
            pages: Vec::new(),
            warnings,
            unmapped: 0,
            open: None,
        }
    }

    fn page(&mut self, number: u32, page: &PageLayout, blocks: &[PageBlock<'_>]) {
        let mut start = None;
        for block in blocks {
            let before = self.block(number, block);
            self.place(number, page, block);
            start.get_or_insert(before);
        }
        // Where the page begins inside a paragraph, its text begins there; blank space that
        // separates blocks belongs to the page before.
        let start = start.unwrap_or(self.text.len());
        self.end_pages_at(start);
        if let Some(why) = &page.partial {
            self.warnings.push(format!("page {number} is incomplete: {why}"));
        }
        self.unmapped += u64::from(page.unmapped);
        self.pages.push(Page {
            number,
            bounds: page.frame.visible,
            rotation: page.frame.rotation,
            span: Span::new(start, self.text.len()),
            unmapped_glyphs: page.unmapped,
            partial: page.partial.clone(),
        });
    }

    /// Ends the last page with text where the next one begins; pages without text between hold
    /// nothing, not even the blank line.
    fn end_pages_at(&mut self, start: usize) {
        for page in self.pages.iter_mut().rev() {
            let blank = page.span.is_empty();
            page.span.end = start;
            if !blank {
                break;
            }
            page.span.start = start;
        }
    }

    /// Writes a block; returns where its text begins.
    fn block(&mut self, page: u32, block: &PageBlock<'_>) -> usize {
        if let Some(start) = self.go_on_with_open(page, block) {
            return start;
        }
        self.separate(block.kind);
        let start = self.text.len();
        self.lines(block);
        self.blocks.push(Block { kind: block.kind, span: Span::new(start, self.text.len()) });
        self.open = self.left_open(page, block);
        start
    }

    /// Notes where the block written last stands.
    fn place(&mut self, page: u32, layout: &PageLayout, block: &PageBlock<'_>) {
        let bounds = block.lines.iter().map(Line::bounds).reduce(Rect::union);
        let (Some(bounds), Some(last)) = (bounds, self.blocks.len().checked_sub(1)) else { return };
        let bounds = layout.frame.to_user_space(bounds);
        self.regions.push(Region { block: last, page, bounds });
    }

    fn separate(&mut self, kind: BlockKind) {
        let Some(last) = self.blocks.last() else { return };
        let items = last.kind == BlockKind::ListItem && kind == BlockKind::ListItem;
        self.text.push_str(if items { "\n" } else { "\n\n" });
    }

    fn lines(&mut self, block: &PageBlock<'_>) {
        let start = self.text.len();
        if let Some(rows) = &block.rows {
            self.text.push_str(rows);
            return;
        }
        for line in block.lines {
            if self.text.len() == start {
                self.text.push_str(line.text.trim());
            } else {
                self.vocabulary.join(&mut self.text, line.text.trim());
            }
        }
        hyphens::drop_soft(&mut self.text, start);
    }

    fn left_open(&self, page: u32, block: &PageBlock<'_>) -> Option<OpenParagraph> {
        let last = block.lines.last()?;
        let may_go_on = matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem);
        let ended = self.text.ends_with(['.', '!', '?', ':', ';', '"', '”', '。', '！', '？']);
        (may_go_on && !ended).then_some(OpenParagraph {
            size: last.size,
            v: last.v,
            page,
            tag: last.tag,
        })
    }

    /// Joins a paragraph to the one that a column or page end interrupted.
    fn go_on_with_open(&mut self, page: u32, block: &PageBlock<'_>) -> Option<usize> {
        let open = self.open.as_ref()?;
        let first = block.lines.first()?;
        if first.tag.parts_from(open.tag) {
            return None;
        }
        let jumped = page != open.page || first.v > open.v + first.size;
        let same_size = (first.size / open.size - 1.0).abs() < 0.06;
        let solid = hyphens::ends_solid(&self.text) && hyphens::starts_solid(&first.text);
        let goes_on = solid || first.text.chars().next().is_some_and(char::is_lowercase);
        if !(jumped && same_size && goes_on && block.kind == BlockKind::Paragraph) {
            return None;
        }
        let before = self.text.len();
        let lines = block.lines;
        self.vocabulary.join(&mut self.text, lines[0].text.trim());
        for line in &lines[1..] {
            self.vocabulary.join(&mut self.text, line.text.trim());
        }
        hyphens::drop_soft(&mut self.text, before);
        let end = self.text.len();
        self.blocks.last_mut()?.span.end = end;
        self.open = self.left_open(page, block);
        Some(next_word(&self.text, before.min(end)))
    }

    fn finish(mut self, metadata: BTreeMap<String, String>, removed: Vec<Removed>) -> Document {
        if let Some(last) = self.pages.last_mut() {
            last.span.end = self.text.len();
        }
        if self.unmapped > 0 {
            self.warnings
                .push(format!("{} glyphs have no known text and were left out", self.unmapped));
        }
        let title = headings::title(&metadata, &self.text, &self.blocks, &self.pages);
        Document {
            media_type: MediaType::Pdf,
            title,
            metadata,
            text: self.text,
            blocks: self.blocks,
            regions: self.regions,
            pages: self.pages,
            removed,
            warnings: self.warnings,
        }
    }
}

/// The first visible character at or after an offset.
fn next_word(text: &str, offset: usize) -> usize {
    let offset = (offset..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let rest = &text[offset..];
    offset + (rest.len() - rest.trim_start().len())
}
