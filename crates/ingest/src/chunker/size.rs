//! How much text there is.

use std::ops::{Add, AddAssign};

use unicode_segmentation::UnicodeSegmentation;

/// The size of a text. Sizes of parts add up to the size of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Size {
    /// Two for a word, one for a character of a script without spaces between words.
    pub(super) half_words: usize,
    /// Bytes that are not blank, for what has no words or endless ones.
    pub(super) bytes: usize,
}

impl Size {
    /// Measures a text.
    pub(super) fn of(text: &str) -> Self {
        // No word goes over a blank.
        text.split_whitespace().fold(Self::default(), |size, token| {
            let half_words =
                if token.is_ascii() { 2 * ascii_words(token) } else { half_words(token) };
            size + Self { half_words, bytes: token.len() }
        })
    }

    /// Whether neither measure exceeds that of `limit`.
    pub(super) fn fits(self, limit: Self) -> bool {
        self.half_words <= limit.half_words && self.bytes <= limit.bytes
    }

    /// What is left of a budget.
    pub(super) fn minus(self, taken: Self) -> Self {
        Self {
            half_words: self.half_words.saturating_sub(taken.half_words),
            bytes: self.bytes.saturating_sub(taken.bytes),
        }
    }
}

impl Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { half_words: self.half_words + other.half_words, bytes: self.bytes + other.bytes }
    }
}

impl AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// The weight of the words of Unicode in a text. Such words are single characters, or runs of
/// Katakana, where a script puts no spaces between words.
fn half_words(text: &str) -> usize {
    let weight = |word: &str| if word.starts_with(is_unspaced) { word.chars().count() } else { 2 };
    text.unicode_words().map(weight).sum()
}

/// The number of words of Unicode in ASCII without blanks; five times as fast as the general way.
fn ascii_words(token: &str) -> usize {
    let bytes = token.as_bytes();
    let mut words = 0;
    let mut is_counted = false;
    for (at, byte) in bytes.iter().enumerate() {
        if byte.is_ascii_alphanumeric() {
            words += usize::from(!is_counted);
            is_counted = true;
        } else if *byte != b'_' && !joins(bytes, at) {
            is_counted = false;
        }
    }
    words
}

/// Whether a mark stands inside of a word (`doesn't`, `e.g`) or a number (`12,500`).
fn joins(bytes: &[u8], at: usize) -> bool {
    let around = |class: fn(&u8) -> bool| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        before.is_some_and(class) && bytes.get(at + 1).is_some_and(class)
    };
    match bytes.get(at) {
        Some(b'.' | b'\'') => around(u8::is_ascii_alphabetic) || around(u8::is_ascii_digit),
        Some(b':') => around(u8::is_ascii_alphabetic),
        Some(b',' | b';') => around(u8::is_ascii_digit),
        _ => false,
    }
}

/// Whether a character is of a script without spaces between words: Thai to Lao, Myanmar,
/// Khmer, Kana, Han.
pub(super) fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
        | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}'
        | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, half_words: usize) {
        assert_eq!(Size::of(text).half_words, half_words, "{text:?}");
    }

    #[test]
    fn words_are_counted_and_characters_where_there_are_no_spaces() {
        check("It doesn't cost €12.50, really!", 10);
        check("- [ ] | --- *", 0);
        check("自転車の修理", 6);
        check("サイクル", 4);
        check("자전거 수리", 4);
        check("à la", 4);
    }

    proptest! {
        #[test]
        fn ascii_is_counted_as_all_else_is(token in "[a-c0-2_.':,;(-]{0,12}") {
            prop_assert_eq!(2 * ascii_words(&token), half_words(&token));
        }

        #[test]
        fn blanks_part_words(text in "[ab1 \n.'カ自é\u{301}\u{200D}_]{0,12}") {
            prop_assert_eq!(Size::of(&text).half_words, half_words(&text));
        }
    }

    #[test]
    fn blanks_weigh_nothing() {
        assert_eq!(Size::of("ab \n\n  c\t!").bytes, 4);
    }
}
