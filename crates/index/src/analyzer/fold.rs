//! The folded form of a word.

use unicode_normalization::UnicodeNormalization as _;

use super::EXACT_BYTES_MAX;

/// Appends the folded form of `word` to `folded`: lower case, and for words beyond ASCII NFKC
/// without invisible characters. May append nothing.
pub(super) fn fold(word: &str, folded: &mut String) {
    if word.is_ascii() {
        // ASCII words fold byte by byte; this is the path of nearly every word.
        let begin = folded.len();
        folded.push_str(word);
        folded[begin..].make_ascii_lowercase();
    } else {
        let lower = word.nfkc().flat_map(char::to_lowercase);
        // Lowercasing may leave a letter apart from its mark (`İ`): compose once more.
        folded.extend(lower.nfkc().filter(|&char| !is_dropped(char)));
    }
}

/// Cuts a folded form that is too long for a word.
pub(super) fn cut(folded: &mut String) {
    if folded.len() > EXACT_BYTES_MAX {
        folded.truncate(folded.floor_char_boundary(EXACT_BYTES_MAX));
    }
}

/// Compatibility forms may expand to blanks and signs; terms hold neither. Soft hyphens, joiners
/// and direction marks are invisible.
fn is_dropped(char: char) -> bool {
    char.is_ascii() && !char.is_ascii_alphanumeric()
        || char.is_whitespace()
        // The dot that lowercasing leaves on a Turkish capital; vowel signs of Hebrew and Arabic
        // and the Arabic stroke that only fills lines.
        || matches!(char, '\u{307}' | '\u{591}'..='\u{5c7}' | '\u{640}' | '\u{64b}'..='\u{652}' | '\u{670}')
        || matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2044}' | '\u{2060}' | '\u{feff}')
}

/// Whether a character belongs to a script written without spaces between words.
pub(super) fn is_unspaced(char: char) -> bool {
    matches!(char,
        '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{323af}'
        | '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
        && char.is_alphanumeric()
}
