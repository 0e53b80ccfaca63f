//! A question as the later steps see it: its terms, and what kind of thing would answer it.

use index::Query;

/// Longest part of a question that is read, in bytes: the limit of a message.
const QUESTION_BYTES_MAX: usize = 8 * 1024;

/// How many words from its start are searched for the form of a question.
const FORM_WORDS_MAX: usize = 40;

/// A question, analysed. Any text is one; what cannot be searched finds nothing.
#[derive(Debug, Clone)]
pub struct Question {
    text: String,
    query: Query,
    wants: Wants,
}

/// What would answer a question, as far as its form tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    /// Any statement.
    Statement,
    /// A number, a date or a time.
    Figure,
    /// The steps of a procedure.
    Steps,
}

impl Question {
    /// Analyses a question. Reads its first 8 KiB; linear in them.
    pub fn new(text: &str) -> Self {
        let end = text.floor_char_boundary(QUESTION_BYTES_MAX);
        let text = text.get(..end).unwrap_or_default().trim();
        Self { text: text.to_owned(), query: Query::parse(text), wants: wants(text) }
    }

    /// The question as asked, without blank space around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is searched for.
    pub fn query(&self) -> &Query {
        &self.query
    }

    pub(crate) fn wants(&self) -> Wants {
        self.wants
    }
}

/// Openings that ask for a procedure.
const STEPS: [&str; 12] = [
    "how to",
    "how do i",
    "how do we",
    "how do you",
    "how can i",
    "how can we",
    "how can you",
    "how should i",
    "how would i",
    "how does one",
    "steps to",
    "the steps",
];

/// Openings that ask for a number, a date or a time.
const FIGURES: [&str; 34] = [
    "when",
    "how many",
    "how much",
    "how long",
    "how old",
    "how often",
    "how far",
    "how late",
    "how early",
    "how tall",
    "how big",
    "how large",
    "how high",
    "how fast",
    "how soon",
    "how deep",
    "how wide",
    "how heavy",
    "what time",
    "what year",
    "what date",
    "what day",
    "what percentage",
    "what number",
    "which year",
    "which day",
    "which date",
    "what century",
    "what decade",
    "what month",
    "what age",
    "what price",
    "what is the price",
    "what hours",
];

fn wants(text: &str) -> Wants {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(FORM_WORDS_MAX)
        .map(str::to_lowercase)
        .collect();
    // Blank space at both ends makes a substring search a search for whole words.
    let spaced = format!(" {} ", words.join(" "));
    let asks = |forms: &[&str]| forms.iter().any(|form| spaced.contains(&format!(" {form} ")));
    if asks(&STEPS) {
        Wants::Steps
    } else if asks(&FIGURES) {
        Wants::Figure
    } else {
        Wants::Statement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_question_is_read_from_its_words() {
        assert_eq!(wants("How do I reset the router?"), Wants::Steps);
        assert_eq!(wants("Since when are you open?"), Wants::Figure);
        assert_eq!(wants("how   many pages, please"), Wants::Figure);
        assert_eq!(wants("whenever you like"), Wants::Statement);
        assert_eq!(wants(""), Wants::Statement);
    }

    #[test]
    fn odd_questions_are_questions_too() {
        assert_eq!(Question::new("  hi \n").text(), "hi");
        let emoji = "🙂".repeat(4 * 1024);
        assert_eq!(Question::new(&emoji).text().len(), QUESTION_BYTES_MAX);
        assert!(Question::new("").query().is_empty());
    }
}
