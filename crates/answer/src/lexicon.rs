//! Word lists in files: sections in brackets, a phrase a line, `#` before remarks; and the search
//! for their phrases in a message. A `*` between two words of a phrase stands for any one word.

use std::collections::HashMap;

use unicode_segmentation::UnicodeSegmentation as _;

/// Longest phrase that is looked for, in words.
const PHRASE_WORDS_MAX: usize = 6;

/// The words of a text, in small letters. An apostrophe inside a word stays.
pub(crate) fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.unicode_words().map(|word| word.to_lowercase().replace('’', "'"))
}

/// Whether a text is written without spaces between its words, as far as its characters tell.
pub(crate) fn is_unspaced(text: &str) -> bool {
    text.chars().any(|char| {
        matches!(char, '\u{e00}'..='\u{edf}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}')
    })
}

/// Phrases with what they stand for.
#[derive(Debug)]
pub(crate) struct Lexicon<T> {
    /// Phrases of spaced scripts: their words joined by one space.
    spaced: HashMap<String, Vec<T>>,
    /// Phrases of unspaced scripts.
    unspaced: Vec<(String, T)>,
}

impl<T> Default for Lexicon<T> {
    fn default() -> Self {
        Self { spaced: HashMap::new(), unspaced: Vec::new() }
    }
}

/// A phrase found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found<T> {
    /// What it stands for.
    pub(crate) what: T,
    /// The word it begins with, counted from 0; characters in unspaced scripts.
    pub(crate) at: usize,
    /// Its length in words; characters in unspaced scripts.
    pub(crate) len: usize,
}

impl<T: Copy> Lexicon<T> {
    /// Takes in a file; `what` says what a section stands for.
    pub(crate) fn add(&mut self, data: &str, what: impl Fn(&str) -> Option<T>) {
        let mut section = None;
        for line in data.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = what(name);
            } else if let Some(what) = section {
                self.add_phrase(line, what);
            }
        }
    }

    fn add_phrase(&mut self, phrase: &str, what: T) {
        if is_unspaced(phrase) {
            self.unspaced.push((phrase.to_lowercase(), what));
            return;
        }
        let words: Vec<String> = match phrase.split_once(" * ") {
            Some((before, after)) => {
                words_of(before).chain(["*".to_owned()]).chain(words_of(after)).collect()
            }
            None => words_of(phrase).collect(),
        };
        if !words.is_empty() && words.len() <= PHRASE_WORDS_MAX {
            self.spaced.entry(words.join(" ")).or_default().push(what);
        }
    }

    /// All phrases in the first `words_max` words of a text, in their order.
    pub(crate) fn find(&self, text: &str, words_max: usize) -> Vec<Found<T>> {
        if is_unspaced(text) {
            return self.find_unspaced(text);
        }
        let words: Vec<String> = words_of(text).take(words_max).collect();
        let mut found = Vec::new();
        for at in 0..words.len() {
            for len in 1..=PHRASE_WORDS_MAX.min(words.len() - at) {
                let phrase = &words[at..at + len];
                let known = self.spaced.get(&phrase.join(" "));
                let open = match phrase {
                    [before, _, after] => self.spaced.get(&format!("{before} * {after}")),
                    _ => None,
                };
                let known = known.into_iter().chain(open).flatten();
                found.extend(known.map(|&what| Found { what, at, len }));
            }
        }
        found
    }

    /// What the first phrase of a text stands for, where the text is nothing but phrases and at
    /// most `words_max` words.
    pub(crate) fn all_of(&self, text: &str, words_max: usize) -> Option<T> {
        let unspaced = is_unspaced(text);
        let len = if unspaced {
            text.chars().filter(|char| char.is_alphanumeric()).count()
        } else {
            words_of(text).count()
        };
        if len == 0 || len > words_max {
            return None;
        }
        let found = self.find(text, words_max);
        let first = found.first()?.what;
        let covered = |at: usize| found.iter().any(|f| (f.at..f.at + f.len).contains(&at));
        let said = |(at, char): (usize, char)| char.is_alphanumeric().then_some(at);
        let whole = if unspaced {
            text.to_lowercase().chars().enumerate().filter_map(said).all(covered)
        } else {
            (0..len).all(covered)
        };
        whole.then_some(first)
    }

    fn find_unspaced(&self, text: &str) -> Vec<Found<T>> {
        let text = text.to_lowercase();
        let chars = |text: &str| text.chars().count();
        let found = self.unspaced.iter().filter_map(|(phrase, what)| {
            let at = text.find(phrase.as_str())?;
            Some(Found { what: *what, at: chars(&text[..at]), len: chars(phrase) })
        });
        let mut found: Vec<Found<T>> = found.collect();
        found.sort_by_key(|found| (found.at, found.len));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_word() {
        let mut lexicon = Lexicon::default();
        lexicon.add("[how]\nwie * ich", |_| Some(()));
        let found = |text: &str| lexicon.find(text, 40).len();
        assert_eq!((found("Wie öffne ich das?"), found("und wie fahre ich")), (1, 1));
        assert_eq!((found("wie ich"), found("wie oft fahre ich"), found("wie * ich")), (0, 0, 0));
    }

    #[test]
    fn phrases_are_whole_words_or_parts_of_unspaced_text() {
        let mut lexicon = Lexicon::default();
        let section = |name: &str| (name == "when").then_some('w');
        lexicon.add("# note\n[when]\nwhat time\nwhen\n几点\n\n[other]\nelse", section);
        let found = |text: &str| -> Vec<(usize, usize)> {
            lexicon.find(text, 40).iter().map(|found| (found.at, found.len)).collect()
        };
        assert_eq!(found("At WHAT   time, when?"), [(1, 2), (3, 1)]);
        assert_eq!(found("whenever else"), []);
        assert_eq!(found("商店几点开门?"), [(2, 2)]);
        assert_eq!(lexicon.find("so when", 1), []);
    }
}
