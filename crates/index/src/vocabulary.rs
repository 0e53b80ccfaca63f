//! The words that the live chunks of a snapshot hold, and what they offer for a word of a query.
//!
//! Dictionaries keep words whose chunks are all dead until segments are merged. Such a word
//! counts for nothing here: what is offered depends on the live content alone.

use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet as _, SegmentReader, Term};

use crate::analyzer::{Analyzer, analyzer};
use crate::language::Language;
use crate::query::{Alternative, QueryTerm, stems};
use crate::schema::Fields;
use crate::score::live_frequency;

mod compound;
mod spelling;

/// Most unknown words of a query that are looked for under another spelling. A question with
/// more of them is in another language or about other matters, and no typing error.
const MISSPELT_MAX: usize = 3;

/// What a part counts of a word that is taken apart: two words of the question's matter, which is
/// worth a little more than one, and less than one word that is met whole.
const PART_WEIGHT: f32 = 0.7;

/// The words of some segments.
pub(crate) struct Vocabulary<'a> {
    pub(crate) segments: Vec<&'a SegmentReader>,
    pub(crate) fields: Fields,
}

impl Vocabulary<'_> {
    /// Marks the words of a query that a live chunk holds, and gives the others what may stand for
    /// them: the parts of a compound in their place, words spelt nearly alike beside them. `asked`
    /// is the language of the question.
    ///
    /// Costs two look-ups a word and segment; for each unknown word a walk over the words that
    /// begin as it does and are spelt nearly alike; in a language of compounds a walk over the
    /// words that begin as each does, and for an unknown word some 100 look-ups.
    pub(crate) fn expand(
        &self,
        terms: &mut Vec<QueryTerm>,
        languages: &[Language],
        asked: Language,
    ) -> tantivy::Result<()> {
        for term in terms.iter_mut() {
            term.known = self.knows(term)?;
        }
        if asked.has_compounds() {
            analyzer(|analyzer| self.resolve_compounds(analyzer, terms, languages, asked))?;
        }
        let is_lost = |term: &&mut QueryTerm| !term.known && term.alternatives.is_empty();
        if terms.iter_mut().filter(is_lost).count() > MISSPELT_MAX {
            return Ok(());
        }
        for term in terms.iter_mut().filter(is_lost) {
            let near = spelling::near(self, &term.exact)?;
            let word = |analyzer: &mut Analyzer, (exact, credit): (String, f32)| {
                let stems = stems(analyzer, &exact, languages);
                Alternative { exact, stems, credit }
            };
            term.alternatives =
                analyzer(|analyzer| near.into_iter().map(|near| word(analyzer, near)).collect());
        }
        Ok(())
    }

    fn resolve_compounds(
        &self,
        analyzer: &mut Analyzer,
        terms: &mut Vec<QueryTerm>,
        languages: &[Language],
        asked: Language,
    ) -> tantivy::Result<()> {
        for whole in std::mem::take(terms) {
            let parts = if whole.known {
                Vec::new()
            } else {
                compound::split(self, analyzer, &whole.exact, asked)?
            };
            if parts.is_empty() {
                terms.push(whole);
                continue;
            }
            let weight = whole.weight * PART_WEIGHT;
            for exact in parts {
                let (stems, alternatives) = (stems(analyzer, &exact, languages), Vec::new());
                terms.push(QueryTerm { exact, stems, weight, known: true, alternatives });
            }
        }
        compound::join(self, analyzer, terms, asked)
    }

    /// Whether a live chunk holds a word in any form.
    fn knows(&self, term: &QueryTerm) -> tantivy::Result<bool> {
        if self.occurs(self.fields.exact, &term.exact)? {
            return Ok(true);
        }
        for stem in &term.stems {
            if self.occurs(self.fields.stem, stem)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a live chunk holds a term.
    fn occurs(&self, field: Field, word: &str) -> tantivy::Result<bool> {
        let term = Term::from_field_text(field, word);
        for segment in &self.segments {
            let index = segment.inverted_index(field)?;
            let Some(info) = index.get_term_info(&term)? else { continue };
            if segment.alive_bitset().is_none() {
                return Ok(true);
            }
            let mut postings =
                index.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
            while postings.doc() != tantivy::TERMINATED {
                if !segment.is_deleted(postings.doc()) {
                    return Ok(true);
                }
                postings.advance();
            }
        }
        Ok(false)
    }

    /// Live chunks that hold a word as written.
    fn frequency(&self, word: &str) -> tantivy::Result<u64> {
        let term = Term::from_field_text(self.fields.exact, word);
        live_frequency(self.segments.iter().copied(), &term)
    }
}

/// The least key above all that have a beginning.
fn after(beginning: &str) -> Option<Vec<u8>> {
    let mut end = beginning.as_bytes().to_vec();
    // UTF-8 has no byte 255.
    *end.last_mut()? += 1;
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_after_a_beginning_is_above_all_that_have_it() {
        let end = after("ж").unwrap();
        assert!(end.as_slice() > "жяяя".as_bytes() && end.as_slice() <= "з".as_bytes());
    }
}
