//! BM25 over the live chunks of all segments.
//!
//! Every number that enters a score belongs to the content: live document frequencies, the live
//! number of chunks, their tokens. And a chunk's score is summed in the order of the query's
//! terms, wherever the chunk lies. So any history of adds, replacements and removals that leads
//! to the same content gives the same scores, bit by bit. The scorers of the search library sum
//! in an order that depends on neighbouring documents, count deleted ones, and fix `b`; hence
//! the plain loop below, one pass over the postings of each term into one array of scores. Its
//! time is that of decoding the postings.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet as _, SegmentReader, Term};

use crate::query::QueryTerm;
use crate::schema::Fields;

/// Saturation of repeated terms, the usual value; 0.9 and 1.5 were no better on average.
const K1: f32 = 1.2;

/// How far length counts. Chunks are of similar length by design; over the development
/// collections 0.6 beats the usual 0.75 by 0.007 nDCG@10 on average and is never far below.
const B: f32 = 0.6;

/// Share of the stem in a term's score. Stems alone lose 0.003 nDCG@10 on average, equal shares
/// 0.004.
const STEM_SHARE: f32 = 0.67;

/// Share of the word as written.
const EXACT_SHARE: f32 = 1.0 - STEM_SHARE;

/// The live content: what lengths and frequencies are measured against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Totals {
    /// Live chunks.
    pub(crate) chunks: u64,
    /// Tokens of the live chunks.
    pub(crate) tokens: u64,
}

/// A term to be scored, and its factor.
pub(crate) struct Clause {
    field: Field,
    term: Term,
    /// Query weight x share of the field x idf x (k1 + 1).
    factor: f32,
}

/// The idf of a term in `found` of `chunks` live chunks: never negative.
pub(crate) fn idf(chunks: u64, found: u64) -> f32 {
    let without = chunks.saturating_sub(found) as f32;
    (1.0 + (without + 0.5) / (found as f32 + 0.5)).ln()
}

/// The clauses of a query against some segments; terms that occur nowhere are left out.
pub(crate) fn clauses<'a, S: Iterator<Item = &'a SegmentReader>>(
    terms: &[QueryTerm],
    fields: Fields,
    totals: Totals,
    segments: impl Fn() -> S,
) -> tantivy::Result<Vec<Clause>> {
    let mut clauses: Vec<Clause> = Vec::with_capacity(2 * terms.len());
    for query_term in terms {
        let stems = query_term.stems.iter().map(|stem| Term::from_field_text(fields.stem, stem));
        let exact = [Term::from_field_text(fields.exact, &query_term.exact)];
        for (alternatives, share) in [(stems.collect(), STEM_SHARE), (exact.to_vec(), EXACT_SHARE)]
        {
            let weight = query_term.weight * share * (K1 + 1.0);
            add_clauses(&mut clauses, alternatives, weight, totals, &segments)?;
        }
        add_alternatives(&mut clauses, query_term, fields, totals, &segments)?;
    }
    Ok(clauses)
}

/// Adds a clause for each of the terms that stand for one word: they count as one, found where
/// any of them is. A chunk has one language, so it seldom holds two of them.
fn add_clauses<'a, S: Iterator<Item = &'a SegmentReader>>(
    clauses: &mut Vec<Clause>,
    alternatives: Vec<Term>,
    weight: f32,
    totals: Totals,
    segments: impl Fn() -> S,
) -> tantivy::Result<()> {
    let mut found = Vec::with_capacity(alternatives.len());
    for term in alternatives {
        found.push((live_frequency(segments(), &term)?, term));
    }
    let all: u64 = found.iter().map(|(count, _)| count).sum();
    let factor = weight * idf(totals.chunks, all.min(totals.chunks));
    let known = found.into_iter().filter(|(count, _)| *count > 0);
    clauses.extend(known.map(|(_, term)| Clause { field: term.field(), term, factor }));
    Ok(())
}

/// Adds clauses for the words that stand for one. They are as telling as all of them together with
/// the word itself, so that many that are common do not outweigh it.
fn add_alternatives<'a, S: Iterator<Item = &'a SegmentReader>>(
    clauses: &mut Vec<Clause>,
    term: &QueryTerm,
    fields: Fields,
    totals: Totals,
    segments: impl Fn() -> S,
) -> tantivy::Result<()> {
    let stem = |stem: &String| Term::from_field_text(fields.stem, stem);
    let exact = |exact: &String| Term::from_field_text(fields.exact, exact);
    if term.alternatives.is_empty() {
        return Ok(());
    }
    let mut stems: Vec<(Term, f32)> = Vec::new();
    let mut exacts: Vec<(Term, f32)> = Vec::new();
    for other in &term.alternatives {
        for known in other.stems.iter().filter(|known| !term.stems.contains(known)).map(stem) {
            if !stems.iter().any(|(term, _)| *term == known) {
                stems.push((known, other.credit));
            }
        }
        exacts.push((exact(&other.exact), other.credit));
    }
    let own = [term.stems.iter().map(stem).collect(), vec![exact(&term.exact)]];
    for ((own, others), share) in own.iter().zip([stems, exacts]).zip([STEM_SHARE, EXACT_SHARE]) {
        let mut all = 0;
        for term in own.iter().chain(others.iter().map(|(term, _)| term)) {
            all += live_frequency(segments(), term)?;
        }
        let weight = term.weight * share * (K1 + 1.0) * idf(totals.chunks, all.min(totals.chunks));
        clauses.extend(others.into_iter().map(|(term, credit)| Clause {
            field: term.field(),
            term,
            factor: weight * credit,
        }));
    }
    Ok(())
}

/// Live chunks that hold a term. A dictionary lookup per segment; segments with deleted chunks
/// have the term's postings walked.
pub(crate) fn live_frequency<'a>(
    segments: impl Iterator<Item = &'a SegmentReader>,
    term: &Term,
) -> tantivy::Result<u64> {
    let mut found = 0;
    for segment in segments {
        let index = segment.inverted_index(term.field())?;
        let Some(info) = index.get_term_info(term)? else { continue };
        found += match segment.alive_bitset() {
            None => u64::from(info.doc_freq),
            Some(alive) => {
                let postings =
                    index.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
                u64::from(postings.doc_freq_given_deletes(alive))
            }
        };
    }
    Ok(found)
}

/// Scores the chunks of a segment into `scores`, by document number; 0 where nothing matches.
/// Deleted ones get a score too.
pub(crate) fn score_segment(
    segment: &SegmentReader,
    fields: Fields,
    clauses: &[Clause],
    totals: Totals,
    scores: &mut Vec<f32>,
) -> tantivy::Result<()> {
    scores.clear();
    scores.resize(segment.max_doc() as usize, 0.0);
    let lengths = segment.get_fieldnorms_reader(fields.stem)?;
    let norms = norms(totals);
    for clause in clauses {
        let index = segment.inverted_index(clause.field)?;
        let postings = index.read_block_postings(&clause.term, IndexRecordOption::WithFreqs)?;
        if let Some(postings) = postings {
            add_scores(postings, clause.factor, &lengths, &norms, scores);
        }
    }
    Ok(())
}

/// What is added to a term's frequency in the denominator, by coded length.
fn norms(totals: Totals) -> [f32; 256] {
    let average = totals.tokens as f32 / totals.chunks.max(1) as f32;
    std::array::from_fn(|code| {
        let length = FieldNormReader::id_to_fieldnorm(code as u8) as f32;
        K1 * (1.0 - B + B * length / average.max(1.0))
    })
}

fn add_scores(
    mut postings: BlockSegmentPostings,
    factor: f32,
    lengths: &FieldNormReader,
    norms: &[f32; 256],
    scores: &mut [f32],
) {
    loop {
        let (docs, frequencies) = (postings.docs(), postings.freqs());
        if docs.is_empty() {
            return;
        }
        for (&doc, &frequency) in docs.iter().zip(frequencies) {
            let frequency = frequency as f32;
            let norm = norms[usize::from(lengths.fieldnorm_id(doc))];
            if let Some(score) = scores.get_mut(doc as usize) {
                *score += factor * (frequency / (frequency + norm));
            }
        }
        postings.advance();
    }
}

/// The numbers of the live documents that hold a term, ascending.
pub(crate) fn live_documents(segment: &SegmentReader, term: &Term) -> tantivy::Result<Vec<u32>> {
    let index = segment.inverted_index(term.field())?;
    let mut found = Vec::new();
    if let Some(mut postings) = index.read_postings(term, IndexRecordOption::Basic)? {
        while postings.doc() != tantivy::TERMINATED {
            found.push(postings.doc());
            postings.advance();
        }
    }
    found.retain(|&doc| !segment.is_deleted(doc));
    Ok(found)
}
