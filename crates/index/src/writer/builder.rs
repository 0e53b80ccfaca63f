//! Documents into segments.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use document::{Chunk, DocumentId};
use tantivy::{Index, SingleSegmentIndexWriter};

use super::caught;
use super::workshop::{Heap, Workshop};
use crate::language::LanguageSet;
use crate::manifest::FileEntry;
use crate::parts::Parts;
use crate::schema::{self, schema, settings, tokenizers};
use crate::{DocumentEntry, IndexError, pack};

/// What the search library is told to expect of a text, times its bytes: it makes its table of
/// words by that. The table grows where it is too small.
const HEAP_PER_TEXT_BYTE: usize = 8;

/// Bounds of what the library is told: it wants some 30 KiB, and makes a table of a fourth of it.
const HEAP_HINT: std::ops::RangeInclusive<usize> = 64 << 10..=4 << 20;

/// A document to be indexed.
pub(super) struct Put {
    pub(super) entry: DocumentEntry,
    pub(super) chunks: Vec<Chunk>,
}

impl Put {
    /// Text of its chunks, in bytes.
    pub(super) fn text_bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.text.len()).sum()
    }
}

/// A segment that was written into the stage.
pub(super) struct Built {
    pub(super) file: FileEntry,
    pub(super) chunks: u32,
    pub(super) documents: Vec<Indexed>,
}

/// A document that was indexed.
pub(super) struct Indexed {
    pub(super) id: DocumentId,
    /// Tokens of its chunks.
    pub(super) tokens: u64,
    /// Languages of its chunks.
    pub(super) languages: LanguageSet,
}

/// Makes segments of documents, one after another.
pub(super) struct Builder {
    folder: PathBuf,
    workshop: Arc<Workshop>,
    heap_hint: usize,
    documents: schema::Builder,
    open: Option<Open>,
    built: Vec<Built>,
}

/// A segment in the making.
struct Open {
    writer: SingleSegmentIndexWriter,
    parts: Parts,
    heap: Heap,
    chunks: u32,
    documents: Vec<Indexed>,
}

impl Builder {
    /// A builder that writes into a folder. `text_bytes` is how much it should expect.
    pub(super) fn new(folder: &Path, workshop: &Arc<Workshop>, text_bytes: usize) -> Self {
        let hint = text_bytes.saturating_mul(HEAP_PER_TEXT_BYTE);
        Self {
            folder: folder.to_owned(),
            workshop: Arc::clone(workshop),
            heap_hint: hint.clamp(*HEAP_HINT.start(), *HEAP_HINT.end()),
            documents: schema::Builder::new(schema().1),
            open: None,
            built: Vec::new(),
        }
    }

    /// Adds a document. All of its chunks come to lie in one segment.
    pub(super) fn add(&mut self, put: &Put) -> Result<(), IndexError> {
        if put.chunks.is_empty() {
            return Ok(());
        }
        let workshop = Arc::clone(&self.workshop);
        let _turn = workshop.turn();
        caught(&self.folder.clone(), || {
            let is_large = self.index(put).map_err(IndexError::tantivy(&self.folder))?;
            if is_large { self.write() } else { Ok(()) }
        })
    }

    /// Writes the segment that is open, and gives all.
    pub(super) fn finish(mut self) -> Result<Vec<Built>, IndexError> {
        if self.open.is_some() {
            let workshop = Arc::clone(&self.workshop);
            let _turn = workshop.turn();
            caught(&self.folder.clone(), || self.write())?;
        }
        Ok(self.built)
    }

    /// Indexes a document; whether the segment is to be written now.
    fn index(&mut self, put: &Put) -> tantivy::Result<bool> {
        let open = match &mut self.open {
            Some(open) => open,
            none => none.insert(Open::new(&self.folder, &self.workshop, self.heap_hint)?),
        };
        let languages = self.documents.languages(&put.chunks);
        let mut tokens = 0;
        for (chunk, language) in put.chunks.iter().zip(&languages) {
            let (document, own_tokens) = self.documents.build(&put.entry, chunk, *language);
            open.writer.add_document(document)?;
            open.chunks += 1;
            tokens += own_tokens;
        }
        let languages = languages.into_iter().collect();
        open.documents.push(Indexed { id: put.entry.id.clone(), tokens, languages });
        Ok(open.heap.grow(open.writer.mem_usage()))
    }

    fn write(&mut self) -> Result<(), IndexError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let Open { writer, parts, heap, chunks, documents } = open;
        writer.finalize().map_err(IndexError::tantivy(&self.folder))?;
        drop(heap);
        let file = pack::write(&self.folder, chunks, &parts)?;
        self.built.push(Built { file, chunks, documents });
        Ok(())
    }
}

impl Open {
    fn new(folder: &Path, workshop: &Arc<Workshop>, heap_hint: usize) -> tantivy::Result<Self> {
        let parts = Parts::within(folder);
        let index =
            Index::builder().schema(schema().0).settings(settings()).tokenizers(tokenizers());
        let writer = index.single_segment_index_writer(parts.clone(), heap_hint)?;
        let heap = Heap::new(workshop, writer.mem_usage());
        Ok(Self { writer, parts, heap, chunks: 0, documents: Vec::new() })
    }
}
