//! Glyph numbers as characters, for fonts that keep the glyph order of the Macintosh.
//!
//! Files that name a font of the system by glyph, neither embedding it nor mapping its codes,
//! can only be read with that font at hand. The common ones all begin with the characters of the
//! Macintosh, in the order of its encoding, and go on with those of WGL4, the character set that
//! Windows asks of its fonts; whether a font is one of them, its widths tell.

use super::CidTable;
use crate::pdf::font::{encodings, glyph_names, standard_widths};

/// The glyph of the space in that order.
const SPACE: u32 = 3;
const TILDE: u32 = SPACE + (b'~' - b' ') as u32;
/// After the tilde follows the upper half of the encoding, without its second space.
const ELLIPSIS: u32 = TILDE + 0xCA - 0x80;
/// Nor is there the apple after this.
const O_CIRCUMFLEX: u32 = ELLIPSIS + 0xF0 - 0xCB;
const LAST: u32 = O_CIRCUMFLEX + 0xFF - 0xF0;
/// What follows, each run with its first glyph: the end of the glyph order that Apple lists for
/// TrueType (table `post`, format 1) and then WGL4, without what stood before.
const RUNS: [(u32, &str); 5] = [
    (LAST + 1, "ŁłŠšŽž¦ÐðÝýÞþ\u{2212}×¹²³½¼¾₣ĞğİŞşĆćČčđ"),
    (256, "¯·ĂăĄąĎďĐĘęĚěĹĺĽľĿŀŃńŇňŐőŔŕŘřŚśŢţŤťŮůŰűŹźŻżΓΘΦαδεστφ"),
    (496, "Ά·ΈΉΊΌΎΏΐΑΒΔΕΖΗΙΚΛΜΝΞΟΠΡΣΤΥΧΨΩΪΫάέήίΰβγζηθικλμνξορςυχψωϊϋόύώ"),
    (556, "ЁЂЃЄЅІЇЈЉЊЋЌЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюя"),
    (634, "ёђѓєѕіїјљњћќўџҐґ"),
];
/// Letters of other scripts and the Latin ones they are drawn as.
const TWINS: [(&str, &str); 2] =
    [("ΑΒΕΖΗΙΜΝΟΡΤΧο", "ABEZHIMNOPTXo"), ("АВЕМНОРСТХаеорсух", "ABEMHOPCTXaeopcyx")];
/// Widths to compare before the order is believed.
const COMPARED_MIN: usize = 4;
/// In thousandths of an em; the fonts that a file may mean are copies of one another.
const DIFFERENCE_MAX: f32 = 2.0;

/// The character of a glyph in that order.
pub(super) fn character(glyph: u32) -> Option<char> {
    let Some(code) = code(glyph) else { return later(glyph) };
    let name = encodings::named("MacRomanEncoding")?[usize::from(code)];
    glyph_names::unicode_of(name)?.chars().next()
}

/// The code of a glyph in the encoding of the Macintosh.
fn code(glyph: u32) -> Option<u8> {
    let place = glyph.checked_sub(SPACE).filter(|_| glyph <= LAST)?;
    let skipped = [TILDE, ELLIPSIS, O_CIRCUMFLEX].into_iter().filter(|last| glyph > *last).count();
    u8::try_from(u32::from(b' ') + place + skipped as u32).ok()
}

fn later(glyph: u32) -> Option<char> {
    let (first, run) = RUNS.iter().rfind(|(first, _)| *first <= glyph)?;
    run.chars().nth((glyph - first) as usize)
}

/// Whether the widths are those of the standard font of that name, for every glyph of ASCII and
/// every letter that is drawn as one.
pub(super) fn is_proven(base_name: &str, widths: &CidTable<1>) -> bool {
    let pair = |glyph: u32| {
        let [listed] = widths.get(glyph)?;
        let standard = standard_widths::width(base_name, latin_name(glyph)?)?;
        Some((listed, standard * 1000.0))
    };
    let (last, run) = RUNS[RUNS.len() - 1];
    let glyphs = (SPACE..=TILDE).chain(LAST + 1..last + run.chars().count() as u32);
    let pairs: Vec<(f32, f32)> = glyphs.filter_map(pair).collect();
    // A font of one width has it in any order.
    let varied = pairs.iter().any(|(width, _)| *width != pairs[0].0);
    let alike = |(listed, standard): &(f32, f32)| (listed - standard).abs() <= DIFFERENCE_MAX;
    pairs.len() >= COMPARED_MIN && varied && pairs.iter().all(alike)
}

/// The name of the Latin glyph that measures like this one.
fn latin_name(glyph: u32) -> Option<&'static str> {
    if let Some(code) = code(glyph) {
        return Some(encodings::named("MacRomanEncoding")?[usize::from(code)]);
    }
    let c = later(glyph)?;
    TWINS.iter().find_map(|(letters, latin)| {
        let at = letters.chars().position(|letter| letter == c)?;
        latin.get(at..=at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_encoding() {
        let glyphs = [2, 3, 36, 97, 98, 123, 129, 171, 182, 207, 209, 223];
        let expected = "- A~Äôü…’ÓÒˇ".chars().map(|c| Some(c).filter(|c| *c != '-'));
        assert!(glyphs.into_iter().map(character).eq(expected));
    }

    #[test]
    fn then_come_the_letters_of_europe() {
        let check = |glyphs: std::ops::RangeInclusive<u32>, expected: &str| {
            let text: String = glyphs.filter_map(character).collect();
            assert_eq!(text, expected);
        };
        check(224..=227, "ŁłŠš");
        check(252..=257, "ćČčđ¯·");
        check(296..=307, "źŻżΓΘΦαδεστφ");
        check(308..=495, "");
        check(554..=557, "ύώЁЂ");
        check(569..=571, "ЏАБ");
        check(632..=635, "юяёђ");
        check(648..=u32::from(u16::MAX), "Ґґ");
    }

    #[test]
    fn twins_come_in_pairs() {
        for (letters, latin) in TWINS {
            assert!(latin.is_ascii() && letters.chars().count() == latin.len());
        }
        assert_eq!(latin_name(570), Some("A"));
        assert_eq!(latin_name(571), None);
        assert_eq!(latin_name(507), None);
    }
}
