//! One chunk prepared for reading: all that is the same for every question.
//!
//! Words are kept as hashes, so that reading a prepared chunk against a question touches no text.

use document::{Chunk, Span};
use index::{Hit, Language, each_token};

use crate::sentences::{UnitKind, pieces};

/// How much of a chunk is read, in bytes. Tables and code stay whole and may be huge; the part
/// beyond is retrieved and shown, but not ranked or quoted from.
pub(crate) const READ_BYTES_MAX: usize = 32 * 1024;

/// Tells texts apart at a glance: a bit for every pair of neighbouring words.
pub(crate) type Sketch = [u64; 8];

/// The hashes of a word's two forms; see [`hash_of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word {
    /// Of its stem.
    pub(crate) stem: u32,
    /// Of the folded form.
    pub(crate) exact: u32,
}

/// A chunk with its words and units.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChunkText {
    /// The chunk and its document; the score is that of whoever found it first.
    pub(crate) hit: Hit,
    /// The words of the title and of the headings.
    pub(crate) frame: Vec<Word>,
    /// The folded words of the text, in order.
    pub(crate) exacts: Vec<u32>,
    /// Their stems.
    pub(crate) stems: Vec<u32>,
    /// The units, in document order, headings included.
    pub(crate) units: Vec<TextUnit>,
    /// Of the words.
    pub(crate) sketch: Sketch,
    /// Stems with a digit, sorted, without repetition.
    pub(crate) figures: Vec<u32>,
}

/// One unit of a chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TextUnit {
    /// Place in the document, in bytes.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: UnitKind,
    /// The part of its block that the chunk holds; tells tables and lists apart.
    pub(crate) block: Span,
    /// Its words, as a range of [`ChunkText::stems`].
    pub(crate) words: (usize, usize),
    /// Whether it holds a digit.
    pub(crate) figure: bool,
    /// Whether it ends with a colon.
    pub(crate) announces: bool,
}

impl ChunkText {
    /// Prepares a chunk. Linear in its text.
    pub(crate) fn new(hit: Hit) -> Self {
        let language = hit.language;
        let frame = std::iter::once(&hit.title).chain(&hit.chunk.headings);
        let frame = frame.flat_map(|text| words_of(text, language)).collect();
        let units = units_of(&hit.chunk);
        let (exacts, stems, figures) = (Vec::new(), Vec::new(), Vec::new());
        let mut text = Self { hit, frame, exacts, stems, units, sketch: [0; 8], figures };
        text.take_words(language);
        text
    }

    /// The language it was analysed in.
    pub(crate) fn language(&self) -> Language {
        self.hit.language
    }

    /// The chunk.
    pub(crate) fn chunk(&self) -> &Chunk {
        &self.hit.chunk
    }

    /// About what it takes in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let chunk = self.chunk();
        let words = self.stems.capacity() + self.exacts.capacity() + self.figures.capacity();
        let words = size_of::<u32>() * words + size_of::<Word>() * self.frame.capacity();
        let units = size_of::<TextUnit>() * self.units.capacity();
        let headings: usize = chunk.headings.iter().map(String::len).sum();
        size_of::<Self>() + chunk.text.len() + headings + 32 * chunk.blocks.len() + words + units
    }

    fn take_words(&mut self, language: Language) {
        let Self { hit, exacts, stems, units, sketch, figures, .. } = self;
        let chunk = &hit.chunk;
        let end = chunk.text.floor_char_boundary(READ_BYTES_MAX);
        let text = chunk.text.get(..end).unwrap_or_default();
        let base = chunk.span.start;
        let mut unit = 0;
        let mut before = 0_u32;
        each_token(text, language, |span, exact, stem| {
            let (position, hash) = (stems.len(), hash_of(stem));
            let pair = before.rotate_left(13) ^ hash;
            sketch[(pair >> 6 & 7) as usize] |= 1 << (pair & 63);
            before = hash;
            stems.push(hash);
            exacts.push(if exact == stem { hash } else { hash_of(exact) });
            let figure = exact.bytes().any(|byte| byte.is_ascii_digit());
            if figure {
                figures.push(hash);
            }
            put_into_unit(units, &mut unit, base + span.start, position, figure);
        });
        figures.sort_unstable();
        figures.dedup();
    }
}

/// Counts a word to the unit it stands in, which is the one at `at` or after it.
fn put_into_unit(
    units: &mut [TextUnit],
    at: &mut usize,
    offset: usize,
    position: usize,
    figure: bool,
) {
    while units.get(*at).is_some_and(|unit| unit.span.end <= offset) {
        *at += 1;
    }
    let Some(unit) = units.get_mut(*at).filter(|unit| unit.span.start <= offset) else { return };
    if unit.words.0 == unit.words.1 {
        unit.words.0 = position;
    }
    unit.words.1 = position + 1;
    unit.figure |= figure;
}

fn units_of(chunk: &Chunk) -> Vec<TextUnit> {
    let unit = |piece: crate::sentences::Piece| {
        let text = chunk.slice(piece.span).unwrap_or_default();
        TextUnit {
            span: piece.span,
            kind: piece.kind,
            block: piece.block,
            words: (0, 0),
            figure: false,
            announces: text.ends_with([':', '：']),
        }
    };
    pieces(chunk).into_iter().map(unit).collect()
}

fn words_of(text: &str, language: Language) -> Vec<Word> {
    let mut words = Vec::new();
    each_token(text, language, |_, exact, stem| {
        words.push(Word { stem: hash_of(stem), exact: hash_of(exact) });
    });
    words
}

/// FNV-1a: the same on every machine and release, and enough to tell the words of a bot apart.
pub(crate) fn hash_of(term: &str) -> u32 {
    term.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
