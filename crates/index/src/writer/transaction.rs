//! One change of a bot, from its beginning to its publication.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::{fmt, fs};

use document::{Chunk, DocumentId};

use super::builder::Put;
use super::embedding::{self, Vectorizing};
use super::intake::Intake;
use super::stage::{Finished, Stage};
use super::{Begin, BotWriter};
use crate::files::{remove, sync_folder};
use crate::manifest::{Documents, Line};
use crate::sweep::move_to_trash;
use crate::{DocumentEntry, Embedding, IndexError, Manifest, PipelineKey, SnapshotKey};

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

/// A change in the making; dropping it leaves the bot as it was.
pub struct Transaction<'a> {
    writer: &'a mut BotWriter,
    pipeline: PipelineKey,
    mode: Begin,
    /// The line of each document that was put; `None` for one that was removed.
    changes: BTreeMap<DocumentId, Option<Line>>,
    intake: Intake,
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
        let current = current.map(|base| &**base);
        let vectors = Vectorizing::of(embedding, folder.as_deref().zip(current), mode)?;
        let (stage, workshop) = (writer.layout.stage(), Arc::clone(&writer.workshop));
        let intake = Intake::new(stage, writer.config.small_text_bytes_max, workshop);
        Ok(Self { writer, pipeline, mode, changes: BTreeMap::new(), intake, vectors })
    }

    /// Adds a document, or replaces the one of the same id. The entry's number of chunks is set
    /// to that of `chunks`, whose ordinals must ascend.
    ///
    /// Costs a copy of the chunks, and their vectors where the bot has some; they are indexed by
    /// [`publish`](Self::publish), or, once the change outgrows `small_text_bytes_max`, meanwhile.
    pub fn put(&mut self, mut entry: DocumentEntry, chunks: &[Chunk]) -> Result<(), IndexError> {
        check_ordinals(&entry.id, chunks)?;
        entry.chunks = chunks.len() as u32;
        if let Some(vectors) = &mut self.vectors {
            vectors.put(&entry, chunks)?;
        }
        self.changes.insert(entry.id.clone(), Some(Line::new(&entry)));
        self.intake.put(Put { entry, chunks: chunks.to_vec() })
    }

    /// Removes a document; `false` where it is unknown.
    pub fn remove(&mut self, id: &DocumentId) -> Result<bool, IndexError> {
        let is_held = self.base().is_some_and(|base| base.position(id).is_some());
        let known = match self.changes.remove(id) {
            Some(change) => change.is_some(),
            None => is_held,
        };
        if is_held {
            self.changes.insert(id.clone(), None);
        }
        self.intake.remove(id);
        if let Some(vectors) = &mut self.vectors {
            vectors.remove(id);
        }
        Ok(known)
    }

    /// What the change is a change of.
    fn base(&self) -> Option<&Manifest> {
        self.writer.base.as_deref().filter(|_| self.mode == Begin::Incremental)
    }

    /// Makes the change the current state. When this returns, it is on the disk and the next
    /// [`Store::snapshot`](crate::Store::snapshot) of any process sees it; when it fails, or
    /// its process dies, the bot is as it was before, or as it was to be.
    ///
    /// Where the content is that of the current snapshot, nothing is written.
    pub fn publish(mut self) -> Result<Published, IndexError> {
        let documents = self.documents().ok_or_else(|| self.too_large())?;
        let model = self.vectors.as_ref().map(Vectorizing::model);
        let manifest = Manifest::new(self.pipeline, documents, model);
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
        let base = self.writer.base.as_deref().filter(|base| base.key == key);
        base.is_some_and(|base| self.mode == Begin::Incremental || base.verify(&folder).is_ok())
    }

    fn publish_changed(mut self, manifest: Manifest) -> Result<(), IndexError> {
        let manifest = match self.left_over(manifest.key) {
            Some(found) => found,
            None => self.build(manifest)?,
        };
        let next = self.writer.opened(manifest.key);
        let (cache, bot) = (Arc::clone(&self.writer.cache), self.writer.bot.clone());
        let announced = next.map(|next| cache.announce(&bot, next));
        self.writer.point_to(manifest)?;
        // The snapshot before is dropped here, where nobody waits for an answer.
        if let Some(announced) = announced {
            announced.keep();
        }
        // It is published; what cannot be removed now is swept by the next writer.
        let _ = self.writer.sweep();
        Ok(())
    }

    /// Makes the snapshot's folder and gives it its name; returns the manifest with its files.
    fn build(&mut self, mut manifest: Manifest) -> Result<Manifest, IndexError> {
        // Made first: nothing else that a change waits for takes as long, or fails as often.
        let documents = &mut manifest.documents;
        let vectors = self.vectors.as_mut().map(|vectors| vectors.finish(documents)).transpose()?;
        let (folder, built) = self.intake.finish()?;
        let base = self.base().map(|base| (self.writer.layout.snapshot(base.key), base));
        let mut stage = Stage::new(folder, base.as_ref().map(|(path, base)| (&**path, *base)));
        stage.add(built, documents);
        stage.compact(documents, &self.writer.workshop)?;
        let mut finished = stage.finish(documents)?;
        if let Some(vectors) = vectors {
            finished.add(embedding::write(finished.folder(), &vectors)?);
        }
        manifest.segments.clone_from(&finished.segments);
        manifest.files.clone_from(&finished.files);
        finished.seal(&manifest)?;
        self.move_into_place(finished, manifest.key)?;
        Ok(manifest)
    }

    /// The documents as they will be; `None` where their lines are too long.
    fn documents(&mut self) -> Option<Documents> {
        let changes = std::mem::take(&mut self.changes);
        let changes = changes.iter().map(|(id, line)| (id, line.as_ref()));
        match self.base() {
            Some(base) => base.documents.changed(changes),
            None => Documents::default().changed(changes),
        }
    }

    fn too_large(&self) -> IndexError {
        let stage = self.writer.layout.stage();
        IndexError::io(&stage)(std::io::ErrorKind::FileTooLarge.into())
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
