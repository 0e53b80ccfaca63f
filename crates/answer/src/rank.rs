//! The second stage: candidates of the index in a better order, by a few cheap signals.
//!
//! The score is a weighted sum of signals between 0 and 1. The weights stand in one table.

use std::collections::BTreeMap;

use document::DocumentId;
use index::Hit;

use crate::Config;
use crate::reading::{Reading, read};
use crate::sentences::UnitKind;
use crate::terms::Terms;

/// Candidates that are read, at least. Reading costs more than everything else together.
const READS_MIN: usize = 20;

/// What speaks for a candidate; each from 0 to 1 but for the bound.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Signals {
    /// Score of the index over that of its best hit.
    pub index: f32,
    /// Largest share of the question's mass in one unit with its headings.
    pub sentence: f32,
    /// Share of adjacent question words that stand close together.
    pub pairs: f32,
    /// Share of the question's mass in title and headings.
    pub frame: f32,
    /// Score of the document's best other hit over that of the best hit.
    pub document: f32,
    /// Share of the question's mass in text, headings and title. For the confidence; it adds
    /// nothing to the order, BM25 counts the same.
    pub coverage: f32,
    /// Score of the index over the question's whole mass; bounded, though not by 1. For the
    /// confidence.
    pub bound: f32,
}

/// Weights of the signals.
///
/// Measured on 14 development collections (encyclopedia, papers, abstracts, a manual, dialogue,
/// seven languages): with these no collection falls below the index's own order. Weights several
/// times as large gain more on encyclopedic questions and lose it again on keyword searches over
/// abstracts, so the small ones travel better.
const WEIGHTS: [(Signal, f32); 5] = [
    (|signals| signals.index, 1.0),
    // The answer stands in one sentence; the words of a chance match are scattered.
    (|signals| signals.sentence, 0.15),
    // Words that stand together in the question belong together.
    (|signals| signals.pairs, 0.2),
    // Sections of manuals are asked for by their headings.
    (|signals| signals.frame, 0.15),
    // A long document that is about the matter has more than one chunk about it.
    (|signals| signals.document, 0.05),
];

type Signal = fn(&Signals) -> f32;

impl Signals {
    /// The weighted mean, 0 to 1.
    fn score(&self) -> f32 {
        let total: f32 = WEIGHTS.iter().map(|(_, weight)| weight).sum();
        WEIGHTS.iter().map(|(signal, weight)| weight * signal(self)).sum::<f32>() / total
    }
}

/// A hit, read and scored.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) hit: Hit,
    pub(crate) reading: Reading,
    pub(crate) signals: Signals,
    /// 0 to 1.
    pub(crate) score: f32,
}

/// Reads the best hits and puts them in order: by score, ties as the index has them.
/// `hits` are sorted by score descending; those beyond what is read are dropped.
pub(crate) fn rank(hits: Vec<Hit>, terms: &Terms, config: &Config) -> Vec<Candidate> {
    let top = hits.first().map_or(0.0, |hit| hit.score);
    if top <= 0.0 {
        return Vec::new();
    }
    let best_two = best_two_by_document(&hits);
    let reads = READS_MIN.max(2 * config.passages_max);
    let mut candidates: Vec<Candidate> = Vec::new();
    for hit in hits.into_iter().take(reads) {
        let reading = read(&hit, terms);
        let (best, second) = best_two.get(&hit.document_id).copied().unwrap_or_default();
        let other = if hit.score < best { best } else { second };
        let signals = signals(&reading, terms, hit.score, [top, other]);
        candidates.push(Candidate { hit, reading, signals, score: signals.score() });
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    candidates
}

fn signals(reading: &Reading, terms: &Terms, score: f32, [top, other]: [f32; 2]) -> Signals {
    let units = reading.units.iter().filter(|unit| unit.kind != UnitKind::Heading);
    let sentence = units.map(|unit| terms.share(unit.context)).fold(0.0, f32::max);
    Signals {
        index: score / top,
        sentence,
        pairs: terms.pair_share(reading.pairs),
        frame: terms.share(reading.frame),
        document: other / top,
        coverage: terms.share(reading.all()),
        bound: score / terms.total(),
    }
}

/// The two highest scores of each document, 0 where there is none.
fn best_two_by_document(hits: &[Hit]) -> BTreeMap<DocumentId, (f32, f32)> {
    let mut out: BTreeMap<DocumentId, (f32, f32)> = BTreeMap::new();
    for hit in hits {
        let (best, second) = out.entry(hit.document_id.clone()).or_default();
        if hit.score > *best {
            (*best, *second) = (hit.score, *best);
        } else if hit.score > *second {
            *second = hit.score;
        }
    }
    out
}
