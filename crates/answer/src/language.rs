//! The language a message is written in, as far as a reply needs it: by its script, and where a
//! script has several languages by their commonest short words.
//!
//! A wrong guess costs little (a refusal in another language of the same script), so a table of
//! some thirty words a language is enough.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::lexicon::words_of;

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

struct Table {
    languages: Vec<Language>,
    /// The languages, by position, in which a word is common.
    common: HashMap<&'static str, Vec<usize>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| read(include_str!("../data/languages.txt")));

fn read(data: &'static str) -> Table {
    let mut table = Table { languages: Vec::new(), common: HashMap::new() };
    for line in data.lines().filter(|line| !line.starts_with('#')) {
        if let Some(code) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            table.languages.push(Language { code, ..Language::default() });
            continue;
        }
        let at = table.languages.len().saturating_sub(1);
        let Some((language, (key, value))) = table.languages.last_mut().zip(line.split_once('='))
        else {
            continue;
        };
        let value = value.trim();
        match key.trim() {
            "refusal" => language.refusal = value,
            "topics" => language.topics = value,
            "greeting" => language.greeting = value,
            "thanks" => language.thanks = value,
            "goodbye" => language.goodbye = value,
            _ => value.split(' ').for_each(|word| table.common.entry(word).or_default().push(at)),
        }
    }
    table
}

/// The language of a message; English where nothing tells another. Linear in the message.
pub(crate) fn language_of(text: &str) -> Language {
    let script = script_of(text);
    let code = match script {
        Some(Script::Only(code)) => code,
        Some(Script::Shared(codes)) => commonest(text, codes),
        None => "en",
    };
    by_code(code)
}

/// The table's entry of a code; English, its first, where it has none.
pub(crate) fn by_code(code: &str) -> Language {
    let known = TABLE.languages.iter().find(|language| language.code == code);
    known.or(TABLE.languages.first()).copied().unwrap_or_default()
}

/// The language with most of its common words in the text; the first of several, and of none.
fn commonest(text: &str, codes: &'static [&'static str]) -> &'static str {
    let mut counts = vec![0_usize; TABLE.languages.len()];
    for word in words_of(text) {
        for &at in TABLE.common.get(word.as_str()).into_iter().flatten() {
            counts[at] += 1;
        }
    }
    let of = |code: &str| {
        let at = TABLE.languages.iter().position(|language| language.code == code);
        at.and_then(|at| counts.get(at)).copied().unwrap_or(0)
    };
    // `max_by_key` takes the last of equals; the list is read from its end.
    codes.iter().rev().max_by_key(|code| of(code)).copied().unwrap_or("en")
}

/// The writing of a text.
enum Script {
    /// One language of the table is written in it.
    Only(&'static str),
    /// Several are, the likeliest first.
    Shared(&'static [&'static str]),
}

const LATIN: &[&str] = &[
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "hu", "ro", "tr",
    "id", "vi",
];
const CYRILLIC: &[&str] = &["ru", "uk"];
const ARABIC: &[&str] = &["ar", "fa"];

/// The script of most letters, where kana make Japanese of ideographs.
fn script_of(text: &str) -> Option<Script> {
    const SCRIPTS: usize = 10;
    let mut counts = [0_usize; SCRIPTS];
    for char in text.chars() {
        let at = match char {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => 0,
            '\u{400}'..='\u{52f}' => 1,
            '\u{600}'..='\u{6ff}' => 2,
            '\u{370}'..='\u{3ff}' => 3,
            '\u{590}'..='\u{5ff}' => 4,
            '\u{900}'..='\u{97f}' => 5,
            '\u{3040}'..='\u{30ff}' => 6,
            '\u{3400}'..='\u{9fff}' => 7,
            '\u{ac00}'..='\u{d7af}' => 8,
            '\u{e00}'..='\u{e7f}' => 9,
            _ => continue,
        };
        counts[at] += 1;
    }
    if counts[6] > 0 {
        counts[6] += std::mem::take(&mut counts[7]);
    }
    let most = (0..SCRIPTS).rev().max_by_key(|&at| counts[at]).filter(|&at| counts[at] > 0)?;
    Some(match most {
        0 => Script::Shared(LATIN),
        1 => Script::Shared(CYRILLIC),
        2 => Script::Shared(ARABIC),
        3 => Script::Only("el"),
        4 => Script::Only("he"),
        5 => Script::Only("hi"),
        6 => Script::Only("ja"),
        7 => Script::Only("zh"),
        8 => Script::Only("ko"),
        _ => Script::Only("th"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_script_and_short_words() {
        let cases = [
            ("What does the repair cost?", "en"),
            ("Was kostet die Reparatur?", "de"),
            ("Combien coûte la réparation ?", "fr"),
            ("¿Cuánto cuesta la reparación?", "es"),
            ("Quanto costa la riparazione?", "it"),
            ("Ile kosztuje naprawa roweru?", "pl"),
            ("Сколько стоит ремонт?", "ru"),
            ("Скільки коштує ремонт і де він?", "uk"),
            ("كم يكلف الإصلاح؟", "ar"),
            ("मरम्मत की लागत क्या है?", "hi"),
            ("修理はいくらですか", "ja"),
            ("修理多少钱?", "zh"),
            ("Larkspur E3", "en"),
            ("123 🙂", "en"),
            ("", "en"),
        ];
        for (text, code) in cases {
            assert_eq!(language_of(text).code, code, "{text}");
        }
    }

    #[test]
    fn every_language_has_its_sentences() {
        assert_eq!(TABLE.languages.len(), 29);
        for language in &TABLE.languages {
            let said = [language.refusal, language.topics, language.greeting];
            let mut said = said.into_iter().chain([language.thanks, language.goodbye]);
            assert!(said.all(|text| !text.is_empty()), "{language:?}");
        }
        let listed = LATIN.iter().chain(CYRILLIC).chain(ARABIC);
        assert!(listed.into_iter().all(|code| by_code(code).code == *code));
    }
}
