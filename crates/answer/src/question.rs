//! A question as the later steps see it: its terms, and what kind of thing would answer it.

use index::{Filter, Query};

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
        Self { text: text.to_owned(), query, own, form: Form::of(text), turns }
    }

    /// The same question, answered only from what a filter lets through.
    pub fn with_filter(self, filter: Filter) -> Self {
        Self { query: self.query.with_filter(filter), ..self }
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
