//! The second stage: candidates of the index in a better order, by a few cheap signals.
//!
//! The score is a weighted sum of signals between 0 and 1. The weights stand in one table.

use std::collections::BTreeMap;

use index::{Found, Hit, Snapshot};

use crate::reading::{Reading, read};
use crate::sentences::UnitKind;
use crate::terms::Terms;
use crate::{AnswerError, Config};

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
    /// Similarity of the vectors, 0 to 1; see [`Config::similarity_weight`]. 0 where there are none.
    /// It is mixed with the score of all others.
    pub similarity: f32,
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

/// How many candidates are read.
pub(crate) fn reads(config: &Config) -> usize {
    READS_MIN.max(2 * config.passages_max)
}

/// Reads the best of what was found and puts it in order: by score, ties as the index has them.
/// `found` is sorted by score descending; what is beyond the reads only tells of its documents.
pub(crate) fn rank(
    snapshot: &Snapshot,
    found: &[Found],
    terms: &Terms,
    config: &Config,
) -> Result<Vec<Candidate>, AnswerError> {
    // Nothing but vectors may have found them: then no index scores them, and none divides.
    let top = found.first().map_or(0.0, Found::score).max(f32::MIN_POSITIVE);
    let best_two = best_two_by_document(found);
    let reads = reads(config);
    let mut candidates: Vec<Candidate> = Vec::new();
    for found in found.iter().take(reads) {
        let hit = snapshot.read(found)?;
        let reading = read(&hit, terms);
        let (best, second) = best_two.get(&found.document()).copied().unwrap_or_default();
        let other = if hit.score < best { best } else { second };
        let signals = signals(&reading, terms, hit.score, [top, other]);
        candidates.push(Candidate { hit, reading, signals, score: signals.score() });
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(candidates)
}

impl Signals {
    /// The same where it is the index's, of other readings where it is theirs.
    pub(crate) fn read_again(self, readings: &[Reading], terms: &Terms) -> Self {
        let best = |signal: fn(&Self) -> f32| {
            let all =
                readings.iter().map(|reading| signal(&signals(reading, terms, 0.0, [1.0, 0.0])));
            all.fold(0.0, f32::max)
        };
        Self {
            sentence: best(|signals| signals.sentence),
            pairs: best(|signals| signals.pairs),
            frame: best(|signals| signals.frame),
            coverage: best(|signals| signals.coverage),
            ..self
        }
    }
}

fn signals(reading: &Reading, terms: &Terms, score: f32, [top, other]: [f32; 2]) -> Signals {
    let units = reading.units.iter().filter(|unit| unit.kind != UnitKind::Heading);
    let sentence = units.map(|unit| terms.share(unit.context)).fold(0.0, f32::max);
    Signals {
        index: score / top,
        sentence,
        pairs: terms.pair_share(reading.pairs),
        similarity: 0.0,
        frame: terms.share(reading.frame),
        document: other / top,
        coverage: terms.share(reading.all()),
        bound: score / terms.total(),
    }
}

/// The two highest scores of each document, 0 where there is none.
fn best_two_by_document(found: &[Found]) -> BTreeMap<usize, (f32, f32)> {
    let mut out: BTreeMap<usize, (f32, f32)> = BTreeMap::new();
    for found in found {
        let (best, second) = out.entry(found.document()).or_default();
        if found.score() > *best {
            (*best, *second) = (found.score(), *best);
        } else if found.score() > *second {
            *second = found.score();
        }
    }
    out
}
