//! What vectors add to words: candidates that share no word with the question, and a second
//! opinion on those that do.
//!
//! The two scores are mixed after each was brought to a scale on which 1 is the best of this
//! question: the score by words is such already, and a cosine counts from the mean over all chunks
//! to the highest of them. So neither the model's habits nor the size of the collection matter.

use index::{Filter, Found, IndexError, Similarities, Snapshot};

use crate::rank::{Candidate, rank, reads};
use crate::terms::Terms;
use crate::{AnswerError, Config, Question};

/// Weight of the similarity of vectors against that of words. With all-MiniLM-L6-v2 on encyclopedia,
/// abstracts, a manual and dialogue every collection gains from .2 to .4; from there on manuals
/// lose, whose names of parts and errors no model knows.
pub(crate) const WEIGHT: f32 = 0.3;

/// How deep the words of chunks found by their vectors are looked for. Below that they count as
/// sharing none.
const SCORED_MAX: usize = 1000;

/// Cosines of a question, on the common scale.
pub(crate) struct Meaning {
    similarities: Similarities,
    highest: f32,
}

impl Meaning {
    /// The similarity of all chunks with a question that was embedded; `None` for one that was not.
    ///
    /// # Errors
    /// [`IndexError::OtherModel`] where the snapshot has no vectors of the question's model.
    pub(crate) fn of(
        snapshot: &Snapshot,
        question: &Question,
    ) -> Result<Option<Self>, AnswerError> {
        let Some((wanted, vector)) = question.vector() else { return Ok(None) };
        let current = snapshot.model().map(|model| model.key);
        let similarities = snapshot.similarities(vector).filter(|_| current == Some(wanted));
        let wanted = Some(wanted);
        let similarities = similarities.ok_or(IndexError::OtherModel { current, wanted })?;
        let best = snapshot.most_similar(&similarities, &Filter::default(), 1);
        let highest = best.first().map_or(0.0, |best| snapshot.similarity(&similarities, best));
        Ok(Some(Self { similarities, highest }))
    }

    /// How similar a chunk is, from 0 at the mean of all chunks to 1 at the most similar one.
    fn share(&self, cosine: f32) -> f32 {
        let above = cosine - self.similarities.mean();
        let range = self.highest - self.similarities.mean();
        if range > 0.0 { (above / range).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The candidates of a question by words and vectors, best first, read.
pub(crate) fn candidates(
    snapshot: &Snapshot,
    question: &Question,
    meaning: &Meaning,
    terms: &Terms,
    config: &Config,
) -> Result<Vec<Candidate>, AnswerError> {
    let weight = config.similarity_weight.clamp(0.0, 1.0);
    let mut chosen = chosen(snapshot, question, meaning, terms, config)?;
    chosen.sort_by(|a, b| b.cmp(a));
    let mut candidates = rank(snapshot, &chosen, terms, config)?;
    for candidate in &mut candidates {
        let similarities = &meaning.similarities;
        let share =
            meaning.share(snapshot.similarity_of(similarities, &candidate.reading.text.hit));
        candidate.score = (1.0 - weight) * candidate.score + weight * share;
        candidate.signals.similarity = share;
    }
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(candidates)
}

/// The best by both together, before they are read: as many as are read.
fn chosen(
    snapshot: &Snapshot,
    question: &Question,
    meaning: &Meaning,
    terms: &Terms,
    config: &Config,
) -> Result<Vec<Found>, AnswerError> {
    let weight = config.similarity_weight.clamp(0.0, 1.0);
    let filter = question.query().filter();
    let candidates = config.candidates.max(SCORED_MAX);
    let deep = snapshot.find_terms(terms.asked(), filter, candidates)?;
    let top = deep.first().map_or(0.0, Found::score);
    let mut all: Vec<Found> = deep.iter().take(config.candidates).cloned().collect();
    for near in snapshot.most_similar(&meaning.similarities, filter, config.candidates) {
        if all.iter().all(|found| found.place() != near.place()) {
            let known = deep.iter().find(|found| found.place() == near.place());
            all.push(known.cloned().unwrap_or(near));
        }
    }
    let score = |found: &Found| {
        let words = if top > 0.0 { found.score() / top } else { 0.0 };
        (1.0 - weight) * words
            + weight * meaning.share(snapshot.similarity(&meaning.similarities, found))
    };
    let mut scored: Vec<(f32, Found)> =
        all.into_iter().map(|found| (score(&found), found)).collect();
    scored.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| other.cmp(one)));
    scored.truncate(reads(config));
    Ok(scored.into_iter().map(|(_, found)| found).collect())
}

#[cfg(test)]
mod tests;
