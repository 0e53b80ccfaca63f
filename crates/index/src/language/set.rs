//! Sets of languages.

use std::ops::BitOr;

use super::{ALL, Language};

/// A set of languages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LanguageSet(u64);

/// A bit each.
const _: () = assert!(ALL.len() <= 64);

impl LanguageSet {
    /// All of them, in the order of their codes.
    pub(crate) fn iter(self) -> impl Iterator<Item = Language> {
        ALL.iter().copied().filter(move |language| self.0 & (1 << *language as u64) != 0)
    }

    /// The set that has the languages of a list whose bits are set, the first of the list lowest.
    pub(crate) fn of_bits(bits: u64, list: &[Language]) -> Self {
        let list = list.iter().take(64).enumerate();
        list.filter(|(at, _)| bits & (1 << at) != 0).map(|(_, language)| *language).collect()
    }

    /// Those of its languages that a list has, as bits, the first of the list lowest.
    pub(crate) fn to_bits(self, list: &[Language]) -> u64 {
        let has = |language: Language| u64::from(self.0 & (1 << language as u64) != 0);
        list.iter().take(64).enumerate().map(|(at, language)| has(*language) << at).sum()
    }
}

impl FromIterator<Language> for LanguageSet {
    fn from_iter<T: IntoIterator<Item = Language>>(languages: T) -> Self {
        Self(languages.into_iter().fold(0, |bits, language| bits | 1 << language as u64))
    }
}

impl BitOr for LanguageSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
