//! Question in, ranked passages out.

use index::Snapshot;

use crate::dense::{self, Meaning};
use crate::passage::assemble;
use crate::rank::rank;
use crate::terms::Terms;
use crate::{AnswerError, Config, Passage, Question};

/// The passages that fit a question best: at most `passages_max`, by score descending, without
/// repetition, neighbouring chunks joined. Reads the index and about 20 chunks.
pub fn retrieve(
    snapshot: &Snapshot,
    question: &Question,
    config: &Config,
) -> Result<Vec<Passage>, AnswerError> {
    let terms = Terms::weigh(snapshot, question.query())?;
    retrieve_with(snapshot, question, &terms, config)
}

pub(crate) fn retrieve_with(
    snapshot: &Snapshot,
    question: &Question,
    terms: &Terms,
    config: &Config,
) -> Result<Vec<Passage>, AnswerError> {
    if let Some(meaning) = Meaning::of(snapshot, question)? {
        let candidates = dense::candidates(snapshot, question, &meaning, terms, config)?;
        return Ok(assemble(candidates, config.passages_max));
    }
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let filter = question.query().filter();
    let found = snapshot.find_terms(terms.asked(), filter, config.candidates)?;
    Ok(assemble(rank(snapshot, &found, terms, config)?, config.passages_max))
}
