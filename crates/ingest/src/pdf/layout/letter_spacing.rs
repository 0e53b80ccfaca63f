//! Letter spacing: titles whose letters stand apart, by gaps or by spaces typed between them.

use super::spacing::is_blank;
use crate::pdf::glyphs::{Glyph, PageGlyphs};

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

/// How the letters of a line are spaced.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct LetterSpacing {
    /// The even gap between the letters, in em; 0 for text set normally.
    pub(super) gap: f32,
    /// Whether the gaps are made of spaces.
    pub(super) is_typed: bool,
}

impl LetterSpacing {
    pub(super) fn of(page: &PageGlyphs, glyphs: &[&Glyph]) -> Self {
        let is_letter = |glyph: &Glyph| page.text_of(glyph).chars().all(char::is_alphabetic);
        let is_blank = |glyph: &Glyph| is_blank(page.text_of(glyph));
        let em_gap = |pair: &[&Glyph]| (pair[1].u0 - pair[0].u1) / pair[1].size;
        let mut gaps: Vec<f32> = Vec::with_capacity(glyphs.len());
        let mut after_letter = glyphs.first().is_some_and(|first| is_letter(first));
        for pair in glyphs.windows(2) {
            let at_letter = is_letter(pair[1]);
            gaps.extend((after_letter && at_letter).then(|| em_gap(pair)));
            after_letter = at_letter;
        }
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
        // The lower third: more than half of the gaps may be spaces in text of short words.
        let third = gaps.len() / 3;
        let gap = *gaps.select_nth_unstable_by(third, f32::total_cmp).1;
        if gap <= LETTER_SPACED_EM {
            return Self::default();
        }
        gaps.sort_by(f32::total_cmp);
        // Letters that stand apart as far as words do, all alike, are words of one letter, unless
        // the gaps are the same to a hair: between the cells of a table it is the pitch that is.
        let widest = gaps[gaps.len() - 1];
        let is_even = widest - gaps[0] < LETTER_SPACED_DRIFT_EM;
        let one_letter_words =
            !has_spaces && !is_even && gap > LETTER_SPACED_ALIKE_EM && widest < 1.6 * gap;
        if one_letter_words { Self::default() } else { Self { gap, is_typed: false } }
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
