//! Glyph numbers as characters, for fonts that keep the glyph order of the Macintosh.
//!
//! Files that name a font of the system by glyph, neither embedding it nor mapping its codes,
//! can only be read with that font at hand. The common ones all begin with the characters of the
//! Macintosh, in the order of its encoding; whether a font is one of them, its widths tell.

use super::CidTable;
use crate::pdf::font::{encodings, glyph_names, standard_widths};

/// The glyph of the space in that order.
const SPACE: u32 = 3;
const TILDE: u32 = SPACE + (b'~' - b' ') as u32;
/// After the tilde follows the upper half of the encoding, without its second space.
const ELLIPSIS: u32 = TILDE + 0xCA - 0x80;
const LAST: u32 = TILDE + 127;
/// Widths to compare before the order is believed.
const COMPARED_MIN: usize = 4;
/// In thousandths of an em; the fonts that a file may mean are copies of one another.
const DIFFERENCE_MAX: f32 = 2.0;

/// The character of a glyph in that order.
pub(super) fn character(glyph: u32) -> Option<char> {
    let name = encodings::named("MacRomanEncoding")?[usize::from(code(glyph)?)];
    glyph_names::unicode_of(name)?.chars().next()
}

/// The code of a glyph in the encoding of the Macintosh.
fn code(glyph: u32) -> Option<u8> {
    let place = glyph.checked_sub(SPACE).filter(|_| glyph <= LAST)?;
    let skipped = u32::from(glyph > TILDE) + u32::from(glyph > ELLIPSIS);
    u8::try_from(u32::from(b' ') + place + skipped).ok()
}

/// Whether the widths are those of the standard font of that name, for every glyph of ASCII.
pub(super) fn is_proven(base_name: &str, widths: &CidTable<1>) -> bool {
    let Some(names) = encodings::named("MacRomanEncoding") else { return false };
    let pair = |glyph: u32| {
        let [listed] = widths.get(glyph)?;
        let standard = standard_widths::width(base_name, names[usize::from(code(glyph)?)])?;
        Some((listed, standard * 1000.0))
    };
    let pairs: Vec<(f32, f32)> = (SPACE..=TILDE).filter_map(pair).collect();
    // A font of one width has it in any order.
    let varied = pairs.iter().any(|(width, _)| *width != pairs[0].0);
    let alike = |(listed, standard): &(f32, f32)| (listed - standard).abs() <= DIFFERENCE_MAX;
    pairs.len() >= COMPARED_MIN && varied && pairs.iter().all(alike)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_encoding() {
        let glyphs = [2, 3, 36, 97, 98, 123, 129, 171, 182, 207, 224, 225];
        let expected = "- A~Äôü…’Óˇ-".chars().map(|c| Some(c).filter(|c| *c != '-'));
        assert!(glyphs.into_iter().map(character).eq(expected));
    }
}
