//! Headers of indirect objects (ISO 32000-1, 7.3.10), read backwards from their `obj`.

use std::collections::HashMap;

use memchr::memmem;

use super::syntax::{digits, skip_blank};
use crate::pdf::content::is_blank;

/// Blank space looked through before `obj` and around numbers.
pub(super) const BLANK_MAX: usize = 16;
/// Places that may be headers, looked at for the lengths of streams.
const HEADERS_MAX: usize = 4_000_000;
/// Bytes from `obj` to the end of `endobj` around a number.
const NUMBER_BYTES_MAX: usize = 48;

/// Objects that are whole numbers; of several with one number the last.
pub(super) fn numbers(bytes: &[u8]) -> HashMap<u32, usize> {
    numbers_among(bytes, HEADERS_MAX)
}

fn numbers_among(bytes: &[u8], headers_max: usize) -> HashMap<u32, usize> {
    let headers = memmem::find_iter(bytes, b"obj");
    let number = headers.take(headers_max).filter_map(|keyword| {
        let start = keyword + b"obj".len();
        let value = bytes.get(start..bytes.len().min(start + NUMBER_BYTES_MAX))?;
        let value = value.trim_ascii_start();
        let (value, rest) = value.split_at(digits(value));
        let value = std::str::from_utf8(value).ok()?.parse().ok()?;
        rest.trim_ascii_start().starts_with(b"endobj").then_some(())?;
        Some((header_before(bytes, keyword)?.0, value))
    });
    number.collect()
}

/// Number and generation of an indirect object whose `obj` stands at `keyword`.
pub(super) fn header_before(bytes: &[u8], keyword: usize) -> Option<(u32, u16)> {
    let (generation, before) = number_before(bytes, keyword)?;
    let (number, _) = number_before(bytes, before)?;
    let number = u32::try_from(number).ok().filter(|&number| number > 0)?;
    Some((number, u16::try_from(generation).ok()?))
}

/// The number of a header that has lost its generation, or the blank space before it: `7  obj`
/// and `70 obj` for `7 0 obj`.
pub(super) fn damaged_header_before(bytes: &[u8], keyword: usize) -> Option<u32> {
    let (number, start) = number_before(bytes, keyword)?;
    if !start.checked_sub(1).is_none_or(|at| matches!(bytes.get(at), Some(b'\n' | b'\r'))) {
        return None;
    }
    let blank = bytes.get(..keyword)?.iter().rev().take_while(|&&byte| byte == b' ').count();
    let joined = blank < 2 && number >= 10 && number % 10 == 0;
    u32::try_from(if joined { number / 10 } else { number }).ok()
}

/// The number that ends before `end`, blank space aside, and where it begins.
fn number_before(bytes: &[u8], end: usize) -> Option<(u64, usize)> {
    let head = bytes.get(..end)?;
    let blank = head.iter().rev().take(BLANK_MAX).take_while(|&&byte| is_blank(byte)).count();
    let head = head.get(..end - blank)?;
    let digits = head.iter().rev().take(BLANK_MAX).take_while(|byte| byte.is_ascii_digit()).count();
    let start = head.len() - digits;
    let text = std::str::from_utf8(head.get(start..)?).ok()?;
    // Ten digits hold any object number; a run of more is data.
    (digits <= 10).then(|| text.parse().ok().map(|number| (number, start))).flatten()
}

/// Whether another object, or the end of the file's body, follows.
pub(super) fn object_follows(bytes: &[u8], at: usize) -> bool {
    let at = skip_blank(bytes, at);
    let rest = bytes.get(at..).unwrap_or_default();
    let number = digits(rest);
    let words: [&[u8]; 3] = [b"xref", b"trailer", b"startxref"];
    words.iter().any(|word| rest.starts_with(word))
        || (number > 0 && {
            let at = skip_blank(bytes, at + number);
            let generation = digits(bytes.get(at..).unwrap_or_default());
            let at = skip_blank(bytes, at + generation);
            generation > 0 && bytes.get(at..).unwrap_or_default().starts_with(b"obj")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_headers_are_limited_on_both_sides() {
        // The word `endobj` is such a place too.
        let file = b"1 0 obj 5 endobj 2 0 obj 6 endobj";
        let found = |limit| numbers_among(file, limit).get(&2).copied();
        assert_eq!((found(3), found(2)), (Some(6), None));
    }

    #[test]
    fn bytes_of_a_number_are_limited_on_both_sides() {
        let blanks = NUMBER_BYTES_MAX - b"5endobj".len();
        let found = |blanks: usize| {
            numbers(format!("1 0 obj{}5endobj", " ".repeat(blanks)).as_bytes()).len()
        };
        assert_eq!((found(blanks), found(blanks + 1)), (1, 0));
    }

    #[test]
    fn blanks_before_the_word_are_limited_on_both_sides() {
        let header = |blanks: usize| {
            let file = format!("7 0{}obj", " ".repeat(blanks));
            header_before(file.as_bytes(), file.len() - 3)
        };
        assert_eq!((header(BLANK_MAX), header(BLANK_MAX + 1)), (Some((7, 0)), None));
    }
}
