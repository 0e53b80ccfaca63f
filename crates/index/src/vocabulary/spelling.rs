//! Words spelt nearly as a word that nobody wrote.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use tantivy::Term;
use tantivy::query::{DfaWrapper, FuzzyTermQuery};

use super::Vocabulary;

/// Least letters of a word whose spelling is doubted, and of one that stands for it: shorter ones
/// have too many neighbours.
const LETTERS_MIN: usize = 5;

/// Letters from which two errors are allowed for.
const LETTERS_OF_TWO_ERRORS: usize = 8;

/// Most letters of a word whose spelling is doubted; bounds the automaton.
const LETTERS_MAX: usize = 32;

/// Words that may stand for one.
const WORDS_MAX: usize = 3;

/// What a word at a distance of one or two errors counts, the word itself being 1. A word that was
/// guessed must not weigh as much as one that was written.
const CREDITS: [f32; 2] = [0.8, 0.6];

/// The words nearest to `word`, of those the most frequent, with what they count: at most three,
/// all at one distance. None for short words, numbers and part numbers.
///
/// An error is a letter left out, added, changed, or swapped with the next (Damerau, 1964). The
/// first letter is taken to be right, or swapped with the second: that is where people err least,
/// and it leaves a small part of the dictionary to walk.
pub(super) fn near(vocabulary: &Vocabulary<'_>, word: &str) -> tantivy::Result<Vec<(String, f32)>> {
    let letters: Vec<char> = word.chars().collect();
    let fits = (LETTERS_MIN..=LETTERS_MAX).contains(&letters.len());
    if !fits || !letters.iter().all(|letter| letter.is_alphabetic()) {
        return Ok(Vec::new());
    }
    let errors_max = if letters.len() < LETTERS_OF_TWO_ERRORS { 1 } else { 2 };
    let swapped: String = [letters[1], letters[0]].iter().collect();
    let mut found = BTreeSet::new();
    let term = Term::from_field_text(vocabulary.fields.exact, word);
    let spelt_nearly = FuzzyTermQuery::new(term, errors_max, true).automaton()?;
    for beginning in [letters[0].to_string(), swapped] {
        walk(vocabulary, &spelt_nearly, &beginning, &mut found)?;
    }
    found.retain(|near| near.chars().count() >= LETTERS_MIN);
    let words = found.into_iter().map(|near| (errors(&letters, &near), near));
    let words: Vec<(usize, String)> = words.collect();
    for (distance, credit) in (1..).zip(CREDITS) {
        let mut live = Vec::new();
        for (_, near) in words.iter().filter(|(errors, _)| *errors == distance) {
            let frequency = vocabulary.frequency(near)?;
            if frequency > 0 {
                live.push((Reverse(frequency), near));
            }
        }
        if !live.is_empty() {
            live.sort_unstable();
            live.truncate(WORDS_MAX);
            return Ok(live.into_iter().map(|(_, near)| (near.clone(), credit)).collect());
        }
    }
    Ok(Vec::new())
}

/// Adds the words of all dictionaries that have a beginning and that an automaton takes.
fn walk(
    vocabulary: &Vocabulary<'_>,
    spelt_nearly: &DfaWrapper,
    beginning: &str,
    found: &mut BTreeSet<String>,
) -> tantivy::Result<()> {
    let field = vocabulary.fields.exact;
    let Some(end) = super::after(beginning) else { return Ok(()) };
    for segment in &vocabulary.segments {
        let index = segment.inverted_index(field)?;
        let near = index.terms().search(spelt_nearly);
        let mut near = near.ge(beginning).lt(&end).into_stream()?;
        while near.advance() {
            found.extend(str::from_utf8(near.key()).ok().map(str::to_owned));
        }
    }
    Ok(())
}

/// The number of errors between two words, each letter in one of them at most.
fn errors(word: &[char], other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let width = other.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (row, letter) in word.iter().enumerate() {
        let mut next = vec![row + 1; width];
        for (column, own) in other.iter().enumerate() {
            let changed = last[column] + usize::from(letter != own);
            let mut least = changed.min(last[column + 1] + 1).min(next[column] + 1);
            let swapped =
                row > 0 && column > 0 && word[row - 1] == *own && other[column - 1] == *letter;
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            next[column + 1] = least;
        }
        before = std::mem::replace(&mut last, next);
    }
    last[width - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_letter_or_one_swap() {
        let check = |word: &str, other: &str, expected| {
            let letters: Vec<char> = word.chars().collect();
            assert_eq!(errors(&letters, other), expected, "{word} {other}");
        };
        check("pump", "pump", 0);
        check("pupm", "pump", 1);
        check("pmp", "pump", 1);
        check("puump", "pump", 1);
        check("pimp", "pump", 1);
        check("wararnty", "warranty", 1);
        check("garrantee", "guarantee", 2);
        check("größe", "grösse", 2);
        check("", "ab", 2);
    }
}
