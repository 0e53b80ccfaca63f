//! What the document's structure says of a page: whether it is to be believed, and the order it
//! gives.

use super::Line;
use crate::pdf::glyphs::PageGlyphs;
use crate::pdf::structure::{Role, Structure, Tag};

/// Share of a page's text that is tagged where a page is tagged at all.
const TAGGED_SHARE: f32 = 0.9;
/// Characters of paragraphs on average; a producer that tags single words has fewer.
const PARAGRAPH_CHARS_MIN: usize = 8;

/// Whether nearly all text of a page is tagged, with units larger than words.
pub(super) fn are_sound(page: &PageGlyphs, structure: &Structure) -> bool {
    if structure.units.is_empty() {
        return false;
    }
    let (mut tagged, mut untagged, mut paragraph_chars) = (0usize, 0usize, 0usize);
    let mut paragraphs = 0usize;
    let mut last = Tag::NONE;
    for glyph in &page.glyphs {
        let unit = glyph.tag.unit().and_then(|at| structure.units.get(at));
        tagged += usize::from(unit.is_some());
        untagged += usize::from(glyph.tag == Tag::NONE);
        if unit.is_some_and(|unit| unit.role == Role::Paragraph && unit.cell.is_none()) {
            paragraph_chars += 1;
            paragraphs += usize::from(glyph.tag != last);
        }
        last = glyph.tag;
    }
    tagged as f32 >= TAGGED_SHARE * (tagged + untagged) as f32
        && tagged > 0
        && paragraph_chars >= PARAGRAPH_CHARS_MIN * paragraphs
}

/// Takes the units from glyphs; what is marked as furniture stays so.
pub(super) fn forget(page: &mut PageGlyphs) {
    for glyph in page.glyphs.iter_mut().filter(|glyph| glyph.tag.unit().is_some()) {
        glyph.tag = Tag::NONE;
    }
}

/// The lines in logical order. A line without tag stays behind the one before it.
pub(super) fn in_order(lines: Vec<Line>, structure: &Structure) -> Vec<Line> {
    let mut rank = (false, 0);
    let mut ranked: Vec<((bool, usize), Line)> = Vec::with_capacity(lines.len());
    for mut line in lines {
        line.cell = line.tag.unit().and_then(|at| structure.units.get(at)?.cell);
        rank = structure.rank(line.tag).unwrap_or(rank);
        ranked.push((rank, line));
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, line)| line).collect()
}
