//! The words that the live chunks of a snapshot hold, and what they offer for a word of a query.
//!
//! Dictionaries keep words whose chunks are all deleted until segments are merged. Such a word
//! counts for nothing here: what is offered depends on the live content alone.

use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet as _, SegmentReader, Term};

use crate::analyzer::{Analyzer, analyzer};
use crate::language::Language;
use crate::query::{Alternative, QueryTerm, stems};
use crate::schema::Fields;
use crate::score::live_frequency;

mod spelling;

/// Most unknown words of a query that are looked for under another spelling. A question with
/// more of them is in another language or about other matters, and no typing error.
const MISSPELT_MAX: usize = 3;

/// The words of some segments.
pub(crate) struct Vocabulary<'a> {
    pub(crate) segments: Vec<&'a SegmentReader>,
    pub(crate) fields: Fields,
}

impl Vocabulary<'_> {
    /// Gives the words of a query that no live chunk holds those that may have been meant.
    ///
    /// Costs two look-ups a word and segment, and for each unknown word a walk over the words
    /// that begin as it does and are spelt nearly alike.
    pub(crate) fn expand(
        &self,
        terms: &mut [QueryTerm],
        languages: &[Language],
    ) -> tantivy::Result<()> {
        let mut unknown = Vec::new();
        for (at, term) in terms.iter().enumerate() {
            if !self.knows(term)? {
                unknown.push(at);
            }
        }
        if unknown.len() > MISSPELT_MAX {
            return Ok(());
        }
        for at in unknown {
            let Some(term) = terms.get_mut(at) else { continue };
            let near = spelling::near(self, &term.exact)?;
            term.alternatives = analyzer(|analyzer| {
                near.into_iter()
                    .map(|(word, credit)| alternative(analyzer, word, credit, languages))
                    .collect()
            });
        }
        Ok(())
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

fn alternative(
    analyzer: &mut Analyzer,
    exact: String,
    credit: f32,
    languages: &[Language],
) -> Alternative {
    let stems = stems(analyzer, &exact, languages);
    Alternative { exact, stems, credit }
}
