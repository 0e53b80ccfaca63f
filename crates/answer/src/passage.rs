//! Passages: ranked candidates without repetition, neighbours joined.

use std::sync::Arc;

use document::{Chunk, DocumentId, PageRange, Span};

use crate::Citation;
use crate::chunk_text::Sketch;
use crate::rank::{Candidate, Signals};
use crate::reading::{Reading, Unit, read};
use crate::terms::Terms;

/// Largest passage made by joining neighbours, in words: two chunks of the usual size and a bit.
/// A single larger chunk is a passage all the same.
const JOINED_WORDS_MAX: usize = 480;

/// Share of common shingles from which two texts count as nearly the same.
const SAME_SHARE_MIN: f32 = 0.85;

/// Share of common bits below which two texts are surely not the same: bits are shared by chance,
/// so the share of bits lies above that of shingles but where many fall on one bit.
const SKETCH_SHARE_MIN: f32 = 0.6;

/// Tokens in a shingle: shorter ones are shared by chance.
const SHINGLE_TOKENS: usize = 3;

/// One or more neighbouring chunks of a document, as one thing to read.
#[derive(Debug, Clone)]
pub struct Passage {
    /// The document.
    pub document_id: DocumentId,
    /// Its title.
    pub title: String,
    /// Pages it touches; `None` where the format has none.
    pub pages: Option<PageRange>,
    /// The headings above its best chunk, outermost first.
    pub headings: Vec<String>,
    /// The chunks, neighbouring and in order, never empty. Fitting to a token budget may have
    /// shortened the first and the last to whole sentences.
    pub chunks: Vec<Chunk>,
    /// The higher the better, 0 to 1; comparable within one question.
    pub score: f32,
    /// What was found in each chunk.
    pub(crate) readings: Vec<Reading>,
    /// What speaks for its best chunk.
    pub signals: Signals,
}

impl Passage {
    /// The whole passage as one quote.
    pub fn citation(&self) -> Citation {
        let excerpt = self.text();
        let start = self.chunks.first().map_or(0, |chunk| chunk.char_start);
        Citation {
            document_id: self.document_id.clone(),
            title: self.title.clone(),
            page: self.pages.map(|pages| pages.first),
            page_end: self.pages.map(|pages| pages.last),
            headings: self.headings.clone(),
            start,
            end: start + excerpt.chars().count(),
            excerpt,
            score: self.score,
        }
    }

    /// Its place in the text of the document, in bytes.
    pub fn span(&self) -> Span {
        let start = self.chunks.first().map_or(0, |chunk| chunk.span.start);
        Span::new(start, self.chunks.last().map_or(start, |chunk| chunk.span.end))
    }

    /// Its text: chunks tile the text of their document, so this is exactly that text's
    /// [`span`](Self::span).
    pub fn text(&self) -> String {
        self.chunks.iter().map(|chunk| chunk.text.as_str()).collect()
    }

    /// Its text under a span of the document; `None` where that reaches outside the passage or
    /// splits a character.
    pub fn slice(&self, span: Span) -> Option<String> {
        if span.end < span.start || self.span().intersection(span) != span {
            return None;
        }
        let touched = self.chunks.iter().filter(|chunk| !chunk.span.intersection(span).is_empty());
        touched.map(|chunk| chunk.slice(chunk.span.intersection(span))).collect()
    }

    /// The chunk that holds a byte of the document.
    pub(crate) fn chunk_at(&self, offset: usize) -> Option<&Chunk> {
        self.chunks.iter().find(|chunk| chunk.span.start <= offset && offset < chunk.span.end)
    }

    /// All units with the reading they belong to, in document order.
    pub(crate) fn units(&self) -> impl Iterator<Item = (&Reading, &Unit)> {
        self.readings.iter().flat_map(|reading| reading.units.iter().map(move |u| (reading, u)))
    }

    fn of(candidate: Candidate) -> Self {
        let Candidate { reading, signals, score } = candidate;
        let text = Arc::clone(&reading.text);
        Self {
            document_id: text.hit.document_id.clone(),
            title: text.hit.title.clone(),
            pages: text.chunk().pages,
            headings: text.chunk().headings.clone(),
            chunks: vec![text.chunk().clone()],
            score,
            readings: vec![reading],
            signals,
        }
    }

    /// The same passage read for other terms. What the index said of it stays.
    pub(crate) fn read_again(&self, terms: &Terms) -> Self {
        let readings = self.readings.iter().map(|own| read(Arc::clone(&own.text), terms));
        let mut passage = Self { readings: readings.collect(), ..self.clone() };
        passage.signals = passage.signals.read_again(&passage.readings, terms);
        passage
    }

    fn words(&self) -> usize {
        self.readings.iter().map(|reading| reading.text.stems.len()).sum()
    }

    /// Whether the candidate continues the passage at one of its ends within the size allowed.
    fn continues(&self, candidate: &Candidate) -> bool {
        let text = &candidate.reading.text;
        let span = text.chunk().span;
        let touches = span.end == self.span().start || span.start == self.span().end;
        touches
            && text.hit.document_id == self.document_id
            && self.words() + text.stems.len() <= JOINED_WORDS_MAX
    }

    /// Takes a neighbour in; score and headings stay those of the better chunk.
    fn join(&mut self, candidate: Candidate) {
        let chunk = candidate.reading.text.chunk().clone();
        self.pages = match (self.pages, chunk.pages) {
            (Some(own), Some(other)) => Some(own.union(other)),
            (own, other) => own.or(other),
        };
        let at = if chunk.span.start < self.span().start { 0 } else { self.chunks.len() };
        self.chunks.insert(at, chunk);
        self.readings.insert(at, candidate.reading);
    }

    /// Whether the candidate says the same as a chunk of this passage. A text that matches more
    /// of the question, or has other figures in it, is never the same: two price lists differ in
    /// little else.
    fn repeats(&self, candidate: &Candidate) -> bool {
        let other = &candidate.reading.text;
        let all = candidate.reading.all();
        self.readings.iter().any(|own| {
            own.text.figures == other.figures
                && own.all().holds(all)
                && maybe_same(&own.text.sketch, &other.sketch)
                && same_text(&own.text.stems, &other.stems)
        })
    }
}

/// Passages from candidates in rank order: repetitions dropped, neighbours joined, at most
/// `passages_max`. Costs candidates × passages comparisons of chunks of like length.
pub(crate) fn assemble(candidates: Vec<Candidate>, passages_max: usize) -> Vec<Passage> {
    let mut passages: Vec<Passage> = Vec::new();
    for candidate in candidates {
        if passages.iter().any(|passage| passage.repeats(&candidate)) {
            continue;
        }
        if let Some(passage) = passages.iter_mut().find(|passage| passage.continues(&candidate)) {
            passage.join(candidate);
        } else if passages.len() < passages_max {
            passages.push(Passage::of(candidate));
        }
    }
    passages
}

/// Whether two texts may be nearly the same, by their sketches: costs nothing, and spares most
/// pairs the comparison.
fn maybe_same(a: &Sketch, b: &Sketch) -> bool {
    let count = |join: fn(u64, u64) -> u64| -> u32 {
        a.iter().zip(b).map(|(a, b)| join(*a, *b).count_ones()).sum()
    };
    count(|a, b| a & b) as f32 >= SKETCH_SHARE_MIN * count(|a, b| a | b) as f32
}

/// Whether two token sequences are the same or nearly so.
fn same_text(a: &[u32], b: &[u32]) -> bool {
    if a == b {
        return true;
    }
    let (short, long) = (a.len().min(b.len()), a.len().max(b.len()));
    // The common share cannot exceed that of the lengths.
    if (short as f32) < SAME_SHARE_MIN * long as f32 {
        return false;
    }
    let (a, b) = (shingles(a), shingles(b));
    let common = a.iter().filter(|shingle| b.binary_search(shingle).is_ok()).count();
    let all = a.len() + b.len() - common;
    all > 0 && common as f32 >= SAME_SHARE_MIN * all as f32
}

/// The set of shingles, sorted.
fn shingles(tokens: &[u32]) -> Vec<u64> {
    let mix = |hash: u64, token: &u32| {
        (hash ^ u64::from(*token)).wrapping_mul(0x0100_0000_01b3).rotate_left(17)
    };
    let hash = |window: &[u32]| window.iter().fold(0xcbf2_9ce4_8422_2325, mix);
    let mut out: Vec<u64> = tokens.windows(SHINGLE_TOKENS).map(hash).collect();
    out.sort_unstable();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{candidate_of, chunks_of};

    fn candidates(text: &str, order: &[usize]) -> Vec<Candidate> {
        let chunks = chunks_of(text);
        order.iter().map(|&at| candidate_of("a", chunks[at].clone())).collect()
    }

    #[test]
    fn neighbours_are_joined_and_tile_the_text() {
        let text =
            "# A\n\nfirst part ä\n\n# B\n\nsecond part\n\n# C\n\nthird part\n\n# D\n\nfourth";
        let passages = assemble(candidates(text, &[1, 3, 0]), 5);
        assert_eq!(passages.len(), 2);
        assert_eq!(passages[0].text(), &text[passages[0].span().start..passages[0].span().end]);
        assert_eq!(passages[0].chunks.iter().map(|c| c.ordinal).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(passages[0].headings, ["B"]);
        let across = Span::new(5, 30);
        assert_eq!(passages[0].slice(across).as_deref(), Some(&text[5..30]));
        assert_eq!(passages[0].slice(Span::new(5, text.len())), None);
        assert_eq!(passages[0].slice(Span::new(7, 5)), None);
    }

    #[test]
    fn joining_stops_at_the_size_allowed() {
        let long = "word ".repeat(300);
        let text = format!("# A\n\n{long}\n\n# B\n\n{long}");
        assert_eq!(assemble(candidates(&text, &[0, 1]), 5).len(), 2);
    }

    #[test]
    fn repeated_text_is_dropped_unless_its_figures_differ() {
        let body = "the handbook says that returns are free for everyone in the shop ".repeat(5);
        let other = body.replacen("handbook", "manual", 1);
        let priced = body.replacen("free", "9 euro", 1);
        let of = |id: &str, text: &str| candidate_of(id, chunks_of(text).remove(0));
        let list = vec![of("a", &body), of("b", &body), of("c", &other), of("d", &priced)];
        let ids: Vec<String> =
            assemble(list, 5).iter().map(|passage| passage.document_id.to_string()).collect();
        assert_eq!(ids, ["a", "d"]);
    }
}
