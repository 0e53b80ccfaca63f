//! The table of contents of a snapshot.
//!
//! A manifest names every document and every file, with sizes and checksums, and is guarded by
//! a checksum of its own: what is read is what was published, or an error.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use document::{ContentHash, DocumentId, MediaType};
use serde::{Deserialize, Serialize};

use crate::schema::SCHEMA_VERSION;
use crate::{IndexError, Language, ModelEntry, PipelineKey, SnapshotKey};

#[cfg(test)]
mod tests;

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
    pub metadata: BTreeMap<String, String>,
    /// Number of pages; 0 where the format has none.
    pub pages: u32,
    /// Pages, counted from 1, on which no text was found.
    pub pages_without_text: Vec<u32>,
    /// Number of chunks.
    pub chunks: u32,
}

impl DocumentEntry {
    /// What kind of document it is, in its owner's words; see [`CATEGORY`].
    pub fn category(&self) -> Option<&str> {
        self.metadata.get(CATEGORY).map(String::as_str)
    }

    /// The hash of source, title and metadata: of what can change while the bytes stay.
    pub fn metadata_hash(&self) -> ContentHash {
        let pairs = self.metadata.iter().flat_map(|(name, value)| [name, value]);
        let fields = [&self.source, &self.title].into_iter().chain(pairs);
        ContentHash::of_fields(fields.map(|field| field.as_bytes()))
    }
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    pub documents: Vec<DocumentEntry>,
    /// Indexed tokens of each document, in the order of `documents`: lengths for scoring that
    /// depend on nothing but the content.
    pub tokens: Vec<u64>,
    /// Languages of the chunks of each document, in the order of `documents`; each sorted.
    #[serde(default)]
    pub languages: Vec<Vec<Language>>,
    /// The model whose vectors it holds, where it holds some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelEntry>,
    /// Its segments.
    #[serde(default)]
    pub segments: Vec<SegmentEntry>,
    /// The segment that holds the chunks of each document, in the order of `documents`: a position
    /// in `segments`, `None` where it has no chunks. What another segment holds of a document
    /// counts for nothing: it was replaced.
    #[serde(default)]
    pub places: Vec<Option<u32>>,
    /// Its files, sorted by name, the manifest itself left out.
    pub files: Vec<FileEntry>,
}

/// What precedes the checksum of a manifest, which covers all bytes after it.
const HEAD: &str = r#"{"checksum":""#;

/// What a pair of metadata takes beside its text, in bytes, about: two strings in a node of a tree
/// that is about two thirds full.
const METADATA_BYTES: usize = 112;

/// Hex digits of a checksum.
const CHECKSUM_LEN: usize = 64;

/// The part of a manifest that every format shares.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Manifest {
    /// A manifest of documents with their tokens, in the order of their ids; no files yet.
    pub(crate) fn new(
        pipeline: PipelineKey,
        documents: Vec<DocumentEntry>,
        tokens: Vec<u64>,
        languages: Vec<Vec<Language>>,
        model: Option<ModelEntry>,
    ) -> Self {
        Self {
            format: MANIFEST_FORMAT,
            schema: SCHEMA_VERSION,
            key: SnapshotKey::new(pipeline, &documents, model.map(|model| model.key)),
            pipeline,
            documents,
            tokens,
            languages,
            model,
            segments: Vec::new(),
            places: Vec::new(),
            files: Vec::new(),
        }
    }

    /// One of the documents; a binary search.
    pub fn document(&self, id: &DocumentId) -> Option<&DocumentEntry> {
        self.position(id).and_then(|position| self.documents.get(position))
    }

    /// Number of chunks of all documents.
    pub fn chunk_count(&self) -> u64 {
        self.documents.iter().map(|entry| u64::from(entry.chunks)).sum()
    }

    /// The segment that holds the chunks of a document, both by position.
    pub(crate) fn place(&self, document: usize) -> Option<usize> {
        self.places.get(document).copied().flatten().map(|place| place as usize)
    }

    pub(crate) fn position(&self, id: &DocumentId) -> Option<usize> {
        self.documents.binary_search_by(|entry| entry.id.cmp(id)).ok()
    }

    /// Size of all files, in bytes.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// What it takes in memory, in bytes, about: each string and list with 16 bytes of the
    /// allocator's own.
    pub(crate) fn memory_bytes(&self) -> usize {
        const EACH: usize = 16;
        let document = |entry: &DocumentEntry| {
            let pairs = entry.metadata.iter();
            let metadata: usize =
                pairs.map(|(name, value)| METADATA_BYTES + name.len() + value.len()).sum();
            let strings = entry.id.as_str().len() + entry.source.len() + entry.title.len();
            let pages = size_of_val(&*entry.pages_without_text);
            size_of::<DocumentEntry>() + 4 * EACH + strings + metadata + pages
        };
        let documents: usize = self.documents.iter().map(document).sum();
        let languages = |list: &Vec<Language>| size_of::<Vec<Language>>() + EACH + list.len();
        let languages: usize = self.languages.iter().map(languages).sum();
        // Each segment is named twice.
        let file = |file: &FileEntry| 2 * (size_of::<FileEntry>() + EACH + file.name.len());
        let files: usize = self.files.iter().map(file).sum();
        let lists = size_of_val(&*self.tokens) + size_of_val(&*self.places);
        size_of::<Self>() + documents + lists + languages + files
    }

    /// The bytes of the manifest's file: one line of JSON whose first member is the checksum of
    /// all bytes after it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let json = serde_json::to_string(self).expect("a manifest has only string keys");
        let tail = format!("\",{}\n", &json[1..]);
        format!("{HEAD}{}{tail}", ContentHash::of(tail.as_bytes())).into_bytes()
    }

    /// Reads the bytes of a manifest; `file` is for errors.
    pub(crate) fn from_bytes(bytes: &[u8], file: &Path) -> Result<Self, IndexError> {
        let manifest = match checked(bytes) {
            Ok(manifest) => manifest,
            Err(why) => {
                // A newer format may differ in all but its number.
                let version = serde_json::from_slice::<Version>(bytes).ok();
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
    /// at most `verify_bytes_max` bytes, else with their sizes: a `stat` each.
    pub(crate) fn check(&self, folder: &Path, verify_bytes_max: u64) -> Result<(), IndexError> {
        if self.file_bytes() <= verify_bytes_max {
            return self.check_files(folder);
        }
        self.files.iter().try_for_each(|entry| entry.check_size(folder))
    }

    /// Compares the files of a snapshot's folder with their checksums; reads them all.
    pub(crate) fn check_files(&self, folder: &Path) -> Result<(), IndexError> {
        self.files.iter().try_for_each(|entry| entry.check(folder))
    }
}

fn checked(bytes: &[u8]) -> Result<Manifest, String> {
    let guarded = bytes.strip_prefix(HEAD.as_bytes()).unwrap_or_default();
    let (checksum, tail) = guarded.split_at_checked(CHECKSUM_LEN).unwrap_or_default();
    if ContentHash::of(tail).to_string().as_bytes() != checksum {
        return Err("its checksum does not match".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
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
