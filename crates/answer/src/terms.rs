//! The terms of a question, weighed by how much each of them tells in this snapshot.
//!
//! At most 64 terms count, so that the set a text matches is one machine word: reading a chunk
//! costs one look-up a token, and comparing sets costs nothing.

use std::collections::BTreeMap;

use index::{Query, QueryTerm, Snapshot};

use crate::AnswerError;
use crate::chunk_text::{Word, hash_of};

/// Terms that count: the bits of a [`Matches`] half.
const TERMS_MAX: usize = 64;

/// Terms that are looked up at all; a message of 8 KiB can hold some 1,500 words.
const LOOKUPS_MAX: usize = 256;

/// Credit of a word that shares only the stem with the question's word; the rest needs the same
/// form. From the recipe measured on the development collections (stem .67, exact .33).
const STEM_CREDIT: f32 = 0.67;

/// The terms of a question with their weights.
#[derive(Debug, Clone, Default)]
pub(crate) struct Terms {
    list: Vec<Term>,
    /// As the snapshot gave them.
    asked: Vec<QueryTerm>,
    /// Hashes of the stems with what they match, sorted.
    by_stem: Vec<(u32, Stem)>,
    total: f32,
    /// A bit for the last six bits of each stem's hash: most words are no terms, and this tells
    /// without a look-up.
    filter: u64,
}

/// What a stem is to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stem {
    /// That of the term at this place.
    Own(usize),
    /// One that stands for terms, a bit each.
    Near(u64),
}

/// One distinct term; words are their hashes.
#[derive(Debug, Clone)]
struct Term {
    exact: Vec<u32>,
    stems: Vec<u32>,
    /// Stems of the words that stand for it.
    near: Vec<u32>,
    /// The part of its mass that such a word is worth, 0 to 1.
    credit: f32,
    mass: f32,
    known: bool,
}

/// The set of question terms that a text holds: as stems, in the question's own form, and in words
/// that stand for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Matches {
    pub(crate) stems: u64,
    exact: u64,
    near: u64,
}

impl Matches {
    /// What either holds.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            stems: self.stems | other.stems,
            exact: self.exact | other.exact,
            near: self.near | other.near,
        }
    }

    /// Whether everything in `other` is also here.
    pub(crate) fn holds(self, other: Self) -> bool {
        let met = self.stems | self.near;
        other.stems & !self.stems == 0 && other.exact & !self.exact == 0 && other.near & !met == 0
    }
}

impl Terms {
    /// Weighs the terms of a query: query weight times idf. One look-up a term.
    pub(crate) fn weigh(snapshot: &Snapshot, query: &Query) -> Result<Self, AnswerError> {
        let mut list: Vec<Term> = Vec::new();
        let asked = snapshot.terms(query)?;
        for term in asked.iter().take(LOOKUPS_MAX) {
            let stems: Vec<u32> = term.stems.iter().map(|stem| hash_of(stem)).collect();
            let exact = hash_of(&term.exact);
            let same = |known: &&mut Term| known.stems.iter().any(|stem| stems.contains(stem));
            if let Some(known) = list.iter_mut().find(same) {
                known.exact.push(exact);
                continue;
            }
            let idf = snapshot.idf_of(term)?;
            let others = &term.alternatives;
            let near = others.iter().flat_map(|other| &other.stems).map(|stem| hash_of(stem));
            list.push(Term {
                exact: vec![exact],
                stems,
                near: near.collect(),
                credit: others.iter().map(|other| other.credit).fold(0.0, f32::max),
                mass: (idf * term.weight).max(f32::EPSILON),
                known: term.known,
            });
        }
        Ok(Self { asked, ..Self::of(list) })
    }

    /// Keeps the terms with most mass, in the order of the question.
    fn of(mut list: Vec<Term>) -> Self {
        if list.len() > TERMS_MAX {
            let mut masses: Vec<f32> = list.iter().map(|term| term.mass).collect();
            masses.sort_by(|a, b| b.total_cmp(a));
            let least = masses.get(TERMS_MAX - 1).copied().unwrap_or(0.0);
            list.retain(|term| term.mass >= least);
            list.truncate(TERMS_MAX);
        }
        let stems = list.iter().enumerate();
        let stems = stems.flat_map(|(at, term)| term.stems.iter().map(move |&stem| (stem, at)));
        let mut by_stem: Vec<(u32, Stem)> = stems.map(|(stem, at)| (stem, Stem::Own(at))).collect();
        by_stem.sort_unstable();
        let mut near: BTreeMap<u32, u64> = BTreeMap::new();
        for (at, term) in list.iter().enumerate() {
            for &stem in &term.near {
                if by_stem.binary_search_by_key(&stem, |(own, _)| *own).is_err() {
                    *near.entry(stem).or_default() |= 1 << at;
                }
            }
        }
        by_stem.extend(near.into_iter().map(|(stem, terms)| (stem, Stem::Near(terms))));
        by_stem.sort_unstable();
        let filter = by_stem.iter().fold(0, |all, (stem, _)| all | bit_of(*stem));
        let total = list.iter().map(|term| term.mass).sum();
        Self { list, asked: Vec::new(), by_stem, total, filter }
    }

    /// The terms as the snapshot gave them, to search with.
    pub(crate) fn asked(&self) -> &[QueryTerm] {
        &self.asked
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The whole mass, above 0.
    pub(crate) fn total(&self) -> f32 {
        self.total.max(f32::EPSILON)
    }

    /// The place of a word's term and its match; for a word that stands for several terms the
    /// place of the first.
    pub(crate) fn matches_of(&self, word: Word) -> Option<(usize, Matches)> {
        if self.filter & bit_of(word.stem) == 0 {
            return None;
        }
        let found = self.by_stem.binary_search_by_key(&word.stem, |(stem, _)| *stem).ok()?;
        match self.by_stem.get(found)?.1 {
            Stem::Near(near) => {
                Some((near.trailing_zeros() as usize, Matches { near, ..Matches::default() }))
            }
            Stem::Own(at) => {
                let bit = 1u64.checked_shl(at as u32).unwrap_or(0);
                let same = self.list.get(at)?.exact.contains(&word.exact);
                let exact = if same { bit } else { 0 };
                Some((at, Matches { stems: bit, exact, near: 0 }))
            }
        }
    }

    /// The part of the question's mass that is matched, 0 to 1.
    pub(crate) fn share(&self, matches: Matches) -> f32 {
        self.sum(|at, term| {
            let bit = |set: u64| ((set >> at) & 1) as f32;
            let own = STEM_CREDIT * bit(matches.stems) + (1.0 - STEM_CREDIT) * bit(matches.exact);
            term.mass * own.max(term.credit * bit(matches.near))
        })
    }

    /// The part of the mass of adjacent pairs that is matched; bit `i` stands for the terms `i`
    /// and `i + 1`. 0 where the question has one term.
    pub(crate) fn pair_share(&self, pairs: u64) -> f32 {
        let mass = |at: usize| -> f32 {
            self.list.get(at..at + 2).map_or(0.0, |two| two.iter().map(|term| term.mass).sum())
        };
        let of = |set: u64| -> f32 {
            let bits = (0..self.list.len().saturating_sub(1)).filter(|at| (set >> at) & 1 == 1);
            bits.map(mass).sum()
        };
        let total = of(u64::MAX);
        if total > 0.0 { of(pairs) / total } else { 0.0 }
    }

    /// The part of the mass that lies in terms which no text of the snapshot holds, 0 to 1; a word
    /// that stands for one takes its credit off. `met` are terms met outside the texts, in titles.
    pub(crate) fn unknown_share(&self, met: Matches) -> f32 {
        self.sum(|at, term| {
            let unknown = !term.known && (met.stems >> at) & 1 == 0;
            if unknown { term.mass * (1.0 - term.credit) } else { 0.0 }
        })
    }

    fn sum(&self, part: impl Fn(usize, &Term) -> f32) -> f32 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let parts = self.list.iter().enumerate().map(|(at, term)| part(at, term));
        (parts.sum::<f32>() / self.total).clamp(0.0, 1.0)
    }
}

/// The bit of a hash in the filter.
fn bit_of(hash: u32) -> u64 {
    1 << (hash & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(words: &[(&str, f32)]) -> Terms {
        let term = |&(word, mass): &(&str, f32)| Term {
            exact: vec![hash_of(&format!("{word}s"))],
            stems: vec![hash_of(word)],
            near: vec![hash_of(&format!("near{word}"))],
            credit: 0.5,
            mass,
            known: mass < 3.0,
        };
        Terms::of(words.iter().map(term).collect())
    }

    fn found(terms: &Terms, stem: &str, exact: &str) -> Option<Matches> {
        let word = Word { stem: hash_of(stem), exact: hash_of(exact) };
        terms.matches_of(word).map(|(_, matches)| matches)
    }

    #[test]
    fn shares_are_parts_of_the_mass() {
        let terms = terms(&[("cat", 1.0), ("dog", 3.0)]);
        let dog = found(&terms, "dog", "dogs").unwrap();
        let cat = found(&terms, "cat", "cat").unwrap();
        assert!((terms.share(dog) - 0.75).abs() < 1e-6);
        assert!((terms.share(cat) - 0.25 * STEM_CREDIT).abs() < 1e-6);
        assert!((terms.unknown_share(Matches::default()) - 0.375).abs() < 1e-6);
        let near = found(&terms, "neardog", "neardogs").unwrap();
        assert!((terms.share(near) - 0.375).abs() < 1e-6);
        assert!(dog.holds(dog) && dog.or(cat).holds(near) && !cat.holds(near));
        assert!(terms.unknown_share(dog) < 1e-6);
        assert!((terms.pair_share(1) - 1.0).abs() < 1e-6);
        assert!(dog.or(cat).holds(cat) && !cat.holds(dog));
    }

    #[test]
    fn only_the_heaviest_of_too_many_terms_count() {
        let words: Vec<String> = (0..200).map(|n| format!("w{n}")).collect();
        let list: Vec<(&str, f32)> =
            words.iter().enumerate().map(|(n, word)| (word.as_str(), n as f32)).collect();
        let terms = terms(&list);
        assert_eq!(terms.len(), TERMS_MAX);
        assert!(found(&terms, "w199", "").is_some() && found(&terms, "w0", "").is_none());
        assert!(terms.share(Matches { stems: u64::MAX, exact: u64::MAX, near: 0 }) > 0.999);
    }

    #[test]
    fn no_terms_share_nothing() {
        let terms = Terms::default();
        assert!(terms.share(Matches { stems: 1, exact: 1, near: 1 }) == 0.0);
        assert!(terms.pair_share(u64::MAX) == 0.0);
    }
}
