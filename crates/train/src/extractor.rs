//! Bytes to an extract, by the cheapest way there is.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

use document::ContentHash;
use index::PipelineKey;

use crate::extracts::Parsed;
use crate::storing::Storing;
use crate::{
    Content, DataFolder, Extract, Failure, Isolation, Options, PagesDone, Progress, TrainError,
    Verdict, WorkerError, WorkerPool, hashing,
};

/// Where the bytes of a document are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// Where the caller said.
    Given(&'a Content),
    /// Among the originals.
    Stored,
}

impl<'a> Origin<'a> {
    pub(crate) fn of(content: &'a Content) -> Self {
        match content {
            Content::Stored { .. } => Self::Stored,
            Content::Path(_) | Content::Bytes(_) => Self::Given(content),
        }
    }
}

/// Makes extracts for one run.
#[derive(Clone, Copy)]
pub(crate) struct Extractor<'r, 'a> {
    pub(crate) folder: &'r DataFolder,
    pub(crate) options: &'r Options,
    pub(crate) pipeline: PipelineKey,
    /// Jobs of the run that are not done.
    pub(crate) unfinished: &'r AtomicUsize,
    /// Where the originals go.
    pub(crate) storing: &'r Storing<'a>,
    pub(crate) progress: &'r dyn Progress,
}

impl<'a> Extractor<'_, 'a> {
    /// The extract of what `origin` holds, expected to hash to `expected`; where the file changed
    /// since it was hashed, what was read counts. On `Ok(Ok(..))` the original is stored, or on its
    /// way to be.
    ///
    /// The outer error is one of our disk and ends the run, the inner one is of the document.
    pub(crate) fn extract(
        &self,
        source: &str,
        expected: ContentHash,
        origin: Origin<'a>,
    ) -> Result<Result<(ContentHash, Extract), Failure>, TrainError> {
        if let Some(cached) = self.cached(expected)? {
            return Ok(cached.map(|extract| (expected, extract)));
        }
        let bytes = match self.read(expected, origin)? {
            Ok(bytes) => bytes,
            Err(failure) => return Ok(Err(failure)),
        };
        let is_stored = matches!(origin, Origin::Stored);
        let hash = if is_stored { expected } else { ContentHash::of(&bytes) };
        let parsed = self.parse(source, hash, &bytes)?;
        if parsed.is_ok() && !is_stored {
            self.storing.put(bytes)?;
        }
        Ok(parsed.map(|extract| (hash, extract)))
    }

    /// The extract, if neither parsing nor storing is left to do.
    fn cached(&self, hash: ContentHash) -> Result<Option<Parsed>, TrainError> {
        let Some(cached) = self.kept(hash) else { return Ok(None) };
        let is_done = cached.is_err() || self.folder.originals().size(hash)?.is_some();
        Ok(is_done.then_some(cached))
    }

    /// What the cache holds, unless it is not to be believed.
    fn kept(&self, hash: ContentHash) -> Option<Parsed> {
        if self.options.reparse {
            return None;
        }
        self.folder.extracts().get(self.pipeline, hash)
    }

    /// The bytes; those of the originals are what their hash says.
    fn read(
        &self,
        hash: ContentHash,
        origin: Origin<'a>,
    ) -> Result<Result<Cow<'a, [u8]>, Failure>, TrainError> {
        match origin {
            Origin::Given(content) => Ok(hashing::read(content, self.options.file_bytes_max())),
            Origin::Stored => match self.folder.originals().get(hash) {
                Ok(Some(bytes)) => Ok(Ok(Cow::Owned(bytes))),
                Ok(None) => Ok(Err(self.missing(hash))),
                Err(error @ TrainError::DamagedOriginal { .. }) => {
                    Ok(Err(Failure { code: error.code().to_owned(), message: error.to_string() }))
                }
                Err(error) => Err(error),
            },
        }
    }

    fn missing(&self, hash: ContentHash) -> Failure {
        let message = format!("its bytes ({hash}) are not in {}", self.folder.originals_name());
        Failure { code: "UNREADABLE".to_owned(), message }
    }

    fn parse(&self, source: &str, hash: ContentHash, bytes: &[u8]) -> Result<Parsed, TrainError> {
        if let Some(cached) = self.kept(hash) {
            return Ok(cached);
        }
        let Verdict { parsed, lasting } = match &self.options.isolation {
            Isolation::InProcess => Verdict::of(ingest::ingest(bytes, &self.options.ingest)),
            Isolation::Child(workers) => self.parse_apart(source, workers, bytes)?,
        };
        if lasting {
            self.folder.extracts().put(self.pipeline, hash, &parsed)?;
        }
        Ok(parsed)
    }

    fn parse_apart(
        &self,
        source: &str,
        workers: &WorkerPool,
        bytes: &[u8],
    ) -> Result<Verdict, TrainError> {
        let told = |pages: PagesDone| self.progress.pages(source, pages.done, pages.of);
        let threads = self.share_of_threads();
        match workers.parse_told(bytes, &self.options.ingest, threads, &told) {
            Ok(verdict) => Ok(verdict),
            Err(error @ WorkerError::NoWorker { .. }) => Err(error.into()),
            Err(error) => Ok(Verdict::failed(Failure::from(&error))),
        }
    }

    /// How many threads a worker may use: as many as there are for each job that is left, so
    /// that all workers together never use more than the run may.
    fn share_of_threads(&self) -> usize {
        let threads = self.options.pool.get().current_num_threads();
        let unfinished = self.unfinished.load(Ordering::Relaxed);
        threads.checked_div(unfinished).unwrap_or(threads).max(1)
    }
}
