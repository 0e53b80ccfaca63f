//! Bytes of a text file to UTF-8.
//!
//! In order: what a byte order mark says; UTF-8; UTF-16 without a mark where every second byte
//! shows it; UTF-8 with bytes damaged here and there, which are replaced; Windows-1252, of which
//! Latin-1 is a part, where its letters stand among ASCII ones as in western languages. Whatever
//! is not plain Unicode is on the record with a warning. A text in any other encoding would be
//! indexed as rubbish that nobody ever finds, so it is refused with the place of its first bad
//! byte.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use crate::IngestError;

mod western;

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF16_LITTLE_MARK: &[u8] = b"\xFF\xFE";
const UTF16_BIG_MARK: &[u8] = b"\xFE\xFF";

/// Of so many units of UTF-16 without a mark one at least is Latin: words have spaces.
const LATIN_SHARE: usize = 8;

/// A decoded text without its byte order mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decoded<'a> {
    /// Borrowed where the bytes are UTF-8.
    pub(crate) text: Cow<'a, str>,
    /// What was not as it should be, one sentence each.
    pub(crate) warnings: Vec<String>,
}

/// Decodes a text file. Linear; the text takes three times the bytes at most.
///
/// # Errors
///
/// [`IngestError::Damaged`] with the place of the first byte that is no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<Decoded<'_>, IngestError> {
    let mut decoded = by_mark(bytes).map_or_else(|| unmarked(bytes), Ok)?;
    let zeros = memchr_iter(0, decoded.text.as_bytes()).count();
    if zeros > 0 {
        decoded.warnings.push(format!("NUL characters that were left out: {zeros}"));
    }
    Ok(decoded)
}

/// Whether the bytes are text beyond doubt: UTF-8 without NUL, or sound UTF-16 with a mark.
pub(crate) fn is_sound(bytes: &[u8]) -> bool {
    let marked = by_mark(bytes).filter(|decoded| decoded.warnings.is_empty());
    let sound = marked.or_else(|| std::str::from_utf8(bytes).ok().map(plain));
    sound.is_some_and(|decoded| !decoded.text.contains('\0'))
}

/// The name of the encoding, as [`decode`] takes it.
pub(crate) fn name(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(UTF8_MARK) {
        "UTF-8 with a byte order mark"
    } else if bytes.starts_with(UTF16_LITTLE_MARK) {
        "UTF-16LE with a byte order mark"
    } else if bytes.starts_with(UTF16_BIG_MARK) {
        "UTF-16BE with a byte order mark"
    } else if unmarked_utf16(bytes).is_some() {
        "UTF-16 without a byte order mark"
    } else if std::str::from_utf8(bytes).is_ok() {
        "UTF-8"
    } else if is_mostly_utf8(bytes) {
        "UTF-8, damaged"
    } else {
        "Windows-1252"
    }
}

fn plain(text: &str) -> Decoded<'_> {
    Decoded { text: Cow::Borrowed(text), warnings: Vec::new() }
}

fn by_mark(bytes: &[u8]) -> Option<Decoded<'_>> {
    if let Some(rest) = bytes.strip_prefix(UTF8_MARK) {
        return Some(std::str::from_utf8(rest).map_or_else(|_| repaired(rest, 3), plain));
    }
    let little = bytes.strip_prefix(UTF16_LITTLE_MARK).map(|rest| utf16(rest, u16::from_le_bytes));
    little
        .or_else(|| bytes.strip_prefix(UTF16_BIG_MARK).map(|rest| utf16(rest, u16::from_be_bytes)))
}

/// Whether what is no ASCII is UTF-8 in most places, or all but a character cut off at the end.
fn is_mostly_utf8(bytes: &[u8]) -> bool {
    let (sound, bad, is_cut) = characters(bytes);
    sound >= bad.max(1) || (is_cut && bad == 1)
}

fn unmarked(bytes: &[u8]) -> Result<Decoded<'_>, IngestError> {
    if let Some(text) = unmarked_utf16(bytes) {
        return Ok(text);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(plain(text));
    }
    if is_mostly_utf8(bytes) {
        return Ok(repaired(bytes, 0));
    }
    let place = first_bad(bytes, 0);
    western::decode(bytes, &place).ok_or_else(|| IngestError::Damaged {
        what: format!("byte {place} is not UTF-8; save the file as UTF-8"),
        offset: Some(place.offset as u64),
    })
}

/// Characters of UTF-8 that are not ASCII, faults between them, and whether the last fault is
/// that the bytes end.
fn characters(bytes: &[u8]) -> (usize, usize, bool) {
    let (mut sound, mut bad, mut is_cut) = (0, 0, false);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
        is_cut = std::str::from_utf8(chunk.invalid()).is_err_and(|e| e.error_len().is_none());
    }
    (sound, bad, is_cut)
}

/// UTF-8 with what is none of it replaced; `before` is where the bytes stand in the file.
fn repaired(bytes: &[u8], before: usize) -> Decoded<'_> {
    let (_, bad, _) = characters(bytes);
    let place = first_bad(bytes, before);
    let warning = format!(
        "places that are not UTF-8 and were replaced: {bad}, the first byte {place} (at byte {})",
        place.offset
    );
    Decoded { text: String::from_utf8_lossy(bytes), warnings: vec![warning] }
}

/// A byte that is not UTF-8, for a message.
struct BadByte {
    byte: u8,
    /// Counted from 1.
    line: usize,
    /// In bytes from the start of the file.
    offset: usize,
}

impl std::fmt::Display for BadByte {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "0x{:02X} on line {}", self.byte, self.line)
    }
}

fn first_bad(bytes: &[u8], before: usize) -> BadByte {
    let good = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let line = 1 + memchr_iter(b'\n', bytes.get(..good).unwrap_or_default()).count();
    BadByte { byte: bytes.get(good).copied().unwrap_or(0), line, offset: before + good }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Decoded<'static> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut bad = odd.len();
    for decoded in char::decode_utf16(pairs.iter().copied().map(unit)) {
        bad += usize::from(decoded.is_err());
        text.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let warning = || format!("halves of UTF-16 characters that were replaced or left out: {bad}");
    Decoded { text: text.into(), warnings: (bad > 0).then(warning).into_iter().collect() }
}

/// UTF-16 without its mark: sound, without control characters, its zeros on one side of the units
/// only, and three of four units Latin or of one other script.
fn unmarked_utf16(bytes: &[u8]) -> Option<Decoded<'static>> {
    memchr(0, bytes)?;
    let (pairs, odd) = bytes.as_chunks::<2>();
    let zeros = |side: usize| pairs.iter().filter(|pair| pair[side] == 0).count();
    let (unit, name, side): (fn([u8; 2]) -> u16, _, _) = match (zeros(0), zeros(1)) {
        (0, latin) if latin > 0 => (u16::from_le_bytes, "little-endian", 1),
        (latin, 0) if latin > 0 => (u16::from_be_bytes, "big-endian", 0),
        _ => return None,
    };
    let mut upper = [0; 256];
    pairs.iter().for_each(|pair| upper[usize::from(pair[side])] += 1);
    let [latin, others @ ..] = upper;
    let of_a_script = latin + others.into_iter().max().unwrap_or(0);
    if latin * LATIN_SHARE < pairs.len() || of_a_script * 4 < pairs.len() * 3 {
        return None;
    }
    let mut decoded = utf16(bytes, unit);
    let is_control = |c: char| c.is_control() && !c.is_whitespace();
    if !odd.is_empty() || !decoded.warnings.is_empty() || decoded.text.contains(is_control) {
        return None;
    }
    decoded.warnings.push(format!("read as UTF-16 ({name}), though it has no byte order mark"));
    Some(decoded)
}

#[cfg(test)]
mod tests;
