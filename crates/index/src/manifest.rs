//! The table of contents of a snapshot.
//!
//! A manifest names every document and every file, with sizes and checksums, and is guarded by
//! a checksum of its own: what is read is what was published, or an error.
//!
//! Its file is lines of JSON. The first says what concerns all; its first member is the checksum of
//! the rest of that line. Then comes a line for each document, in the order of their ids. The
//! snapshot's key is the hash of those lines, together with pipeline, schema and model, and so
//! their checksum as well.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use document::{ContentHash, DocumentId, MediaType};
use serde::{Deserialize, Serialize};

use crate::schema::SCHEMA_VERSION;
use crate::{IndexError, ModelEntry, PipelineKey, SnapshotKey};

mod documents;

#[cfg(test)]
mod tests;

use documents::Columns;
pub use documents::Documents;
pub(crate) use documents::{Line, Row};

/// The newest manifest format this release reads, and the one it writes.
/// Format 1 listed the search library's own files; it is read for what it says of documents.
pub const MANIFEST_FORMAT: u32 = 2;

/// The manifest's name in the folder of its snapshot.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The name under which a document's metadata hold its category.
pub const CATEGORY: &str = "category";

/// One document of a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentEntry {
    /// The record.
    pub id: DocumentId,
    /// Where it came from: a path or an external id.
    pub source: String,
    /// What people call it.
    pub title: String,
    /// What its bytes are.
    pub media_type: MediaType,
    /// The hash of its bytes.
    pub content_hash: ContentHash,
    /// Whatever its owner attached to it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// Number of pages; 0 where the format has none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub pages: u32,
    /// Pages, counted from 1, on which no text was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages_without_text: Vec<u32>,
    /// Number of chunks.
    pub chunks: u32,
}

impl DocumentEntry {
    /// What kind of document it is, in its owner's words; see [`CATEGORY`].
    pub fn category(&self) -> Option<&str> {
        self.metadata.get(CATEGORY).map(String::as_str)
    }

    /// One of which nothing but the id is known.
    fn bare(id: DocumentId) -> Self {
        Self {
            id,
            source: String::new(),
            title: String::new(),
            media_type: MediaType::PlainText,
            content_hash: ContentHash::of(&[]),
            metadata: BTreeMap::new(),
            pages: 0,
            pages_without_text: Vec::new(),
            chunks: 0,
        }
    }
}

/// Whether a number of pages is not worth a member: many formats have none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none(pages: &u32) -> bool {
    *pages == 0
}

/// One file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name in the folder of the snapshot.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// The hash of its bytes.
    pub hash: ContentHash,
}

/// One segment of a snapshot: a part of its chunks, in a file that never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// The name of its file.
    pub file: String,
    /// Its chunks, those of documents that lie elsewhere by now or nowhere included.
    pub chunks: u32,
}

/// What a snapshot holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The format of the manifest, at most [`MANIFEST_FORMAT`].
    pub format: u32,
    /// The schema of the index, see [`SCHEMA_VERSION`].
    pub schema: u32,
    /// The snapshot.
    pub key: SnapshotKey,
    /// How its documents were read.
    pub pipeline: PipelineKey,
    /// Its documents, sorted by id.
    pub documents: Documents,
    /// The model whose vectors it holds, where it holds some.
    pub model: Option<ModelEntry>,
    /// Its segments.
    pub segments: Vec<SegmentEntry>,
    /// Its files, sorted by name, the manifest itself left out.
    pub files: Vec<FileEntry>,
}

/// The first line of a manifest's file.
#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    schema: u32,
    key: SnapshotKey,
    pipeline: PipelineKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<ModelEntry>,
    #[serde(default)]
    segments: Vec<SegmentEntry>,
    files: Vec<FileEntry>,
    #[serde(default)]
    columns: Columns,
    /// Format 1 had the documents here.
    #[serde(default, skip_serializing)]
    documents: Vec<DocumentEntry>,
}

/// What precedes the checksum of a manifest, which covers the bytes after it up to the end of the
/// line.
const HEAD: &str = r#"{"checksum":""#;

/// Hex digits of a checksum.
const CHECKSUM_LEN: usize = 64;

/// The part of a manifest that every format shares.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Manifest {
    /// A manifest of documents; no files yet.
    pub(crate) fn new(
        pipeline: PipelineKey,
        documents: Documents,
        model: Option<ModelEntry>,
    ) -> Self {
        Self {
            format: MANIFEST_FORMAT,
            schema: SCHEMA_VERSION,
            key: SnapshotKey::new(pipeline, model.map(|model| model.key), documents.lines()),
            pipeline,
            documents,
            model,
            segments: Vec::new(),
            files: Vec::new(),
        }
    }

    /// One of the documents; reads the whole list.
    pub fn document(&self, id: &DocumentId) -> Option<&DocumentEntry> {
        self.position(id).and_then(|position| self.documents.get(position))
    }

    /// Number of chunks of all documents.
    pub fn chunk_count(&self) -> u64 {
        self.documents.chunk_count()
    }

    pub(crate) fn position(&self, id: &DocumentId) -> Option<usize> {
        self.documents.position(id.as_str().as_bytes())
    }

    /// Size of all files, in bytes.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// What it takes in memory now, in bytes, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        // Each segment is named twice.
        let file = |file: &FileEntry| 2 * (size_of::<FileEntry>() + 16 + file.name.len());
        let files: usize = self.files.iter().map(file).sum();
        size_of::<Self>() + self.documents.memory_bytes() + files
    }

    /// The bytes of the manifest's file.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            format: self.format,
            schema: self.schema,
            key: self.key,
            pipeline: self.pipeline,
            model: self.model,
            segments: self.segments.clone(),
            files: self.files.clone(),
            columns: self.documents.columns(),
            documents: Vec::new(),
        };
        let json = serde_json::to_string(&head).expect("a manifest has only string keys");
        let tail = format!("\",{}\n", &json[1..]);
        let checksum = ContentHash::of(tail.as_bytes()).to_string();
        [HEAD.as_bytes(), checksum.as_bytes(), tail.as_bytes(), self.documents.lines()].concat()
    }

    /// Reads the bytes of a manifest; `file` is for errors.
    pub(crate) fn from_bytes(bytes: &[u8], file: &Path) -> Result<Self, IndexError> {
        let manifest = match checked(bytes) {
            Ok(manifest) => manifest,
            Err(why) => {
                // A newer format may differ in all but its number.
                let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Version>();
                let version = values.next().and_then(Result::ok);
                refuse_newer(file, version.map_or(0, |version| version.format), MANIFEST_FORMAT)?;
                return Err(IndexError::damaged(file, why));
            }
        };
        refuse_newer(file, manifest.format, MANIFEST_FORMAT)?;
        refuse_newer(file, manifest.schema, SCHEMA_VERSION)?;
        Ok(manifest)
    }

    /// Reads the manifest in the folder of a snapshot.
    pub(crate) fn read(folder: &Path) -> Result<Self, IndexError> {
        let missing = || IndexError::damaged(&folder.join(MANIFEST_FILE), "it is missing");
        Self::read_if_there(folder)?.ok_or_else(missing)
    }

    /// Reads the manifest in the folder of a snapshot, `None` where there is none.
    pub(crate) fn read_if_there(folder: &Path) -> Result<Option<Self>, IndexError> {
        let file = folder.join(MANIFEST_FILE);
        let bytes = crate::files::read_if_there(&file)?;
        bytes.map(|bytes| Self::from_bytes(&bytes, &file)).transpose()
    }

    /// Refuses what this release cannot search.
    pub(crate) fn check_schema(&self, folder: &Path) -> Result<(), IndexError> {
        if self.schema == SCHEMA_VERSION {
            return Ok(());
        }
        let file = folder.join(MANIFEST_FILE);
        Err(IndexError::Outdated { file, found: self.schema, needed: SCHEMA_VERSION })
    }

    /// Compares the files of a snapshot's folder with their checksums where all together have
    /// at most `verify_bytes_max` bytes, else with their sizes: a `stat` each, as of those that
    /// are `known` to be what was published.
    pub(crate) fn check(
        &self,
        folder: &Path,
        verify_bytes_max: u64,
        known: impl Fn(&FileEntry) -> bool,
    ) -> Result<(), IndexError> {
        let verifies = self.file_bytes() <= verify_bytes_max;
        self.files.iter().try_for_each(|entry| {
            let is_read = verifies && !known(entry);
            if is_read { entry.check(folder) } else { entry.check_size(folder) }
        })
    }

    /// Compares the files of a snapshot's folder with their checksums and reads the line of each
    /// document.
    pub(crate) fn verify(&self, folder: &Path) -> Result<(), IndexError> {
        if !self.documents.are_sound() {
            let why = "the line of a document is unreadable";
            return Err(IndexError::damaged(&folder.join(MANIFEST_FILE), why));
        }
        self.check_files(folder)
    }

    /// Compares the files of a snapshot's folder with their checksums; reads them all.
    pub(crate) fn check_files(&self, folder: &Path) -> Result<(), IndexError> {
        self.files.iter().try_for_each(|entry| entry.check(folder))
    }
}

fn checked(bytes: &[u8]) -> Result<Manifest, String> {
    let guarded = bytes.strip_prefix(HEAD.as_bytes()).unwrap_or_default();
    let (checksum, rest) = guarded.split_at_checked(CHECKSUM_LEN).unwrap_or_default();
    let end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
    let (tail, lines) = rest.split_at(end);
    let torn = || "its checksum does not match".to_owned();
    if ContentHash::of(tail).to_string().as_bytes() != checksum {
        return Err(torn());
    }
    let head = bytes.get(..bytes.len() - lines.len()).unwrap_or_default();
    let head: Head = serde_json::from_slice(head).map_err(|error| error.to_string())?;
    let Head { format, schema, key, pipeline, model, segments, files, columns, documents } = head;
    let documents = if format == 1 {
        Documents::of(&documents)
    } else {
        if SnapshotKey::of_schema(schema, pipeline, model.map(|model| model.key), lines) != key {
            return Err(torn());
        }
        Documents::new(lines, columns)
    };
    let documents = documents.ok_or("its lists do not fit its documents")?;
    Ok(Manifest { format, schema, key, pipeline, documents, model, segments, files })
}

impl FileEntry {
    /// Measures a file of a folder.
    pub(crate) fn of(folder: &Path, name: &str) -> Result<Self, IndexError> {
        let path = folder.join(name);
        let mut hasher = blake3::Hasher::new();
        let file = File::open(&path).map_err(IndexError::io(&path))?;
        // Reads 64 KiB at once: with the 8 KiB of `io::copy` half of the lanes have nothing to hash.
        hasher.update_reader(file).map_err(IndexError::io(&path))?;
        let bytes = hasher.count();
        let hash = ContentHash::from_bytes(*hasher.finalize().as_bytes());
        Ok(Self { name: name.to_owned(), bytes, hash })
    }

    /// Compares the file in a folder with its size and checksum; reads it.
    pub(crate) fn check(&self, folder: &Path) -> Result<(), IndexError> {
        self.check_size(folder)?;
        if Self::of(folder, &self.name)?.hash == self.hash {
            return Ok(());
        }
        let file = folder.join(&self.name);
        Err(IndexError::damaged(&file, "its checksum does not match the manifest"))
    }

    fn check_size(&self, folder: &Path) -> Result<(), IndexError> {
        let path = folder.join(&self.name);
        let why = match std::fs::metadata(&path) {
            Ok(metadata) if metadata.len() == self.bytes => return Ok(()),
            Ok(metadata) => {
                format!("it has {} bytes, published with {}", metadata.len(), self.bytes)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => "it is missing".to_owned(),
            Err(error) => return Err(IndexError::io(&path)(error)),
        };
        Err(IndexError::damaged(&path, why))
    }
}

fn refuse_newer(file: &Path, found: u32, supported: u32) -> Result<(), IndexError> {
    if found <= supported {
        return Ok(());
    }
    Err(IndexError::NewerFormat { file: file.to_owned(), found, supported })
}
