//! What a sentence shows of itself: a date, a number, a name, a place, a reason.
//!
//! Figures and capitals tell most, in every language that has them; short word lists add what
//! they cannot. Each sign is cheap, and looked for only where a question asks for it.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::lexicon::words_of;

/// A section of the word list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Month,
    Weekday,
    Number,
    Because,
    Rule,
    Leans,
}

static SIGNS: LazyLock<HashMap<&'static str, Vec<Sign>>> = LazyLock::new(|| {
    let mut signs: HashMap<&str, Vec<Sign>> = HashMap::new();
    let mut section = None;
    for line in include_str!("../../data/signs.txt").lines().filter(|line| !line.starts_with('#')) {
        section = match line {
            "[month]" => Some(Sign::Month),
            "[weekday]" => Some(Sign::Weekday),
            "[number]" => Some(Sign::Number),
            "[because]" => Some(Sign::Because),
            "[rule]" => Some(Sign::Rule),
            "[leans]" => Some(Sign::Leans),
            _ => section,
        };
        let words = line.split(' ').filter(|word| !word.starts_with('['));
        for (word, sign) in words.zip(std::iter::repeat(section)) {
            signs.entry(word).or_default().extend(sign);
        }
    }
    signs
});

fn is(word: &str, sign: Sign) -> bool {
    SIGNS.get(word).is_some_and(|signs| signs.contains(&sign))
}

/// Most letters of a word of which the ending is free when a counted thing is compared: "day"
/// and "days", "Tage" and "Tagen".
const ENDING_MAX: usize = 2;

/// Words between a number and what it counts: "30 calendar days", "3 of the pumps".
const COUNTED_DISTANCE: usize = 3;

/// How well a text shows a date or a time, 0 to 1: in full with a year, a time of day, a month
/// or a weekday, by half with any figure.
pub(crate) fn date(text: &str) -> f32 {
    let shown = has_year(text)
        || has_clock(text)
        || words_of(text).any(|word| is(&word, Sign::Month) || is(&word, Sign::Weekday));
    if shown { 1.0 } else { 0.5 * figure(text) }
}

/// How well a text shows a number, 0 to 1: in full where what is counted stands beside it, or
/// where nothing is said to be counted.
pub(crate) fn number(text: &str, counted: Option<&str>) -> f32 {
    let words: Vec<String> = words_of(text).collect();
    let numbers = || (0..words.len()).filter(|&at| is_number(&words[at]));
    if numbers().next().is_none() {
        return 0.0;
    }
    let Some(counted) = counted else { return 1.0 };
    let beside = |at: usize| {
        let after = words.get(at + 1..).unwrap_or_default();
        after.iter().take(COUNTED_DISTANCE).any(|word| alike(word, counted))
    };
    if numbers().any(beside) { 1.0 } else { 0.6 }
}

fn is_number(word: &str) -> bool {
    word.contains(char::is_numeric) || is(word, Sign::Number)
}

/// Whether two words differ in a short ending only.
fn alike(a: &str, b: &str) -> bool {
    let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let longest = a.chars().count().max(b.chars().count());
    same >= 3 && same + ENDING_MAX >= longest
}

fn figure(text: &str) -> f32 {
    if text.contains(char::is_numeric) { 1.0 } else { 0.0 }
}

/// Whether a text has four digits of a year in it, or digits before 年, 月, 日.
fn has_year(text: &str) -> bool {
    let mut digits = text.split(|c: char| !c.is_numeric());
    digits.any(|run| run.chars().count() == 4 && !run.starts_with('0'))
        || has_before(text, |c| "年月日时時点點년월일".contains(c))
}

/// Whether a digit stands right before a character that `is_mark`.
fn has_before(text: &str, is_mark: impl Fn(char) -> bool) -> bool {
    let mut pairs = text.chars().zip(text.chars().skip(1));
    pairs.any(|(before, char)| before.is_numeric() && is_mark(char))
}

/// Whether a text has a time of day: "9:30".
fn has_clock(text: &str) -> bool {
    let mut parts = text.split(':').peekable();
    while let (Some(hour), Some(minute)) = (parts.next(), parts.peek()) {
        let digits = minute.chars().take_while(|c| c.is_numeric()).count();
        if hour.ends_with(char::is_numeric) && digits == 2 {
            return true;
        }
    }
    false
}

/// How well a text shows a name that the question does not have, 0 to 1: in full with two
/// capitalised words together, by half with one.
pub(crate) fn name(text: &str, question: &[String]) -> f32 {
    let mut best = 0.0_f32;
    let mut run = 0;
    for word in Capitalised::of(text, question) {
        run = if word.is_name { run + 1 } else { 0 };
        best = best.max(match run {
            0 => 0.0,
            1 => 0.5,
            _ => 1.0,
        });
    }
    best
}

/// How well a text shows a place that the question does not have, 0 or 1: a capitalised word
/// after a short one in small letters, as prepositions are.
pub(crate) fn place(text: &str, question: &[String]) -> f32 {
    let mut after_short = false;
    for word in Capitalised::of(text, question) {
        if word.is_name && after_short {
            return 1.0;
        }
        after_short = word.is_short;
    }
    0.0
}

/// Whether a text gives a reason, 0 or 1.
pub(crate) fn reason(text: &str) -> f32 {
    if words_of(text).any(|word| is(&word, Sign::Because)) { 1.0 } else { 0.0 }
}

/// Whether a text says what may, must, can or cannot be, 0 or 1.
pub(crate) fn rule(text: &str) -> f32 {
    if words_of(text).any(|word| is(&word, Sign::Rule)) { 1.0 } else { 0.0 }
}

/// Whether a sentence begins with a word that points back: "It", "However".
pub(crate) fn leans_back(text: &str) -> bool {
    words_of(text).next().is_some_and(|word| points_back(&word))
}

/// Whether a word in small letters points back to something said: "it", "those".
pub(crate) fn points_back(word: &str) -> bool {
    is(word, Sign::Leans)
}

/// Longest word in small letters that counts as a preposition or an article, in letters.
const SHORT_LETTERS_MAX: usize = 4;

/// A word of a text, as far as its letters tell.
struct Capitalised {
    /// Begins with a capital letter inside a sentence, and the question does not have it.
    is_name: bool,
    /// A few small letters.
    is_short: bool,
}

impl Capitalised {
    /// The words of a text. The first begins with a capital in any case, and is no name.
    fn of<'a>(text: &'a str, question: &'a [String]) -> impl Iterator<Item = Self> + 'a {
        let words = text.split(|c: char| c.is_whitespace() || "([|/„“\"«".contains(c));
        let words = words.filter(|word| word.contains(char::is_alphanumeric));
        words.enumerate().map(|(at, word)| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            let is_capital = word.chars().next().is_some_and(char::is_uppercase);
            let known = || question.contains(&word.to_lowercase());
            let is_short =
                word.chars().all(char::is_lowercase) && word.chars().count() <= SHORT_LETTERS_MAX;
            Self { is_name: at > 0 && is_capital && !known(), is_short }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_seen() {
        for text in
            ["It began in 1973.", "We open at 9:30.", "Closed on Sundays", "im März", "于2019年"]
        {
            assert!(date(text) > 0.9, "{text}");
        }
        assert!(date("It has 3 parts.") > 0.4 && date("It has 3 parts.") < 0.6);
        assert!(date("It has parts.") < 0.1);
        assert!(date("in the ratio 3:1") < 0.6);
    }

    #[test]
    fn numbers_count_most_beside_what_they_count() {
        assert!(number("You have 30 calendar days.", Some("days")) > 0.9);
        assert!(number("You have 30 pumps.", Some("days")) < 0.9);
        assert!(number("There are twelve.", None) > 0.9);
        assert!(number("There are some.", None) < 0.1);
    }

    #[test]
    fn names_and_places_are_capitals_the_question_does_not_have() {
        let question: Vec<String> = words_of("Who runs the Larkspur shop?").collect();
        assert!(name("The shop is run by Ada Finch.", &question) > 0.9);
        assert!(name("The Larkspur shop is run well.", &question) < 0.1);
        assert!(place("It stands in Harbour Street.", &question) > 0.9);
        assert!(place("It stands there.", &question) < 0.1);
    }

    #[test]
    fn reasons_and_leaning_sentences_are_told_by_their_words() {
        assert!(reason("Closed because of snow.") > 0.9 && reason("Closed.") < 0.1);
        assert!(leans_back("However, it is.") && !leans_back("The shop is."));
    }
}
