//! Text to query.

use crate::analyzer::{Token, analyze};

mod stop_words;

/// Most distinct terms of a query: the first ones. More would make one question as dear as a
/// dozen, and a question that long has said its matter by then.
const TERMS_MAX: usize = 64;

/// A query; made from any text.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    terms: Vec<QueryTerm>,
}

/// One distinct term of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTerm {
    /// The folded form.
    pub exact: String,
    /// The stem.
    pub term: String,
    /// How often the query says it, above 0: the factor on its score.
    pub weight: f32,
}

impl Query {
    /// Reads a question; any text is one.
    ///
    /// Stop words, question words (`how many`), pronouns and single Latin letters are left out,
    /// unless nothing else remains. A word in capitals (`US`, `IT`) is never taken for one of them,
    /// unless the whole question is in capitals. At most 64 distinct terms are kept.
    pub fn parse(text: &str) -> Self {
        Self::parse_weighted(&[(text, 1.0)])
    }

    /// Reads several texts as one question, as [`parse`](Self::parse) reads each: a term weighs
    /// as often as each text says it, times the weight of the text. Those of the first text come
    /// first. Where all of it is noise, the first text is read whole.
    pub fn parse_weighted(parts: &[(&str, f32)]) -> Self {
        let mut query = Self { terms: Vec::new() };
        for &(text, weight) in parts {
            query.add_text(text, weight);
        }
        if let Some(&(text, weight)) = parts.first().filter(|_| query.is_empty()) {
            analyze(text).iter().for_each(|token| query.add(token, weight));
        }
        query
    }

    fn add_text(&mut self, text: &str, weight: f32) {
        let shouted = !text.chars().any(char::is_lowercase);
        let is_name = |token: &Token| !shouted && is_capitals(text, token);
        let mut last = String::new();
        for token in analyze(text) {
            let asks = last == "how" && stop_words::is_measure(&token.exact);
            if is_name(&token) || !(asks || is_noise(&token.exact)) {
                self.add(&token, weight);
            }
            last = token.exact;
        }
    }

    /// The terms that count, in order of first appearance.
    pub fn terms(&self) -> &[QueryTerm] {
        &self.terms
    }

    /// Whether no term counts: such a query finds nothing.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    fn add(&mut self, token: &Token, weight: f32) {
        if let Some(known) = self.terms.iter_mut().find(|term| term.exact == token.exact) {
            known.weight += weight;
        } else if self.terms.len() < TERMS_MAX {
            let (exact, term) = (token.exact.clone(), token.term.clone());
            self.terms.push(QueryTerm { exact, term, weight });
        }
    }
}

/// Whether a token was written in two or more capitals.
fn is_capitals(text: &str, token: &Token) -> bool {
    let word = token.span.of(text).unwrap_or_default();
    word.chars().filter(|char| char.is_uppercase()).count() > 1
        && !word.chars().any(char::is_lowercase)
}

fn is_noise(word: &str) -> bool {
    let letter = word.len() == 1 && word.as_bytes()[0].is_ascii_alphabetic();
    letter || stop_words::is_stop_word(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let query = Query::parse(text);
        let exact: Vec<_> = query.terms().iter().map(|term| term.exact.as_str()).collect();
        assert_eq!(exact, expected, "{text}");
    }

    #[test]
    fn noise_is_left_out_unless_it_is_all_there_is() {
        check("What is the warranty of a pump?", &["warranty", "pump"]);
        check("to be or not to be", &["to", "be", "or", "not"]);
        check("What's in Anna's cupboard, isn't it?", &["anna", "cupboard"]);
        check("How long may the hose be, how much water?", &["hose", "water"]);
        check("a long hose", &["long", "hose"]);
        check("", &[]);
        check("?!", &[]);
    }

    #[test]
    fn names_in_capitals_are_no_stop_words() {
        check("which IT rules hold in the US?", &["it", "rules", "hold", "us"]);
        check("WHO IS THE MAYOR", &["mayor"]);
    }

    #[test]
    fn repeated_terms_count_and_the_number_of_terms_is_bounded() {
        let query = Query::parse("pump or Pump");
        assert_eq!(query.terms().len(), 1);
        assert_eq!(query.terms()[0].weight, 2.0);
        let many: String = (0..500).map(|number| format!("w{number} ")).collect();
        assert_eq!(Query::parse(&many).terms().len(), TERMS_MAX);
    }

    #[test]
    fn texts_beside_the_question_add_to_its_terms() {
        let query = Query::parse_weighted(&[("and the pump?", 1.0), ("pump or hose", 0.25)]);
        let terms = query.terms().iter().map(|term| (term.exact.as_str(), term.weight));
        assert_eq!(terms.collect::<Vec<_>>(), [("pump", 1.25), ("hose", 0.25)]);
        let query = Query::parse_weighted(&[("and when?", 1.0), ("hose", 0.25)]);
        assert_eq!(query.terms().len(), 1);
        assert!(Query::parse_weighted(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_a_query(text in "\\PC*") {
            let query = Query::parse(&text);
            prop_assert_eq!(query.is_empty(), analyze(&text).is_empty());
        }
    }
}
