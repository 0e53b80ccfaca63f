//! Text to query.

use document::Span;

use crate::analyzer::{Analyzer, analyzer};
use crate::filter::Filter;
use crate::language::{Language, Votes};

/// Most distinct terms of a query: the first ones. More would make one question as dear as a
/// dozen, and a question that long has said its matter by then.
const TERMS_MAX: usize = 64;

/// Most words of a text that are read.
const WORDS_MAX: usize = 2_048;

/// A query; made from any text. Which of its words count depends on the languages of the
/// snapshot that is asked, see [`Snapshot::terms`](crate::Snapshot::terms).
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    words: Vec<Word>,
    filter: Filter,
}

/// A word of a query, as it stands there.
#[derive(Debug, Clone, PartialEq)]
struct Word {
    exact: String,
    weight: f32,
    /// Whether it is a name for sure: in capitals among small letters.
    name: bool,
    /// Which of the query's texts it belongs to.
    part: usize,
}

/// One distinct term of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryTerm {
    /// The folded form.
    pub exact: String,
    /// Its stems in the languages of the snapshot, without repetition, never empty.
    pub stems: Vec<String>,
    /// How often the query says it, the factor on its score, above 0.
    pub weight: f32,
    /// Whether a live chunk of the snapshot holds it in any form.
    pub known: bool,
    /// Other words of the snapshot that stand for it, each counting less than the word itself.
    pub alternatives: Vec<Alternative>,
}

/// A word that stands for one of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// The folded form.
    pub exact: String,
    /// Its stems in the languages of the snapshot, without repetition, never empty.
    pub stems: Vec<String>,
    /// What it counts where the word itself counts 1; above 0, below 1.
    pub credit: f32,
}

impl Query {
    /// Reads a question; any text is one.
    pub fn parse(text: &str) -> Self {
        Self::parse_weighted(&[(text, 1.0)])
    }

    /// Reads several texts as one query, the words of each counting by its weight, above 0.
    pub fn parse_weighted(parts: &[(&str, f32)]) -> Self {
        let mut words = Vec::new();
        for (part, &(text, weight)) in parts.iter().enumerate() {
            let shouted = !text.chars().any(char::is_lowercase);
            analyzer(|analyzer| {
                analyzer.each_word(text, |span, exact| {
                    if words.len() < WORDS_MAX {
                        let name = !shouted && is_capitals(text, span);
                        words.push(Word { exact: exact.to_owned(), weight, name, part });
                    }
                });
            });
        }
        Self { words, filter: Filter::default() }
    }

    /// The same query, finding only what a filter lets through.
    pub fn with_filter(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// What it may find.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Whether it has no words: such a query finds nothing.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The terms that count in a bot of some languages (none known: English), in order of first
    /// appearance, unknown and without alternatives: a
    /// snapshot tells what it knows.
    ///
    /// Stop words, question words (`how many`), pronouns and single Latin letters are left out,
    /// unless nothing else remains. A word in capitals (`US`, `IT`) is never taken for one of them,
    /// unless the whole text is in capitals. At most 64 distinct terms are kept.
    pub fn terms(&self, languages: &[Language]) -> Vec<QueryTerm> {
        let asked = self.language(languages);
        let mut terms: Vec<QueryTerm> = Vec::new();
        let mut last: Option<&Word> = None;
        for word in &self.words {
            let asks = last.is_some_and(|last| last.part == word.part && last.exact == "how")
                && is_measure(&word.exact);
            if word.name || !(asks || is_noise(&word.exact, asked)) {
                add(&mut terms, word);
            }
            last = Some(word);
        }
        if terms.is_empty() {
            self.words.iter().for_each(|word| add(&mut terms, word));
        }
        analyzer(|analyzer| {
            terms.iter_mut().for_each(|term| term.stems = stems(analyzer, &term.exact, languages));
        });
        terms
    }

    /// The language of the question, told by its function words.
    pub(crate) fn language(&self, languages: &[Language]) -> Language {
        let mut votes = Votes::default();
        self.words.iter().for_each(|word| votes.take(&word.exact));
        let main = languages.first().copied().unwrap_or(Language::English);
        votes.leader(languages).unwrap_or(main)
    }
}

fn add(terms: &mut Vec<QueryTerm>, word: &Word) {
    if let Some(known) = terms.iter_mut().find(|term| term.exact == word.exact) {
        known.weight += word.weight;
    } else if terms.len() < TERMS_MAX {
        let (exact, weight) = (word.exact.clone(), word.weight);
        terms.push(QueryTerm {
            exact,
            stems: Vec::new(),
            weight,
            known: false,
            alternatives: Vec::new(),
        });
    }
}

/// The stems of a word in some languages, in English where there are none.
pub(crate) fn stems(analyzer: &mut Analyzer, exact: &str, languages: &[Language]) -> Vec<String> {
    let english = [Language::English];
    let languages = if languages.is_empty() { &english } else { languages };
    let mut stems: Vec<String> = Vec::with_capacity(languages.len());
    for &language in languages {
        let stem = analyzer.stem(exact, language);
        if !stems.iter().any(|known| known == stem) {
            stems.push(stem.to_owned());
        }
    }
    stems
}

/// Whether a word was written in two or more capitals.
fn is_capitals(text: &str, span: Span) -> bool {
    let word = span.of(text).unwrap_or_default();
    word.chars().filter(|char| char.is_uppercase()).count() > 1
        && !word.chars().any(char::is_lowercase)
}

/// Documents keep all words: `to be or not to be` must still be found.
fn is_noise(word: &str, asked: Language) -> bool {
    let letter = word.len() == 1 && word.as_bytes()[0].is_ascii_alphabetic();
    letter || asked.is_stop_word(word)
}

/// Whether a folded word after `how` only asks for a number: `how many`, `how long`. The answer
/// names a quantity and seldom repeats the word.
fn is_measure(word: &str) -> bool {
    ["far", "few", "little", "long", "many", "much", "often", "old", "soon"].contains(&word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_in(languages: &[Language], text: &str, expected: &[&str]) {
        let terms = Query::parse(text).terms(languages);
        let exact: Vec<_> = terms.iter().map(|term| term.exact.as_str()).collect();
        assert_eq!(exact, expected, "{text}");
    }

    fn check(text: &str, expected: &[&str]) {
        check_in(&[Language::English], text, expected);
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
    fn noise_is_that_of_the_question() {
        let both = [Language::English, Language::German];
        check_in(&both, "Wann ist die Garantie der Pumpe zu Ende?", &["garantie", "pumpe", "ende"]);
        check_in(&both, "will the pump die in the rain", &["pump", "die", "rain"]);
    }

    #[test]
    fn a_word_has_a_stem_in_each_language() {
        let terms = Query::parse("Katzen").terms(&[Language::English, Language::German]);
        assert_eq!(terms[0].stems, ["katzen", "katz"]);
        assert_eq!(Query::parse("pump").terms(&[])[0].stems, ["pump"]);
    }

    #[test]
    fn names_in_capitals_are_no_stop_words() {
        check("which IT rules hold in the US?", &["it", "rules", "hold", "us"]);
        check("WHO IS THE MAYOR", &["mayor"]);
    }

    #[test]
    fn weights_of_several_texts_add_up() {
        let query = Query::parse_weighted(&[("the pump", 1.0), ("pump hose", 0.2)]);
        let terms = query.terms(&[]);
        let weights: Vec<_> = terms.iter().map(|term| (term.exact.as_str(), term.weight)).collect();
        assert_eq!(weights, [("pump", 1.2), ("hose", 0.2)]);
    }

    #[test]
    fn repeated_terms_count_and_the_number_of_terms_is_bounded() {
        let terms = Query::parse("pump or Pump").terms(&[]);
        assert_eq!((terms.len(), terms[0].weight), (1, 2.0));
        let many: String = (0..500).map(|number| format!("w{number} ")).collect();
        assert_eq!(Query::parse(&many).terms(&[]).len(), TERMS_MAX);
    }

    proptest! {
        #[test]
        fn any_text_is_a_query(text in "\\PC*") {
            let query = Query::parse(&text);
            prop_assert_eq!(query.is_empty(), query.terms(&[Language::German]).is_empty());
        }
    }
}
