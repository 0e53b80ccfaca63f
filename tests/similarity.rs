//! How alike two texts are, word by word.

use unicode_normalization::UnicodeNormalization;

/// Words as the scorers of PDF text count them: runs of letters, digits and `_` after NFKC and
/// lower-casing. Scripts without spaces count by character.
pub(crate) fn words(text: &str) -> Vec<String> {
    let folded: String = text.nfkc().collect::<String>().to_lowercase();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for c in folded.chars() {
        let solid = matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}');
        if solid || !(c.is_alphanumeric() || c == '_') {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            words.extend((solid && c.is_alphanumeric()).then(|| c.to_string()));
        } else {
            word.push(c);
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// 1 − edit distance over the length of the longer word sequence; 1 for two empty texts. Order
/// counts. Quadratic.
pub(crate) fn word_similarity(left: &str, right: &str) -> f64 {
    let (left, right) = (words(left), words(right));
    let longer = left.len().max(right.len());
    if longer == 0 {
        return 1.0;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, word) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (at, other) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(word != other);
            diagonal = row[at + 1];
            row[at + 1] = substituted.min(row[at] + 1).min(diagonal + 1);
        }
    }
    1.0 - row[right.len()] as f64 / longer as f64
}

#[test]
fn words_and_their_order_count() {
    assert_eq!(word_similarity("One, two.", "one two"), 1.0);
    assert_eq!(word_similarity("one two", "two one"), 0.0);
    assert_eq!(word_similarity("a b c d", "a b x d"), 0.75);
    assert_eq!(words("日本 go"), ["日", "本", "go"]);
    assert_eq!(word_similarity("", ""), 1.0);
}
