//! Compounds, taken apart and put together by the words of the snapshot.
//!
//! In German, Dutch and the languages of the north one word says what others say in two, and a
//! question need not choose as the document did. There is no dictionary here: a part is a word that
//! a live chunk holds. Documents are analysed as they stand, because what the parts of a word are
//! changes with every document.

use std::collections::BTreeSet;

use tantivy::Term;

use super::Vocabulary;
use crate::analyzer::Analyzer;
use crate::language::Language;
use crate::query::{Alternative, QueryTerm};
use crate::score::live_frequency;

/// Least letters of a part: shorter ones stand in too many words by chance.
const PART_LETTERS_MIN: usize = 4;

/// Most letters of a word that is taken apart; bounds the look-ups to some 200.
const LETTERS_MAX: usize = 48;

/// What may stand between two parts, the endings that stemmers know included.
const LINKS: [&str; 6] = ["s", "es", "n", "en", "er", "e"];

/// What a compound of two words of the question counts for each of them.
const CREDIT: f32 = 0.8;

/// Most terms of a query of which compounds are looked for.
const TERMS_MAX: usize = 16;

/// Most compounds that stand for a term.
const COMPOUNDS_MAX: usize = 4;

/// The two or three parts of a word that no live chunk holds; empty where it has none.
///
/// Two parts are better than three; of several ways that with the most frequent rarer part is
/// taken, then the one with the longer first part.
pub(super) fn split(
    vocabulary: &Vocabulary<'_>,
    analyzer: &mut Analyzer,
    word: &str,
    language: Language,
) -> tantivy::Result<Vec<String>> {
    let letters = word.chars().count();
    if letters > LETTERS_MAX || !word.chars().all(char::is_alphabetic) {
        return Ok(Vec::new());
    }
    let mut heads: Vec<(usize, u64)> = Vec::new();
    let mut best: Option<(u64, usize)> = None;
    for at in cuts(word) {
        let first = first_frequency(vocabulary, analyzer, &word[..at], language)?;
        if first == 0 {
            continue;
        }
        heads.push((at, first));
        let rest = frequency(vocabulary, analyzer, &word[at..], language)?;
        best = best.max(Some((first.min(rest), at)).filter(|_| rest > 0));
    }
    if let Some((_, at)) = best {
        return Ok(vec![word[..at].to_owned(), word[at..].to_owned()]);
    }
    let mut best: Option<(u64, usize, usize)> = None;
    for (at, first) in heads {
        for middle in cuts(&word[at..]).map(|cut| at + cut) {
            let second = first_frequency(vocabulary, analyzer, &word[at..middle], language)?;
            if second > 0 {
                let rest = frequency(vocabulary, analyzer, &word[middle..], language)?;
                let least = first.min(second).min(rest);
                best = best.max(Some((least, at, middle)).filter(|_| rest > 0));
            }
        }
    }
    let parts = best.map(|(_, at, middle)| [&word[..at], &word[at..middle], &word[middle..]]);
    Ok(parts.into_iter().flatten().map(str::to_owned).collect())
}

/// Where a word may be cut, in bytes, ascending.
fn cuts(word: &str) -> impl Iterator<Item = usize> {
    let cuts: Vec<usize> = word.char_indices().map(|(at, _)| at).collect();
    let end = (cuts.len() + 1).saturating_sub(PART_LETTERS_MIN);
    cuts.into_iter().take(end).skip(PART_LETTERS_MIN)
}

/// Live chunks that hold a part before others, which may end with a link.
fn first_frequency(
    vocabulary: &Vocabulary<'_>,
    analyzer: &mut Analyzer,
    part: &str,
    language: Language,
) -> tantivy::Result<u64> {
    let mut most = frequency(vocabulary, analyzer, part, language)?;
    for link in LINKS {
        let bare = part.strip_suffix(link);
        let bare = bare.filter(|bare| bare.chars().count() >= PART_LETTERS_MIN);
        if let Some(bare) = bare {
            most = most.max(frequency(vocabulary, analyzer, bare, language)?);
        }
    }
    Ok(most)
}

fn frequency(
    vocabulary: &Vocabulary<'_>,
    analyzer: &mut Analyzer,
    word: &str,
    language: Language,
) -> tantivy::Result<u64> {
    stem_frequency(vocabulary, analyzer.stem(word, language))
}

fn stem_frequency(vocabulary: &Vocabulary<'_>, stem: &str) -> tantivy::Result<u64> {
    let term = Term::from_field_text(vocabulary.fields.stem, stem);
    live_frequency(vocabulary.segments.iter().copied(), &term)
}

/// Lets the compounds that begin with one term of a query and end with another stand for both:
/// `Pumpengarantie` for `Garantie` and `Pumpe`. Costs a walk over the words that begin as each
/// term does.
pub(super) fn join(
    vocabulary: &Vocabulary<'_>,
    analyzer: &mut Analyzer,
    terms: &mut [QueryTerm],
    language: Language,
) -> tantivy::Result<()> {
    let words: Vec<String> = terms
        .iter()
        .take(TERMS_MAX)
        .map(|term| analyzer.stem(&term.exact, language).to_owned())
        .collect();
    let is_part = |word: &str| {
        word.chars().count() >= PART_LETTERS_MIN && word.chars().all(char::is_alphabetic)
    };
    if words.iter().filter(|word| is_part(word)).count() < 2 {
        return Ok(());
    }
    for (first, beginning) in words.iter().enumerate().filter(|(_, word)| is_part(word)) {
        for key in beginning_with(vocabulary, beginning)? {
            let rest = &key[beginning.len()..];
            let ends = |(at, end): &(usize, &String)| {
                *at != first && is_part(end) && rest.ends_with(end.as_str())
            };
            let Some((last, _)) = words.iter().enumerate().find(ends) else { continue };
            if stem_frequency(vocabulary, &key)? == 0 {
                continue;
            }
            for at in [first, last] {
                let alternatives = &mut terms[at].alternatives;
                let is_new = !alternatives.iter().any(|other| other.exact == key);
                if is_new && alternatives.len() < COMPOUNDS_MAX {
                    let (exact, stems) = (key.clone(), vec![key.clone()]);
                    alternatives.push(Alternative { exact, stems, credit: CREDIT });
                }
            }
        }
    }
    Ok(())
}

/// The stems that begin with one and go on, in order.
fn beginning_with(
    vocabulary: &Vocabulary<'_>,
    beginning: &str,
) -> tantivy::Result<BTreeSet<String>> {
    let field = vocabulary.fields.stem;
    let mut found = BTreeSet::new();
    let Some(end) = super::after(beginning) else { return Ok(found) };
    for segment in &vocabulary.segments {
        let index = segment.inverted_index(field)?;
        let mut keys = index.terms().range().gt(beginning).lt(&end).into_stream()?;
        while keys.advance() {
            let long = keys.key().len() >= beginning.len() + PART_LETTERS_MIN;
            let key = str::from_utf8(keys.key()).ok().filter(|_| long);
            found.extend(key.map(str::to_owned));
        }
    }
    Ok(found)
}
