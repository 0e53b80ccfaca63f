//! The named simple encodings (ISO 32000-1, annex D) and the built-in ones of Symbol and
//! ZapfDingbats: code to glyph name.

use std::sync::LazyLock;

/// Glyph names by code; `""` where a code has none.
pub(super) type Encoding = [&'static str; 256];

static ENCODINGS: LazyLock<Vec<(&'static str, Encoding)>> =
    LazyLock::new(|| read(include_str!("data/encodings.txt")));

/// The encoding of that name (`StandardEncoding`, `WinAnsiEncoding`, `MacRomanEncoding`,
/// `MacExpertEncoding`, `SymbolEncoding`, `ZapfDingbatsEncoding`).
pub(super) fn named(name: &str) -> Option<&'static Encoding> {
    ENCODINGS.iter().find(|(known, _)| *known == name).map(|(_, encoding)| encoding)
}

fn read(data: &'static str) -> Vec<(&'static str, Encoding)> {
    let mut encodings: Vec<(&'static str, Encoding)> = Vec::new();
    for line in data.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ') {
            Some(("=", name)) => encodings.push((name, [""; 256])),
            Some((code, glyph)) => {
                if let (Ok(code), Some((_, last))) =
                    (u8::from_str_radix(code, 16), encodings.last_mut())
                {
                    last[usize::from(code)] = glyph;
                }
            }
            None => {}
        }
    }
    encodings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_encodings_hold_what_the_standard_says() {
        let glyph = |encoding: &str, code: usize| named(encoding).unwrap()[code];
        assert_eq!(glyph("StandardEncoding", 0o256), "fi");
        assert_eq!(glyph("WinAnsiEncoding", 0x80), "Euro");
        assert_eq!(glyph("MacRomanEncoding", 0o212), "adieresis");
        assert_eq!(glyph("SymbolEncoding", b'a'.into()), "alpha");
        assert_eq!(glyph("WinAnsiEncoding", 1), "");
        assert!(named("PDFDocEncoding").is_none());
    }
}
