//! What a picked sentence cannot be read without: the sentence it points back to, or its own end
//! below a formula.

use document::Span;

use super::{Pick, Read, signs};
use crate::sentences::UnitKind;
use crate::{Grounding, Passage};

/// Longest sentence that is taken along for the one that leans on it, in tokens.
const BEFORE_WORDS_MAX: usize = 30;

/// Units that a sentence without an end is followed over: two formulas and what comes between and
/// after them.
const AFTER_UNITS_MAX: usize = 5;

/// Most tokens that are taken along for the end of a sentence.
const AFTER_WORDS_MAX: usize = 60;

/// Shortest beginning of a sentence, in tokens; below lie captions and labels.
const BEGUN_WORDS_MIN: usize = 4;

/// Gives sentences that begin with "It" or "However" the sentence before, where that is short and
/// not quoted anyway, and sentences that stop at a displayed formula their end.
pub(super) fn take_along(picks: &mut [Pick], grounding: &Grounding) {
    for at in 0..picks.len() {
        let Some(pick) = picks.get(at).filter(|pick| pick.kind == UnitKind::Sentence) else {
            continue;
        };
        let Some(passage) = grounding.passages.get(pick.passage) else { continue };
        let taken = [before(passage, pick), after(passage, pick)];
        for span in taken.into_iter().flatten() {
            let mut others = picks.iter().filter(|other| other.passage == picks[at].passage);
            if others.all(|other| other.span.intersection(span).is_empty()) {
                picks[at].span.start = picks[at].span.start.min(span.start);
                picks[at].span.end = picks[at].span.end.max(span.end);
            }
        }
    }
}

/// The short sentence on which that of a pick leans.
fn before(passage: &Passage, pick: &Pick) -> Option<Span> {
    if !signs::leans_back(&passage.slice(pick.span)?) {
        return None;
    }
    let units: Vec<Read<'_>> = passage.units().collect();
    let at = units.iter().position(|(_, unit)| unit.span.start == pick.span.start)?;
    let (own, before) = (units.get(at)?.1, units.get(at.checked_sub(1)?)?.1);
    let leads = before.kind == UnitKind::Sentence
        && before.block == own.block
        && before.words() <= BEFORE_WORDS_MAX;
    leads.then_some(before.span)
}

/// What follows a sentence that does not end where its block does, up to its end.
fn after(passage: &Passage, pick: &Pick) -> Option<Span> {
    if pick.tokens.len() < BEGUN_WORDS_MIN || !is_open(&passage.slice(pick.span)?) {
        return None;
    }
    let mut words = 0;
    let following = passage.units().skip(pick.unit + 1).take(AFTER_UNITS_MAX);
    let mut taken: Option<Span> = None;
    for (_, unit) in following {
        words += unit.words();
        if unit.kind != UnitKind::Sentence || words > AFTER_WORDS_MAX {
            return None;
        }
        let start = taken.map_or(unit.span.start, |taken| taken.start);
        let span = Span::new(start, unit.span.end);
        if !is_open(&passage.slice(unit.span)?) {
            return Some(span);
        }
        taken = Some(span);
    }
    None
}

/// Whether a text stops in a sentence: without a mark of its end. Thai and Lao have none.
fn is_open(text: &str) -> bool {
    let closing = |char: char| char.is_whitespace() || ")]}\"'”’»«“」』".contains(char);
    let last = text.trim_end_matches(closing).chars().next_back();
    last.is_some_and(|char| {
        !matches!(char, '\u{e00}'..='\u{eff}') && !".!?:;…。！？：；؟۔।॥።။។".contains(char)
    })
}
