//! The cache of parsed documents: `<folder>/<pipeline>/ab/abcd…`.
//!
//! A file is a magic word, the hash of the rest, and JSON under LZ4: JSON so that a person can
//! look inside with two tools, LZ4 because chunks repeat their headings and text halves. Anything
//! else than what was written counts as missing, so nothing here can fail a document; and since a
//! reader can tell, the files are not synced.

use std::fs;
use std::path::PathBuf;

use document::ContentHash;
use index::PipelineKey;
use ingest::IngestError;

use crate::durable::Sync;
use crate::originals::{HashedFiles, remove};
use crate::{Extract, Failure, TrainError};

/// Begins every file; its last byte is the version of the format.
const MAGIC: &[u8; 8] = b"extract\x02";

/// What one content hash gives under one pipeline key: chunks, or the reason why there are none.
pub(crate) type Parsed = Result<Extract, Failure>;

/// Parsed documents by pipeline key and content hash. Shared by all bots; may be deleted at any
/// time, at the cost of parsing again.
#[derive(Debug)]
pub struct Extracts {
    files: HashedFiles,
}

impl Extracts {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { files: HashedFiles::new(folder) }
    }

    /// The extract of a content hash; `None` where it is missing, damaged or of another format.
    /// `Some(Err)` where the bytes are known to be unreadable under this pipeline.
    pub fn get(
        &self,
        pipeline: PipelineKey,
        hash: ContentHash,
    ) -> Option<Result<Extract, Failure>> {
        let bytes = fs::read(self.path(pipeline, hash)).ok()?;
        decode(&bytes)
    }

    /// Whether something is kept for a content hash; it may prove damaged when read.
    pub fn contains(&self, pipeline: PipelineKey, hash: ContentHash) -> bool {
        self.path(pipeline, hash).is_file()
    }

    /// Keeps an extract, or the reason why there is none.
    pub(crate) fn put(
        &self,
        pipeline: PipelineKey,
        hash: ContentHash,
        parsed: &Parsed,
    ) -> Result<(), TrainError> {
        // Chunks hold no map with keys other than text, so encoding has no way to fail; were it
        // to, a cache may do without.
        let Some(bytes) = encode(parsed) else { return Ok(()) };
        self.files.staging()?.write(&self.path(pipeline, hash), &bytes, Sync::None)
    }

    /// Removes what is kept for a content hash, under every pipeline; fine where nothing is.
    ///
    /// # Errors
    /// Where the file system refuses.
    pub fn remove(&self, hash: ContentHash) -> Result<(), TrainError> {
        for pipeline in self.files.subfolders()? {
            remove(self.files.path_in(&pipeline, hash))?;
        }
        Ok(())
    }

    fn path(&self, pipeline: PipelineKey, hash: ContentHash) -> PathBuf {
        self.files.path_in(&pipeline.to_string(), hash)
    }
}

/// Whether a failure is one of the bytes alone: not of a password, a limit, or a fault of ours.
pub(crate) fn is_lasting(error: &IngestError) -> bool {
    match error {
        IngestError::Empty
        | IngestError::UnsupportedMediaType { .. }
        | IngestError::Damaged { .. }
        | IngestError::NoText { .. } => true,
        IngestError::Encrypted { .. }
        | IngestError::TooLarge { .. }
        | IngestError::Crashed { .. } => false,
    }
}

fn encode(parsed: &Parsed) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(parsed).ok()?;
    // The length before the payload has 32 bits.
    u32::try_from(json.len()).ok()?;
    let payload = lz4_flex::block::compress_prepend_size(&json);
    let mut bytes = Vec::with_capacity(MAGIC.len() + 32 + payload.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(ContentHash::of(&payload).as_bytes());
    bytes.extend_from_slice(&payload);
    Some(bytes)
}

fn decode(bytes: &[u8]) -> Option<Parsed> {
    let (checksum, payload) = bytes.strip_prefix(MAGIC)?.split_at_checked(32)?;
    // The checksum goes first: no length in the payload is believed before it holds.
    if ContentHash::of(payload).as_bytes() != checksum {
        return None;
    }
    let json = lz4_flex::block::decompress_size_prepended(payload).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use document::{Chunk, MediaType, PageRange, Span};

    use super::*;
    use crate::Summary;

    fn extract() -> Extract {
        let summary = Summary {
            media_type: MediaType::Pdf,
            title: Some("Übersicht".into()),
            metadata: BTreeMap::from([("author".into(), "A".into())]),
            pages: 2,
            pages_without_text: vec![2],
            pages_incomplete: vec![1],
            lines_removed: 3,
            unmapped_glyphs: 0,
            warnings: vec!["page 2 is cut short".into()],
        };
        let chunk = Chunk {
            ordinal: 0,
            span: Span::new(0, 5),
            char_start: 0,
            pages: Some(PageRange::single(1)),
            page_breaks: Vec::new(),
            headings: vec!["One".into()],
            blocks: Vec::new(),
            text: "hello".into(),
        };
        Extract { summary, chunks: vec![chunk] }
    }

    #[test]
    fn an_extract_survives_the_disk() {
        let data = tempfile::tempdir().unwrap();
        let extracts = Extracts::new(data.path().to_owned());
        let (old, new) = (PipelineKey::new(1, b""), PipelineKey::new(2, b""));
        let hash = ContentHash::of(b"bytes");
        assert!(extracts.get(new, hash).is_none());
        extracts.put(new, hash, &Ok(extract())).unwrap();
        assert_eq!(extracts.get(new, hash), Some(Ok(extract())));
        assert_eq!(extracts.get(old, hash), None);
        assert!(extracts.contains(new, hash) && !extracts.contains(old, hash));
        let failure = Failure { code: "NO_TEXT".into(), message: "no text".into() };
        extracts.put(new, hash, &Err(failure.clone())).unwrap();
        assert_eq!(extracts.get(new, hash), Some(Err(failure)));
    }

    #[test]
    fn any_changed_or_missing_byte_makes_it_missing() {
        let bytes = encode(&Ok(extract())).unwrap();
        assert_eq!(decode(&bytes), Some(Ok(extract())));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x20;
            assert_eq!(decode(&damaged), None, "byte {at}");
            assert_eq!(decode(&bytes[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn only_failures_of_the_bytes_alone_are_kept() {
        assert!(is_lasting(&IngestError::NoText { pages: vec![1] }));
        assert!(!is_lasting(&IngestError::Crashed { message: String::new() }));
    }
}
