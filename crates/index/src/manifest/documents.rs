//! The documents of a manifest, a line of JSON each, read when somebody asks.
//!
//! Most of what a snapshot or a change needs of a document is its id, which is found in its line
//! without reading it, and a few numbers. So opening a bot of many documents reads none of their
//! titles and sources, and a change copies the lines of those that stay, byte for byte.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::OnceLock;

use document::DocumentId;
use serde::{Deserialize, Serialize};

use super::DocumentEntry;
use crate::Language;
use crate::language::LanguageSet;

/// What precedes the id in a line: it is the first member. Ids have no letter that JSON would
/// escape.
const BEFORE_ID: usize = r#"{"id":""#.len();

/// What a pair of metadata takes beside its text, in bytes, about: two strings in a node of a tree
/// that is about two thirds full.
const METADATA_BYTES: usize = 112;

/// The documents of a manifest, sorted by id.
///
/// A slice of all entries: they are read when it is first looked at as one, and kept. What is
/// asked of single documents reads no others.
#[derive(Clone, Default)]
pub struct Documents {
    /// Each with its line feed.
    lines: Vec<u8>,
    rows: Vec<Row>,
    entries: OnceLock<Entries>,
}

/// All entries, read.
#[derive(Clone)]
struct Entries {
    list: Vec<DocumentEntry>,
    /// What they take in memory, about.
    bytes: usize,
}

/// What is known of a document without reading its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// Where its line ends.
    end: u32,
    /// Number of chunks.
    pub(crate) chunks: u32,
    /// Indexed tokens of its chunks: a length for scoring that depends on nothing but the content.
    pub(crate) tokens: u64,
    /// Languages of its chunks.
    pub(crate) languages: LanguageSet,
    /// The segment that holds its chunks: a position in the list of segments, `None` where it has
    /// no chunks. What another segment holds of it counts for nothing: it was replaced.
    pub(crate) place: Option<u32>,
    id_bytes: u8,
}

/// The rows of a manifest as its file has them: a list for each kind of number.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Columns {
    /// Bytes of each line.
    lines: Vec<u32>,
    chunks: Vec<u32>,
    tokens: Vec<u64>,
    places: Vec<Option<u32>>,
    /// The languages of all documents.
    languages: Vec<Language>,
    /// Those of each document: a bit for each language of the list, the first one lowest.
    spoken: Vec<u64>,
}

/// A document as it is to stand in a manifest.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    bytes: Box<[u8]>,
    row: Row,
}

impl Line {
    /// The line of a document, not indexed yet.
    pub(crate) fn new(entry: &DocumentEntry) -> Self {
        let mut bytes = serde_json::to_vec(entry).expect("an entry has only string keys");
        bytes.push(b'\n');
        let languages = LanguageSet::default();
        let id_bytes = entry.id.as_str().len() as u8;
        let row = Row { end: 0, chunks: entry.chunks, tokens: 0, languages, place: None, id_bytes };
        Self { bytes: bytes.into_boxed_slice(), row }
    }
}

impl Documents {
    /// From lines and columns; `None` where they do not fit each other.
    pub(super) fn new(lines: &[u8], columns: Columns) -> Option<Self> {
        let Columns { lines: sizes, chunks, tokens, places, languages, spoken } = columns;
        let counts = [chunks.len(), tokens.len(), places.len(), spoken.len()];
        if counts != [sizes.len(); 4] {
            return None;
        }
        let numbers = sizes.iter().zip(chunks).zip(tokens.iter().zip(places)).zip(spoken);
        let (mut rows, mut start) = (Vec::with_capacity(sizes.len()), 0_u32);
        for (((size, chunks), (tokens, place)), spoken) in numbers {
            let end = start.checked_add(*size)?;
            let id_bytes = id_bytes(lines.get(start as usize..end as usize)?)?;
            let languages = LanguageSet::of_bits(spoken, &languages);
            rows.push(Row { end, chunks, tokens: *tokens, languages, place, id_bytes });
            start = end;
        }
        let fits = start as usize == lines.len();
        fits.then(|| Self { lines: lines.to_vec(), rows, entries: OnceLock::new() })
    }

    /// Documents that are in no segment; sorted by id.
    pub(crate) fn of(entries: &[DocumentEntry]) -> Option<Self> {
        let mut documents = Self::default();
        entries.iter().try_for_each(|entry| documents.push(&Line::new(entry)))?;
        Some(documents)
    }

    pub(super) fn columns(&self) -> Columns {
        let languages =
            self.rows.iter().fold(LanguageSet::default(), |all, row| all | row.languages);
        let languages: Vec<Language> = languages.iter().collect();
        let starts = [0].into_iter().chain(self.rows.iter().map(|row| row.end));
        Columns {
            lines: self.rows.iter().zip(starts).map(|(row, start)| row.end - start).collect(),
            chunks: self.rows.iter().map(|row| row.chunks).collect(),
            tokens: self.rows.iter().map(|row| row.tokens).collect(),
            places: self.rows.iter().map(|row| row.place).collect(),
            spoken: self.rows.iter().map(|row| row.languages.to_bits(&languages)).collect(),
            languages,
        }
    }

    /// These documents after some changes, sorted by id: each puts a line or, with `None`, takes
    /// one out. `None` where the lines would have more than 4 GiB.
    pub(crate) fn changed<'a>(
        &self,
        changes: impl IntoIterator<Item = (&'a DocumentId, Option<&'a Line>)>,
    ) -> Option<Self> {
        let mut next = Self::default();
        let mut at = 0;
        for (id, line) in changes {
            let (end, is_held) = self.seek(at, id.as_str().as_bytes());
            next.extend(self, at..end)?;
            at = end + usize::from(is_held);
            line.map_or(Some(()), |line| next.push(line))?;
        }
        next.extend(self, at..self.rows.len())?;
        Some(next)
    }

    fn push(&mut self, line: &Line) -> Option<()> {
        self.lines.extend_from_slice(&line.bytes);
        let end = u32::try_from(self.lines.len()).ok()?;
        self.rows.push(Row { end, ..line.row });
        Some(())
    }

    fn extend(&mut self, other: &Self, range: Range<usize>) -> Option<()> {
        let (from, to) = (other.start(range.start), other.start(range.end));
        let base = self.lines.len();
        self.lines.extend_from_slice(other.lines.get(from..to)?);
        u32::try_from(self.lines.len()).ok()?;
        let moved = |row: &Row| Row { end: (row.end as usize - from + base) as u32, ..*row };
        self.rows.extend(other.rows.get(range)?.iter().map(moved));
        Some(())
    }

    /// All lines.
    pub(crate) fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Number of chunks of all documents.
    pub(crate) fn chunk_count(&self) -> u64 {
        self.rows.iter().map(|row| u64::from(row.chunks)).sum()
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn rows_mut(&mut self) -> &mut [Row] {
        &mut self.rows
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).and_then(|before| self.rows.get(before)).map_or(0, |row| row.end as usize)
    }

    fn line(&self, at: usize) -> &[u8] {
        self.lines.get(self.start(at)..self.start(at + 1)).unwrap_or_default()
    }

    /// The id of a document as bytes; empty of one that is not there.
    fn id_bytes(&self, at: usize) -> &[u8] {
        let end = BEFORE_ID + self.rows.get(at).map_or(0, |row| usize::from(row.id_bytes));
        self.line(at).get(BEFORE_ID..end).unwrap_or_default()
    }

    /// The ids, in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.len()).map(|at| str::from_utf8(self.id_bytes(at)).unwrap_or_default())
    }

    /// The position of a document; a binary search.
    pub(crate) fn position(&self, id: &[u8]) -> Option<usize> {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from.midpoint(to);
            if self.id_bytes(middle) < id { from = middle + 1 } else { to = middle }
        }
        (from < self.len() && self.id_bytes(from) == id).then_some(from)
    }

    /// The first position from `from` on whose id is not before `id`, and whether it is that id.
    /// The cheaper the fewer lie between: whoever comes with ascending ids walks the list once.
    pub(crate) fn seek(&self, from: usize, id: &[u8]) -> (usize, bool) {
        let is_before = |at: usize| at < self.len() && self.id_bytes(at) < id;
        let (mut from, mut step) = (from, 1);
        while is_before(from + step - 1) {
            from += step;
            step *= 2;
        }
        let mut to = (from + step - 1).min(self.len());
        while from < to {
            let middle = from.midpoint(to);
            if is_before(middle) { from = middle + 1 } else { to = middle }
        }
        (from, from < self.len() && self.id_bytes(from) == id)
    }

    /// One entry; reads its line unless all were read. `None` where there is none.
    pub(crate) fn read(&self, at: usize) -> Option<DocumentEntry> {
        match self.entries.get() {
            Some(entries) => entries.list.get(at).cloned(),
            None => serde_json::from_slice(self.line(at)).ok(),
        }
    }

    /// Whether every line is that of its document.
    pub(super) fn are_sound(&self) -> bool {
        let is_sound = |(at, row): (usize, &Row)| {
            let entry: Option<DocumentEntry> = serde_json::from_slice(self.line(at)).ok();
            entry.is_some_and(|entry| entry.chunks == row.chunks)
        };
        self.rows.iter().enumerate().all(is_sound)
    }

    fn entries(&self) -> &Entries {
        self.entries.get_or_init(|| {
            let list: Vec<DocumentEntry> =
                (0..self.len()).filter_map(|at| self.read_or_bare(at)).collect();
            let bytes = list.iter().map(memory_bytes).sum();
            Entries { list, bytes }
        })
    }

    /// The entry of a line. One that cannot be read, which a checksum rules out unless whoever
    /// wrote it was wrong, says nothing but its id, so that all others keep their positions.
    fn read_or_bare(&self, at: usize) -> Option<DocumentEntry> {
        serde_json::from_slice(self.line(at)).ok().or_else(|| {
            let id = str::from_utf8(self.id_bytes(at)).ok()?.parse().ok()?;
            Some(DocumentEntry::bare(id))
        })
    }

    /// What they take in memory now, in bytes, about.
    pub(super) fn memory_bytes(&self) -> usize {
        let entries = self.entries.get().map_or(0, |entries| entries.bytes);
        self.lines.len() + size_of_val(&*self.rows) + entries
    }
}

/// Bytes of the id in a line; `None` where it is no line.
fn id_bytes(line: &[u8]) -> Option<u8> {
    let end = line.get(BEFORE_ID..)?.iter().take(usize::from(u8::MAX)).position(|&b| b == b'"')?;
    (line.last() == Some(&b'\n')).then_some(end as u8)
}

/// What an entry takes in memory, in bytes, about: each string and list with 16 bytes of the
/// allocator's own.
fn memory_bytes(entry: &DocumentEntry) -> usize {
    const EACH: usize = 16;
    let pairs = entry.metadata.iter();
    let metadata: usize =
        pairs.map(|(name, value)| METADATA_BYTES + name.len() + value.len()).sum();
    let strings = entry.id.as_str().len() + entry.source.len() + entry.title.len();
    let pages = size_of_val(&*entry.pages_without_text);
    size_of::<DocumentEntry>() + 4 * EACH + strings + metadata + pages
}

impl Deref for Documents {
    type Target = [DocumentEntry];

    fn deref(&self) -> &[DocumentEntry] {
        &self.entries().list
    }
}

impl<'a> IntoIterator for &'a Documents {
    type Item = &'a DocumentEntry;
    type IntoIter = std::slice::Iter<'a, DocumentEntry>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Documents> for Vec<DocumentEntry> {
    fn from(documents: Documents) -> Self {
        documents.entries();
        documents.entries.into_inner().map_or_else(Self::new, |entries| entries.list)
    }
}

impl PartialEq for Documents {
    fn eq(&self, other: &Self) -> bool {
        (&self.lines, &self.rows) == (&other.lines, &other.rows)
    }
}

impl Eq for Documents {}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl Documents {
    /// Changes a byte of the lines.
    pub(super) fn damage(&mut self, at: usize) {
        self.lines[at] ^= 1;
    }
}
