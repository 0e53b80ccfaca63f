//! What a single line of plain text tells.

/// Longest heading, in characters.
const TITLE_CHARS_MAX: usize = 80;

/// Longest heading, in words.
const TITLE_WORDS_MAX: usize = 12;

/// Fewest letters of a heading in capitals: "OK" and "II" are none.
const CAPITALS_MIN: usize = 4;

/// What begins an item before a blank.
const BULLETS: &[&str] = &["-", "*", "+", "•", "‣", "▪", "◦", "·", "–"];

/// The beginning of a list item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marker<'a> {
    /// The number as written (`3.`, `b)`); empty for a bullet.
    number: &'a str,
    /// What follows.
    pub(super) rest: &'a str,
}

impl<'a> Marker<'a> {
    /// The marker that begins a line, if one does.
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let (mark, rest) = line.trim().split_once([' ', '\t'])?;
        if BULLETS.contains(&mark) {
            return Some(Self { number: "", rest });
        }
        is_number(mark).then_some(Self { number: mark, rest })
    }

    /// What begins the item in the canonical text.
    pub(super) fn lead(self) -> String {
        if self.number.is_empty() { "- ".to_owned() } else { format!("{} ", self.number) }
    }
}

/// Up to three digits and a full stop or bracket, or a small letter and a bracket.
fn is_number(mark: &str) -> bool {
    match mark.as_bytes() {
        [letter, b')'] if letter.is_ascii_lowercase() => true,
        [digits @ .., b'.' | b')'] => {
            (1..=3).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

pub(super) fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

/// Whether a line has no more than `width` characters.
pub(super) fn is_within(line: &str, width: usize) -> bool {
    line.trim().chars().nth(width).is_none()
}

pub(super) fn begins_lowercase(line: &str) -> bool {
    line.trim_start().starts_with(char::is_lowercase)
}

/// Whether blanks inside of a line align columns: a tab, or three spaces. Two are the old habit
/// of typists after a full stop.
pub(super) fn has_columns(line: &str) -> bool {
    let line = line.trim();
    line.contains('\t') || line.contains("   ")
}

/// Whether a line has the length and the end of a heading.
pub(super) fn is_title(line: &str) -> bool {
    let words = line.split_whitespace().take(TITLE_WORDS_MAX + 1).count();
    let ends_sentence = line.trim_end().ends_with(['.', ',', ';', ':', '!', '?', '-', '…']);
    is_within(line, TITLE_CHARS_MAX) && words <= TITLE_WORDS_MAX && !ends_sentence
}

/// Whether a line has letters, enough of them, and none of them small.
pub(super) fn is_capitals(line: &str) -> bool {
    let capitals = line.chars().filter(|c| c.is_uppercase()).count();
    capitals >= CAPITALS_MIN && !line.contains(char::is_lowercase)
}

/// The depth, 1 to 6, of a line like `2.3 Scope` or `4. Terms`: a section number, then a word
/// with a capital letter.
pub(super) fn numbering_depth(line: &str) -> Option<u8> {
    let (number, title) = line.trim().split_once(' ')?;
    let number = number.strip_suffix('.').unwrap_or(number);
    let parts = || number.split('.');
    let is_part = |part: &str| is_number(&format!("{part}."));
    let is_numbered =
        parts().take(7).all(is_part) && title.trim_start().starts_with(char::is_uppercase);
    let depth = u8::try_from(parts().take(7).count()).ok()?;
    (is_numbered && depth <= 6).then_some(depth)
}
