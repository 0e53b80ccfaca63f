use super::*;

/// The text, then what is warned of.
fn read(bytes: &[u8]) -> (String, String) {
    match decode(bytes) {
        Ok(decoded) => (decoded.text.into_owned(), decoded.warnings.join("; ")),
        Err(error) => (error.code().to_owned(), error.to_string()),
    }
}

fn check(bytes: &[u8], text: &str, warning: &str) {
    assert_eq!(read(bytes), (text.to_owned(), warning.to_owned()), "{bytes:?}");
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn unicode_is_read_by_its_mark_or_as_utf8() {
    check("Käse".as_bytes(), "Käse", "");
    check(b"\xEF\xBB\xBFplain", "plain", "");
    check(b"\xFF\xFEh\0i\0", "hi", "");
    check(b"\xFE\xFF\0h\0i", "hi", "");
    check(b"\xFF\xFE\x3D\xD8\x00\xDE", "😀", "");
    check(b"", "", "");
    assert!(matches!(decode("Käse".as_bytes()).unwrap().text, Cow::Borrowed(_)));
}

#[test]
fn utf16_without_a_mark_is_read_where_it_is_evident() {
    let little = "read as UTF-16 (little-endian), though it has no byte order mark";
    let big = "read as UTF-16 (big-endian), though it has no byte order mark";
    for text in ["Plain words.\r\n", "Käse auf Brot", "Привет, мир и все остальные"]
    {
        check(&utf16(text, u16::to_le_bytes), text, little);
        check(&utf16(text, u16::to_be_bytes), text, big);
    }
    // Sample values, a structure, one NUL in a text: nothing of it is evident.
    for bytes in
        [&b"\x01\0\x02\0\x03\0"[..], b"ab\0\0cd\0\0", b"a line \0 with a NUL", b"K\xE4se and a \0"]
    {
        assert!(unmarked_utf16(bytes).is_none(), "{bytes:?}");
    }
    assert!(unmarked_utf16(b"h\0i\0!").is_none(), "ends within a unit");
}

#[test]
fn damage_within_unicode_costs_the_damaged_characters() {
    let replaced = "places that are not UTF-8 and were replaced: 1, the first byte";
    check("ä\u{FFFD}".as_bytes(), "ä\u{FFFD}", "");
    check(
        b"one\n\xC3\xA4 \xFF b",
        "one\nä \u{FFFD} b",
        &format!("{replaced} 0xFF on line 2 (at byte 7)"),
    );
    check(b"K\xC3", "K\u{FFFD}", &format!("{replaced} 0xC3 on line 1 (at byte 1)"));
    check(b"\xEF\xBB\xBFK\xC3", "K\u{FFFD}", &format!("{replaced} 0xC3 on line 1 (at byte 4)"));
    let halves = "halves of UTF-16 characters that were replaced or left out: 1";
    check(b"\xFF\xFEh\0\x3D\xD8", "h\u{FFFD}", halves);
    check(b"\xFF\xFEh\0i", "h", halves);
}

#[test]
fn western_texts_are_read_with_a_warning() {
    check(
        b"one\nK\xE4se und \x80",
        "one\nKäse und €",
        "read as Windows-1252, because byte 0xE4 on line 2 is not UTF-8 (at byte 5); if letters \
         are wrong, save the file as UTF-8",
    );
}

#[test]
fn texts_in_other_encodings_are_refused_with_their_place() {
    let refused = "the file is damaged: byte 0xCF on line 2 is not UTF-8; save the file as UTF-8 \
                   (at byte 1)";
    check(b"\n\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0", "DAMAGED", refused);
}

#[test]
fn nul_characters_are_counted() {
    check(b"a \0\0 b", "a \0\0 b", "NUL characters that were left out: 2");
}

#[test]
fn only_sound_unicode_is_text_beyond_doubt() {
    for sound in [&b"abc"[..], "Käse".as_bytes(), b"\xFF\xFEh\0", b"\xEF\xBB\xBFa"] {
        assert!(is_sound(sound), "{sound:?}");
    }
    for doubtful in [&b"a\0"[..], b"K\xE4se", b"\xEF\xBB\xBF\xFF", b"h\0i\0", b"\xFF\xFEh"] {
        assert!(!is_sound(doubtful), "{doubtful:?}");
    }
}
