//! Fonts of symbols that files use without saying what their codes mean.

use super::{encodings, glyph_names};

/// Symbols of Wingdings that stand in running text: bullets, ticks and arrows.
const WINGDINGS: [(u8, char); 41] = [
    (0x28, '☎'),
    (0x2A, '✉'),
    (0x46, '☞'),
    (0x4A, '☺'),
    (0x4C, '☹'),
    (0x6C, '●'),
    (0x6E, '■'),
    (0x6F, '□'),
    (0x71, '❑'),
    (0x72, '❒'),
    (0x74, '⧫'),
    (0x75, '◆'),
    (0x76, '❖'),
    (0x77, '⬥'),
    (0x81, '①'),
    (0x82, '②'),
    (0x83, '③'),
    (0x84, '④'),
    (0x85, '⑤'),
    (0x86, '⑥'),
    (0x87, '⑦'),
    (0x88, '⑧'),
    (0x89, '⑨'),
    (0x8A, '⑩'),
    (0x9F, '•'),
    (0xA1, '○'),
    (0xA7, '▪'),
    (0xA8, '◻'),
    (0xAB, '★'),
    (0xD8, '➢'),
    (0xDF, '←'),
    (0xE0, '→'),
    (0xE1, '↑'),
    (0xE2, '↓'),
    (0xE8, '➔'),
    (0xF0, '⇨'),
    (0xFB, '✗'),
    (0xFC, '✓'),
    (0xFD, '☒'),
    (0xFE, '☑'),
    (0x73, '⬧'),
];

/// The symbol of a code, in fonts whose codes are always their own.
pub(super) fn text(base_name: &str, code: u8) -> Option<char> {
    if !is_wingdings(base_name) {
        return None;
    }
    WINGDINGS.iter().find(|(known, _)| *known == code).map(|(_, symbol)| *symbol)
}

/// What a character of the private page 0xF000 is, where the font's name tells: the symbol with
/// the code of its lower byte.
pub(super) fn text_of_private(base_name: &str, c: char) -> Option<char> {
    let code = u8::try_from(u32::from(c).checked_sub(0xF000)?).ok()?;
    if base_name.contains("Symbol") {
        let name = encodings::named("SymbolEncoding")?[usize::from(code)];
        return glyph_names::unicode_of(name)?.chars().next();
    }
    text(base_name, code)
}

fn is_wingdings(base_name: &str) -> bool {
    // Wingdings 2 and 3 are other fonts.
    let name = base_name.split_once('+').map_or(base_name, |(_, name)| name);
    name.strip_prefix("Wingdings").is_some_and(|rest| !rest.contains(['2', '3']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bullets_of_symbol_fonts_are_known() {
        assert_eq!(text_of_private("ABCDEF+SymbolMT", '\u{F0B7}'), Some('•'));
        assert_eq!(text_of_private("Symbol", '\u{F061}'), Some('α'));
        assert_eq!(text_of_private("Wingdings-Regular", '\u{F0D8}'), Some('➢'));
        assert_eq!(text_of_private("Arial", '\u{F0B7}'), None);
        assert_eq!(text_of_private("Symbol", '\u{E001}'), None);
        assert_eq!(text("Wingdings", 0xFC), Some('✓'));
        assert_eq!(text("Wingdings2", 0xFC), None);
        assert_eq!(text("Helvetica", 0xFC), None);
    }
}
