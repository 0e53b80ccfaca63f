//! The text of a line: where its spaces and wide gaps are.

use std::iter::once;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::direction::{Letters, Step, Visual};
use super::letter_spacing::LetterSpacing;
use super::lines::Run;
use super::script::{
    begins_with_mark, is_direction_mark, is_presentation_form, is_set_solid, push_aa,
};
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
pub(super) const CELL_GAP_EM: f32 = 0.85;
/// Font sizes told apart on one line.
const SIZES_MAX: usize = 64;

/// Builds a line from its glyphs; `None` where they show only blank space. `letters` are those of
/// a page that has right-to-left text.
pub(super) fn line(
    page: &PageGlyphs,
    shown: &[Glyph],
    run: &Run,
    letters: Option<Letters>,
) -> Option<Line> {
    let glyphs: Vec<&Glyph> = run.glyphs.iter().map(|&index| &shown[index]).collect();
    let visible = |glyph: &&Glyph| !is_blank(page.text_of(glyph));
    let visible: Vec<&Glyph> = glyphs.iter().copied().filter(visible).collect();
    let first = *visible.first()?;
    let visual = letters.and_then(|letters| Visual::of(page, shown, &run.glyphs, letters));
    let Written { text, words, cells, opens_note } = match visual {
        Some(visual) => written_leftwards(page, &visual),
        None => written(page, &glyphs),
    };
    let shown = visible.iter().copied();
    let (mut u0, mut u1) = (f32::MAX, f32::MIN);
    for glyph in shown.clone() {
        (u0, u1) = (u0.min(glyph.u0), u1.max(glyph.u1));
    }
    let size = usual_size(shown.clone());
    let v = shown.clone().find(|glyph| (glyph.size - size).abs() < 0.05 * size).unwrap_or(first).v;
    let bold = shown.clone().any(|glyph| glyph.bold)
        && shown
            .clone()
            .all(|glyph| glyph.bold || !page.text_of(glyph).chars().any(char::is_alphabetic));
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

/// The text of glyphs in content order.
fn written(page: &PageGlyphs, glyphs: &[&Glyph]) -> Written {
    let mut writer = Writer::new(page, LetterSpacing::of(page, glyphs), glyphs.len());
    for glyph in glyphs {
        let gap = writer.last.map_or(0.0, |last| gap(last, glyph));
        writer.push(Step { glyph, text: page.text_of(glyph), gap });
    }
    writer.finish()
}

/// The text of a line that has right-to-left parts.
fn written_leftwards(page: &PageGlyphs, visual: &Visual<'_>) -> Written {
    let spacing = LetterSpacing::of(page, &visual.glyphs());
    let mut writer = Writer::new(page, spacing, visual.glyphs().len());
    visual.reading_order(spacing.gap).into_iter().for_each(|step| writer.push(step));
    writer.finish()
}

pub(super) fn is_blank(text: &str) -> bool {
    match text.as_bytes() {
        [byte] => matches!(byte, b' ' | b'\t'..=b'\r'),
        _ => text.trim().is_empty(),
    }
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
    fn new(page: &'p PageGlyphs, letter_spacing: LetterSpacing, glyphs: usize) -> Self {
        let text = String::with_capacity(glyphs + glyphs / 4);
        let written = Written { text, ..Written::default() };
        Self { page, letter_spacing, written, last: None, space_pending: false }
    }

    fn push(&mut self, Step { glyph, text, gap }: Step<'p>) {
        if is_blank(text) {
            self.space_pending = !self.letter_spacing.is_typed;
            return;
        }
        if self.compose_with_last(glyph, text) {
            return;
        }
        let is_first = self.written.text.is_empty();
        let is_mark = !is_first && !self.space_pending && begins_with_mark(text);
        let cell = is_first || (gap > CELL_GAP_EM * glyph.size && !is_mark);
        let opens_note = self.last.is_some_and(|last| self.after_note_mark(last, glyph));
        self.written.opens_note |= opens_note;
        let apart = self.space_pending || opens_note;
        let word = cell || apart || (!is_mark && self.is_space(gap, glyph, text));
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
        // A mark takes no room, unless it is a vowel sign with a width.
        if !self.last.is_some_and(|last| is_mark && glyph.u1 <= last.u1) {
            self.last = Some(glyph);
        }
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
        let text = &self.written.text;
        let normal = text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes;
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
    if let [byte @ b' '..=b'~'] = *text.as_bytes() {
        out.push(char::from(byte));
        return;
    }
    for c in text.chars() {
        match c {
            ' '..='~' => out.push(c),
            '\u{FB00}' => out.push_str("ff"),
            '\u{FB01}' => out.push_str("fi"),
            '\u{FB02}' => out.push_str("fl"),
            '\u{FB03}' => out.push_str("ffi"),
            '\u{FB04}' => out.push_str("ffl"),
            '\u{FB05}' | '\u{FB06}' => out.push_str("st"),
            '\u{A0}' | '\t' | '\n' | '\r' => out.push(' '),
            '\u{200B}' | '\u{FEFF}' => {}
            c if c.is_control() || is_direction_mark(c) => {}
            '\u{E32}' | '\u{EB2}' => push_aa(out, c),
            // Forms of marks alone are folded to a space and the mark.
            c if is_presentation_form(c) => out.extend(once(c).nfkc().filter(|c| *c != ' ')),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::glyphs::Layer;
    use crate::pdf::structure::Tag;

    #[test]
    fn sizes_of_a_line_are_limited_on_both_sides() {
        let glyph = |size: f32| Glyph {
            text: (0, 0),
            u0: 0.0,
            u1: 0.0,
            v: 0.0,
            size,
            space: 0.0,
            degrees: 0,
            bold: false,
            monospaced: false,
            layer: Layer::Visible,
            tag: Tag::NONE,
        };
        // One glyph of each of many sizes, then two of another.
        let usual = |others: usize| {
            let sizes = (0..others as i32).map(|step| 1.1_f32.powi(step)).chain([0.5, 0.5]);
            usual_size(sizes.map(glyph).collect::<Vec<_>>().iter())
        };
        assert_eq!(usual(SIZES_MAX - 1), 0.5);
        assert!(usual(SIZES_MAX) > 400.0);
    }
}
