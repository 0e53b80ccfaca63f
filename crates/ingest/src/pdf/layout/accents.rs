//! Accents drawn as glyphs of their own over a letter, as TeX's older fonts do.

use unicode_normalization::UnicodeNormalization;

use crate::pdf::glyphs::Glyph;

/// The combining character of a spacing accent.
fn combining(accent: char) -> Option<char> {
    Some(match accent {
        '`' | '\u{2CB}' => '\u{300}',
        '\u{B4}' | '\u{2CA}' => '\u{301}',
        '\u{2C6}' | '^' => '\u{302}',
        '\u{2DC}' | '~' => '\u{303}',
        '\u{AF}' | '\u{2C9}' => '\u{304}',
        '\u{2D8}' => '\u{306}',
        '\u{2D9}' => '\u{307}',
        '\u{A8}' => '\u{308}',
        '\u{2DA}' => '\u{30A}',
        '\u{2DD}' => '\u{30B}',
        '\u{2C7}' => '\u{30C}',
        '\u{B8}' => '\u{327}',
        '\u{2DB}' => '\u{328}',
        _ => return None,
    })
}

/// Whether a glyph's text is one accent that stands alone.
pub(super) fn is_spacing_accent(text: &str) -> bool {
    single(text).is_some_and(|c| combining(c).is_some())
}

/// The letter with its accent, where `accent` lies over `letter` on the page and the two exist
/// as one character.
pub(super) fn composed(accent: (&Glyph, &str), letter: (&Glyph, &str)) -> Option<char> {
    let mark = combining(single(accent.1)?)?;
    let base = match single(letter.1)? {
        'ı' => 'i',
        'ȷ' => 'j',
        c if c.is_alphabetic() => c,
        _ => return None,
    };
    let center = (accent.0.u0 + accent.0.u1) / 2.0;
    let slack = 0.1 * letter.0.size;
    if !(letter.0.u0 - slack..=letter.0.u1 + slack).contains(&center) {
        return None;
    }
    let mut whole = [base, mark].into_iter().nfc();
    whole.next().filter(|_| whole.next().is_none())
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::glyphs::Layer;
    use crate::pdf::structure::Tag;

    fn glyph(u0: f32, u1: f32) -> Glyph {
        Glyph {
            text: (0, 0),
            u0,
            u1,
            v: 0.0,
            size: 10.0,
            space: 2.5,
            degrees: 0,
            bold: false,
            monospaced: false,
            layer: Layer::Visible,
            tag: Tag::NONE,
        }
    }

    #[test]
    fn an_accent_over_its_letter_becomes_one_character() {
        let over = glyph(0.0, 5.0);
        assert_eq!(composed((&over, "\u{A8}"), (&glyph(0.2, 5.2), "o")), Some('ö'));
        assert_eq!(composed((&over, "\u{B4}"), (&glyph(0.0, 3.0), "ı")), Some('í'));
        assert_eq!(composed((&over, "\u{A8}"), (&glyph(6.0, 9.0), "o")), None);
        assert_eq!(composed((&over, "\u{A8}"), (&glyph(0.2, 5.2), "q")), None);
        assert_eq!(composed((&over, "\u{A8}"), (&glyph(0.2, 5.2), ".")), None);
    }
}
