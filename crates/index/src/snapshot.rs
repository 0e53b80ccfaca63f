//! One immutable state of a bot.

use std::any::Any;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use document::{Chunk, DocumentId};
use tantivy::Term;

use crate::files::Identity;
use crate::filter::Gate;
use crate::manifest::MANIFEST_FILE;
use crate::schema::Fields;
use crate::score::{Totals, clauses, idf, live_documents, live_frequency, score_segment};
use crate::vectors::Vectors;
use crate::vocabulary::Vocabulary;
use crate::{
    Config, DocumentEntry, FileEntry, Filter, IndexError, Language, Manifest, Query, QueryTerm,
    SnapshotKey,
};

mod segment;
mod similar;

pub(crate) use segment::{Opened, Owner, Segment, alive, documents_of, open_segments, owners_in};
pub use similar::Similarities;

/// Languages whose stems are looked for. Each costs a look-up a word; a bot with more has a few
/// documents in the rest, which are still found by the words as written.
const LANGUAGES_MAX: usize = 8;

/// What part of the cache may be attached to one snapshot, so that one busy bot does not drive
/// out all others: 64 MiB of the default, which hold some 20,000 prepared chunks.
const ATTACHED_SHARE: usize = 4;

/// One immutable state of a bot's index. Everything it answers depends on its content alone,
/// never on how that came about.
pub struct Snapshot {
    folder: PathBuf,
    manifest: Manifest,
    totals: Totals,
    languages: Vec<Language>,
    fields: Fields,
    segments: Vec<Segment>,
    /// `None` where it has none.
    vectors: Option<Vectors>,
    /// The place of each vector's chunk, filled when it is first needed.
    places: OnceLock<Vec<Option<Found>>>,
    /// Of the file that is held.
    identity: Identity,
    attached: OnceLock<Arc<dyn Attached>>,
    attached_bytes_max: usize,
    /// What segments and vectors take in memory from the beginning, in bytes, about.
    opened_bytes: usize,
    /// The manifest's file under a shared lock: as long as it is held, the snapshot stays.
    _hold: File,
}

/// What a reader keeps beside a snapshot, see [`Snapshot::attached`].
pub trait Attached: Any + Send + Sync {
    /// What it takes in memory now, in bytes, about. Asked often: should cost next to nothing.
    fn bytes(&self) -> usize;
}

/// A chunk that matches a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Its document.
    pub document_id: DocumentId,
    /// The title of its document.
    pub title: String,
    /// The higher the better, above 0; comparable within one snapshot and query only.
    pub score: f32,
    /// The language it was analysed in.
    pub language: Language,
    /// The chunk.
    pub chunk: Chunk,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Snapshot {
    /// Opens the snapshot in a folder; `None` where a writer has removed it or is about to.
    ///
    /// Sizes of all files are compared with the manifest, and checksums too where the files
    /// together have at most `verify_bytes_max` bytes. What it has in common with an open snapshot
    /// `before` it takes from there: segments, compared when that was opened, and what is attached.
    pub(crate) fn open(
        folder: &Path,
        config: &Config,
        before: Option<&Self>,
    ) -> Result<Option<Self>, IndexError> {
        let Some(hold) = hold(folder)? else { return Ok(None) };
        let identity = Identity::of(&hold.metadata().map_err(IndexError::io(folder))?);
        let manifest = Manifest::read(folder)?;
        manifest.check_schema(folder)?;
        let known = before.map_or_else(Vec::new, |before| before.shared_with(folder, &manifest));
        let is_known = |entry: &FileEntry| known.iter().any(|opened| opened.file() == entry.name);
        manifest.check(folder, config.verify_bytes_max, is_known)?;
        let (fields, segments) = open_segments(folder, &manifest, |_| true, &known)?;
        let vectors = Vectors::open(folder, &manifest)?;
        let tokens = manifest.documents.rows().iter().map(|row| row.tokens).sum();
        let totals = Totals { chunks: manifest.chunk_count(), tokens };
        let carries = before.filter(|before| before.is_continued(&manifest, &known));
        let attached = carries.map(|before| before.attached.clone()).unwrap_or_default();
        let folder = folder.to_owned();
        let languages = languages_of(&manifest);
        let opened_bytes = segments.iter().map(Segment::opened_bytes).sum::<usize>()
            + vectors.as_ref().map_or(0, Vectors::memory_bytes);
        Ok(Some(Self {
            folder,
            manifest,
            totals,
            languages,
            fields,
            segments,
            vectors,
            places: OnceLock::new(),
            identity,
            attached,
            attached_bytes_max: config.cache_bytes_max / ATTACHED_SHARE,
            opened_bytes,
            _hold: hold,
        }))
    }

    /// The open segments that a snapshot in a folder has in common with this one: the same files,
    /// not only of the same name.
    fn shared_with(&self, folder: &Path, manifest: &Manifest) -> Vec<Arc<Opened>> {
        let mine = |name: &str| self.manifest.files.iter().find(|file| file.name == name);
        let theirs = |name: &str| manifest.files.iter().find(|file| file.name == name);
        let opened = self.segments.iter().map(Segment::opened);
        let shared = opened.filter(|opened| {
            let name = opened.file();
            theirs(name).is_some() && theirs(name) == mine(name) && opened.is_in(folder)
        });
        shared.map(Arc::clone).collect()
    }

    /// Whether every segment of this snapshot that another one names is in common. Where a damaged
    /// file was replaced, nothing counts that was made of it.
    fn is_continued(&self, manifest: &Manifest, shared: &[Arc<Opened>]) -> bool {
        let named: BTreeSet<&str> = manifest.files.iter().map(|file| &*file.name).collect();
        let mut mine = self.segments.iter().map(|segment| segment.opened().file());
        mine.all(|file| !named.contains(file) || shared.iter().any(|opened| opened.file() == file))
    }

    /// Whether its folder was not replaced since: a repair makes a damaged snapshot anew under
    /// the same key. One `stat`.
    pub(crate) fn is_in_place(&self) -> bool {
        let now = fs::metadata(self.folder.join(MANIFEST_FILE));
        // Where it is missing, what is mapped here is all there is.
        now.map_or(true, |metadata| Identity::of(&metadata) == self.identity)
    }

    /// The key of its content.
    pub fn key(&self) -> SnapshotKey {
        self.manifest.key
    }

    /// What it holds.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// One of its documents; reads the whole list of them.
    pub fn document(&self, id: &DocumentId) -> Option<&DocumentEntry> {
        self.manifest.document(id)
    }

    /// Number of chunks.
    pub fn chunk_count(&self) -> u64 {
        self.totals.chunks
    }

    /// Compares every file with its checksum; reads them all, and what is told of each document.
    pub fn verify(&self) -> Result<(), IndexError> {
        self.manifest.verify(&self.folder)
    }

    /// The best `limit` chunks that a query's filter lets through, by score descending, ties by
    /// (document id, ordinal).
    ///
    /// Costs the postings of the query's terms, four bytes of memory for each chunk of the
    /// largest segment, and the decompression of the chunks returned.
    pub fn search(&self, query: &Query, limit: usize) -> Result<Vec<Hit>, IndexError> {
        self.find(query, limit)?.iter().map(|found| self.read(found)).collect()
    }

    /// The places of the chunks that [`search`](Self::search) gives, without their text.
    pub fn find(&self, query: &Query, limit: usize) -> Result<Vec<Found>, IndexError> {
        self.find_terms(&self.terms(query)?, query.filter(), limit)
    }

    /// The same for terms that [`terms`](Self::terms) gave: whoever needs them for more asks once.
    pub fn find_terms(
        &self,
        terms: &[QueryTerm],
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<Found>, IndexError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut best = BinaryHeap::new();
        let collected = self.collect(terms, filter, limit, &mut best);
        collected.map_err(IndexError::tantivy(&self.folder))?;
        let mut best: Vec<Found> = best.into_iter().map(|Reverse(found)| found).collect();
        best.sort_by(|left, right| right.cmp(left));
        Ok(best)
    }

    /// Reads a chunk that was found in this snapshot: the decompression of one block.
    pub fn read(&self, found: &Found) -> Result<Hit, IndexError> {
        let outside = || IndexError::damaged(&self.folder, "a chunk of another snapshot");
        let segment = self.segments.get(found.segment).ok_or_else(outside)?;
        let entry = self.manifest.documents.read(found.owner as usize).ok_or_else(outside)?;
        let (chunk, language) = self.stored(segment, found.doc)?;
        let DocumentEntry { id: document_id, title, .. } = entry;
        Ok(Hit { document_id, title, score: found.score, language, chunk })
    }

    /// Where a chunk that was found is stored: its segment and its number there, which are the same
    /// in every snapshot of the bot that has the chunk. `None` of one of another snapshot.
    pub fn stored_at(&self, found: &Found) -> Option<(u128, u32)> {
        Some((self.segments.get(found.segment)?.number(), found.doc))
    }

    /// What a reader keeps beside this snapshot, such as work that is the same for every
    /// question: made by the first call, which is told how many bytes it may grow to. It goes over
    /// to the next snapshot of the bot, and is dropped with the last; so it should name chunks by
    /// where they are [`stored`](Self::stored_at). There is one such place; `None` where another type has taken it.
    pub fn attached<T: Attached>(&self, make: impl FnOnce(usize) -> T) -> Option<&T> {
        let attached = self.attached.get_or_init(|| Arc::new(make(self.attached_bytes_max)));
        let any: &dyn Any = &**attached;
        any.downcast_ref()
    }

    /// What it takes in memory now, in bytes, about: what it knows of its documents, blocks it
    /// has read and what is attached to it. Mapped files are not counted.
    pub fn bytes(&self) -> usize {
        let blocks: usize = self.segments.iter().map(Segment::block_bytes).sum();
        let places = self.places.get().map_or(0, |places| size_of_val(&**places));
        let attached = self.attached.get().map_or(0, |attached| attached.bytes());
        self.manifest.memory_bytes() + self.opened_bytes + blocks + places + attached
    }

    /// The languages of its chunks, the one of most documents first; at most
    /// eight of them.
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// The terms of a query that count here: its words without those that carry no matter in the
    /// question's language, with their stems in every language of the snapshot and what
    /// stands for words that no chunk holds: words that are spelt nearly alike, and in languages
    /// of compounds the parts of a word or the word that two terms make.
    pub fn terms(&self, query: &Query) -> Result<Vec<QueryTerm>, IndexError> {
        self.expanded(query).map_err(IndexError::tantivy(&self.folder))
    }

    fn expanded(&self, query: &Query) -> tantivy::Result<Vec<QueryTerm>> {
        let mut terms = query.terms(&self.languages);
        let segments = self.segments.iter().map(|segment| &segment.reader).collect();
        let vocabulary = Vocabulary { segments, fields: self.fields };
        vocabulary.expand(&mut terms, &self.languages, query.language(&self.languages))?;
        Ok(terms)
    }

    /// The inverse document frequency of a word of a query over the live chunks,
    /// `ln(1 + (N - n + 0.5) / (n + 0.5))`, where n of N chunks hold any of its stems; where none
    /// does, any of those of its alternatives.
    pub fn idf_of(&self, term: &QueryTerm) -> Result<f32, IndexError> {
        let mut found = 0;
        for stem in &term.stems {
            found += self.frequency(stem)?;
        }
        if found == 0 {
            let stems: BTreeSet<&String> =
                term.alternatives.iter().flat_map(|other| &other.stems).collect();
            for stem in stems {
                found += self.frequency(stem)?;
            }
        }
        Ok(idf(self.totals.chunks, found.min(self.totals.chunks)))
    }

    fn frequency(&self, stem: &str) -> Result<u64, IndexError> {
        let term = Term::from_field_text(self.fields.stem, stem);
        let readers = self.segments.iter().map(|segment| &segment.reader);
        live_frequency(readers, &term).map_err(IndexError::tantivy(&self.folder))
    }

    /// One chunk of a document; `None` where document or ordinal are unknown.
    pub fn chunk(&self, id: &DocumentId, ordinal: u32) -> Result<Option<Chunk>, IndexError> {
        let mut found = self.chunks_where(id, |candidate| candidate == ordinal)?;
        Ok(found.pop())
    }

    /// All chunks of a document, by ordinal; none where the document is unknown.
    pub fn chunks(&self, id: &DocumentId) -> Result<Vec<Chunk>, IndexError> {
        let mut found = self.chunks_where(id, |_| true)?;
        found.sort_by_key(|chunk| chunk.ordinal);
        Ok(found)
    }

    /// Up to `limit` chunks of a document from an ordinal on, by ordinal; reads no others.
    pub fn chunks_from(
        &self,
        id: &DocumentId,
        from: u32,
        limit: usize,
    ) -> Result<Vec<Chunk>, IndexError> {
        let end = from.saturating_add(u32::try_from(limit).unwrap_or(u32::MAX));
        let mut found = self.chunks_where(id, |ordinal| (from..end).contains(&ordinal))?;
        found.sort_by_key(|chunk| chunk.ordinal);
        Ok(found)
    }

    fn chunks_where(
        &self,
        id: &DocumentId,
        wanted: impl Fn(u32) -> bool,
    ) -> Result<Vec<Chunk>, IndexError> {
        let term = self.fields.document_term(id);
        let mut found = Vec::new();
        for segment in &self.segments {
            let documents = live_documents(&segment.reader, &term)
                .map_err(IndexError::tantivy(&self.folder))?;
            for doc in documents.into_iter().filter(|&doc| wanted(segment.ordinal(doc))) {
                found.push(self.stored(segment, doc)?.0);
            }
        }
        Ok(found)
    }

    fn collect(
        &self,
        terms: &[QueryTerm],
        filter: &Filter,
        limit: usize,
        best: &mut BinaryHeap<Reverse<Found>>,
    ) -> tantivy::Result<()> {
        let readers = || self.segments.iter().map(|segment| &segment.reader);
        let clauses = clauses(terms, self.fields, self.totals, readers)?;
        if clauses.is_empty() {
            return Ok(());
        }
        let gate = filter.on(&self.manifest);
        let mut scores = Vec::new();
        for (at, segment) in self.segments.iter().enumerate() {
            score_segment(&segment.reader, self.fields, &clauses, self.totals, &mut scores)?;
            collect_segment(at, segment, &scores, &gate, limit, best);
        }
        Ok(())
    }

    fn stored(&self, segment: &Segment, doc: u32) -> Result<(Chunk, Language), IndexError> {
        let stored = segment.stored(doc).map_err(IndexError::tantivy(&self.folder))?;
        self.fields
            .stored_chunk(&stored)
            .ok_or_else(|| IndexError::damaged(&self.folder, format!("chunk {doc} is unreadable")))
    }
}

/// The languages of the most documents, ties by code.
fn languages_of(manifest: &Manifest) -> Vec<Language> {
    let mut counts: BTreeMap<Language, usize> = BTreeMap::new();
    for language in manifest.documents.rows().iter().flat_map(|row| row.languages.iter()) {
        *counts.entry(language).or_default() += 1;
    }
    let mut languages: Vec<(Language, usize)> = counts.into_iter().collect();
    languages.sort_by_key(|(_, count)| Reverse(*count));
    languages.truncate(LANGUAGES_MAX);
    languages.into_iter().map(|(language, _)| language).collect()
}

/// The place of a chunk that matches a query. Greater is better: by score, then by the earlier
/// document and ordinal.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    score: f32,
    owner: Owner,
    ordinal: u32,
    segment: usize,
    doc: u32,
}

impl Found {
    /// The higher the better, above 0; comparable within one snapshot and query only.
    pub fn score(&self) -> f32 {
        self.score
    }

    /// Its place, unlike any other in its snapshot: the document's position in the manifest, and the chunk's ordinal.
    pub fn place(&self) -> (usize, u32) {
        (self.document(), self.ordinal)
    }

    /// Its document: the position in the manifest.
    pub fn document(&self) -> usize {
        self.owner as usize
    }
}

impl Eq for Found {}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |found: &Self| Reverse((found.owner, found.ordinal));
        self.score.total_cmp(&other.score).then_with(|| place(self).cmp(&place(other)))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn collect_segment(
    at: usize,
    segment: &Segment,
    scores: &[f32],
    gate: &Gate,
    limit: usize,
    best: &mut BinaryHeap<Reverse<Found>>,
) {
    // Most chunks fail this comparison; the rest of the loop body is rare.
    let mut worst = threshold(best, limit);
    for (doc, &score) in scores.iter().enumerate() {
        if score <= 0.0 || score < worst {
            continue;
        }
        let doc = doc as u32;
        let Some(owner) = segment.live_owner(doc) else { continue };
        if !gate.lets(segment, doc, owner) {
            continue;
        }
        best.push(Reverse(Found { score, owner, ordinal: segment.ordinal(doc), segment: at, doc }));
        if best.len() > limit {
            best.pop();
        }
        worst = threshold(best, limit);
    }
}

/// The score a chunk must reach to be looked at: ties are decided by place.
fn threshold(best: &BinaryHeap<Reverse<Found>>, limit: usize) -> f32 {
    best.peek().filter(|_| best.len() >= limit).map_or(0.0, |Reverse(found)| found.score)
}

/// The manifest's file under a shared lock, or `None` where it is gone or about to go.
fn hold(folder: &Path) -> Result<Option<File>, IndexError> {
    let path = folder.join(MANIFEST_FILE);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(IndexError::io(&path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(IndexError::io(&path)(error)),
    }
}
