//! Bytes of a text file to UTF-8.
//!
//! UTF-8 with or without a byte order mark, and UTF-16 with one. Nothing is guessed and nothing
//! is replaced: a text in another encoding would be indexed as rubbish that nobody ever finds,
//! so it is refused with the place of the first bad byte.

use std::borrow::Cow;

use crate::IngestError;

/// Decodes a text file without its byte order mark. Borrows where the bytes are UTF-8.
///
/// # Errors
///
/// [`IngestError::Damaged`] with the place of the first byte that is no text.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, IngestError> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes).map(Cow::Owned),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes).map(Cow::Owned),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest, 3).map(Cow::Borrowed),
        _ => utf8(bytes, 0).map(Cow::Borrowed),
    }
}

/// Whether the bytes say by a byte order mark that they are text.
pub(crate) fn is_marked(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xFF\xFE")
        || bytes.starts_with(b"\xFE\xFF")
        || bytes.starts_with(b"\xEF\xBB\xBF")
}

/// The name of the encoding, as [`decode`] takes it.
pub(crate) fn name(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xFF, 0xFE, ..] => "UTF-16LE with a byte order mark",
        [0xFE, 0xFF, ..] => "UTF-16BE with a byte order mark",
        [0xEF, 0xBB, 0xBF, ..] => "UTF-8 with a byte order mark",
        _ => "UTF-8",
    }
}

fn utf8(bytes: &[u8], before: usize) -> Result<&str, IngestError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let (good, bad) = bytes.split_at(error.valid_up_to());
        let line = 1 + memchr::memchr_iter(b'\n', good).count();
        let what = match (error.error_len(), bad.first()) {
            (None, _) | (_, None) => format!("it ends within a character, on line {line}"),
            (Some(_), Some(byte)) => {
                format!("byte 0x{byte:02X} on line {line} is not UTF-8; save the file as UTF-8")
            }
        };
        IngestError::Damaged { what, offset: Some((before + good.len()) as u64) }
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, IngestError> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let damaged = |what: &str, units: usize| IngestError::Damaged {
        what: format!("{what}; save the file as UTF-8"),
        offset: Some(2 + 2 * units as u64),
    };
    let mut text = String::with_capacity(bytes.len());
    let mut units = 0;
    for decoded in char::decode_utf16(pairs.iter().copied().map(unit)) {
        let character = decoded.map_err(|_| damaged("half a UTF-16 surrogate pair", units))?;
        units += character.len_utf16();
        text.push(character);
    }
    if odd.is_empty() { Ok(text) } else { Err(damaged("it ends within a UTF-16 unit", units)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        let shown = decode(bytes).map_or_else(|error| error.to_string(), Cow::into_owned);
        assert_eq!(shown, expected);
    }

    #[test]
    fn unicode_encodings_are_read_by_their_mark() {
        check("Käse".as_bytes(), "Käse");
        check(b"\xEF\xBB\xBFplain", "plain");
        check(b"\xFF\xFEh\0i\0", "hi");
        check(b"\xFE\xFF\0h\0i", "hi");
        check(b"\xFF\xFE\x3D\xD8\x00\xDE", "😀");
    }

    #[test]
    fn bad_bytes_are_refused_with_their_place() {
        check(
            b"one\nK\xE4se",
            "the file is damaged: byte 0xE4 on line 2 is not UTF-8; save the file as UTF-8 \
             (at byte 5)",
        );
        check(
            b"\xEF\xBB\xBFK\xC3",
            "the file is damaged: it ends within a character, on line 1 (at byte 4)",
        );
        check(
            b"\xFF\xFEh\0\x3D\xD8",
            "the file is damaged: half a UTF-16 surrogate pair; save the file as UTF-8 \
             (at byte 4)",
        );
        check(
            b"\xFF\xFEh\0i",
            "the file is damaged: it ends within a UTF-16 unit; save the file as UTF-8 \
             (at byte 4)",
        );
    }
}
