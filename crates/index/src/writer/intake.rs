//! The documents of a change on their way into segments.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use document::DocumentId;

use super::builder::{Builder, Built, Put};
use super::crew::Crew;
use super::stage::Folder;
use super::workshop::Workshop;
use crate::IndexError;

/// Takes the documents of a change. Few are gathered and indexed by the caller at the end; as soon
/// as they are many, a crew indexes them as they come.
pub(super) struct Intake {
    workshop: Arc<Workshop>,
    small_text_bytes_max: usize,
    waiting: BTreeMap<DocumentId, Put>,
    /// Text of what waits, in bytes.
    text_bytes: usize,
    /// Above the folder it works in: it ends first.
    crew: Option<Crew>,
    /// Documents the crew was given.
    given: BTreeSet<DocumentId>,
    /// Segments of earlier crews.
    built: Vec<Built>,
    stage: PathBuf,
    folder: Option<Folder>,
}

impl Intake {
    /// An intake whose segments are written into `stage`, which is made when it is needed.
    pub(super) fn new(
        stage: PathBuf,
        small_text_bytes_max: usize,
        workshop: Arc<Workshop>,
    ) -> Self {
        Self {
            workshop,
            small_text_bytes_max,
            waiting: BTreeMap::new(),
            text_bytes: 0,
            crew: None,
            given: BTreeSet::new(),
            built: Vec::new(),
            stage,
            folder: None,
        }
    }

    /// Takes a document, in place of what was taken under its id.
    pub(super) fn put(&mut self, put: Put) -> Result<(), IndexError> {
        self.remove(&put.entry.id);
        if self.given.contains(&put.entry.id) {
            // No segment may hold two states of a document: it could not be told which counts.
            self.dismiss()?;
        }
        self.text_bytes += put.text_bytes();
        self.waiting.insert(put.entry.id.clone(), put);
        if self.crew.is_none() && self.text_bytes < self.small_text_bytes_max {
            return Ok(());
        }
        self.give()
    }

    /// Forgets a document that waits. One that was indexed is for the caller to leave out.
    pub(super) fn remove(&mut self, id: &DocumentId) {
        self.text_bytes -= self.waiting.remove(id).map_or(0, |put| put.text_bytes());
    }

    /// Indexes what waits. The folder, and the segments in it: of two that hold the same document
    /// the later one counts.
    pub(super) fn finish(&mut self) -> Result<(Folder, Vec<Built>), IndexError> {
        self.dismiss()?;
        let folder = self.folder.take().map_or_else(|| Folder::create(&self.stage), Ok)?;
        let mut builder = Builder::new(folder.path(), &self.workshop, self.text_bytes);
        for put in std::mem::take(&mut self.waiting).into_values() {
            builder.add(&put)?;
        }
        self.built.extend(builder.finish()?);
        Ok((folder, std::mem::take(&mut self.built)))
    }

    /// Gives what waits to the crew.
    fn give(&mut self) -> Result<(), IndexError> {
        let crew = match self.crew.take() {
            Some(crew) => crew,
            None => {
                let workshop = Arc::clone(&self.workshop);
                Crew::start(self.folder()?, &workshop)?
            }
        };
        let crew = self.crew.insert(crew);
        self.text_bytes = 0;
        while let Some((id, put)) = self.waiting.pop_first() {
            self.given.insert(id);
            if !crew.take(put) {
                // Someone has failed; whoever waits for them learns why.
                return self.dismiss();
            }
        }
        Ok(())
    }

    /// Waits for the crew and keeps its segments.
    fn dismiss(&mut self) -> Result<(), IndexError> {
        if let Some(crew) = self.crew.take() {
            self.built.extend(crew.finish()?);
            self.given.clear();
        }
        Ok(())
    }

    fn folder(&mut self) -> Result<&Path, IndexError> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => Folder::create(&self.stage)?,
        };
        Ok(self.folder.insert(folder).path())
    }
}
