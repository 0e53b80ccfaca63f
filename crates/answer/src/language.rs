//! What is said in each language.
//!
//! The language of a message is told by the index, which knows function words; a wrong guess costs
//! little, a refusal in another language of the same script.

use std::sync::LazyLock;

/// What is said in one language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Language {
    /// ISO 639-1.
    pub(crate) code: &'static str,
    /// Says that there is no answer.
    pub(crate) refusal: &'static str,
    /// Opens a list of near topics.
    pub(crate) topics: &'static str,
    /// Answers a greeting.
    pub(crate) greeting: &'static str,
    /// Answers thanks.
    pub(crate) thanks: &'static str,
    /// Answers a goodbye.
    pub(crate) goodbye: &'static str,
}

static TABLE: LazyLock<Vec<Language>> =
    LazyLock::new(|| read(include_str!("../data/languages.txt")));

fn read(data: &'static str) -> Vec<Language> {
    let mut table: Vec<Language> = Vec::new();
    for line in data.lines().filter(|line| !line.starts_with('#')) {
        if let Some(code) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table.push(Language { code, ..Language::default() });
            continue;
        }
        let Some((language, (key, value))) = table.last_mut().zip(line.split_once('=')) else {
            continue;
        };
        let value = value.trim();
        match key.trim() {
            "refusal" => language.refusal = value,
            "topics" => language.topics = value,
            "greeting" => language.greeting = value,
            "thanks" => language.thanks = value,
            "goodbye" => language.goodbye = value,
            _ => {}
        }
    }
    table
}

/// The language of a message; where nothing tells it, English or the likeliest of its script.
pub(crate) fn language_of(text: &str) -> Language {
    by_code(index::Language::of(text).map_or("en", index::Language::code))
}

/// The table's entry of a code; English, its first, where it has none.
pub(crate) fn by_code(code: &str) -> Language {
    let known = TABLE.iter().find(|language| language.code == code);
    known.or(TABLE.first()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_no_language_is_answered_in_english() {
        for (text, code) in [
            ("Larkspur E3", "en"),
            ("", "en"),
            ("Ремонт", "ru"),
            ("Was kostet die Reparatur?", "de"),
        ] {
            assert_eq!(language_of(text).code, code, "{text}");
        }
    }

    #[test]
    fn every_language_has_its_sentences() {
        assert_eq!(TABLE.len(), 29);
        for language in TABLE.iter() {
            let said = [language.refusal, language.topics, language.greeting];
            let mut said = said.into_iter().chain([language.thanks, language.goodbye]);
            assert!(said.all(|text| !text.is_empty()), "{language:?}");
        }
    }
}
