//! The text of a line: where its spaces and wide gaps are.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::lines::Run;
use super::script::{is_right_to_left, is_set_solid};
use super::{Line, Piece, accents};
use crate::pdf::glyphs::{Glyph, PageGlyphs};

/// A gap is a space from this share of the font's own space on.
const SPACE_SHARE: f32 = 0.5;
/// Bounds of that threshold in em: below are kerns, above are spaces of tight fonts.
const SPACE_EM_MIN: f32 = 0.12;
const SPACE_EM_MAX: f32 = 0.17;
/// Between characters that are set without spaces, in em.
const SPACE_EM_SOLID: f32 = 0.6;
/// A gap that may separate cells, in em; justified text has such gaps too, but not in columns.
const CELL_GAP_EM: f32 = 0.85;
/// Font sizes told apart on one line.
const SIZES_MAX: usize = 64;
/// Letter spacing is looked for from this mean gap on, in em.
const LETTER_SPACED_EM: f32 = 0.08;
/// Up to this gap, in em, even a line without wider gaps may be one letter-spaced word.
const LETTER_SPACED_ALIKE_EM: f32 = 0.25;
/// Gaps between letters that differ by less than this, in em, are the same.
const LETTER_SPACED_DRIFT_EM: f32 = 0.06;
/// Letters needed to call a line one that was typed with a space after each.
const LETTERS_APART_MIN: usize = 6;
/// Letters needed to call a run letter-spaced; fewer may be cells of a table.
const LETTER_SPACED_GLYPHS_MIN: usize = 5;

/// Builds a line from its glyphs; `None` where they show only blank space.
pub(super) fn line(page: &PageGlyphs, shown: &[Glyph], run: &Run) -> Option<Line> {
    let glyphs = in_reading_order(page, shown, &run.glyphs);
    let visible = |glyph: &&Glyph| !page.text_of(glyph).trim().is_empty();
    let first = glyphs.iter().copied().find(visible)?;
    let mut writer = Writer::new(page, LetterSpacing::of(page, &glyphs));
    for glyph in &glyphs {
        writer.push(glyph);
    }
    let Written { text, words, cells, opens_note } = writer.finish();
    let shown = glyphs.iter().copied().filter(visible);
    let (mut u0, mut u1) = (f32::MAX, f32::MIN);
    for glyph in shown.clone() {
        (u0, u1) = (u0.min(glyph.u0), u1.max(glyph.u1));
    }
    let size = usual_size(shown.clone());
    let v = shown.clone().find(|glyph| (glyph.size - size).abs() < 0.05 * size).unwrap_or(first).v;
    let bold = shown
        .clone()
        .all(|glyph| glyph.bold || !page.text_of(glyph).chars().any(char::is_alphabetic))
        && shown.clone().any(|glyph| glyph.bold);
    let monospaced = shown.clone().all(|glyph| glyph.monospaced);
    (!text.trim().is_empty()).then_some(Line {
        text,
        words,
        cells,
        u0,
        u1,
        v,
        size,
        degrees: first.degrees,
        bold,
        monospaced,
        layer: first.layer,
        tag: first.tag,
        is_entry: false,
        opens_note,
        cell: None,
    })
}

/// The size that most glyphs have.
fn usual_size<'g>(glyphs: impl Iterator<Item = &'g Glyph>) -> f32 {
    let mut sizes: Vec<(f32, usize)> = Vec::new();
    for glyph in glyphs {
        let known = sizes.iter().position(|(size, _)| (size - glyph.size).abs() < 0.05 * size);
        match known {
            Some(at) => sizes[at].1 += 1,
            None if sizes.len() < SIZES_MAX => sizes.push((glyph.size, 1)),
            None => {}
        }
    }
    let most = sizes.iter().copied().max_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
    most.map_or(0.0, |(size, _)| size)
}

/// Content order, but for right-to-left text drawn in visual order: that is turned round, its
/// left-to-right parts (numbers, Latin words) kept.
fn in_reading_order<'p>(
    page: &PageGlyphs,
    shown: &'p [Glyph],
    indices: &[usize],
) -> Vec<&'p Glyph> {
    let mut glyphs: Vec<&Glyph> = indices.iter().map(|&index| &shown[index]).collect();
    let rtl = |glyph: &&Glyph| page.text_of(glyph).chars().any(is_right_to_left);
    let rtl_count = glyphs.iter().filter(|glyph| rtl(glyph)).count();
    let rises = glyphs.windows(2).filter(|pair| pair[1].u0 > pair[0].u0).count();
    if rtl_count == 0 || rtl_count * 2 < glyphs.len() / 2 || rises * 2 < glyphs.len() {
        return glyphs;
    }
    glyphs.sort_by(|a, b| b.u0.total_cmp(&a.u0));
    let ltr = left_to_right(page, &glyphs);
    let mut at = 0;
    while at < glyphs.len() {
        let end = at + ltr[at..].iter().take_while(|own| **own == ltr[at]).count();
        if ltr[at] {
            glyphs[at..end].reverse();
        }
        at = end;
    }
    glyphs
}

/// Which glyphs belong to left-to-right parts: letters and digits that are, the signs within a
/// number, and what separates the words of a Latin phrase.
fn left_to_right(page: &PageGlyphs, glyphs: &[&Glyph]) -> Vec<bool> {
    let strong = |glyph: &Glyph| {
        page.text_of(glyph).chars().any(|c| c.is_alphanumeric() && !is_right_to_left(c))
    };
    let is_digit = |glyph: &Glyph| page.text_of(glyph).chars().all(char::is_numeric);
    let mut ltr: Vec<bool> = glyphs.iter().map(|glyph| strong(glyph)).collect();
    let mut at = 0;
    while at < glyphs.len() {
        let end = at + ltr[at..].iter().take_while(|own| !**own).count();
        if end > at && at > 0 && end < glyphs.len() {
            let between = glyphs[at..end].iter().flat_map(|glyph| page.text_of(glyph).chars());
            let (before, after) = (glyphs[at - 1], glyphs[end]);
            let joins = if is_digit(before) && is_digit(after) {
                between.clone().all(|c| ".,:/-−".contains(c))
            } else {
                !is_digit(before) && !is_digit(after) && !between.clone().any(is_right_to_left)
            };
            ltr[at..end].fill(joins);
        }
        at = end.max(at + 1);
    }
    ltr
}

/// How the letters of a line are spaced.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct LetterSpacing {
    /// The even gap between the letters, in em; 0 for text set normally.
    gap: f32,
    /// Whether the gaps are made of spaces.
    is_typed: bool,
}

impl LetterSpacing {
    fn of(page: &PageGlyphs, glyphs: &[&Glyph]) -> Self {
        let is_letter = |glyph: &Glyph| page.text_of(glyph).chars().all(char::is_alphabetic);
        let is_blank = |glyph: &Glyph| page.text_of(glyph).trim().is_empty();
        let em_gap = |pair: &[&Glyph]| (pair[1].u0 - pair[0].u1) / pair[1].size;
        let letters = |pair: &&[&Glyph]| is_letter(pair[0]) && is_letter(pair[1]);
        let mut gaps: Vec<f32> = glyphs.windows(2).filter(letters).map(em_gap).collect();
        let has_spaces = glyphs.iter().any(|glyph| is_blank(glyph));
        if gaps.len() + 1 < LETTER_SPACED_GLYPHS_MIN {
            let is_typed = has_spaces && gaps.is_empty() && is_letters_apart(page, glyphs);
            if !is_typed {
                return Self::default();
            }
            let visible: Vec<&Glyph> =
                glyphs.iter().copied().filter(|glyph| !is_blank(glyph)).collect();
            gaps = visible.windows(2).map(em_gap).collect();
            gaps.sort_by(f32::total_cmp);
            return Self { gap: gaps[gaps.len() / 3], is_typed };
        }
        gaps.sort_by(f32::total_cmp);
        // The lower third: more than half of the gaps may be spaces in text of short words.
        let gap = gaps[gaps.len() / 3];
        // Letters that stand apart as far as words do, all alike, are words of one letter, unless
        // the gaps are the same to a hair: between the cells of a table it is the pitch that is.
        let widest = gaps[gaps.len() - 1];
        let is_even = widest - gaps[0] < LETTER_SPACED_DRIFT_EM;
        let one_letter_words =
            !has_spaces && !is_even && gap > LETTER_SPACED_ALIKE_EM && widest < 1.6 * gap;
        if gap > LETTER_SPACED_EM && !one_letter_words {
            Self { gap, is_typed: false }
        } else {
            Self::default()
        }
    }
}

/// Whether a line is letters with spaces between all of them, as in a title typed that way; a
/// list of letters goes through the alphabet.
fn is_letters_apart(page: &PageGlyphs, glyphs: &[&Glyph]) -> bool {
    let visible = glyphs.iter().map(|glyph| page.text_of(glyph).trim()).filter(|t| !t.is_empty());
    let letters: Vec<&str> = visible.collect();
    let is_letter = |text: &&str| {
        let mut chars = text.chars();
        chars.next().is_some_and(char::is_uppercase) && chars.next().is_none()
    };
    letters.len() >= LETTERS_APART_MIN
        && letters.iter().all(is_letter)
        && !letters.windows(2).all(|pair| pair[0] < pair[1])
}

/// Writes glyphs as text with spaces.
struct Writer<'p> {
    page: &'p PageGlyphs,
    letter_spacing: LetterSpacing,
    written: Written,
    last: Option<&'p Glyph>,
    space_pending: bool,
}

/// The text of a line and where its parts stand.
#[derive(Default)]
struct Written {
    text: String,
    words: Vec<Piece>,
    cells: Vec<Piece>,
    opens_note: bool,
}

impl<'p> Writer<'p> {
    fn new(page: &'p PageGlyphs, letter_spacing: LetterSpacing) -> Self {
        Self { page, letter_spacing, written: Written::default(), last: None, space_pending: false }
    }

    fn push(&mut self, glyph: &'p Glyph) {
        let text = self.page.text_of(glyph);
        if text.trim().is_empty() {
            self.space_pending = !self.letter_spacing.is_typed;
            return;
        }
        if self.compose_with_last(glyph, text) {
            return;
        }
        let gap = self.last.map_or(0.0, |last| gap(last, glyph));
        let is_first = self.written.text.is_empty();
        let cell = is_first || gap > CELL_GAP_EM * glyph.size;
        let opens_note = self.last.is_some_and(|last| self.after_note_mark(last, glyph));
        self.written.opens_note |= opens_note;
        let word = cell || self.space_pending || opens_note || self.is_space(gap, glyph, text);
        if word && !is_first {
            self.written.text.push(' ');
        }
        self.space_pending = false;
        let piece = Piece { start: self.written.text.len(), u0: glyph.u0, u1: glyph.u1 };
        self.written.cells.extend(cell.then_some(piece));
        self.written.words.extend(word.then_some(piece));
        push_unfolded(&mut self.written.text, text);
        let open = [self.written.cells.last_mut(), self.written.words.last_mut()];
        for piece in open.into_iter().flatten() {
            piece.u0 = piece.u0.min(glyph.u0);
            piece.u1 = piece.u1.max(glyph.u1);
        }
        self.last = Some(glyph);
    }

    /// Whether the gap before a glyph separates words.
    fn is_space(&self, gap: f32, glyph: &Glyph, text: &str) -> bool {
        let Some(last) = self.last else { return false };
        let solid = text.chars().next().is_some_and(is_set_solid)
            && self.written.text.chars().next_back().is_some_and(is_set_solid);
        let size = last.size.max(glyph.size);
        let own = SPACE_SHARE * last.space.min(glyph.space) / size;
        let threshold = if solid { SPACE_EM_SOLID } else { own.clamp(SPACE_EM_MIN, SPACE_EM_MAX) };
        gap > (threshold + self.letter_spacing.gap) * size
    }

    /// The raised mark that opens a footnote or an affiliation, before the text it belongs to.
    fn after_note_mark(&self, last: &Glyph, glyph: &Glyph) -> bool {
        let raised = last.size < 0.85 * glyph.size && last.v > glyph.v + 0.15 * glyph.size;
        raised
            && self.written.text.len() <= 3
            && self.written.text.chars().all(|c| c.is_ascii_digit() || "*†‡§¶".contains(c))
    }

    /// Joins an accent and its letter, whichever is drawn first.
    fn compose_with_last(&mut self, glyph: &'p Glyph, text: &str) -> bool {
        let Some(last) = self.last.filter(|_| !self.written.text.is_empty()) else { return false };
        let last_text = self.page.text_of(last);
        let composed = accents::composed((last, last_text), (glyph, text))
            .or_else(|| accents::composed((glyph, text), (last, last_text)));
        let Some(whole) = composed.filter(|_| self.written.text.ends_with(last_text)) else {
            return false;
        };
        let text = &mut self.written.text;
        text.truncate(text.len() - last_text.len());
        text.push(whole);
        if accents::is_spacing_accent(last_text) {
            self.last = Some(glyph);
        }
        self.space_pending = false;
        true
    }

    fn finish(self) -> Written {
        let normal = is_nfc_quick(self.written.text.chars()) == IsNormalized::Yes;
        if normal { self.written } else { self.written.composed() }
    }
}

impl Written {
    /// The same in Normalization Form C. Words are composed one by one: blank space never
    /// composes with what is beside it.
    fn composed(mut self) -> Self {
        let mut text = String::with_capacity(self.text.len());
        let ends: Vec<usize> =
            self.words.iter().skip(1).map(|word| word.start).chain([self.text.len()]).collect();
        let mut cells = self.cells.iter_mut().peekable();
        for (word, end) in self.words.iter_mut().zip(ends) {
            if let Some(cell) = cells.next_if(|cell| cell.start <= word.start) {
                cell.start = text.len();
            }
            let old = self.text.get(word.start..end).unwrap_or_default();
            word.start = text.len();
            text.extend(old.nfc());
        }
        self.text = text;
        self
    }
}

/// Distance between two glyphs along the line, whichever stands first.
fn gap(last: &Glyph, glyph: &Glyph) -> f32 {
    if glyph.u1 < last.u0 { last.u0 - glyph.u1 } else { glyph.u0 - last.u1 }
}

/// Appends text with Latin ligatures as letters and without control characters.
fn push_unfolded(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\u{FB00}' => out.push_str("ff"),
            '\u{FB01}' => out.push_str("fi"),
            '\u{FB02}' => out.push_str("fl"),
            '\u{FB03}' => out.push_str("ffi"),
            '\u{FB04}' => out.push_str("ffl"),
            '\u{FB05}' | '\u{FB06}' => out.push_str("st"),
            '\u{A0}' | '\t' | '\n' | '\r' => out.push(' '),
            '\u{200B}' | '\u{FEFF}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
}
