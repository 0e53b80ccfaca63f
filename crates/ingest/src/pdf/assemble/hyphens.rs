//! Line ends: which hyphens belong to the word and which only to the line.
//!
//! No dictionary: the document's own words decide. A word that occurs whole elsewhere is joined,
//! one that occurs with its hyphen keeps it, two parts that are both words of their own keep it,
//! and what is left is joined, as most line-end hyphens are typesetting.

use std::borrow::Cow;
use std::collections::HashMap;

use super::phrases::PhraseEnds;
use crate::pdf::layout::{Line, has_spaces_between_phrases};

/// What a document shows of its words.
pub(in crate::pdf) struct Vocabulary {
    /// Words that are not split by a line end, in lower case, and the parts of compounds.
    counts: HashMap<String, u32>,
    /// Divided words end in a hyphen character of their own, so `-` is always a real one.
    marks_division: bool,
    /// Lines of Thai and its neighbours end where a phrase ends.
    ends_phrases: bool,
}

impl Vocabulary {
    pub(super) fn of<'l>(lines: impl Iterator<Item = &'l Line>) -> Self {
        let mut vocabulary =
            Self { counts: HashMap::new(), marks_division: false, ends_phrases: false };
        let mut phrase_ends = PhraseEnds::default();
        let mut after_hyphen = false;
        for line in lines {
            phrase_ends.add(line);
            let ends_in_hyphen = line.text.ends_with(is_hyphen);
            vocabulary.marks_division |= ends_in_hyphen && !line.text.ends_with('-');
            let words = line.text.split_whitespace();
            // Neither half of a divided word is a word.
            let mut words = words.skip(usize::from(after_hyphen)).peekable();
            while let Some(word) = words.next() {
                if !ends_in_hyphen || words.peek().is_some() {
                    vocabulary.add(word);
                }
            }
            after_hyphen = ends_in_hyphen;
        }
        vocabulary.ends_phrases = phrase_ends.are_usual();
        vocabulary
    }

    fn add(&mut self, word: &str) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let word = lower(word);
        if word.contains('-') {
            word.split('-').for_each(|part| self.count_up(part));
        }
        if word.contains(char::is_alphabetic) {
            self.count_up(&word);
        }
    }

    fn count_up(&mut self, word: &str) {
        match self.counts.get_mut(word) {
            Some(count) => *count += 1,
            None => {
                self.counts.insert(word.to_owned(), 1);
            }
        }
    }

    /// Appends the next line of a paragraph to its text.
    pub(super) fn join(&self, text: &mut String, line: &str) {
        if text.is_empty() {
            text.push_str(line);
            return;
        }
        let Some(hyphen) = text.chars().next_back().filter(|&c| is_hyphen(c)) else {
            let is_solid = ends_solid(text) && starts_solid(line);
            if !is_solid && !self.is_amid_phrase(text, line) {
                text.push(' ');
            }
            text.push_str(line);
            return;
        };
        let stem = text.trim_end_matches(is_hyphen);
        let invisible = text[stem.len()..].contains(SOFT_HYPHEN);
        if !stem.ends_with(char::is_alphanumeric) || text.len() - stem.len() > 2 * hyphen.len_utf8()
        {
            // A dash on its own.
            text.push(' ');
        } else if invisible || self.is_typesetting(stem, hyphen, line) {
            text.truncate(stem.len());
        }
        text.push_str(line);
    }

    /// Whether a line ends within a phrase of a script that has no spaces there.
    fn is_amid_phrase(&self, before: &str, after: &str) -> bool {
        !self.ends_phrases
            && before.ends_with(has_spaces_between_phrases)
            && after.starts_with(has_spaces_between_phrases)
    }

    /// Whether the hyphen between two parts of a word was put there to break the line.
    fn is_typesetting(&self, before: &str, hyphen: char, after: &str) -> bool {
        if self.marks_division {
            return hyphen != '-';
        }
        let near = before.floor_char_boundary(before.len().saturating_sub(WORD_BYTES_MAX));
        let head = before[near..].rsplit(|c: char| c.is_whitespace()).next().unwrap_or("");
        let head = head.trim_start_matches(|c: char| !c.is_alphanumeric());
        let tail = after.split(|c: char| c.is_whitespace()).next().unwrap_or("");
        let tail = tail.trim_end_matches(|c: char| !c.is_alphanumeric());
        if !tail.starts_with(char::is_lowercase) || !head.ends_with(char::is_alphabetic) {
            return false;
        }
        let whole = self.count(&format!("{head}{tail}"));
        let hyphened = self.count(&format!("{head}-{tail}"));
        if whole != hyphened {
            return whole > hyphened;
        }
        // The last part of a compound decides: in "non-line-ar" it is "line".
        let last_part = head.rsplit('-').next().unwrap_or(head);
        let both_words = self.count(last_part) > 0 && self.count(tail) > 0;
        !(both_words && last_part.chars().count() > 1)
    }

    fn count(&self, word: &str) -> u32 {
        self.counts.get(&word.to_lowercase()).copied().unwrap_or(0)
    }
}

/// The word in lower case, as most are already.
fn lower(word: &str) -> Cow<'_, str> {
    let is_lower = word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_lower { Cow::Borrowed(word) } else { Cow::Owned(word.to_lowercase()) }
}

/// Words are looked at up to this length.
const WORD_BYTES_MAX: usize = 128;

const SOFT_HYPHEN: char = '\u{AD}';

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | SOFT_HYPHEN)
}

pub(super) fn ends_solid(text: &str) -> bool {
    text.chars().next_back().is_some_and(super::super::layout::is_set_solid)
}

pub(super) fn starts_solid(text: &str) -> bool {
    text.chars().next().is_some_and(super::super::layout::is_set_solid)
}

/// Takes the soft hyphens out of the text from `start` on: inside a line they are invisible.
pub(super) fn drop_soft(text: &mut String, start: usize) {
    let start = text.floor_char_boundary(start);
    if text[start..].contains(SOFT_HYPHEN) {
        let clean = text[start..].replace(SOFT_HYPHEN, "");
        text.truncate(start);
        text.push_str(&clean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::sample(text, 0.0, 1.0, 0.0)
    }

    fn check(known: &str, first: &str, second: &str, expected: &str) {
        let lines = [line(known), line(first), line(second)];
        let mut text = first.to_owned();
        Vocabulary::of(lines.iter()).join(&mut text, second);
        assert_eq!(text, expected);
    }

    #[test]
    fn the_documents_own_words_decide() {
        check("information", "the infor-", "mation is", "the information is");
        check("", "the infor-", "mation is", "the information is");
        check("a one-dimensional case", "a one-", "dimensional case", "a one-dimensional case");
        check("a well is known", "a well-", "known case", "a well-known case");
        check("", "Navier-", "Stokes", "Navier-Stokes");
        check("", "2020-", "21", "2020-21");
        check("", "a soft\u{AD}", "hyphen", "a softhyphen");
        check("", "a soft\u{AD}\u{2010}", "hyphen", "a softhyphen");
        check("a divided\u{2010}", "a half-", "hearted", "a half-hearted");
        check("", "a dash -", "here", "a dash - here");
        check("", "no hyphen", "here", "no hyphen here");
        check("", "日本", "語", "日本語");
        check("", "ภาษา", "ไทย", "ภาษาไทย");
        check("", "ภาษา", "Thai", "ภาษา Thai");
        check("", "한국", "말", "한국 말");
    }
}
