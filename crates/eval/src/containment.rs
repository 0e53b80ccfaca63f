//! Whether a text holds a known answer.
//!
//! Both are made alike first: NFKC, lower case, without punctuation and English articles, blank
//! space folded, as the evaluation of SQuAD does it (Rajpurkar and others, 2016), with the
//! punctuation of all scripts. An answer in a script without spaces is looked for in the text
//! without blank space.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const ARTICLES: [&str; 3] = ["a", "an", "the"];

/// Known answers to one question, any of which counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gold {
    answers: Vec<String>,
}

impl Gold {
    /// Known answers; `None` where nothing is left of any.
    pub fn of(answers: &[String]) -> Option<Self> {
        let answers = answers.iter().map(|answer| folded(answer));
        let answers: Vec<String> = answers.filter(|answer| !answer.is_empty()).collect();
        (!answers.is_empty()).then_some(Self { answers })
    }

    /// Whether one of the answers is in the text. Linear in it.
    pub fn is_in(&self, text: &str) -> bool {
        let text = folded(text);
        let mut dense: Option<String> = None;
        self.answers.iter().any(|answer| {
            if !answer.chars().any(is_unspaced) {
                return text.contains(answer.as_str());
            }
            let squeezed = |text: &str| text.split(' ').collect::<String>();
            dense.get_or_insert_with(|| squeezed(&text)).contains(&squeezed(answer))
        })
    }
}

/// The text as it is compared.
fn folded(text: &str) -> String {
    let text = text.nfkc().collect::<String>().to_lowercase();
    let kept = |c: &char| c.is_alphanumeric() || c.is_whitespace() || is_combining_mark(*c);
    let text: String = text.chars().filter(kept).collect();
    let words = |word: &&str| !ARTICLES.contains(word);
    text.split_whitespace().filter(words).collect::<Vec<_>>().join(" ")
}

/// Whether a character belongs to a script that puts no spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(
        u32::from(c),
        // Thai and Lao, Myanmar, Khmer, kana, ideographs with their extensions.
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF
    )
}

/// The first `words_max` words of a text, with two characters of scripts without spaces counting
/// as one word.
pub fn first_words(text: &str, words_max: usize) -> &str {
    let mut halves = 2 * words_max;
    let mut in_word = false;
    for (at, c) in text.char_indices() {
        let cost = match (is_unspaced(c), c.is_whitespace()) {
            (true, _) => 1,
            (false, false) if !in_word => 2,
            (false, _) => 0,
        };
        if cost > halves {
            return text.get(..at).unwrap_or(text);
        }
        halves -= cost;
        in_word = !c.is_whitespace() && !is_unspaced(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(answer: &str, text: &str, expected: bool) {
        let gold = Gold::of(&[answer.to_owned()]).unwrap();
        assert_eq!(gold.is_in(text), expected, "{answer:?} in {text:?}");
    }

    #[test]
    fn case_punctuation_articles_and_blank_space_do_not_count() {
        check("The Panthers'  defense", "the best: a Panthers defense.", true);
        check("nearly $12", "It rose to nearly 12 globally", true);
        check("nine", "ten", false);
        check("ﬁle", "FILE", true);
        check("Ogród Saski", "the Ogród Saski (Saxon garden)", true);
        check("सैक्सन गार्डन", "वह सैक्सन गार्डन, है", true);
        check("सैक", "वह सैक्सन गार्डन है", true);
        check("की", "कि", false);
    }

    #[test]
    fn scripts_without_spaces_are_compared_without_them() {
        check("1870年到1939年", "从 1870 年到 1939 年。", true);
        check("萨克森花园", "萨克森花 园", true);
        check("花园", "花圃", false);
    }

    #[test]
    fn any_answer_counts_and_empty_ones_never() {
        let gold = Gold::of(&["the".into(), "42".into(), "forty-two".into()]).unwrap();
        assert!(gold.is_in("It is forty-two."));
        assert!(!gold.is_in("It is the one."));
        assert_eq!(Gold::of(&["?".into(), String::new()]), None);
    }

    #[test]
    fn words_are_counted_by_script() {
        assert_eq!(first_words("one  two three", 2), "one  two ");
        assert_eq!(first_words("one two", 2), "one two");
        assert_eq!(first_words("营业时间 now", 2), "营业时间 ");
        assert_eq!(first_words("word", 0), "");
    }

    proptest! {
        #[test]
        fn any_text_holds_itself(text in "\\PC{0,40}") {
            if let Some(gold) = Gold::of(std::slice::from_ref(&text)) {
                prop_assert!(gold.is_in(&text));
            }
            prop_assert!(text.starts_with(first_words(&text, 3)));
        }
    }
}
