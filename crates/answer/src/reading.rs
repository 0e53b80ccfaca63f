//! One chunk read against a question: what matches, where, and how close together.
//!
//! Reading happens once a chunk and question; ranking, merging, confidence and the choice of
//! sentences all work on what was found here.

use std::sync::Arc;

use document::Span;

use crate::chunk_text::{ChunkText, TextUnit, Word};
use crate::sentences::UnitKind;
use crate::terms::{Matches, Terms};

/// Two question words count as together up to this distance, in tokens: one or two words between
/// them, such as an article, an adjective or a preposition.
const PAIR_DISTANCE_MAX: usize = 3;

/// What a question finds in one chunk.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// What was read.
    pub(crate) text: Arc<ChunkText>,
    /// Terms in the text.
    pub(crate) body: Matches,
    /// Terms in the title and the headings.
    pub(crate) frame: Matches,
    /// Adjacent question terms that stand close together; see [`Terms::pair_share`].
    pub(crate) pairs: u64,
    /// The units, in document order, headings included.
    pub(crate) units: Vec<Unit>,
}

/// One unit of a chunk, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    /// Place in the document, in bytes.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: UnitKind,
    /// The part of its block that the chunk holds; tells tables and lists apart.
    pub(crate) block: Span,
    /// Terms in it.
    pub(crate) own: Matches,
    /// Terms in it, in the title and in the headings above it.
    pub(crate) context: Matches,
    /// Its words, as a range of those of the chunk.
    pub(crate) tokens: (usize, usize),
    /// Whether it holds a digit.
    pub(crate) figure: bool,
    /// Whether it ends with a colon.
    pub(crate) announces: bool,
}

impl Reading {
    /// Terms in text, title and headings together.
    pub(crate) fn all(&self) -> Matches {
        self.body.or(self.frame)
    }

    /// The hashes of a unit's stems.
    pub(crate) fn tokens_of(&self, unit: &Unit) -> &[u32] {
        self.text.stems.get(unit.tokens.0..unit.tokens.1).unwrap_or(&[])
    }
}

impl Unit {
    /// Its length in tokens.
    pub(crate) fn words(&self) -> usize {
        self.tokens.1 - self.tokens.0
    }
}

/// Reads a chunk. One look at each of its words.
pub(crate) fn read(text: Arc<ChunkText>, terms: &Terms) -> Reading {
    let mut body = Body { terms, last: vec![None; terms.len()], pairs: 0, found: Vec::new() };
    for (position, (&stem, &exact)) in text.stems.iter().zip(&text.exacts).enumerate() {
        body.take(position, Word { stem, exact });
    }
    let Body { pairs, found, .. } = body;
    let frame = text.frame.iter().filter_map(|&word| terms.matches_of(word));
    let frame = frame.fold(Matches::default(), |all, (_, matches)| all.or(matches));
    let units = units_of(&text.units, &found, frame);
    let body = found.iter().fold(Matches::default(), |all, (_, matches)| all.or(*matches));
    Reading { text, body, frame, pairs, units }
}

/// One pass over the words of a chunk.
struct Body<'a> {
    terms: &'a Terms,
    /// Position of the last word of each term.
    last: Vec<Option<usize>>,
    pairs: u64,
    /// Positions and what matches there, ascending.
    found: Vec<(usize, Matches)>,
}

impl Body<'_> {
    fn take(&mut self, position: usize, word: Word) {
        if let Some((at, matches)) = self.terms.matches_of(word) {
            self.note_place(at, position);
            self.found.push((position, matches));
        }
    }

    fn note_place(&mut self, at: usize, position: usize) {
        let near = |other: Option<usize>| {
            let last = other.and_then(|other| self.last.get(other).copied().flatten());
            last.is_some_and(|last| position - last <= PAIR_DISTANCE_MAX)
        };
        let before = near(at.checked_sub(1));
        let after = near(Some(at + 1));
        if before {
            self.pairs |= 1 << (at - 1);
        }
        if after {
            self.pairs |= 1 << at;
        }
        if let Some(last) = self.last.get_mut(at) {
            *last = Some(position);
        }
    }
}

/// The units with their terms and those of the title and the headings above them.
fn units_of(units: &[TextUnit], found: &[(usize, Matches)], frame: Matches) -> Vec<Unit> {
    let mut above = frame;
    let mut rest = found;
    let read = |unit: &TextUnit| {
        let before = rest.partition_point(|(position, _)| *position < unit.words.0);
        let inside = rest.partition_point(|(position, _)| *position < unit.words.1);
        let matched = rest.get(before..inside).unwrap_or_default();
        let own = matched.iter().fold(Matches::default(), |own, (_, matches)| own.or(*matches));
        rest = rest.get(inside..).unwrap_or_default();
        if unit.kind == UnitKind::Heading {
            above = frame.or(own);
        }
        let context = own.or(above);
        let TextUnit { span, kind, block, words, figure, announces } = *unit;
        Unit { span, kind, block, own, context, tokens: words, figure, announces }
    };
    units.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk_text::READ_BYTES_MAX;
    use crate::testing::{bot, chunk_of, hit_of};

    fn read_text(question: &str, text: &str) -> (Terms, Reading) {
        let bot = bot(&[("Guide", text)]);
        let terms = Terms::weigh(&bot.snapshot, &index::Query::parse(question)).unwrap();
        let reading = read(Arc::new(ChunkText::new(hit_of("guide", chunk_of(text)))), &terms);
        (terms, reading)
    }

    #[test]
    fn units_hold_their_own_terms_and_those_above_them() {
        let (terms, reading) =
            read_text("guide battery lamp", "# Battery\n\nThe lamp is red. It has 3 parts.");
        let shares: Vec<(f32, f32, bool)> = reading
            .units
            .iter()
            .map(|unit| (terms.share(unit.own), terms.share(unit.context), unit.figure))
            .collect();
        assert_eq!(shares.len(), 3);
        assert!(shares[1].0 > 0.0 && shares[1].1 > 0.99 && !shares[1].2);
        assert!(shares[2].0 == 0.0 && shares[2].1 > 0.0 && shares[2].2);
        assert_eq!(reading.tokens_of(&reading.units[1]).len(), 4);
        assert_eq!(reading.text.figures.len(), 1);
    }

    #[test]
    fn question_words_that_stand_together_are_pairs() {
        let text = "The red lamp is on. Nothing else of note is ever to be seen on any battery.";
        let (terms, reading) = read_text("red lamp battery", text);
        assert_eq!(reading.pairs, 0b01);
        assert!(terms.pair_share(reading.pairs) > 0.0 && terms.pair_share(reading.pairs) < 1.0);
        let (_, reading) = read_text("lamp red", text);
        assert_eq!(reading.pairs, 0b01, "either order");
    }

    #[test]
    fn a_huge_chunk_is_read_up_to_the_limit() {
        let text = format!("{} needle", "ä".repeat(READ_BYTES_MAX));
        let (terms, reading) = read_text("needle", &text);
        assert!(terms.share(reading.body) == 0.0);
    }
}
