//! The languages that have words and endings of their own, and how a text's language is told.
//!
//! A language is told by its function words: running text is full of them, and holds few of
//! another language. The lists stand in `data/stop_words`.

use std::collections::HashMap;
use std::sync::LazyLock;

use frostem::Algorithm;
use serde::{Deserialize, Serialize};

use crate::analyzer::analyzer;

mod set;

pub(crate) use set::LanguageSet;

/// Function words a text must hold for its language to be told by them.
const VOTES_MIN: u32 = 2;

/// How many times the votes of the next language a language must have. Neighbours such as Danish
/// and Norwegian share most of theirs; a few names make no Swedish text.
const LEAD_MIN: f32 = 1.2;

/// What a function word of one language alone counts; one of `n` languages counts the `n`-th part.
const VOTE: u32 = 12;

macro_rules! languages {
    ($($name:ident, $code:literal, $script:ident, $stemmer:expr;)*) => {
        /// A language with function words, and most with a stemmer, of its own.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum Language { $(#[serde(rename = $code)] $name,)* }

        /// All of them, in the order of their discriminants.
        const ALL: &[Language] = &[$(Language::$name,)*];

        impl Language {
            /// Its ISO 639-1 code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The script its stemmer knows.
            pub(crate) fn script(self) -> Script {
                match self { $(Self::$name => Script::$script,)* }
            }

            /// Its stemmer, where there is one.
            pub(crate) fn stemmer(self) -> Option<Algorithm> {
                match self { $(Self::$name => $stemmer,)* }
            }

            fn stop_words(self) -> &'static str {
                match self {
                    $(Self::$name => include_str!(concat!("../data/stop_words/", $code, ".txt")),)*
                }
            }
        }
    };
}

languages! {
    Arabic, "ar", Arabic, Some(Algorithm::Arabic);
    Czech, "cs", Latin, Some(Algorithm::Czech);
    Danish, "da", Latin, Some(Algorithm::Danish);
    German, "de", Latin, Some(Algorithm::German);
    Greek, "el", Greek, Some(Algorithm::Greek);
    English, "en", Latin, Some(Algorithm::English);
    Spanish, "es", Latin, Some(Algorithm::Spanish);
    Persian, "fa", Arabic, Some(Algorithm::Persian);
    Finnish, "fi", Latin, Some(Algorithm::Finnish);
    French, "fr", Latin, Some(Algorithm::French);
    Hebrew, "he", Other, None;
    Hindi, "hi", Devanagari, Some(Algorithm::Hindi);
    Hungarian, "hu", Latin, Some(Algorithm::Hungarian);
    Indonesian, "id", Latin, Some(Algorithm::Indonesian);
    Italian, "it", Latin, Some(Algorithm::Italian);
    Japanese, "ja", Other, None;
    Korean, "ko", Other, None;
    Dutch, "nl", Latin, Some(Algorithm::Dutch);
    Norwegian, "no", Latin, Some(Algorithm::Norwegian);
    Polish, "pl", Latin, Some(Algorithm::Polish);
    Portuguese, "pt", Latin, Some(Algorithm::Portuguese);
    Romanian, "ro", Latin, Some(Algorithm::Romanian);
    Russian, "ru", Cyrillic, Some(Algorithm::Russian);
    Swedish, "sv", Latin, Some(Algorithm::Swedish);
    Thai, "th", Other, None;
    Turkish, "tr", Latin, Some(Algorithm::Turkish);
    Ukrainian, "uk", Cyrillic, None;
    Vietnamese, "vi", Latin, None;
    Chinese, "zh", Other, None;
}

/// Scripts whose words have endings that a stemmer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Latin,
    Greek,
    Cyrillic,
    Arabic,
    Devanagari,
    Other,
}

impl Script {
    /// The script of a word, by its first letter.
    pub(crate) fn of(word: &str) -> Self {
        match word.chars().next() {
            Some('\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}') => Self::Latin,
            Some('\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}') => Self::Greek,
            Some('\u{400}'..='\u{52f}') => Self::Cyrillic,
            Some('\u{600}'..='\u{6ff}') => Self::Arabic,
            Some('\u{900}'..='\u{97f}') => Self::Devanagari,
            _ => Self::Other,
        }
    }

    /// The language whose stemmer takes the words of this script in a text of another one.
    pub(crate) fn default_language(self) -> Option<Language> {
        match self {
            Self::Latin => Some(Language::English),
            Self::Greek => Some(Language::Greek),
            Self::Cyrillic => Some(Language::Russian),
            Self::Arabic => Some(Language::Arabic),
            Self::Devanagari => Some(Language::Hindi),
            Self::Other => None,
        }
    }
}

/// What most letters of a message are; finer than [`Script`], as a message need not have a stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Latin,
    Cyrillic,
    Arabic,
    Greek,
    Hebrew,
    Devanagari,
    Kana,
    Han,
    Hangul,
    Thai,
}

impl Writing {
    /// All of them, in the order of their discriminants.
    const ALL: [Self; 10] = [
        Self::Latin,
        Self::Cyrillic,
        Self::Arabic,
        Self::Greek,
        Self::Hebrew,
        Self::Devanagari,
        Self::Kana,
        Self::Han,
        Self::Hangul,
        Self::Thai,
    ];

    /// The writing of most letters, the first of equals; kana make Japanese of ideographs.
    fn of(text: &str) -> Option<Self> {
        let mut counts = [0_usize; Self::ALL.len()];
        text.chars().filter_map(Self::of_char).for_each(|own| counts[own as usize] += 1);
        if counts[Self::Kana as usize] > 0 {
            counts[Self::Kana as usize] += std::mem::take(&mut counts[Self::Han as usize]);
        }
        let most = Self::ALL.into_iter().rev().max_by_key(|own| counts[*own as usize])?;
        (counts[most as usize] > 0).then_some(most)
    }

    fn of_char(char: char) -> Option<Self> {
        Some(match char {
            'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Self::Latin,
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            '\u{600}'..='\u{6ff}' => Self::Arabic,
            '\u{370}'..='\u{3ff}' => Self::Greek,
            '\u{590}'..='\u{5ff}' => Self::Hebrew,
            '\u{900}'..='\u{97f}' => Self::Devanagari,
            '\u{3040}'..='\u{30ff}' => Self::Kana,
            '\u{3400}'..='\u{9fff}' => Self::Han,
            '\u{ac00}'..='\u{d7af}' => Self::Hangul,
            '\u{e00}'..='\u{e7f}' => Self::Thai,
            _ => return None,
        })
    }

    /// The languages written so, the likeliest first.
    fn languages(self) -> &'static [Language] {
        use Language::{
            Arabic, Chinese, Czech, Danish, Dutch, English, Finnish, French, German, Greek, Hebrew,
            Hindi, Hungarian, Indonesian, Italian, Japanese, Korean, Norwegian, Persian, Polish,
            Portuguese, Romanian, Russian, Spanish, Swedish, Thai, Turkish, Ukrainian, Vietnamese,
        };
        match self {
            Self::Latin => &[
                English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish,
                Norwegian, Finnish, Polish, Czech, Hungarian, Romanian, Turkish, Indonesian,
                Vietnamese,
            ],
            Self::Cyrillic => &[Russian, Ukrainian],
            Self::Arabic => &[Arabic, Persian],
            Self::Greek => &[Greek],
            Self::Hebrew => &[Hebrew],
            Self::Devanagari => &[Hindi],
            Self::Kana => &[Japanese],
            Self::Han => &[Chinese],
            Self::Hangul => &[Korean],
            Self::Thai => &[Thai],
        }
    }
}

/// A set of languages, a bit each.
type Languages = u32;

/// The languages of which a word is a function word.
static STOP_WORDS: LazyLock<HashMap<&'static str, Languages>> = LazyLock::new(|| {
    let mut words: HashMap<&'static str, Languages> = HashMap::new();
    for &language in ALL {
        let lines = language.stop_words().lines().map(str::trim);
        for word in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            *words.entry(word).or_default() |= language.bit();
        }
    }
    words
});

impl Language {
    /// Whether a folded word carries no matter in a question of this language: articles,
    /// prepositions, auxiliaries, pronouns, question words and courtesies.
    pub fn is_stop_word(self, word: &str) -> bool {
        STOP_WORDS.get(word).is_some_and(|languages| languages & self.bit() != 0)
    }

    /// Whether its words are put together from others without a space, and part with them.
    pub(crate) fn has_compounds(self) -> bool {
        matches!(self, Self::Danish | Self::Dutch | Self::German | Self::Norwegian | Self::Swedish)
    }

    /// The language a message is written in: by its script, and where a script has several by
    /// their function words, the likeliest of its script where none tells; Latin letters without
    /// any may be a name in every language. Linear in the message.
    pub fn of(text: &str) -> Option<Self> {
        let languages = Writing::of(text)?.languages();
        if let [only] = languages {
            return Some(*only);
        }
        let votes = analyzer(|analyzer| analyzer.votes(text));
        let likeliest = || languages.first().copied().filter(|likely| *likely != Self::English);
        votes.most(languages).or_else(likeliest)
    }

    fn bit(self) -> Languages {
        1 << self as u32
    }
}

/// Counts function words by language.
#[derive(Debug, Clone, Default)]
pub(crate) struct Votes([u32; ALL.len()]);

impl Votes {
    /// Takes a folded word.
    pub(crate) fn take(&mut self, word: &str) {
        let Some(&languages) = STOP_WORDS.get(word) else { return };
        let share = VOTE / languages.count_ones().clamp(1, VOTE);
        for &language in ALL.iter().filter(|language| languages & language.bit() != 0) {
            self.0[language as usize] += share;
        }
    }

    /// Adds what others counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(own, other)| *own += other);
    }

    /// The language with most votes, if they are enough to tell; ties go to the first by code.
    pub(crate) fn winner(&self) -> Option<Language> {
        let best = self.leader(&[])?;
        let votes = self.0[best as usize];
        let next = ALL.iter().filter(|&&other| other != best).map(|other| self.0[*other as usize]);
        let next = next.max().unwrap_or(0);
        (votes >= VOTES_MIN * VOTE && votes as f32 >= LEAD_MIN * next as f32).then_some(best)
    }

    /// The language with most votes, however few; ties go to one of `likely`, then by code.
    pub(crate) fn leader(&self, likely: &[Language]) -> Option<Language> {
        let rank = |language: &Language| (self.0[*language as usize], likely.contains(language));
        let best = ALL.iter().copied().rev().max_by_key(rank)?;
        (self.0[best as usize] > 0).then_some(best)
    }

    /// The one of some languages with most votes, the first of several; `None` where none has any.
    fn most(&self, languages: &[Language]) -> Option<Language> {
        let votes = |language: &Language| self.0[*language as usize];
        // `max_by_key` takes the last of equals.
        languages.iter().copied().rev().max_by_key(votes).filter(|best| votes(best) > 0)
    }

    /// The part of all votes that a language has, 0 to 1.
    pub(crate) fn share(&self, language: Language) -> f32 {
        let all: u32 = self.0.iter().sum();
        self.0[language as usize] as f32 / all.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<Language> {
        let mut votes = Votes::default();
        text.split_whitespace().for_each(|word| votes.take(&word.to_lowercase()));
        votes.winner()
    }

    #[test]
    fn a_language_is_told_by_its_function_words() {
        assert_eq!(
            told("the pump is in the box and the hose is under it"),
            Some(Language::English)
        );
        assert_eq!(
            told("die Pumpe ist in der Kiste und nicht auf dem Tisch"),
            Some(Language::German)
        );
        assert_eq!(told("la bomba está en la caja y no en el suelo"), Some(Language::Spanish));
        assert_eq!(told("насос в ящике и не на столе, а шланг под ним"), Some(Language::Russian));
        assert_eq!(told("pump hose box"), None);
    }

    #[test]
    fn the_language_of_a_message_is_known_by_script_and_function_words() {
        let cases = [
            ("What does the repair cost?", "en"),
            ("Was kostet die Reparatur?", "de"),
            ("Combien coûte la réparation ?", "fr"),
            ("¿Cuánto cuesta la reparación?", "es"),
            ("Quanto costa la riparazione?", "it"),
            ("Ile kosztuje naprawa roweru?", "pl"),
            ("Hoeveel kost de reparatie van mijn fiets?", "nl"),
            ("Сколько стоит ремонт?", "ru"),
            ("Скільки коштує ремонт і де він?", "uk"),
            ("كم يكلف الإصلاح؟", "ar"),
            ("मरम्मत की लागत क्या है?", "hi"),
            ("修理はいくらですか", "ja"),
            ("修理多少钱?", "zh"),
            ("ซ่อมราคาเท่าไร", "th"),
        ];
        for (text, code) in cases {
            assert_eq!(Language::of(text).map(Language::code), Some(code), "{text}");
        }
        for text in ["Larkspur E3", "123 🙂", ""] {
            assert_eq!(Language::of(text), None, "{text}");
        }
    }

    #[test]
    fn the_lists_are_folded_words() {
        for &language in ALL {
            let words = language.stop_words().lines().filter(|line| !line.starts_with('#'));
            for word in words.filter(|word| !word.is_empty()) {
                assert_eq!(word, word.trim(), "{language:?}");
                assert_eq!(word, word.to_lowercase(), "{language:?}");
            }
        }
        assert!(Language::English.is_stop_word("the") && Language::English.is_stop_word("who"));
        assert!(!Language::English.is_stop_word("pump"));
    }
}
