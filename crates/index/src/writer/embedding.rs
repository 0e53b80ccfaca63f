//! The vectors of the next snapshot in the making.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use document::{Chunk, DocumentId};

use crate::manifest::FileEntry;
use crate::vectors::{
    DIMENSIONS_MAX, Digest, File, VECTORS_FILE, Vectors, digest, packed, text_of,
};
use crate::{
    Begin, DocumentEntry, Documents, Embedder, Embedding, IndexError, Manifest, ModelEntry,
    TextKind,
};

/// Texts that are embedded together: enough for all threads, and some half a megabyte.
const BATCH_TEXTS: usize = 256;

/// What is to become of the vectors, where the bot has some.
pub(super) struct Vectorizing<'a> {
    model: ModelEntry,
    embedder: Option<&'a dyn Embedder>,
    /// The vectors of the snapshot before, if they are of the same model and whole.
    base: Option<Base>,
    /// Vectors that were made for this change.
    made: HashMap<Digest, Vec<u8>>,
    /// Texts without a vector so far.
    waiting: Vec<(Digest, String)>,
    /// The documents that were put: digest and ordinal of each chunk.
    put: BTreeMap<String, Vec<(Digest, u32)>>,
}

/// The vectors of the snapshot before.
struct Base {
    vectors: Vectors,
    documents: Vec<String>,
    /// The row of each text.
    rows: HashMap<Digest, usize>,
}

impl Base {
    /// `None` where the files are not what was published: then they tell nothing.
    fn open(folder: &Path, manifest: &Manifest) -> Result<Option<Self>, IndexError> {
        let mut files = manifest.files.iter().filter(|file| file.name == VECTORS_FILE);
        match files.try_for_each(|file| file.check(folder)) {
            Err(IndexError::Damaged { .. }) => return Ok(None),
            result => result?,
        }
        let vectors = match Vectors::open(folder, manifest) {
            Err(IndexError::Damaged { .. }) | Ok(None) => return Ok(None),
            Err(error) => return Err(error),
            Ok(Some(vectors)) => vectors,
        };
        let rows = vectors.rows().enumerate().map(|(at, row)| (row.digest(), at)).collect();
        let documents = manifest.documents.ids().map(str::to_owned).collect();
        Ok(Some(Self { vectors, documents, rows }))
    }
}

impl<'a> Vectorizing<'a> {
    /// What a change does to the vectors; `None` where the bot is to have none. `base` is the
    /// snapshot before with its folder.
    pub(super) fn of(
        embedding: Embedding<'a>,
        base: Option<(&Path, &Manifest)>,
        mode: Begin,
    ) -> Result<Option<Self>, IndexError> {
        let current = base.and_then(|(_, manifest)| manifest.model);
        let Some(model) = embedding.model(current) else { return Ok(None) };
        let most = DIMENSIONS_MAX as u32;
        if !(1..=most).contains(&model.dimensions) {
            let why = format!("vectors of {} numbers, expected 1 to {most}", model.dimensions);
            return Err(IndexError::Embedding { source: why.into() });
        }
        let same = base.filter(|(_, manifest)| manifest.model == Some(model));
        let base = same.map(|(folder, manifest)| Base::open(folder, manifest)).transpose()?;
        let base = base.flatten();
        if let (Begin::Incremental, None, Some((folder, _))) = (mode, &base, same) {
            let why = "it is not what was published";
            return Err(IndexError::damaged(&folder.join(VECTORS_FILE), why));
        }
        let embedder = embedding.embedder();
        let (made, waiting, put) = (HashMap::new(), Vec::new(), BTreeMap::new());
        Ok(Some(Self { model, embedder, base, made, waiting, put }))
    }

    pub(super) fn model(&self) -> ModelEntry {
        self.model
    }

    /// Learns the chunks of a document.
    pub(super) fn put(
        &mut self,
        entry: &DocumentEntry,
        chunks: &[Chunk],
    ) -> Result<(), IndexError> {
        let mut rows = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let text = text_of(entry, chunk);
            let digest = digest(&text);
            rows.push((digest, chunk.ordinal));
            let known = self.base.as_ref().is_some_and(|base| base.rows.contains_key(&digest));
            if !known && !self.made.contains_key(&digest) {
                // An empty vector keeps the place of one to come.
                self.made.insert(digest, Vec::new());
                self.waiting.push((digest, text));
            }
        }
        self.put.insert(entry.id.as_str().to_owned(), rows);
        if self.waiting.len() >= BATCH_TEXTS { self.embed_waiting() } else { Ok(()) }
    }

    pub(super) fn remove(&mut self, id: &DocumentId) {
        self.put.remove(id.as_str());
    }

    /// The bytes of the file for these documents, sorted by id: those that were put, and for the
    /// rest what they had before.
    pub(super) fn finish(&mut self, documents: &Documents) -> Result<Vec<u8>, IndexError> {
        self.embed_waiting()?;
        let mut file = File::new(self.model, documents.chunk_count());
        for id in documents.ids() {
            match self.put.get(id) {
                Some(chunks) => self.write_put(chunks, &mut file),
                None => self.write_kept(id, &mut file),
            }
        }
        Ok(file.into_bytes())
    }

    fn write_put(&self, chunks: &[(Digest, u32)], file: &mut File) {
        for (digest, ordinal) in chunks {
            let base = || {
                let base = self.base.as_ref()?;
                base.vectors.row(*base.rows.get(digest)?)
            };
            let made = self.made.get(digest).map(Vec::as_slice);
            let vector = made.or_else(|| base().map(|row| row.vector())).unwrap_or_default();
            file.push(*digest, *ordinal, vector);
        }
    }

    fn write_kept(&self, id: &str, file: &mut File) {
        let Some(base) = &self.base else { return };
        let position = base.documents.binary_search_by(|held| (**held).cmp(id));
        let Ok(position) = position else { return };
        base.vectors.rows_of(position).filter_map(|at| base.vectors.row(at)).for_each(|row| {
            file.push_row(row);
        });
    }

    fn embed_waiting(&mut self) -> Result<(), IndexError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let Some(embedder) = self.embedder else {
            return Err(IndexError::NoEmbedder { model: self.model.key });
        };
        for batch in self.waiting.chunks(BATCH_TEXTS) {
            let texts: Vec<&str> = batch.iter().map(|(_, text)| text.as_str()).collect();
            let vectors = embedder.embed(TextKind::Passage, &texts);
            let vectors = vectors.map_err(|source| IndexError::Embedding { source })?;
            let dimensions = self.model.dimensions as usize;
            if vectors.len() != batch.len() || vectors.iter().any(|v| v.len() != dimensions) {
                let why = format!("expected {} vectors of {dimensions} numbers", batch.len());
                return Err(IndexError::Embedding { source: why.into() });
            }
            let packed = vectors.iter().map(|vector| packed(vector));
            self.made.extend(batch.iter().map(|(digest, _)| *digest).zip(packed));
        }
        self.waiting.clear();
        Ok(())
    }
}

/// Writes the file of a stage, synced.
pub(super) fn write(folder: &Path, bytes: &[u8]) -> Result<FileEntry, IndexError> {
    crate::files::write_synced(&folder.join(VECTORS_FILE), bytes)?;
    FileEntry::of(folder, VECTORS_FILE)
}
