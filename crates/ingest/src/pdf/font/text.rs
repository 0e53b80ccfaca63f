//! The text of one code.

use std::ops::Deref;

/// Text of a code, mostly one character, without an allocation for it.
#[derive(Debug, Clone)]
pub(in crate::pdf) enum Text<'f> {
    Borrowed(&'f str),
    Owned(Box<str>),
    Char { utf8: [u8; 4], length: u8 },
}

impl From<char> for Text<'_> {
    fn from(c: char) -> Self {
        let mut utf8 = [0; 4];
        let length = c.encode_utf8(&mut utf8).len() as u8;
        Self::Char { utf8, length }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Owned(text.into())
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Borrowed("")
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Owned(text) => text,
            Self::Char { utf8, length } => utf8
                .get(..usize::from(*length))
                .and_then(|utf8| std::str::from_utf8(utf8).ok())
                .unwrap_or_default(),
        }
    }
}

/// Whether a text says something to a reader anywhere: not only replacement, control or private
/// characters.
pub(super) fn is_readable(text: &str) -> bool {
    text.chars().any(|c| !is_nonsense(c) && !is_private(c))
}

/// Characters that no font draws.
pub(super) fn is_nonsense(c: char) -> bool {
    let noncharacter = u32::from(c) & 0xFFFE == 0xFFFE || ('\u{FDD0}'..='\u{FDEF}').contains(&c);
    c == '\u{FFFD}' || noncharacter || (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// Characters that mean what a font's maker wants them to.
pub(super) fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_its_text() {
        for c in ['a', 'ß', '漢', '😀'] {
            assert_eq!(*Text::from(c), *c.to_string());
        }
        assert!(Text::default().is_empty());
    }

    #[test]
    fn nonsense_and_private_characters_say_nothing() {
        for text in ["\u{FFFD}", "\u{1}", "\u{F0B7}", "\u{FFFF}", "\u{100000}", ""] {
            assert!(!is_readable(text), "{text:?}");
        }
        for text in ["a", " ", "\t", "\u{F0B7}x", "\u{AD}"] {
            assert!(is_readable(text), "{text:?}");
        }
    }
}
