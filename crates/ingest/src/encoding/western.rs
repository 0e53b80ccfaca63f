//! Windows-1252, the encoding of western texts that are not Unicode (the Encoding Standard of
//! WHATWG reads whatever calls itself Latin-1 or ASCII so).

use super::{BadByte, Decoded};

/// Bytes 0x80 to 0x9F; the five that mean nothing are the control characters of Latin-1.
const UPPER_CONTROLS: &[char; 32] = &[
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// Of so many letters one at most is not ASCII; in Czech and Turkish, which stretch the encoding,
/// one of five is not.
const LETTERS_SHARE: usize = 3;
/// Bytes beyond ASCII seldom follow each other: one in so many stands in a longer run than two.
const RUNS_SHARE: usize = 8;
/// Of so many bytes one at most is a control character.
const CONTROLS_SHARE: usize = 100;

/// The text, if its bytes look like a western language. `first` is its first byte beyond UTF-8.
pub(super) fn decode<'a>(bytes: &[u8], first: &BadByte) -> Option<Decoded<'a>> {
    if !is_plausible(bytes) {
        return None;
    }
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    text.extend(bytes.iter().map(|&byte| character(byte)));
    let warning = format!(
        "read as Windows-1252, because byte {first} is not UTF-8 (at byte {}); if letters are \
         wrong, save the file as UTF-8",
        first.offset
    );
    Some(Decoded { text: text.into(), warnings: vec![warning] })
}

fn character(byte: u8) -> char {
    let upper = byte.checked_sub(0x80).and_then(|at| UPPER_CONTROLS.get(usize::from(at)));
    upper.copied().unwrap_or(char::from(byte))
}

fn is_plausible(bytes: &[u8]) -> bool {
    let is_control = |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    let meaningless = |byte: &&u8| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D);
    let controls = bytes.iter().filter(|byte| is_control(byte) || meaningless(byte)).count();
    let ascii = bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let (mut upper, mut in_runs) = (0, 0);
    for run in bytes.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
        let length = if run.first().is_some_and(|byte| !byte.is_ascii()) { run.len() } else { 0 };
        upper += length;
        in_runs += if length > 2 { length } else { 0 };
    }
    !bytes.contains(&0)
        && controls * CONTROLS_SHARE <= bytes.len()
        && upper * LETTERS_SHARE <= ascii + upper
        && in_runs * RUNS_SHARE <= upper
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_character_of_its_own() {
        let all: Vec<char> = (0..=255).map(character).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), 256);
        assert_eq!((all[0x41], all[0x80], all[0x9F], all[0xE9]), ('A', '€', 'Ÿ', 'é'));
    }

    #[test]
    fn western_texts_are_told_from_others() {
        assert!(is_plausible(b"Gr\xFC\xDFe aus der M\xFChle, \x8410 \x80\x93"));
        assert!(is_plausible(b"l'\xE9t\xE9 \xE0 la plage"));
        // "Привет, мир" in Windows-1251, "日本語" in Shift JIS.
        assert!(!is_plausible(b"\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0"));
        assert!(!is_plausible(b"\x93\xFA\x96{\x8C\xEA"));
        assert!(!is_plausible(b"abcdefgh \xFF\xFE\xFD"));
        assert!(!is_plausible(b"abcdefgh \x81\x90 abc"));
        assert!(!is_plausible(b"caf\xE9\0"));
    }
}
