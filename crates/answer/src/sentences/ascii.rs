//! The sentence bounds of UAX 29 for lines of ASCII, where they need no tables.
//!
//! A quarter of the time of an answer went into the general rules; these cost a tenth of them and,
//! as the property below holds, find the same bounds.

/// Whether [`bounds`] knows every character of the line.
pub(super) fn is_plain(line: &str) -> bool {
    line.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Ends of the sentences of a plain line, ascending, the last one its length. Linear.
pub(super) fn bounds(line: &str) -> Vec<usize> {
    let bytes = line.as_bytes();
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if is_terminator(byte) {
            let end = skip(bytes, skip(bytes, at, is_close), |byte| byte == b' ');
            if end < bytes.len() && breaks(bytes, at, end) {
                ends.push(end);
            }
        }
    }
    if !bytes.is_empty() {
        ends.push(bytes.len());
    }
    ends
}

/// Whether a sentence ends at `end`, after a terminator before `at` and what closes it.
fn breaks(bytes: &[u8], at: usize, end: usize) -> bool {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(b' ');
    // SB8a: a comma, its like, or a further terminator goes on.
    if matches!(byte(end), b',' | b'-' | b':' | b';') || is_terminator(byte(end)) {
        return false;
    }
    if byte(at - 1) != b'.' {
        return true;
    }
    // SB6: 3.14; SB7: U.S.A; SB8: a small letter follows before any other letter.
    let decimal = byte(at).is_ascii_digit();
    let before = at.checked_sub(2).map_or(b' ', byte);
    let initials = before.is_ascii_alphabetic() && byte(at).is_ascii_uppercase();
    let next = skip(bytes, end, |byte| !byte.is_ascii_alphabetic() && !is_terminator(byte));
    !(decimal || initials || byte(next).is_ascii_lowercase())
}

fn is_terminator(byte: u8) -> bool {
    matches!(byte, b'.' | b'!' | b'?')
}

fn is_close(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'"' | b'\'')
}

fn skip(bytes: &[u8], from: usize, over: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or(&[]);
    from + rest.iter().take_while(|&&byte| over(byte)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;

    fn general(line: &str) -> Vec<usize> {
        line.split_sentence_bound_indices().map(|(at, piece)| at + piece.len()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn plain_lines_have_the_bounds_of_the_general_rules(
            line in prop_oneof!["[aB1 .!?,(\")-]{0,16}", "[ -~]{0,40}"],
        ) {
            prop_assert!(is_plain(&line));
            prop_assert_eq!(bounds(&line), general(&line), "{:?}", line);
        }
    }
}
