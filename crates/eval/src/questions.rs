//! Which questions of a collection are asked, and how.

use std::sync::Arc;

use answer::{Question, Role};
use document::ContentHash;
use index::Embedder;

use crate::EvalError;

use crate::collection::{Collection, Query, Turn};

/// Which questions are asked.
#[derive(Debug, Clone)]
pub struct Options {
    /// Judged questions asked of each collection, at most; chosen by the hash of their ids, so that
    /// two runs ask the same. The same limit holds for those without an answer.
    pub questions_max: usize,
    /// Whether what was said before a question counts.
    pub history: bool,
    /// Questions of other collections asked of each, at most.
    pub foreign_max: usize,
    /// What embeds the questions, where the index has vectors.
    pub embedder: Option<Arc<dyn Embedder>>,
}

impl Default for Options {
    fn default() -> Self {
        // Three hundred tell an AUROC of .97 from one of .95.
        Self { questions_max: usize::MAX, history: true, foreign_max: 300, embedder: None }
    }
}

/// The question as it is put to the engine.
///
/// # Errors
///
/// [`EvalError::Answer`] where it cannot be embedded.
pub fn question_of(query: &Query, options: &Options) -> Result<Question, EvalError> {
    let question = unembedded(query, options);
    Ok(match &options.embedder {
        Some(embedder) => question.embedded(&**embedder)?,
        None => question,
    })
}

fn unembedded(query: &Query, options: &Options) -> Question {
    if !options.history {
        return Question::new(&query.text);
    }
    let turn = |turn: &Turn| {
        let role = if turn.role == "user" { Role::User } else { Role::Assistant };
        answer::Turn { role, text: turn.text.clone() }
    };
    let history: Vec<answer::Turn> = query.history.iter().map(turn).collect();
    Question::with_history(&query.text, &history)
}

/// The judged questions that are asked, in the order of the collection.
pub fn judged<'a>(collection: &'a Collection, options: &Options) -> Vec<&'a Query> {
    let judged = collection.queries.iter().filter(|query| collection.grades(query).is_some());
    sample(judged.collect(), options.questions_max)
}

/// The questions that are asked although the documents hold no answer, in the order of the
/// collection.
pub fn unanswerable<'a>(collection: &'a Collection, options: &Options) -> Vec<&'a Query> {
    let twins = collection.queries.iter().filter(|query| query.answerable == Some(false));
    sample(twins.collect(), options.questions_max)
}

/// At most `max` questions, chosen by the hash of their ids, in their order.
pub(crate) fn sample(queries: Vec<&Query>, max: usize) -> Vec<&Query> {
    if queries.len() <= max {
        return queries;
    }
    let mut hashes: Vec<ContentHash> = queries.iter().map(|query| hash(&query.id)).collect();
    hashes.sort();
    let Some(&limit) = hashes.get(max) else { return queries };
    queries.into_iter().filter(|query| hash(&query.id) < limit).collect()
}

pub(crate) fn hash(id: &str) -> ContentHash {
    ContentHash::of(id.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(id: &str) -> Query {
        serde_json::from_value(serde_json::json!({"id": id, "text": "?"})).unwrap()
    }

    #[test]
    fn history_is_asked_unless_it_is_switched_off() {
        let said = |role: &str, text: &str| Turn { role: role.to_owned(), text: text.to_owned() };
        let mut query = query("q");
        query.text = "and on Sundays?".to_owned();
        query.history = vec![said("user", "opening hours"), said("agent", "weekdays at nine")];
        let terms = |history| -> usize {
            let options = Options { history, ..Options::default() };
            question_of(&query, &options).unwrap().query().terms(&[]).len()
        };
        assert!(terms(true) >= terms(false) + 4, "{} {}", terms(true), terms(false));
    }

    #[test]
    fn a_sample_is_the_same_each_time_and_in_order() {
        let all: Vec<Query> = (0..100).map(|n| query(&format!("q{n:02}"))).collect();
        let ids = |max| -> Vec<&str> {
            sample(all.iter().collect(), max).iter().map(|query| query.id.as_str()).collect()
        };
        assert_eq!(ids(100).len(), 100);
        assert_eq!(ids(0).len(), 0);
        let (ten, twenty) = (ids(10), ids(20));
        assert!(ten.len() == 10 && ten.is_sorted() && ten == ids(10));
        assert!(ten.iter().all(|id| twenty.contains(id)));
    }
}
