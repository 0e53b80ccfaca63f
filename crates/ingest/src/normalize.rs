//! One spelling for the same text.
//!
//! Everything that reaches the canonical text passes here: Unicode normal form C, `\n` line
//! ends, one kind of space, nothing invisible. What is removed would split or hide words in a
//! search: control characters, soft hyphens, zero-width spaces, marks of direction, the "tag"
//! characters that carry hidden text. The zero-width joiners stay after a non-ASCII character,
//! where they spell Persian and Indic words and join emoji.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Spaces that stand for a tab in preformatted text.
const TAB: &str = "    ";

/// Turns every line end (`\r\n`, `\r`, vertical tab, NEL, the line and paragraph separators)
/// into `\n`. Borrows where there is nothing to turn.
pub(crate) fn line_ends(text: &str) -> Cow<'_, str> {
    let other = |c: char| matches!(c, '\r' | '\u{B}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    if !text.contains(other) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(other) {
        out.push_str(&rest[..at]);
        out.push('\n');
        let end = rest[at..].strip_prefix("\r\n").map(str::len);
        let single = rest[at..].chars().next().map_or(0, char::len_utf8);
        rest = &rest[end.map_or(at + single, |left| rest.len() - left)..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Appends running text: runs of blanks become one space, lines are trimmed, empty lines go.
pub(crate) fn prose(raw: &str, out: &mut String) {
    let start = out.len();
    let mut gap = None;
    let mut rest = raw;
    while !rest.is_empty() {
        let (words, after) = split_printable(rest);
        rest = after;
        if !words.is_empty() {
            close_gap(&mut gap, start, out);
            out.push_str(words);
            continue;
        }
        let mut characters = rest.chars();
        let Some(character) = characters.next() else { break };
        rest = characters.as_str();
        match shown(character) {
            Some('\n') => gap = Some('\n'),
            Some(' ') => gap = gap.or(Some(' ')),
            Some(joiner) if is_joiner(joiner) && (gap.is_some() || !joins(&out[start..])) => {}
            Some(visible) => {
                close_gap(&mut gap, start, out);
                out.push(visible);
            }
            None => {}
        }
    }
    compose(start, out);
}

/// Appends running text on a single line.
pub(crate) fn line(raw: &str, out: &mut String) {
    if raw.contains('\n') { prose(&raw.replace('\n', " "), out) } else { prose(raw, out) }
}

/// Appends preformatted text: its spaces and line ends stay, tabs become four spaces, blanks at
/// the end of a line and blank lines at both ends go.
pub(crate) fn preformatted(raw: &str, out: &mut String) {
    let start = out.len();
    let mut blank_lines = 0;
    for line in raw.split('\n') {
        let line_start = out.len();
        if out.len() > start {
            out.extend(std::iter::repeat_n('\n', blank_lines + 1));
        }
        let text_start = out.len();
        push_preformatted_line(line, out);
        out.truncate(text_start + out[text_start..].trim_end().len());
        if out.len() > text_start {
            blank_lines = 0;
        } else {
            out.truncate(line_start);
            blank_lines += usize::from(line_start > start);
        }
    }
    compose(start, out);
}

fn push_preformatted_line(line: &str, out: &mut String) {
    let start = out.len();
    for character in line.chars() {
        match (character, shown(character)) {
            ('\t', _) => out.push_str(TAB),
            (_, Some(joiner)) if is_joiner(joiner) && !joins(&out[start..]) => {}
            (_, Some(visible)) => out.push(visible),
            (_, None) => {}
        }
    }
}

/// The ASCII words with single spaces between them that begin `text`, most of most texts, and
/// the rest.
fn split_printable(text: &str) -> (&str, &str) {
    let bytes = text.as_bytes();
    let is_graphic = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_graphic);
    let is_single_space = |at: usize| bytes[at] == b' ' && at > 0 && is_graphic(at + 1);
    let end = (0..bytes.len()).find(|&at| !is_graphic(at) && !is_single_space(at));
    text.split_at(end.unwrap_or(text.len()))
}

fn close_gap(gap: &mut Option<char>, start: usize, out: &mut String) {
    if let Some(blank) = gap.take()
        && out.len() > start
    {
        out.push(blank);
    }
}

/// What a character becomes; `None` where it is removed.
fn shown(character: char) -> Option<char> {
    match character {
        '\n' => Some('\n'),
        '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{FEFF}' | '\u{FFFC}' => None,
        '\u{200B}' | '\u{200E}'..='\u{200F}' | '\u{202A}'..='\u{202E}' => None,
        '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}' | '\u{E0000}'..='\u{E007F}' => None,
        _ if character.is_whitespace() => Some(' '),
        _ if character.is_control() => None,
        _ => Some(character),
    }
}

fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

fn joins(before: &str) -> bool {
    before.chars().next_back().is_some_and(|c| !c.is_ascii() && !is_joiner(c))
}

/// Brings what was appended since `start` into normal form C.
fn compose(start: usize, out: &mut String) {
    let appended = &out[start..];
    if appended.is_ascii() || is_nfc_quick(appended.chars()) == IsNormalized::Yes {
        return;
    }
    let composed: String = appended.nfc().collect();
    out.truncate(start);
    out.push_str(&composed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: &str) {
        let mut out = String::from("before|");
        prose(raw, &mut out);
        assert_eq!(out.strip_prefix("before|"), Some(expected), "{raw:?}");
    }

    #[test]
    fn running_text_has_one_kind_of_space_and_nothing_invisible() {
        check("  a \t b\u{A0}\u{2009}c  ", "a b c");
        check("a \n \n b\n", "a\nb");
        check("co\u{AD}oper\u{200B}ate\u{7}\u{FEFF}", "cooperate");
        check("\u{202E}abc\u{202C} \u{E0041}", "abc");
        check("e\u{301}\u{212B}", "éÅ");
        check("e\u{AD}\u{301}", "é");
    }

    #[test]
    fn joiners_stay_where_they_spell() {
        check("می\u{200C}خواهم", "می\u{200C}خواهم");
        check("👩\u{200D}🔧", "👩\u{200D}🔧");
        check("ab\u{200D}c \u{200D}", "abc");
    }

    #[test]
    fn preformatted_text_keeps_its_shape() {
        let mut out = String::new();
        preformatted("\n\n  if x {\t\n\n\ty\u{200B}()  \n  }\n\n", &mut out);
        assert_eq!(out, "  if x {\n\n    y()\n  }");
    }

    #[test]
    fn every_line_end_becomes_one() {
        assert_eq!(line_ends("a\r\nb\rc\u{2028}d\n\r\n"), "a\nb\nc\nd\n\n");
        assert!(matches!(line_ends("a\nb"), Cow::Borrowed(_)));
    }
}
