//! Cutting a block that is too large for a chunk.

use document::BlockKind;
use unicode_segmentation::UnicodeSegmentation;

use super::size::{Size, is_unspaced};

/// The parts of a block, by start and size, in order and without gaps; none exceeds `limit`.
///
/// Rows and lines of tables and code stay whole, sentences elsewhere; one beyond `limit` is cut
/// between words into parts of at most `grain`. Blank space stays at the end of a part.
pub(super) fn split(text: &str, kind: BlockKind, limit: Size, grain: Size) -> Vec<(usize, Size)> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut add = |unit: &str| {
        let size = Size::of(unit);
        if size.fits(limit) {
            push(&mut parts, start, size);
        } else {
            split_words(unit, start, grain, &mut parts);
        }
        start += unit.len();
    };
    match kind {
        BlockKind::Table | BlockKind::Code => text.split_inclusive('\n').for_each(&mut add),
        _ => text.split_sentence_bounds().for_each(&mut add),
    }
    parts
}

/// Adds a part; blank ones belong to the part before them.
fn push(parts: &mut Vec<(usize, Size)>, start: usize, size: Size) {
    if size.bytes > 0 || parts.is_empty() {
        parts.push((start, size));
    }
}

fn split_words(text: &str, base: usize, grain: Size, parts: &mut Vec<(usize, Size)>) {
    let mut start = base;
    let mut size = Size::default();
    for (offset, word) in text.split_word_bound_indices() {
        let added = Size::of(word);
        if !(size + added).fits(grain) {
            push(parts, start, size);
            start = base + offset;
            size = Size::default();
        }
        size += added;
        if !added.fits(grain) {
            split_characters(word, start, grain, parts);
            start += word.len();
            size = Size::default();
        }
    }
    push(parts, start, size);
}

/// Cuts a word without end (data, Katakana) between characters.
fn split_characters(word: &str, base: usize, grain: Size, parts: &mut Vec<(usize, Size)>) {
    let is_unspaced = word.starts_with(is_unspaced);
    let (mut start, mut characters) = (0, 0);
    for (offset, character) in word.char_indices() {
        let bytes = offset + character.len_utf8() - start;
        characters += 1;
        let is_full = bytes > grain.bytes || (is_unspaced && characters > grain.half_words);
        if is_full && offset > start {
            push(parts, base + start, Size::of(&word[start..offset]));
            (start, characters) = (offset, 1);
        }
    }
    push(parts, base + start, Size::of(&word[start..]));
}
