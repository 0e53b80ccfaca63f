//! English words that carry no matter in a question.

/// Whether a folded word is left out of queries. Documents keep all words: `to be or not to be`
/// must still be found. Words of other languages are weighed down by their frequency alone.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Whether a folded word after `how` only asks for a number: `how many`, `how long`. The answer
/// names a quantity and seldom repeats the word.
pub(super) fn is_measure(word: &str) -> bool {
    ["far", "few", "little", "long", "many", "much", "often", "old", "soon"].contains(&word)
}

/// Articles, prepositions, auxiliaries, pronouns, question words and courtesies; sorted.
#[rustfmt::skip]
const STOP_WORDS: [&str; 143] = [
    "a", "about", "also", "am", "an", "and", "any", "are", "aren't", "as", "at", "be", "been",
    "being", "but", "by", "can", "can't", "could", "couldn't", "did", "didn't", "do", "does",
    "doesn't", "doing", "don't", "done", "for", "from", "had", "hadn't", "has", "hasn't", "have",
    "haven't", "having", "he", "he'd", "he'll", "her", "here", "hers", "herself", "him",
    "himself", "his", "how", "i", "i'd", "i'll", "i'm", "i've", "if", "in", "into", "is", "isn't",
    "it", "it'd", "it'll", "its", "itself", "just", "let", "may", "me", "might", "mine", "must",
    "mustn't", "my", "myself", "no", "not", "of", "on", "or", "our", "ours", "ourselves",
    "please", "shall", "she", "she'd", "she'll", "should", "shouldn't", "so", "some", "such",
    "tell", "than", "that", "the", "their", "theirs", "them", "themselves", "then", "there",
    "these", "they", "they'd", "they'll", "they're", "they've", "this", "those", "to", "too",
    "us", "very", "was", "wasn't", "we", "we'd", "we'll", "we're", "we've", "were", "weren't",
    "what", "when", "where", "which", "who", "whom", "whose", "why", "will", "with", "won't",
    "would", "wouldn't", "you", "you'd", "you'll", "you're", "you've", "your", "yours",
    "yourself",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(STOP_WORDS.is_sorted_by(|left, right| left < right));
        assert!(is_stop_word("the") && is_stop_word("who") && !is_stop_word("pump"));
    }
}
