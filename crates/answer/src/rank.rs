//! The second stage: candidates of the index in a better order, by a few cheap signals.
//!
//! The score is a weighted mean of signals between 0 and 1; the weights are [`Weights`].

use std::collections::BTreeMap;

use index::{Found, Snapshot};

use crate::prepared::prepared;
use crate::reading::{Reading, read};
use crate::sentences::UnitKind;
use crate::terms::Terms;
use crate::{AnswerError, Config, Weights};

/// Candidates that are read, at least.
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

impl Signals {
    /// The weighted mean, 0 to 1: the order of candidates.
    pub fn score(&self, weights: &Weights) -> f32 {
        let Weights { sentence, pairs, frame, document } = *weights;
        let total = 1.0 + sentence + pairs + frame + document;
        let parts = sentence * self.sentence + pairs * self.pairs + frame * self.frame;
        (self.index + parts + document * self.document) / total
    }
}

/// A chunk, read and scored.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
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
        let reading = read(prepared(snapshot, found)?, terms);
        let (best, second) = best_two.get(&found.document()).copied().unwrap_or_default();
        let other = if found.score() < best { best } else { second };
        let signals = signals(&reading, terms, found.score(), [top, other]);
        candidates.push(Candidate { reading, signals, score: signals.score(&config.weights) });
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
