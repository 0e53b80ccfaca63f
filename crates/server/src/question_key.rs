//! What tells questions of the same matter, whatever their words and order.

use index::{Language, Query};

/// Longest key, in characters.
const LENGTH_MAX: usize = 200;

/// Sorted stems of a question: Unicode form, case, punctuation, inflection and order do not count.
pub(crate) fn question_key(question: &str) -> String {
    let language = Language::of(question).unwrap_or(Language::English);
    let terms = Query::parse(question).terms(&[language]);
    let stem = |term: &index::QueryTerm| term.stems.first().unwrap_or(&term.exact).clone();
    let mut stems: Vec<String> = terms.iter().map(stem).collect();
    stems.sort_unstable();
    stems.dedup();
    let key = stems.join(" ");
    let key = if key.is_empty() { question.trim().to_lowercase() } else { key };
    key.chars().take(LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_order_do_not_count() {
        let key = question_key("When do you open?");
        assert_eq!(question_key("when do you OPEN"), key);
        assert_eq!(question_key("You open – when do …"), key);
        assert_ne!(question_key("When do you close?"), key);
        assert_eq!(question_key("???"), "???");
    }
}
