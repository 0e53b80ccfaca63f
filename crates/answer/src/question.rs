//! A question as the later steps see it: its terms, and what kind of thing would answer it.

use index::{Embedder, Filter, IndexError, ModelKey, Query, TextKind};

use crate::AnswerError;

mod form;
mod history;

pub(crate) use form::{Form, Wants};
pub use history::{Role, Turn};

/// Longest part of a message that is read, in bytes.
const MESSAGE_BYTES_MAX: usize = 8 * 1024;

/// A question, analysed. Any text is one; what cannot be searched finds nothing.
#[derive(Debug, Clone)]
pub struct Question {
    text: String,
    query: Query,
    /// The question's own words, where the query has more.
    own: Option<Query>,
    form: Form,
    /// What was said before, oldest first.
    turns: Vec<Turn>,
    /// What is embedded.
    meaning: String,
    vector: Option<(ModelKey, Vec<f32>)>,
}

impl Question {
    /// Analyses a question. Reads its first 8 KiB; linear in them.
    pub fn new(text: &str) -> Self {
        Self::with_history(text, &[])
    }

    /// Analyses a question of a conversation: `history` is what was said before it, oldest
    /// first. Where the question leans on it, terms of the last two turns are searched for too,
    /// at small weights. Reads the last 20 messages, 8 KiB of each; a model is told those that fit
    /// its prompt.
    pub fn with_history(text: &str, history: &[Turn]) -> Self {
        let text = head(text);
        let turns = history::recent(history);
        let query = history::query(text, &turns);
        let own = Some(Query::parse(text)).filter(|own| *own != query);
        let meaning = history::meaning(text, &turns);
        let (text, form) = (text.to_owned(), Form::of(text));
        Self { text, query, own, form, turns, meaning, vector: None }
    }

    /// The same question, answered only from what a filter lets through.
    pub fn with_filter(self, filter: Filter) -> Self {
        Self { query: self.query.with_filter(filter), ..self }
    }

    /// The same question with its vector, so that it is also compared by meaning. For bots that
    /// hold vectors of the same model: others cannot be asked with it.
    ///
    /// # Errors
    /// [`IndexError::Embedding`] where the model fails.
    pub fn embedded(self, embedder: &dyn Embedder) -> Result<Self, AnswerError> {
        let vectors = embedder.embed(TextKind::Question, &[&self.meaning]);
        let vectors = vectors.map_err(|source| IndexError::Embedding { source })?;
        let none = || IndexError::Embedding { source: "a question got no vector".into() };
        let vector = vectors.into_iter().next().ok_or_else(none)?;
        Ok(Self { vector: Some((embedder.key(), vector)), ..self })
    }

    /// The question as asked, without blank space around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is searched for.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// The question's own words, where more is searched for.
    pub(crate) fn own_query(&self) -> Option<&Query> {
        self.own.as_ref()
    }

    /// Its vector and the model that made it.
    pub(crate) fn vector(&self) -> Option<(ModelKey, &[f32])> {
        self.vector.as_ref().map(|(model, vector)| (*model, vector.as_slice()))
    }

    pub(crate) fn form(&self) -> &Form {
        &self.form
    }

    /// The last messages before the question, oldest first.
    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }
}

/// What is read of a message.
fn head(text: &str) -> &str {
    let end = text.floor_char_boundary(MESSAGE_BYTES_MAX);
    text.get(..end).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_questions_are_questions_too() {
        assert_eq!(Question::new("  hi \n").text(), "hi");
        let emoji = "🙂".repeat(4 * 1024);
        assert_eq!(Question::new(&emoji).text().len(), MESSAGE_BYTES_MAX);
        assert!(Question::new("").query().is_empty());
    }
}
