//! The properties of characters that layout asks for.

/// Written from right to left: Hebrew, Arabic and their neighbours and presentation forms.
pub(super) fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

/// A letter that joins its neighbours: Arabic, Syriac, N'Ko.
pub(super) fn is_joined(c: char) -> bool {
    let of_script = matches!(c, '\u{600}'..='\u{77F}' | '\u{7C0}'..='\u{7FF}'
        | '\u{840}'..='\u{8FF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}');
    of_script && c.is_alphabetic()
}

/// A mark or vowel sign of the letter before it.
pub(super) fn is_mark(c: char) -> bool {
    // The first one; below are the letters most text is made of.
    c >= '\u{300}' && unicode_normalization::char::is_combining_mark(c)
}

/// Whether a text begins with a mark of the letter before it. Strokes and signs through symbols
/// are none: TeX draws the slash of "unequal" first.
pub(super) fn begins_with_mark(text: &str) -> bool {
    let overlay = |c| matches!(c, '\u{334}'..='\u{338}' | '\u{20D0}'..='\u{20FF}');
    text.chars().next().is_some_and(|c| is_mark(c) && !overlay(c))
}

/// Says where text turns, and shows nothing.
pub(super) fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}')
}

/// A form of Hebrew and Arabic letters in one place of a word, or joined.
pub(super) fn is_presentation_form(c: char) -> bool {
    matches!(c, '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}')
}

/// Appends the vowel sign `aa` of Thai or Lao: with the ring that fonts draw apart from it, over
/// the letter and under its tone, it is the sign `am`.
pub(super) fn push_aa(out: &mut String, aa: char) {
    let (ring, tones, am) = match aa {
        '\u{E32}' => ('\u{E4D}', '\u{E48}'..='\u{E4B}', '\u{E33}'),
        _ => ('\u{ECD}', '\u{EC8}'..='\u{ECB}', '\u{EB3}'),
    };
    let tone = out.chars().next_back().filter(|c| tones.contains(c));
    let letters = out.len() - tone.map_or(0, char::len_utf8);
    let Some(letters) = out.get(..letters).and_then(|text| text.strip_suffix(ring)) else {
        out.push(aa);
        return;
    };
    out.truncate(letters.len());
    out.extend(tone.into_iter().chain([am]));
}

/// Set solid, without spaces between words: Han, Kana, and their full-width punctuation.
pub(in crate::pdf) fn is_set_solid(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}'
        | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Thai, Lao, Myanmar and Khmer: spaces stand between phrases, not between words.
pub(in crate::pdf) fn has_spaces_between_phrases(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_and_its_vowel_are_one_sign() {
        let check = |before: &str, aa, expected| {
            let mut text = before.to_owned();
            push_aa(&mut text, aa);
            assert_eq!(text, expected);
        };
        check("น\u{E4D}\u{E49}", '\u{E32}', "น\u{E49}\u{E33}");
        check("น\u{E4D}", '\u{E32}', "น\u{E33}");
        check("น\u{E49}", '\u{E32}', "น\u{E49}\u{E32}");
        check("ນ\u{ECD}\u{EC9}", '\u{EB2}', "ນ\u{EC9}\u{EB3}");
        check("", '\u{E32}', "\u{E32}");
    }

    #[test]
    fn scripts_are_told_apart() {
        assert!("אبﻻ٣،".chars().all(is_right_to_left) && !"a1漢ก".contains(is_right_to_left));
        assert!("بﻻ".chars().all(is_joined) && !"א،٣".contains(is_joined));
        assert!("\u{301}\u{5B8}\u{64E}\u{94D}\u{E37}".chars().all(is_mark));
        assert!(!"aאกऄำ".contains(is_mark) && begins_with_mark("\u{93F}क"));
        assert!(!begins_with_mark("\u{338}=") && !begins_with_mark(""));
        assert!(
            "กຂကខ".chars().all(has_spaces_between_phrases) && !has_spaces_between_phrases('漢')
        );
        assert!("漢。".chars().all(is_set_solid) && !"ก한क".contains(is_set_solid));
        assert!(!is_presentation_form('\u{FEFF}'));
    }
}
