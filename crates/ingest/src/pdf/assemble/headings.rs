//! Headings by size, weight and numbering; the title of the document.

mod alone;

use std::collections::{BTreeMap, HashMap};

use document::{Block, BlockKind, Page};

use super::blocks::{Measures, PageBlock};
use crate::pdf::outline::Bookmark;

/// A heading is larger than the body text by this factor at least.
const LARGER: f32 = 1.12;
const HEADING_CHARS_MAX: usize = 160;
const HEADING_LINES_MAX: usize = 4;
/// Sizes closer than this, in points, are one level.
const SIZE_STEP: f32 = 0.6;
/// Sizes of headings told apart.
const SIZES_MAX: usize = 64;
const TITLE_CHARS_MAX: usize = 200;

/// Turns the paragraphs that are headings into headings, the largest at level 1.
pub(super) fn name(pages: &mut [Vec<PageBlock<'_>>], measures: &Measures) {
    let levels = Levels::of(pages, measures);
    for block in pages.iter_mut().flatten() {
        let level = match rank(block, measures) {
            Some(Rank::Larger { size, .. }) => levels.of_size(size),
            // Below all larger ones; "2.1" below "2".
            Some(Rank::Bold { depth, .. }) => levels.sizes.len() + depth,
            None => continue,
        };
        block.kind = BlockKind::Heading { level: level.clamp(1, 6) as u8 };
    }
    alone::name(pages, measures);
}

/// Names headings where the document's own structure names them already: of the paragraphs it
/// leaves, those set larger than all its headings are titles.
pub(super) fn name_untagged(pages: &mut [Vec<PageBlock<'_>>], measures: &Measures) {
    let is_heading = |block: &&PageBlock<'_>| matches!(block.kind, BlockKind::Heading { .. });
    let headings = pages.iter().flatten().filter(is_heading);
    let largest = headings.flat_map(|block| block.lines).map(|line| line.size).fold(0.0, f32::max);
    for block in pages.iter_mut().flatten() {
        if let Some(Rank::Larger { size, .. }) = rank(block, measures)
            && size > largest + SIZE_STEP
        {
            block.kind = BlockKind::Heading { level: 1 };
        }
    }
}

/// Gives the headings that the outline names the levels it gives them, where it is an outline of
/// this text: at least half of its titles are found, in order. Looked for from the end, so that a
/// table of contents, which has them all too, is passed over.
pub(super) fn follow(pages: &mut [Vec<PageBlock<'_>>], bookmarks: &[Bookmark]) {
    if bookmarks.len() < BOOKMARKS_MIN {
        return;
    }
    let titles: Vec<String> = bookmarks.iter().map(|bookmark| folded(&bookmark.title)).collect();
    let mut places: HashMap<&str, Vec<(usize, usize)>> =
        titles.iter().map(|title| (title.as_str(), Vec::new())).collect();
    for (page, blocks) in pages.iter().enumerate() {
        for (at, block) in blocks.iter().enumerate().filter(|(_, block)| may_be_heading(block)) {
            for name in names(block) {
                if let Some(places) = places.get_mut(name.as_str()) {
                    places.push((page, at));
                }
            }
        }
    }
    let mut before = (usize::MAX, 0);
    let mut found: Vec<((usize, usize), u8)> = Vec::new();
    for (bookmark, title) in bookmarks.iter().zip(&titles).rev() {
        let candidates = places.get(title.as_str());
        let last = candidates.and_then(|all| all.iter().rev().find(|place| **place < before));
        if let Some(&place) = last {
            before = place;
            found.push((place, bookmark.depth));
        }
    }
    if found.len() < BOOKMARKS_MIN || found.len() * 2 < bookmarks.len() {
        return;
    }
    // A title at the document's beginning stands over all of the outline.
    let earlier = pages.first().into_iter().flatten().enumerate();
    let titled = earlier.take_while(|(at, _)| (0, *at) < before);
    let titled = titled.into_iter().any(|(_, b)| b.kind == BlockKind::Heading { level: 1 });
    for ((page, at), depth) in found {
        let level = (depth + u8::from(titled)).min(6);
        pages[page][at].kind = BlockKind::Heading { level };
    }
}

/// Bookmarks found, for an outline to be followed.
const BOOKMARKS_MIN: usize = 2;

fn may_be_heading(block: &PageBlock<'_>) -> bool {
    block.kind != BlockKind::Table && block.lines.len() <= HEADING_LINES_MAX
}

/// What a bookmark may call a block: its text, with its number and without.
fn names(block: &PageBlock<'_>) -> Vec<String> {
    let text = block.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" ");
    let unnumbered =
        section_number(&text).and_then(|_| text.split_once(' ')).map(|(_, rest)| folded(rest));
    let mut names = vec![folded(&text)];
    names.extend(unnumbered);
    names.retain(|name| !name.is_empty() && name.len() <= HEADING_CHARS_MAX * 2);
    names
}

/// Letters and digits only, in lower case.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            folded.extend(c.to_lowercase());
        }
    }
    folded
}

/// The sizes of headings, largest first: a size's place is its level.
struct Levels {
    sizes: Vec<f32>,
}

impl Levels {
    fn of(pages: &[Vec<PageBlock<'_>>], measures: &Measures) -> Self {
        let mut sizes: Vec<f32> = Vec::new();
        let mut chapters: Vec<f32> = Vec::new();
        for block in pages.iter().flatten() {
            let (size, depth) = match rank(block, measures) {
                Some(Rank::Larger { size, depth }) => (size, depth),
                Some(Rank::Bold { depth, numbered: true }) => {
                    chapters.extend((depth == 1).then_some(measures.body_size));
                    continue;
                }
                _ => continue,
            };
            chapters.extend((depth == Some(1)).then_some(size));
            keep_size(&mut sizes, size);
        }
        sizes.sort_by(|a, b| b.total_cmp(a));
        // Between the title and the numbered chapters there is no level: what is set larger
        // than a chapter, such as "Contents", stands beside the chapters, not above them.
        chapters.sort_by(f32::total_cmp);
        if let Some(&chapter) = chapters.get(chapters.len() / 2).filter(|_| chapters.len() > 1) {
            let title = sizes.first().copied();
            sizes.retain(|&size| Some(size) == title || size < chapter + SIZE_STEP);
        }
        Self { sizes }
    }

    fn of_size(&self, size: f32) -> usize {
        let larger = self.sizes.iter().filter(|known| **known > size - SIZE_STEP).count();
        let exact = self.sizes.iter().any(|known| (known - size).abs() < SIZE_STEP);
        if exact { larger.max(1) } else { larger + 1 }
    }
}

fn keep_size(sizes: &mut Vec<f32>, size: f32) {
    let is_known = sizes.iter().any(|known| (known - size).abs() < SIZE_STEP);
    if sizes.len() < SIZES_MAX && !is_known {
        sizes.push(size);
    }
}

enum Rank {
    /// Larger than body text; `depth` is the number of parts of its number.
    Larger { size: f32, depth: Option<usize> },
    /// Of body size, in a heavy face or numbered in capitals; `depth` is 1 or the number of
    /// parts of its number.
    Bold { depth: usize, numbered: bool },
}

fn rank(block: &PageBlock<'_>, measures: &Measures) -> Option<Rank> {
    if !matches!(block.kind, BlockKind::Paragraph | BlockKind::ListItem) {
        return None;
    }
    let first = block.lines.first()?;
    let last = block.lines.last()?.text.trim_end();
    if block.lines.len() > HEADING_LINES_MAX || first.degrees != 0 || last.ends_with([',', ';']) {
        return None;
    }
    let chars: usize = block.lines.iter().map(|line| line.text.chars().count()).sum();
    if chars > HEADING_CHARS_MAX {
        return None;
    }
    let letters =
        block.lines.iter().flat_map(|line| line.text.chars()).filter(|c| c.is_alphabetic()).count();
    if letters < 2 || letters * 2 < chars.min(40) {
        return None;
    }
    let numbered = section_number(&first.text);
    let is_item = block.kind == BlockKind::ListItem && numbered.is_none();
    // Large text that begins amid something is a label in a picture.
    let begins = |c: char| c.is_alphanumeric() && !c.is_lowercase() || "“„‘\"'¿¡".contains(c);
    let is_title = first.text.starts_with(begins) || first.size > measures.body_size * 1.5;
    if first.size > measures.body_size * LARGER && !is_item && is_title {
        return Some(Rank::Larger { size: first.size, depth: numbered });
    }
    let of_body_size = first.size > measures.body_size * 0.93 && block.lines.len() <= 2;
    let bold = block.lines.iter().all(|line| line.bold);
    let capitals = !first.text.chars().any(char::is_lowercase) && numbered.is_some();
    let sentence = last.ends_with('.') && chars > 40;
    ((bold || capitals) && of_body_size && !is_item && !sentence && !last.ends_with(':'))
        .then(|| Rank::Bold { depth: numbered.unwrap_or(1), numbered: numbered.is_some() })
}

/// How many parts the number in front of a heading has: 2 for `3.1 Scope`, 1 for `IV. RESULTS`.
fn section_number(text: &str) -> Option<usize> {
    let (number, rest) = text.split_once(' ')?;
    let starts_like_a_title = rest.trim_start().chars().next().is_some_and(char::is_alphabetic);
    let parts: Vec<&str> = number.trim_end_matches('.').split('.').collect();
    let decimal = parts.iter().all(|part| {
        !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit())
    });
    let roman =
        parts.len() == 1 && number.ends_with('.') && parts[0].bytes().all(|b| b"IVX".contains(&b));
    ((decimal || (roman && !parts[0].is_empty())) && starts_like_a_title).then_some(parts.len())
}

/// The document's title: its metadata's, where that is a title, else the first heading of
/// level 1 on the first page with text.
pub(super) fn title(
    metadata: &BTreeMap<String, String>,
    text: &str,
    blocks: &[Block],
    pages: &[Page],
) -> Option<String> {
    let given = metadata.get("title").filter(|title| is_title(title));
    given.cloned().or_else(|| {
        let first_page_end = pages.iter().find(|page| !page.span.is_empty())?.span.end;
        let headings = blocks.iter().filter(|block| block.span.start < first_page_end);
        let levels = headings.filter_map(|block| match block.kind {
            BlockKind::Heading { level } => Some((level, block.span)),
            _ => None,
        });
        let (_, span) = levels.min_by_key(|&(level, span)| (level, span.start))?;
        span.of(text).filter(|title| title.chars().count() <= TITLE_CHARS_MAX).map(str::to_owned)
    })
}

/// Metadata titles are often file names or a program's default.
fn is_title(title: &str) -> bool {
    let lower = title.to_lowercase();
    let file_like = [
        ".doc", ".docx", ".pdf", ".tex", ".dvi", ".indd", ".ps", ".odt", ".rtf", ".xls", ".xlsx",
        ".pptx",
    ];
    let junk = ["microsoft word", "untitled", "unbenannt", "slide 1", "document1", "title"];
    title.chars().filter(|c| c.is_alphabetic()).count() >= 3
        && title.chars().count() <= TITLE_CHARS_MAX
        && !file_like.iter().any(|extension| lower.ends_with(extension))
        && !junk.iter().any(|start| lower.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_numbers_are_told_from_list_numbers_by_what_follows() {
        assert_eq!(section_number("3.1 Scope"), Some(2));
        assert_eq!(section_number("1 Introduction"), Some(1));
        assert_eq!(section_number("IV. RESULTS"), Some(1));
        assert_eq!(section_number("2022 12 3"), None);
        assert_eq!(section_number("Scope of this"), None);
    }

    #[test]
    fn sizes_of_headings_are_limited_on_both_sides() {
        let kept = |count: u16| {
            let mut sizes = Vec::new();
            for size in (0..count).chain(0..count) {
                keep_size(&mut sizes, 10.0 + f32::from(size));
            }
            sizes.len()
        };
        let most = SIZES_MAX as u16;
        assert_eq!((kept(most), kept(most + 1)), (SIZES_MAX, SIZES_MAX));
        assert_eq!(kept(most - 1), SIZES_MAX - 1);
    }

    #[test]
    fn file_names_are_no_titles() {
        assert!(is_title("Rental conditions"));
        for junk in ["Microsoft Word - a.doc", "final.tex", "untitled", "12/4"] {
            assert!(!is_title(junk), "{junk}");
        }
    }
}
