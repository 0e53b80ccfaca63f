//! ToUnicode maps: what the file itself says its codes mean (ISO 32000-1, 9.10.3).
//!
//! They are read leniently, entry by entry: one broken line loses that line. Ranges are never
//! expanded. What a map says is believed unless the map as a whole speaks against it.

mod reader;

use std::sync::Arc;

use hayro_cmap::{BfString, CMap};

use super::text::{Text, is_nonsense, is_private, is_readable};

/// A map longer than this is no map of a font.
pub(super) const BYTES_MAX: usize = 4 << 20;
/// Entries of one map; a font has at most 65,536 codes of two bytes.
pub(super) const ENTRIES_MAX: usize = 1 << 17;
/// A code stands for a character or a ligature, not for a page of text.
const TARGET_BYTES_MAX: usize = 128;
/// Ranges that may lie over one code; beyond these the code has no text.
const OVERLAPS_MAX: usize = 16;
/// From so many codes on, one and the same character for all of them is a filler.
const FILLER_CODES_MIN: usize = 4;

/// A map from codes to text.
#[derive(Debug, Default)]
pub(super) struct ToUnicode {
    /// By first code; of equal ones the later holds.
    entries: Vec<Entry>,
    /// Targets of more than one character.
    strings: String,
    base: Option<Arc<CMap>>,
    /// Whether there are more entries than [`ENTRIES_MAX`].
    is_cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    first: u32,
    last: u32,
    target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The character of the first code; those after it follow.
    Char(char),
    /// Bytes of `strings`; in a range, the last character counts up.
    Text { start: u32, end: u32 },
}

impl ToUnicode {
    /// Reads a map; `None` where it holds nothing that could be believed.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        if data.len() > BYTES_MAX {
            return None;
        }
        let mut map = reader::read(data);
        map.entries.sort_by_key(|entry| entry.first);
        map.is_plausible().then_some(map)
    }

    /// Entries met, the first beyond the limit among them.
    pub(super) fn entries_found(&self) -> usize {
        self.entries.len() + usize::from(self.is_cut)
    }

    /// Every code is the character of that number.
    pub(super) fn identity() -> Self {
        let entry = Entry { first: 0, last: 0xFFFF, target: Target::Char('\0') };
        Self { entries: vec![entry], ..Self::default() }
    }

    /// The text of a code, unless it says nothing.
    pub(super) fn text(&self, code: u32) -> Option<Text<'_>> {
        self.any_text(code).filter(|text| is_readable(text))
    }

    /// The private character of a code, for fonts that are known to draw it.
    pub(super) fn private(&self, code: u32) -> Option<char> {
        self.any_text(code)?.chars().next().filter(|c| is_private(*c))
    }

    /// The lowest code that is exactly this character.
    pub(super) fn code_of(&self, c: char) -> Option<u32> {
        let offset = |entry: &Entry| match entry.target {
            Target::Char(first) => u32::from(c).checked_sub(u32::from(first)),
            Target::Text { .. } => None,
        };
        let code = |entry: &Entry| entry.first.checked_add(offset(entry)?);
        self.entries.iter().find_map(|entry| code(entry).filter(|code| *code <= entry.last))
    }

    /// Whether every code of two bytes is said to be the character of that number.
    pub(super) fn is_identity(&self) -> bool {
        let own = |entry: &Entry| {
            matches!(entry.target, Target::Char(c) if u32::from(c) == entry.first)
                || is_control(entry)
        };
        self.base.is_none() && self.entries.iter().all(own)
    }

    fn any_text(&self, code: u32) -> Option<Text<'_>> {
        self.entry(code).and_then(|entry| self.target(entry, code)).or_else(|| self.of_base(code))
    }

    fn entry(&self, code: u32) -> Option<&Entry> {
        let end = self.entries.partition_point(|entry| entry.first <= code);
        let near = self.entries.get(end.saturating_sub(OVERLAPS_MAX)..end)?;
        near.iter().rev().find(|entry| code <= entry.last)
    }

    fn target(&self, entry: &Entry, code: u32) -> Option<Text<'_>> {
        let offset = code - entry.first;
        match entry.target {
            Target::Char(first) => later(first, offset).map(Text::from),
            Target::Text { start, end } => {
                let text = self.strings.get(start as usize..end as usize)?;
                if offset == 0 {
                    return Some(Text::Borrowed(text));
                }
                let (at, last) = text.char_indices().next_back()?;
                let mut counted = text.get(..at)?.to_owned();
                counted.push(later(last, offset)?);
                Some(counted.into())
            }
        }
    }

    fn of_base(&self, code: u32) -> Option<Text<'_>> {
        match self.base.as_ref()?.lookup_bf_string(code)? {
            BfString::Char(c) => Some(c.into()),
            BfString::String(text) => Some(text.into()),
        }
    }

    /// A map of nothing but nonsense, or of one character for all codes, was filled in by a
    /// program that did not know.
    fn is_plausible(&self) -> bool {
        if self.base.is_some() {
            return true;
        }
        let says_nothing = |entry: &Entry| match entry.target {
            Target::Char(c) => entry.first == entry.last && is_nonsense(c),
            Target::Text { .. } => {
                !self.target(entry, entry.first).is_some_and(|t| is_readable(&t))
            }
        };
        !self.entries.iter().all(says_nothing) && !self.is_filler()
    }

    fn is_filler(&self) -> bool {
        let Some(first) = self.entries.first() else { return false };
        let same = |entry: &Entry| entry.first == entry.last && entry.target == first.target;
        let blank = matches!(first.target, Target::Char(c) if c.is_whitespace());
        self.entries.len() >= FILLER_CODES_MIN && !blank && self.entries.iter().all(same)
    }
}

fn is_control(entry: &Entry) -> bool {
    matches!(entry.target, Target::Char(c) if c.is_control() && entry.first == entry.last)
}

fn later(c: char, offset: u32) -> Option<char> {
    u32::from(c).checked_add(offset).and_then(char::from_u32)
}

#[cfg(test)]
mod tests;
