//! One chunk read against a question: what matches, where, and how close together.
//!
//! Reading is the costly part of an answer, so it happens once a chunk; ranking, merging,
//! confidence and the choice of sentences all work on what was found here.

use document::{Chunk, Span};
use index::{Hit, Language, each_token};

use crate::sentences::{Piece, UnitKind, pieces};
use crate::terms::{Matches, Terms};

/// How much of a chunk is read, in bytes. Tables and code stay whole and may be huge; the part
/// beyond is retrieved and shown, but not ranked or quoted from.
const READ_BYTES_MAX: usize = 32 * 1024;

/// Two question words count as together up to this distance, in tokens: one or two words between
/// them, such as an article, an adjective or a preposition.
const PAIR_DISTANCE_MAX: usize = 3;

/// Tells texts apart at a glance; see [`Reading::sketch`].
pub(crate) type Sketch = [u64; 8];

/// What a question finds in one chunk.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    /// The language it was read in.
    pub(crate) language: Option<Language>,
    /// Terms in the text.
    pub(crate) body: Matches,
    /// Terms in the title and the headings.
    pub(crate) frame: Matches,
    /// Adjacent question terms that stand close together; see [`Terms::pair_share`].
    pub(crate) pairs: u64,
    /// The units, in document order, headings included.
    pub(crate) units: Vec<Unit>,
    /// A bit for every pair of neighbouring tokens.
    pub(crate) sketch: Sketch,
    /// Hash of every token, in order.
    pub(crate) tokens: Vec<u32>,
    /// Hashes of the tokens with a digit, sorted, without repetition.
    pub(crate) figures: Vec<u32>,
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
    /// Its tokens, as a range of [`Reading::tokens`].
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

    /// The token hashes of a unit.
    pub(crate) fn tokens_of(&self, unit: &Unit) -> &[u32] {
        self.tokens.get(unit.tokens.0..unit.tokens.1).unwrap_or(&[])
    }
}

impl Unit {
    /// Its length in tokens.
    pub(crate) fn words(&self) -> usize {
        self.tokens.1 - self.tokens.0
    }
}

/// Reads a hit. Linear in the chunk.
pub(crate) fn read(hit: &Hit, terms: &Terms) -> Reading {
    read_titled(&hit.chunk, &hit.title, hit.language, terms)
}

/// Reads a chunk of a document of some title.
pub(crate) fn read_titled(
    chunk: &Chunk,
    title: &str,
    language: Language,
    terms: &Terms,
) -> Reading {
    let mut reading = read_chunk(chunk, language, terms);
    reading.language = Some(language);
    reading.frame = matches_of(title, language, terms);
    for heading in &chunk.headings {
        reading.frame = reading.frame.or(matches_of(heading, language, terms));
    }
    add_context(&mut reading);
    reading
}

fn matches_of(text: &str, language: Language, terms: &Terms) -> Matches {
    let mut all = Matches::default();
    each_token(text, language, |_, exact, term| {
        if let Some(at) = terms.find(term, hash_of(term)) {
            all = all.or(terms.matched(at, term, exact));
        }
    });
    all
}

/// Gives every unit the terms of the title and of the headings above it.
fn add_context(reading: &mut Reading) {
    let mut above = reading.frame;
    for unit in &mut reading.units {
        if unit.kind == UnitKind::Heading {
            above = reading.frame.or(unit.own);
        }
        unit.context = unit.own.or(above);
    }
}

fn read_chunk(chunk: &Chunk, language: Language, terms: &Terms) -> Reading {
    let end = chunk.text.floor_char_boundary(READ_BYTES_MAX);
    let mut sweep = Sweep::new(chunk, terms.len());
    let text = chunk.text.get(..end).unwrap_or_default();
    each_token(text, language, |span, exact, term| {
        let hash = hash_of(term);
        let found = terms.find(term, hash).map(|at| (at, terms.matched(at, term, exact)));
        let figure = exact.bytes().any(|byte| byte.is_ascii_digit());
        sweep.take(span.start, Seen { hash, figure, found });
    });
    let mut reading = sweep.reading;
    reading.figures.sort_unstable();
    reading.figures.dedup();
    reading
}

/// A token, looked at.
struct Seen {
    hash: u32,
    figure: bool,
    found: Option<(usize, Matches)>,
}

/// One pass over the tokens of a chunk beside its units.
struct Sweep {
    base: usize,
    reading: Reading,
    /// The unit the last token was in, or the next one.
    unit: usize,
    /// Position of the last token of each term.
    last: Vec<Option<usize>>,
}

impl Sweep {
    fn new(chunk: &Chunk, terms: usize) -> Self {
        let units = pieces(chunk).into_iter().map(|piece| empty_unit(chunk, piece)).collect();
        let reading = Reading { units, ..Reading::default() };
        Self { base: chunk.span.start, reading, unit: 0, last: vec![None; terms] }
    }

    fn take(&mut self, start: usize, Seen { hash, figure, found }: Seen) {
        let position = self.reading.tokens.len();
        let before = self.reading.tokens.last().copied().unwrap_or_default();
        let pair = before.rotate_left(13) ^ hash;
        self.reading.sketch[(pair >> 6 & 7) as usize] |= 1 << (pair & 63);
        self.reading.tokens.push(hash);
        if figure {
            self.reading.figures.push(hash);
        }
        let matches = found.map_or(Matches::default(), |(_, matches)| matches);
        if let Some((at, _)) = found {
            self.note_place(at, position);
            self.reading.body = self.reading.body.or(matches);
        }
        self.put_into_unit(position, self.base + start, matches, figure);
    }

    fn note_place(&mut self, at: usize, position: usize) {
        let near = |other: Option<usize>| {
            let last = other.and_then(|other| self.last.get(other).copied().flatten());
            last.is_some_and(|last| position - last <= PAIR_DISTANCE_MAX)
        };
        let before = near(at.checked_sub(1));
        let after = near(Some(at + 1));
        if before {
            self.reading.pairs |= 1 << (at - 1);
        }
        if after {
            self.reading.pairs |= 1 << at;
        }
        if let Some(last) = self.last.get_mut(at) {
            *last = Some(position);
        }
    }

    fn put_into_unit(&mut self, position: usize, offset: usize, matches: Matches, figure: bool) {
        while self.reading.units.get(self.unit).is_some_and(|unit| unit.span.end <= offset) {
            self.unit += 1;
        }
        let Some(unit) = self.reading.units.get_mut(self.unit) else { return };
        if offset < unit.span.start {
            return;
        }
        if unit.words() == 0 {
            unit.tokens.0 = position;
        }
        unit.tokens.1 = position + 1;
        unit.own = unit.own.or(matches);
        unit.figure |= figure;
    }
}

fn empty_unit(chunk: &Chunk, piece: Piece) -> Unit {
    let text = chunk.slice(piece.span).unwrap_or_default();
    Unit {
        span: piece.span,
        kind: piece.kind,
        block: piece.block,
        own: Matches::default(),
        context: Matches::default(),
        tokens: (0, 0),
        figure: false,
        announces: text.ends_with([':', '：']),
    }
}

/// FNV-1a: the same on every machine and release, and enough to tell the words of a bot apart.
pub(crate) fn hash_of(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bot, chunk_of};

    fn read_text(question: &str, text: &str) -> (Terms, Reading) {
        let bot = bot(&[("Guide", text)]);
        let terms = Terms::weigh(&bot.snapshot, &index::Query::parse(question)).unwrap();
        let document_id = "d".parse().unwrap();
        let (chunk, language) = (chunk_of(text), Language::English);
        let hit = Hit { document_id, title: "Guide".into(), score: 1.0, language, chunk };
        let reading = read(&hit, &terms);
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
        assert_eq!(reading.figures.len(), 1);
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
