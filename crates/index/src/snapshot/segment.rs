//! The segments of a snapshot, opened.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use document::PageRange;
use tantivy::columnar::Column;
use tantivy::store::StoreReader;
use tantivy::{Index, SegmentReader, TantivyDocument};

use crate::schema::{DOCUMENT, Fields, ORDINAL, PAGES, schema};
use crate::{IndexError, Manifest};

/// Decompressed blocks of stored chunks kept per segment. Neighbouring chunks share a block of
/// 4 KiB, and hits of one question cluster: half a megabyte at most, filled as needed.
const STORE_BLOCKS_CACHED: usize = 128;

/// A decompressed block with its place in the cache, in bytes, about: it is closed by the chunk that
/// passes 4 KiB.
const STORE_BLOCK_BYTES: usize = 6 << 10;

/// What the search library takes for an open segment, in bytes, about: readers of five fields
/// and four columns, names and mappings; estimated on the high side.
const SEGMENT_BYTES: usize = 24 << 10;

/// A document's place in the manifest, which is its rank by id.
pub(crate) type Owner = u32;

/// One segment, opened for reading without any lock file, thread or watcher.
pub(crate) struct Segment {
    pub(crate) reader: SegmentReader,
    store: StoreReader,
    /// Chunks read so far.
    reads: AtomicUsize,
    ordinals: Option<Column<u64>>,
    pages: [Option<Column<u64>>; 2],
    documents: Option<Column<u64>>,
    /// By the segment's own number of a document; `None` where all its chunks are deleted.
    owners: Vec<Option<Owner>>,
}

/// Opens all segments of a folder; the number of live chunks must be that of the manifest.
/// Where that fails, all files are read to see whether one of them is to blame.
pub(crate) fn open_segments(
    folder: &Path,
    manifest: &Manifest,
) -> Result<(Fields, Vec<Segment>), IndexError> {
    // The search library trusts its files, and panics at some that it did not write.
    let opened = panic::catch_unwind(AssertUnwindSafe(|| open_trusted(folder, manifest)));
    let crashed = |_| Err(IndexError::damaged(folder, "the search library crashes on its files"));
    opened
        .unwrap_or_else(crashed)
        .map_err(|error| manifest.check_files(folder).err().unwrap_or(error))
}

fn open_trusted(folder: &Path, manifest: &Manifest) -> Result<(Fields, Vec<Segment>), IndexError> {
    let (expected, fields) = schema();
    let index = Index::open_in_dir(folder).map_err(IndexError::tantivy(folder))?;
    if index.schema() != expected {
        return Err(IndexError::damaged(folder, "its fields are not those of its schema"));
    }
    let segments = open(&index, manifest).map_err(IndexError::tantivy(folder))?;
    let live: u64 = segments.iter().map(|segment| u64::from(segment.reader.num_docs())).sum();
    if live != manifest.chunk_count() {
        let why = format!("{live} chunks are indexed, the manifest has {}", manifest.chunk_count());
        return Err(IndexError::damaged(folder, why));
    }
    Ok((fields, segments))
}

fn open(index: &Index, manifest: &Manifest) -> tantivy::Result<Vec<Segment>> {
    let segments = index.searchable_segments()?;
    segments.iter().map(|segment| Segment::open(segment, manifest)).collect()
}

impl Segment {
    fn open(segment: &tantivy::Segment, manifest: &Manifest) -> tantivy::Result<Self> {
        let reader = SegmentReader::open(segment)?;
        let store = reader.get_store_reader(STORE_BLOCKS_CACHED)?;
        let ordinals = reader.fast_fields().column_opt(ORDINAL)?;
        let [first, last] = PAGES.map(|name| reader.fast_fields().column_opt(name));
        let pages = [first?, last?];
        let (mut owners, mut documents) = (Vec::new(), None);
        if let Some(ids) = reader.fast_fields().str(DOCUMENT)? {
            let mut stream = ids.dictionary().stream()?;
            while stream.advance() {
                owners.push(owner(manifest, stream.key()));
            }
            documents = Some(ids.ords().clone());
        }
        let reads = AtomicUsize::new(0);
        Ok(Self { reader, store, reads, ordinals, pages, documents, owners })
    }

    /// What is stored of a chunk: the decompression of one block, unless it was just read.
    pub(crate) fn stored(&self, doc: u32) -> tantivy::Result<TantivyDocument> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.store.get(doc)
    }

    /// What it takes in memory when it is opened, in bytes, about.
    pub(crate) fn opened_bytes(&self) -> usize {
        SEGMENT_BYTES + size_of_val(&*self.owners)
    }

    /// What the blocks take that were read, in bytes, at most: as if each read had been of
    /// another block.
    pub(crate) fn block_bytes(&self) -> usize {
        let blocks = self.reads.load(Ordering::Relaxed).min(self.reader.max_doc() as usize);
        blocks.min(STORE_BLOCKS_CACHED) * STORE_BLOCK_BYTES
    }

    /// The ordinal of a chunk.
    pub(crate) fn ordinal(&self, doc: u32) -> u32 {
        let ordinal = self.ordinals.as_ref().and_then(|ordinals| ordinals.first(doc));
        ordinal.and_then(|ordinal| u32::try_from(ordinal).ok()).unwrap_or_default()
    }

    /// The pages that a chunk touches; `None` where its format has none.
    pub(crate) fn pages(&self, doc: u32) -> Option<PageRange> {
        let page = |at: usize| u32::try_from(self.pages[at].as_ref()?.first(doc)?).ok();
        Some(PageRange { first: page(0)?, last: page(1)? })
    }

    /// The document of a chunk, `None` where the chunk is deleted.
    pub(crate) fn live_owner(&self, doc: u32) -> Option<Owner> {
        let number = self.documents.as_ref()?.first(doc)?;
        let owner = *self.owners.get(usize::try_from(number).ok()?)?;
        owner.filter(|_| !self.reader.is_deleted(doc))
    }
}

fn owner(manifest: &Manifest, id: &[u8]) -> Option<Owner> {
    let found = manifest.documents.binary_search_by(|entry| entry.id.as_str().as_bytes().cmp(id));
    found.ok().and_then(|position| Owner::try_from(position).ok())
}
