//! Names of the objects of a snapshot.

use std::collections::BTreeMap;

use document::ContentHash;
use object_store::path::Path;

/// The objects of a snapshot: its manifest and its files, each by its content and the day it was
/// first stored. As text, `<day>/<hash>` a line, the manifest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) manifest: ContentHash,
    pub(crate) days: BTreeMap<ContentHash, u64>,
}

impl Place {
    pub(crate) fn to_text(&self) -> String {
        let line = |hash: &ContentHash, day: &u64| format!("{day}/{hash}\n");
        let manifest = self.days.get(&self.manifest);
        let first: String = manifest.map(|day| line(&self.manifest, day)).unwrap_or_default();
        let rest = self.days.iter().filter(|(hash, _)| **hash != self.manifest);
        first + &rest.map(|(hash, day)| line(hash, day)).collect::<String>()
    }

    /// `None` for what is no such text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let line = |line: &str| {
            let (day, hash) = line.split_once('/')?;
            Some((hash.parse::<ContentHash>().ok()?, day.parse::<u64>().ok()?))
        };
        let (manifest, _) = line(text.lines().next()?)?;
        let days = text.lines().map(line).collect::<Option<_>>()?;
        Some(Self { manifest, days })
    }

    /// The object of this content.
    pub(crate) fn object(&self, bot: &str, hash: ContentHash) -> Option<Path> {
        self.days.get(&hash).map(|day| object(bot, *day, hash))
    }
}

/// The object of a content that is stored on a day.
pub(crate) fn object(bot: &str, day: u64, hash: ContentHash) -> Path {
    Path::from(format!("files/{bot}/{day}/{hash}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| ContentHash::of(bytes));
        let place = Place { manifest: b, days: [(a, 1), (b, 20_000), (c, 0)].into() };
        let text = place.to_text();
        assert!(text.starts_with(&format!("20000/{b}\n")), "{text}");
        assert_eq!(Place::parse(&text), Some(place));
        for wrong in ["", "\n", "1/x\n", "x/1\n", &format!("-1/{a}\n"), &format!("1/{a}\n\n")] {
            assert_eq!(Place::parse(wrong), None, "{wrong:?}");
        }
    }
}
