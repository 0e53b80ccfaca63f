//! One change of a bot, from its beginning to its publication.

use std::collections::BTreeMap;
use std::{fmt, fs};

use document::{Chunk, DocumentId};
use tantivy::TantivyDocument;
use tantivy::indexer::UserOperation;

use super::embedding::{self, Vectorizing};
use super::stage::{Finished, Stage};
use super::{Begin, BotWriter};
use crate::files::{remove, sync_folder};
use crate::schema::{Builder, Fields, schema};
use crate::sweep::move_to_trash;
use crate::{DocumentEntry, Embedding, IndexError, Language, Manifest, PipelineKey, SnapshotKey};

/// What a transaction published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The snapshot that is current now.
    pub key: SnapshotKey,
    /// Whether it differs from the one before.
    pub changed: bool,
    /// Documents it holds.
    pub documents: usize,
    /// Chunks it holds.
    pub chunks: u64,
}

/// A document with its number of tokens and the languages of its chunks.
type Row = (DocumentEntry, u64, Vec<Language>);

/// A change in the making; dropping it leaves the bot as it was.
pub struct Transaction<'a> {
    writer: &'a mut BotWriter,
    pipeline: PipelineKey,
    mode: Begin,
    fields: Fields,
    builder: Builder,
    /// Documents, as they will be.
    rows: BTreeMap<DocumentId, Row>,
    /// What the stage must still do. Gathered first, because how much it is decides how much
    /// memory and how many threads the stage gets.
    operations: Vec<UserOperation<TantivyDocument>>,
    text_bytes: usize,
    stage: Option<Stage>,
    /// `None` where the bot has no vectors.
    vectors: Option<Vectorizing<'a>>,
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Transaction");
        debug.field("pipeline", &self.pipeline).field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl<'a> Transaction<'a> {
    pub(super) fn new(
        writer: &'a mut BotWriter,
        pipeline: PipelineKey,
        mode: Begin,
        embedding: Embedding<'a>,
    ) -> Result<Self, IndexError> {
        let current = writer.base.as_ref();
        let folder = current.map(|base| writer.layout.snapshot(base.key));
        let vectors = Vectorizing::of(embedding, folder.as_deref().zip(current), mode)?;
        let base = writer.base.iter().filter(|_| mode == Begin::Incremental);
        let rows = base.flat_map(|base| {
            base.documents.iter().zip(&base.tokens).zip(base.languages.iter().cloned())
        });
        let row = |((entry, tokens), languages): ((&DocumentEntry, &u64), Vec<Language>)| {
            (entry.id.clone(), (entry.clone(), *tokens, languages))
        };
        let rows = rows.map(row).collect();
        let fields = schema().1;
        let builder = Builder::new(fields);
        let (operations, text_bytes, stage) = (Vec::new(), 0, None);
        Ok(Self {
            writer,
            pipeline,
            mode,
            fields,
            builder,
            rows,
            operations,
            text_bytes,
            stage,
            vectors,
        })
    }

    /// Adds a document, or replaces the one of the same id. The entry's number of chunks is set
    /// to that of `chunks`, whose ordinals must ascend.
    ///
    /// Costs the analysis of the chunks, and their vectors where the bot has some. Nothing is written before [`publish`](Self::publish)
    /// unless the change outgrows `small_text_bytes_max`.
    pub fn put(&mut self, mut entry: DocumentEntry, chunks: &[Chunk]) -> Result<(), IndexError> {
        check_ordinals(&entry.id, chunks)?;
        entry.chunks = chunks.len() as u32;
        if self.rows.contains_key(&entry.id) {
            self.delete(&entry.id);
        }
        if let Some(vectors) = &mut self.vectors {
            vectors.put(&entry, chunks)?;
        }
        let mut tokens = 0;
        let mut languages = self.builder.languages(chunks);
        for (chunk, language) in chunks.iter().zip(&languages) {
            let (built, chunk_tokens) = self.builder.build(&entry, chunk, *language);
            self.operations.push(UserOperation::Add(built));
            tokens += chunk_tokens;
            self.text_bytes += chunk.text.len();
        }
        languages.sort_unstable();
        languages.dedup();
        self.rows.insert(entry.id.clone(), (entry, tokens, languages));
        if self.text_bytes >= self.writer.config.small_text_bytes_max {
            self.stage = Some(self.flush(true)?);
        }
        Ok(())
    }

    /// Removes a document; `false` where it is unknown.
    pub fn remove(&mut self, id: &DocumentId) -> Result<bool, IndexError> {
        let known = self.rows.remove(id).is_some();
        if known {
            self.delete(id);
            if let Some(vectors) = &mut self.vectors {
                vectors.remove(id);
            }
        }
        Ok(known)
    }

    /// Makes the change the current state. When this returns, it is on the disk and the next
    /// [`Store::snapshot`](crate::Store::snapshot) of any process sees it; when it fails, or
    /// its process dies, the bot is as it was before, or as it was to be.
    ///
    /// Where the content is that of the current snapshot, nothing is written.
    pub fn publish(mut self) -> Result<Published, IndexError> {
        let rows = std::mem::take(&mut self.rows);
        let (mut documents, mut tokens, mut languages) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, own_tokens, own_languages) in rows.into_values() {
            documents.push(entry);
            tokens.push(own_tokens);
            languages.push(own_languages);
        }
        let model = self.vectors.as_ref().map(Vectorizing::model);
        let manifest =
            Manifest::new(self.pipeline, documents, tokens, languages, model, Vec::new());
        let published = Published {
            key: manifest.key,
            changed: !self.is_current(manifest.key),
            documents: manifest.documents.len(),
            chunks: manifest.chunk_count(),
        };
        if published.changed {
            self.publish_changed(manifest)?;
        }
        Ok(published)
    }

    /// Whether the current snapshot has this key and, where it is to be rebuilt, is undamaged.
    fn is_current(&self, key: SnapshotKey) -> bool {
        if self.mode == Begin::Anew {
            return false;
        }
        let folder = self.writer.layout.snapshot(key);
        let base = self.writer.base.as_ref().filter(|base| base.key == key);
        base.is_some_and(|base| {
            self.mode == Begin::Incremental || base.check_files(&folder).is_ok()
        })
    }

    fn publish_changed(mut self, manifest: Manifest) -> Result<(), IndexError> {
        let manifest = match self.left_over(manifest.key) {
            Some(found) => found,
            None => self.build(manifest)?,
        };
        self.writer.point_to(manifest)?;
        // It is published; what cannot be removed now is swept by the next writer.
        let _ = self.writer.sweep();
        Ok(())
    }

    /// Makes the snapshot's folder and gives it its name; returns the manifest with its files.
    fn build(&mut self, mut manifest: Manifest) -> Result<Manifest, IndexError> {
        // Made first: nothing else that a change waits for takes as long, or fails as often.
        let documents = &manifest.documents;
        let vectors = self.vectors.as_mut().map(|vectors| vectors.finish(documents)).transpose()?;
        let mut finished = self.flush(false)?.finish()?;
        if let Some(vectors) = vectors {
            finished.add(embedding::write(finished.folder(), &vectors)?);
        }
        manifest.files.clone_from(&finished.files);
        finished.seal(&manifest)?;
        self.move_into_place(finished, manifest.key)?;
        Ok(manifest)
    }

    /// An earlier snapshot of the same content, where it is still there and whole.
    fn left_over(&self, key: SnapshotKey) -> Option<Manifest> {
        if self.mode == Begin::Anew {
            return None;
        }
        let folder = self.writer.layout.snapshot(key);
        let found = Manifest::read(&folder).ok()?;
        let whole = found.key == key && found.check_files(&folder).is_ok();
        whole.then_some(found)
    }

    /// Gives the stage its name. A damaged folder of that name is kept until the new one is
    /// durably in its place, so that the next writer finds one of them.
    fn move_into_place(&self, finished: Finished, key: SnapshotKey) -> Result<(), IndexError> {
        let folder = self.writer.layout.snapshot(key);
        let there = folder.exists();
        let replaced = there.then(|| move_to_trash(&self.writer.layout, &folder)).transpose()?;
        if let Err(error) = finished.rename(&folder) {
            // Where this fails too, the next writer does it.
            let _ = replaced.map(|trash| fs::rename(trash, &folder));
            return Err(error);
        }
        sync_folder(&self.writer.layout.snapshots())?;
        // What cannot be removed now is swept later.
        let _ = replaced.map(|trash| remove(&trash));
        Ok(())
    }

    fn delete(&mut self, id: &DocumentId) {
        self.operations.push(UserOperation::Delete(self.fields.document_term(id)));
    }

    /// Hands what was gathered to the stage, opening it first where it is not yet open. The
    /// stage comes back: put it where it belongs.
    fn flush(&mut self, large: bool) -> Result<Stage, IndexError> {
        let mut stage = match self.stage.take() {
            Some(stage) => stage,
            None => self.open_stage(large)?,
        };
        stage.run(std::mem::take(&mut self.operations))?;
        Ok(stage)
    }

    fn open_stage(&self, large: bool) -> Result<Stage, IndexError> {
        let layout = &self.writer.layout;
        let base = self.writer.base.as_ref().filter(|_| self.mode == Begin::Incremental);
        let folder = base.map(|base| layout.snapshot(base.key));
        let base = folder.as_deref().zip(base);
        Stage::open(&layout.stage(), base, large, &self.writer.config)
    }
}

fn check_ordinals(id: &DocumentId, chunks: &[Chunk]) -> Result<(), IndexError> {
    for pair in chunks.windows(2) {
        let (before, ordinal) = (pair[0].ordinal, pair[1].ordinal);
        if ordinal <= before {
            return Err(IndexError::InvalidChunks { id: id.clone(), ordinal, before });
        }
    }
    Ok(())
}
