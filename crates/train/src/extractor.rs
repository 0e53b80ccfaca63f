//! Bytes to an extract, by the cheapest way there is.

use std::borrow::Cow;
use std::path::PathBuf;

use document::ContentHash;
use index::PipelineKey;

use crate::extracts::{Parsed, is_lasting};
use crate::{Content, DataFolder, Extract, Failure, Options, TrainError, hashing};

/// Where the bytes of a document are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// Where the caller said.
    Given(&'a Content),
    /// Among the originals.
    Stored,
}

/// Makes extracts for one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extractor<'a> {
    pub(crate) folder: &'a DataFolder,
    pub(crate) options: &'a Options,
    pub(crate) pipeline: PipelineKey,
}

impl Extractor<'_> {
    /// The extract of what `origin` holds, expected to hash to `expected`; where the file changed
    /// since it was hashed, what was read counts. On `Ok(Ok(..))` the original is stored.
    ///
    /// The outer error is one of our disk and ends the run, the inner one is of the document.
    pub(crate) fn extract(
        &self,
        expected: ContentHash,
        origin: Origin<'_>,
    ) -> Result<Result<(ContentHash, Extract), Failure>, TrainError> {
        if let Some(cached) = self.cached(expected) {
            return Ok(cached.map(|extract| (expected, extract)));
        }
        let bytes = match self.read(expected, origin)? {
            Ok(bytes) => bytes,
            Err(failure) => return Ok(Err(failure)),
        };
        let hash = ContentHash::of(&bytes);
        let parsed = self.parse(hash, &bytes)?;
        if parsed.is_ok() {
            self.folder.originals().put(&bytes)?;
        }
        Ok(parsed.map(|extract| (hash, extract)))
    }

    /// The extract, if neither parsing nor storing is left to do.
    fn cached(&self, hash: ContentHash) -> Option<Parsed> {
        let cached = self.folder.extracts().get(self.pipeline, hash)?;
        (cached.is_err() || self.folder.originals().contains(hash)).then_some(cached)
    }

    fn read<'b>(
        &self,
        hash: ContentHash,
        origin: Origin<'b>,
    ) -> Result<Result<Cow<'b, [u8]>, Failure>, TrainError> {
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
        let folder: PathBuf = self.folder.path().join("originals");
        let message = format!("its bytes ({hash}) are not in {}", folder.display());
        Failure { code: "UNREADABLE".to_owned(), message }
    }

    fn parse(&self, hash: ContentHash, bytes: &[u8]) -> Result<Parsed, TrainError> {
        let extracts = self.folder.extracts();
        if let Some(cached) = extracts.get(self.pipeline, hash) {
            return Ok(cached);
        }
        let (parsed, lasting) = match ingest::ingest(bytes, &self.options.ingest) {
            Ok(ingested) => (Ok(Extract::from(ingested)), true),
            Err(error) => (Err(Failure::from(&error)), is_lasting(&error)),
        };
        if lasting {
            extracts.put(self.pipeline, hash, &parsed)?;
        }
        Ok(parsed)
    }
}
