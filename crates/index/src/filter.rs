//! Which chunks a query may find.

use document::{DocumentId, PageRange};

use crate::snapshot::{Owner, Segment};
use crate::{DocumentEntry, Manifest};

/// Bounds on what a query may find; each that is set must be kept. By default there are none.
///
/// A filter takes part in the search, so that the best of what it lets through are found however
/// many better chunks it holds back. What a word weighs stays that of the whole bot, and so does
/// the score of each chunk: a filter only leaves out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Chunks of documents of this category, compared as written.
    pub category: Option<String>,
    /// Chunks of these documents; of none where the list is empty. Unknown ones find nothing.
    pub documents: Option<Vec<DocumentId>>,
    /// Chunks that touch these pages; none of a format without pages.
    pub pages: Option<PageRange>,
}

impl Filter {
    /// Whether everything passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The filter for one snapshot. Looks at each of its documents once.
    pub(crate) fn on(&self, manifest: &Manifest) -> Gate {
        let bounded = self.category.is_some() || self.documents.is_some();
        let documents = bounded.then(|| {
            let mut open = match self.category.as_deref() {
                Some(own) => {
                    let of_category = |entry: &DocumentEntry| entry.category() == Some(own);
                    manifest.documents.iter().map(of_category).collect()
                }
                None => vec![true; manifest.documents.len()],
            };
            if let Some(ids) = &self.documents {
                let mut named = vec![false; open.len()];
                for position in ids.iter().filter_map(|id| manifest.position(id)) {
                    named[position] = true;
                }
                open.iter_mut().zip(named).for_each(|(open, named)| *open &= named);
            }
            open
        });
        Gate { documents, pages: self.pages }
    }
}

/// A filter, read against the documents of a snapshot.
#[derive(Debug)]
pub(crate) struct Gate {
    /// By position in the manifest.
    documents: Option<Vec<bool>>,
    pages: Option<PageRange>,
}

impl Gate {
    /// Whether a chunk passes.
    pub(crate) fn lets(&self, segment: &Segment, doc: u32, owner: Owner) -> bool {
        let open = |documents: &Vec<bool>| documents.get(owner as usize).is_some_and(|open| *open);
        let touches = |wanted: PageRange| {
            segment
                .pages(doc)
                .is_some_and(|own| own.first <= wanted.last && wanted.first <= own.last)
        };
        self.documents.as_ref().is_none_or(open) && self.pages.is_none_or(touches)
    }
}
