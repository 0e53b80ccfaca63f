//! The document's outline, its bookmarks (ISO 32000-1, 12.3.3): titles and their depth. Where
//! they point to is not read; the titles are looked for in the text.

use std::collections::HashSet;

use lopdf::{Object, ObjectId};

use super::objects::{Objects, as_dict};

/// Entries read; more would be no outline for people.
const ENTRIES_MAX: usize = 10_000;
/// Depth of entries; headings have six levels.
const DEPTH_MAX: u8 = 6;

/// One bookmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bookmark {
    /// From 1, the outermost.
    pub(super) depth: u8,
    pub(super) title: String,
}

/// The bookmarks in order; none where there is no outline. Loops are cut.
pub(super) fn bookmarks(objects: &Objects<'_>) -> Vec<Bookmark> {
    let root = objects.document.trailer.get(b"Root").ok().and_then(|root| objects.resolve(root));
    let outlines = root.and_then(as_dict).and_then(|catalog| objects.dict(catalog, b"Outlines"));
    let first = outlines.and_then(|outlines| outlines.get(b"First").ok());
    let mut bookmarks = Vec::new();
    let mut seen: HashSet<ObjectId> = HashSet::new();
    let mut pending: Vec<(&Object, u8)> = first.map(|first| (first, 1)).into_iter().collect();
    while let Some((entry, depth)) = pending.pop() {
        let fresh = entry.as_reference().is_ok_and(|id| seen.insert(id));
        if !fresh {
            continue;
        }
        let Some(dict) = objects.resolve(entry).and_then(as_dict) else { continue };
        if bookmarks.len() >= ENTRIES_MAX {
            objects.record_limit("entries of the outline", ENTRIES_MAX + 1, ENTRIES_MAX);
            break;
        }
        if let Some(title) = objects.text(dict, b"Title") {
            bookmarks.push(Bookmark { depth, title });
        }
        pending.extend(dict.get(b"Next").ok().map(|next| (next, depth)));
        let deeper = dict.get(b"First").ok().filter(|_| depth < DEPTH_MAX);
        pending.extend(deeper.map(|first| (first, depth + 1)));
    }
    bookmarks
}
