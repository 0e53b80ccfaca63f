//! What a font is called, and how much of what it shows is known: for the record only.

use std::sync::atomic::{AtomicU64, Ordering};

use lopdf::Dictionary;

use super::descendant;
use crate::pdf::objects::Objects;

/// What is told of a font.
pub(in crate::pdf) struct About {
    /// Without the mark of a subset.
    pub(in crate::pdf) name: String,
    pub(in crate::pdf) kind: &'static str,
    pub(in crate::pdf) is_embedded: bool,
    pub(in crate::pdf) has_to_unicode: bool,
    shown: AtomicU64,
    unmapped: AtomicU64,
}

impl About {
    pub(super) fn read(objects: &Objects<'_>, dict: &Dictionary) -> Self {
        let holder = descendant(objects, dict).unwrap_or(dict);
        let kind = kind(objects.name(holder, b"Subtype").unwrap_or_default());
        let name = objects.name(dict, b"BaseFont").or_else(|| objects.name(dict, b"Name"));
        let name = String::from_utf8_lossy(name.unwrap_or_default());
        let descriptor = objects.dict(holder, b"FontDescriptor");
        let programs = [b"FontFile".as_slice(), b"FontFile2", b"FontFile3"];
        let has_program = descriptor.is_some_and(|dict| programs.iter().any(|key| dict.has(key)));
        Self {
            name: without_subset(&name).to_owned(),
            kind,
            is_embedded: has_program || kind == "Type 3",
            has_to_unicode: dict.has(b"ToUnicode"),
            shown: AtomicU64::new(0),
            unmapped: AtomicU64::new(0),
        }
    }

    /// Counts the codes of a shown string, and those of them that no text is known for.
    pub(in crate::pdf) fn count(&self, shown: u32, unmapped: u32) {
        self.shown.fetch_add(shown.into(), Ordering::Relaxed);
        self.unmapped.fetch_add(unmapped.into(), Ordering::Relaxed);
    }

    /// Codes shown so far, and those of them that no text is known for.
    pub(in crate::pdf) fn counts(&self) -> (u64, u64) {
        (self.shown.load(Ordering::Relaxed), self.unmapped.load(Ordering::Relaxed))
    }
}

/// The name of a font type (ISO 32000-1, tables 110 and 117).
fn kind(subtype: &[u8]) -> &'static str {
    match subtype {
        b"Type1" => "Type 1",
        b"MMType1" => "Multiple Master",
        b"TrueType" => "TrueType",
        b"Type3" => "Type 3",
        b"CIDFontType0" => "CID Type 1",
        b"CIDFontType2" => "CID TrueType",
        _ => "unknown",
    }
}

/// The name behind the six capitals and the plus sign of a subset (ISO 32000-1, 9.6.4).
fn without_subset(name: &str) -> &str {
    match name.split_once('+') {
        Some((mark, rest))
            if mark.len() == 6 && mark.bytes().all(|byte| byte.is_ascii_uppercase()) =>
        {
            rest
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_a_subset_is_no_part_of_a_name() {
        assert_eq!(without_subset("ABCDEF+Times-Roman"), "Times-Roman");
        assert_eq!(without_subset("ABCDE+Times"), "ABCDE+Times");
        assert_eq!(without_subset("abcdef+Times"), "abcdef+Times");
    }
}
