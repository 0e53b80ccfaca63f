//! The segments of a snapshot, opened.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use document::PageRange;
use tantivy::columnar::Column;
use tantivy::directory::OwnedBytes;
use tantivy::fastfield::AliveBitSet;
use tantivy::store::StoreReader;
use tantivy::{SegmentReader, TantivyDocument};

use crate::files::Identity;
use crate::manifest::SegmentEntry;
use crate::schema::{DOCUMENT, Fields, ORDINAL, PAGES, schema};
use crate::{Documents, IndexError, Manifest, pack};

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

/// One segment of a snapshot, opened for reading without any lock file, thread or watcher.
pub(crate) struct Segment {
    /// It knows which chunks live.
    pub(crate) reader: SegmentReader,
    opened: Arc<Opened>,
    /// By the segment's own number of a document; `None` where its chunks here are dead.
    owners: Vec<Option<Owner>>,
}

/// What is the same in every snapshot that has the segment: one that follows takes it over as it
/// is, with its mapping and the blocks that were read.
pub(crate) struct Opened {
    file: String,
    /// Of the file that is mapped.
    identity: Identity,
    /// Unlike that of any other segment.
    number: u128,
    pack: tantivy::Segment,
    /// Of all chunks, dead or alive.
    reader: SegmentReader,
    store: StoreReader,
    /// Chunks read so far.
    reads: AtomicUsize,
    ordinals: Option<Column<u64>>,
    pages: [Option<Column<u64>>; 2],
    documents: Option<Column<u64>>,
}

impl Opened {
    fn new(folder: &Path, file: &str, pack: tantivy::Segment) -> Result<Self, IndexError> {
        let path = folder.join(file);
        let identity = Identity::of(&fs::metadata(&path).map_err(IndexError::io(&path))?);
        let read = || {
            let reader = SegmentReader::open(&pack)?;
            let store = reader.get_store_reader(STORE_BLOCKS_CACHED)?;
            let ordinals = reader.fast_fields().column_opt(ORDINAL)?;
            let [first, last] = PAGES.map(|name| reader.fast_fields().column_opt(name));
            let documents = reader.fast_fields().str(DOCUMENT)?.map(|ids| ids.ords().clone());
            tantivy::Result::Ok((reader, store, ordinals, [first?, last?], documents))
        };
        let (reader, store, ordinals, pages, documents) =
            read().map_err(IndexError::tantivy(folder))?;
        let number = u128::from_str_radix(&pack.id().uuid_string(), 16).unwrap_or_default();
        let (file, reads) = (file.to_owned(), AtomicUsize::new(0));
        Ok(Self { file, identity, number, pack, reader, store, reads, ordinals, pages, documents })
    }

    /// The name of its file.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// Whether the file of its name in a folder is the one that is mapped here.
    pub(crate) fn is_in(&self, folder: &Path) -> bool {
        let metadata = fs::metadata(folder.join(&self.file));
        metadata.is_ok_and(|metadata| Identity::of(&metadata) == self.identity)
    }
}

/// Opens the segments of a folder whose files are `wanted`, or takes them from those that are open;
/// the number of live chunks must be that of the manifest. Where that fails, all files are read to
/// see whether one of them is to blame.
pub(crate) fn open_segments(
    folder: &Path,
    manifest: &Manifest,
    wanted: impl Fn(&str) -> bool,
    open: &[Arc<Opened>],
) -> Result<(Fields, Vec<Segment>), IndexError> {
    // The search library trusts its files, and panics at some that it did not write.
    let opened =
        panic::catch_unwind(AssertUnwindSafe(|| open_trusted(folder, manifest, wanted, open)));
    let crashed = |_| Err(IndexError::damaged(folder, "the search library crashes on its files"));
    opened
        .unwrap_or_else(crashed)
        .map_err(|error| manifest.check_files(folder).err().unwrap_or(error))
}

fn open_trusted(
    folder: &Path,
    manifest: &Manifest,
    wanted: impl Fn(&str) -> bool,
    open: &[Arc<Opened>],
) -> Result<(Fields, Vec<Segment>), IndexError> {
    let mut live = vec![0_u32; manifest.segments.len()];
    for (at, row) in manifest.documents.rows().iter().enumerate().filter(|(_, r)| r.chunks > 0) {
        let place = row.place.and_then(|place| live.get_mut(place as usize));
        let place = place.ok_or_else(|| {
            let id = manifest.documents.ids().nth(at).unwrap_or_default();
            IndexError::damaged(folder, format!("the chunks of {id} lie nowhere"))
        })?;
        *place = place.saturating_add(row.chunks);
    }
    let chosen = manifest.segments.iter().zip(live).enumerate();
    let chosen: Vec<_> = chosen.filter(|(_, (entry, _))| wanted(&entry.file)).collect();
    let known =
        |entry: &SegmentEntry| open.iter().find(|opened| opened.file == entry.file).map(Arc::clone);
    let new = chosen.iter().map(|(_, (entry, _))| *entry).filter(|entry| known(entry).is_none());
    let mut packs = pack::open(folder, new)?.into_iter();
    let mut segments = Vec::with_capacity(chosen.len());
    for (at, (entry, live)) in chosen {
        let opened = match known(entry) {
            Some(opened) => opened,
            None => {
                let missing = || IndexError::damaged(folder, "a segment is missing");
                let pack = packs.next().ok_or_else(missing)?;
                Arc::new(Opened::new(folder, &entry.file, pack)?)
            }
        };
        let segment =
            Segment::of(opened, at, manifest, live).map_err(IndexError::tantivy(folder))?;
        let found = segment.reader.num_docs();
        if found != live {
            let why = format!("{found} live chunks are indexed, the manifest has {live}");
            return Err(IndexError::damaged(folder, why));
        }
        segments.push(segment);
    }
    Ok((schema().1, segments))
}

/// What `tell` says of the id of each document that a segment holds chunks of, by the segment's own
/// numbers of them, which ascend with the ids, and the number of each chunk's; `None` where it
/// holds no chunks.
pub(crate) fn documents_of<T>(
    reader: &SegmentReader,
    mut tell: impl FnMut(&[u8]) -> T,
) -> tantivy::Result<Option<(Vec<T>, Column<u64>)>> {
    let Some(ids) = reader.fast_fields().str(DOCUMENT)? else { return Ok(None) };
    let mut told = Vec::with_capacity(ids.num_terms());
    let mut stream = ids.dictionary().stream()?;
    while stream.advance() {
        told.push(tell(stream.key()));
    }
    Ok(Some((told, ids.ords().clone())))
}

/// The chunks of the documents that live. Costs a look at every chunk.
pub(crate) fn alive(lives: &[bool], documents: &Column<u64>, chunks: u32) -> AliveBitSet {
    let mut words = vec![0_u64; (chunks as usize).div_ceil(64)];
    for doc in 0..chunks {
        let number = documents.first(doc).and_then(|number| usize::try_from(number).ok());
        if number.is_some_and(|number| lives.get(number) == Some(&true)) {
            words[doc as usize / 64] |= 1 << (doc % 64);
        }
    }
    // As the library writes such sets.
    let mut bytes = chunks.to_le_bytes().to_vec();
    words.into_iter().for_each(|word| bytes.extend(word.to_le_bytes()));
    AliveBitSet::open(OwnedBytes::new(bytes))
}

impl Segment {
    /// The segment at a position of the manifest, which has `live` chunks.
    fn of(opened: Arc<Opened>, at: usize, manifest: &Manifest, live: u32) -> tantivy::Result<Self> {
        let mut reader = opened.reader.clone();
        let (owners, documents) =
            documents_of(&reader, owners_in(&manifest.documents, at))?.unzip();
        let owners = owners.unwrap_or_default();
        if live != reader.max_doc() {
            let lives: Vec<bool> = owners.iter().map(Option::is_some).collect();
            let alive = documents.as_ref().map(|column| alive(&lives, column, reader.max_doc()));
            reader = SegmentReader::open_with_custom_alive_set(&opened.pack, alive)?;
        }
        Ok(Self { reader, opened, owners })
    }

    /// What is open of it whatever the snapshot.
    pub(crate) fn opened(&self) -> &Arc<Opened> {
        &self.opened
    }

    /// Unlike that of any other segment.
    pub(crate) fn number(&self) -> u128 {
        self.opened.number
    }

    /// What is stored of a chunk: the decompression of one block, unless it was just read.
    pub(crate) fn stored(&self, doc: u32) -> tantivy::Result<TantivyDocument> {
        self.opened.reads.fetch_add(1, Ordering::Relaxed);
        self.opened.store.get(doc)
    }

    /// What it takes in memory when it is opened, in bytes, about.
    pub(crate) fn opened_bytes(&self) -> usize {
        SEGMENT_BYTES + size_of_val(&*self.owners)
    }

    /// What the blocks take that were read, in bytes, at most: as if each read had been of
    /// another block.
    pub(crate) fn block_bytes(&self) -> usize {
        let blocks = self.opened.reads.load(Ordering::Relaxed).min(self.reader.max_doc() as usize);
        blocks.min(STORE_BLOCKS_CACHED) * STORE_BLOCK_BYTES
    }

    /// The ordinal of a chunk.
    pub(crate) fn ordinal(&self, doc: u32) -> u32 {
        let ordinal = self.opened.ordinals.as_ref().and_then(|ordinals| ordinals.first(doc));
        ordinal.and_then(|ordinal| u32::try_from(ordinal).ok()).unwrap_or_default()
    }

    /// The pages that a chunk touches; `None` where its format has none.
    pub(crate) fn pages(&self, doc: u32) -> Option<PageRange> {
        let page = |at: usize| u32::try_from(self.opened.pages[at].as_ref()?.first(doc)?).ok();
        Some(PageRange { first: page(0)?, last: page(1)? })
    }

    /// The document of a chunk, `None` where the chunk is dead.
    pub(crate) fn live_owner(&self, doc: u32) -> Option<Owner> {
        let number = self.opened.documents.as_ref()?.first(doc)?;
        *self.owners.get(usize::try_from(number).ok()?)?
    }
}

/// What tells, asked for ascending ids, the document of each whose chunks lie in the segment `at`.
pub(crate) fn owners_in(documents: &Documents, at: usize) -> impl FnMut(&[u8]) -> Option<Owner> {
    let mut next = 0;
    move |id| {
        let (position, is_held) = documents.seek(next, id);
        next = position;
        let row = documents.rows().get(position).filter(|_| is_held)?;
        row.place.filter(|&place| place as usize == at)?;
        Owner::try_from(position).ok()
    }
}
