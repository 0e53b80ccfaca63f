//! A segment on disk: one immutable file.
//!
//! The search library makes seven files a segment; creating and syncing them took longer than
//! indexing a small bot. A pack is those files, its parts, one after another behind a table of
//! their names and sizes. It is named by a number drawn by lot, never changes, is synced once and
//! mapped as a whole. Its checksum stands in the manifest, and so does what became of its chunks.
//!
//! Numbers are little-endian. The file begins with [`MAGIC`], the number of chunks and that of
//! parts, 4 bytes each; for each part follow its name, filled up with zeros to 16 bytes, and its
//! size in 8; then come the parts.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use document::ContentHash;
use tantivy::directory::error::OpenReadError;
use tantivy::directory::{Directory as _, MmapDirectory, OwnedBytes};
use tantivy::index::SegmentId;
use tantivy::{Index, Segment};

use crate::IndexError;
use crate::manifest::{FileEntry, SegmentEntry};
use crate::parts::{Part, Parts};
use crate::schema::{schema, settings};

/// End of the names of packs.
const SUFFIX: &str = ".segment";

/// Begins a pack; its last byte is the version of the format.
const MAGIC: &[u8; 8] = b"segment\x01";

/// The magic word and the two counts.
const HEAD_BYTES: usize = 16;

/// Bytes of a part's name in the table.
const NAME_BYTES: usize = 16;

/// Bytes of a row of the table.
const ROW_BYTES: usize = NAME_BYTES + 8;

/// Bytes that are copied and hashed at once.
const COPY_BYTES: usize = 256 << 10;

/// Writes the parts of a segment of so many chunks as one file of a folder, not synced. Removes
/// the files of large parts.
pub(crate) fn write(folder: &Path, chunks: u32, parts: &Parts) -> Result<FileEntry, IndexError> {
    let parts = parts.take();
    let segment = parts.first().and_then(|(name, _)| name.file_stem()).unwrap_or_default();
    let name = format!("{}{SUFFIX}", segment.to_string_lossy());
    let path = folder.join(&name);
    let written = || {
        let mut pack = Hashing { file: File::create_new(&path)?, hasher: blake3::Hasher::new() };
        pack.write(&table(chunks, &parts)?)?;
        for (_, part) in &parts {
            match part {
                Part::Bytes(bytes) => pack.write(bytes)?,
                Part::File(file, _) => {
                    pack.copy(File::open(file)?)?;
                    fs::remove_file(file)?;
                }
            }
        }
        io::Result::Ok((pack.hasher.count(), *pack.hasher.finalize().as_bytes()))
    };
    let (bytes, hash) = written().map_err(IndexError::io(&path))?;
    Ok(FileEntry { name, bytes, hash: ContentHash::from_bytes(hash) })
}

/// All that precedes the parts.
fn table(chunks: u32, parts: &[(PathBuf, Part)]) -> io::Result<Vec<u8>> {
    let mut table = MAGIC.to_vec();
    table.extend(chunks.to_le_bytes());
    table.extend((parts.len() as u32).to_le_bytes());
    for (name, part) in parts {
        let end = name.extension().unwrap_or_default().as_encoded_bytes();
        let mut row = [0; NAME_BYTES];
        // The library's longest name has nine letters.
        row.get_mut(..end.len()).ok_or(io::ErrorKind::InvalidFilename)?.copy_from_slice(end);
        table.extend(row);
        table.extend(part.len().to_le_bytes());
    }
    Ok(table)
}

/// A file that is hashed while it is written.
struct Hashing {
    file: File,
    hasher: blake3::Hasher,
}

impl Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.file.write_all(bytes)
    }

    fn copy(&mut self, mut from: File) -> io::Result<()> {
        let mut buffer = vec![0; COPY_BYTES];
        loop {
            match from.read(&mut buffer)? {
                0 => return Ok(()),
                read => self.write(&buffer[..read])?,
            }
        }
    }
}

/// Maps packs of a folder: one mapping each, and nothing is read but their tables.
pub(crate) fn open<'a>(
    folder: &Path,
    entries: impl IntoIterator<Item = &'a SegmentEntry>,
) -> Result<Vec<Segment>, IndexError> {
    let tantivy = |error: tantivy::TantivyError| IndexError::tantivy(folder)(error);
    let directory = MmapDirectory::open(folder).map_err(IndexError::tantivy(folder))?;
    let parts = Parts::default();
    let index = Index::create(parts.clone(), schema().0, settings()).map_err(tantivy)?;
    let mut segments = Vec::new();
    for entry in entries {
        let path = folder.join(&entry.file);
        let damaged = |why: &str| IndexError::damaged(&path, why);
        let name = entry.file.strip_suffix(SUFFIX).unwrap_or_default();
        let id = SegmentId::from_uuid_string(name).map_err(|_| damaged("it is no segment"))?;
        let bytes = map(&directory, &entry.file, &path)?;
        let table = Table::read(&bytes).ok_or_else(|| damaged("its table is broken"))?;
        let chunks = table.chunks;
        if chunks != entry.chunks {
            let why = format!("it has {chunks} chunks, the manifest has {}", entry.chunks);
            return Err(damaged(&why));
        }
        for (part, range) in table.parts {
            parts.add(&format!("{}.{part}", id.uuid_string()), bytes.slice(range));
        }
        segments.push(index.segment(index.new_segment_meta(id, chunks)));
    }
    Ok(segments)
}

fn map(directory: &MmapDirectory, name: &str, path: &Path) -> Result<OwnedBytes, IndexError> {
    let file = match directory.open_read(Path::new(name)) {
        Ok(file) => file,
        Err(OpenReadError::FileDoesNotExist(_)) => {
            return Err(IndexError::damaged(path, "it is missing"));
        }
        Err(error) => return Err(IndexError::tantivy(path)(error)),
    };
    file.read_bytes().map_err(IndexError::io(path))
}

/// What precedes the parts, read.
struct Table<'a> {
    chunks: u32,
    /// Name and place of each part.
    parts: Vec<(&'a str, Range<usize>)>,
}

impl<'a> Table<'a> {
    /// `None` where the parts do not fill the file to the last byte.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES)?;
        let counts = head.strip_prefix(MAGIC)?;
        let count = |at: usize| Some(u32::from_le_bytes(*counts.get(at..)?.first_chunk()?));
        let rows = (count(4)? as usize).checked_mul(ROW_BYTES)?;
        let mut start = HEAD_BYTES.checked_add(rows)?;
        let mut parts = Vec::new();
        for row in rest.get(..rows)?.chunks_exact(ROW_BYTES) {
            let (name, size) = row.split_at_checked(NAME_BYTES)?;
            let end = name.iter().position(|&byte| byte == 0).unwrap_or(NAME_BYTES);
            let size = usize::try_from(u64::from_le_bytes(size.try_into().ok()?)).ok()?;
            let range = start..start.checked_add(size)?;
            start = range.end;
            parts.push((str::from_utf8(&name[..end]).ok()?, range));
        }
        (start == bytes.len()).then_some(Self { chunks: count(0)?, parts })
    }
}

#[cfg(test)]
mod tests {
    use tantivy::directory::TerminatingWrite as _;

    use super::*;

    fn packed(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let all = Parts::default();
        for (name, bytes) in parts {
            all.add(name, OwnedBytes::new(bytes.to_vec()));
        }
        let entry = write(folder.path(), 7, &all).unwrap();
        assert_eq!(entry.name, "s.segment");
        let bytes = fs::read(folder.path().join(&entry.name)).unwrap();
        assert_eq!((entry.bytes, entry.hash), (bytes.len() as u64, ContentHash::of(&bytes)));
        bytes
    }

    #[test]
    fn parts_come_back_from_their_pack() {
        let bytes = packed(&[("s.fieldnorm", b"123"), ("s.idx", b""), ("s.store", b"45")]);
        let table = Table::read(&bytes).unwrap();
        assert_eq!(table.chunks, 7);
        let parts: Vec<_> = table.parts.into_iter().map(|(name, at)| (name, &bytes[at])).collect();
        assert_eq!(parts, [("fieldnorm", &b"123"[..]), ("idx", b""), ("store", b"45")]);
    }

    #[test]
    fn large_parts_are_packed_from_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let all = Parts::within(folder.path());
        let large = vec![7; 3 << 20];
        for (name, bytes) in [("s.idx", &b"12"[..]), ("s.store", &large), ("s.term", b"3")] {
            let mut writer = all.open_write(Path::new(name)).unwrap();
            writer.write_all(bytes).unwrap();
            writer.terminate().unwrap();
        }
        assert!(folder.path().join("s.store").exists());
        let entry = write(folder.path(), 1, &all).unwrap();
        let bytes = fs::read(folder.path().join(&entry.name)).unwrap();
        assert_eq!((entry.bytes, entry.hash), (bytes.len() as u64, ContentHash::of(&bytes)));
        let parts = Table::read(&bytes).unwrap().parts;
        let sizes: Vec<_> = parts.iter().map(|(name, at)| (*name, at.len())).collect();
        assert_eq!(sizes, [("idx", 2), ("store", 3 << 20), ("term", 1)]);
        assert!(bytes.ends_with(&[7, 7, b'3']));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing but the pack is left");
    }

    #[test]
    fn a_table_that_does_not_fit_its_file_is_noticed() {
        let bytes = packed(&[("s.idx", b"123"), ("s.store", b"45")]);
        for at in 0..bytes.len() {
            assert!(Table::read(&bytes[..at]).is_none(), "cut at {at}");
        }
        for (at, bit) in (0..HEAD_BYTES + 2 * ROW_BYTES).flat_map(|at| (0..8).map(move |b| (at, b)))
        {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            // Whatever is said of names and counts: nothing lies outside the file.
            for (_, range) in Table::read(&damaged).map(|table| table.parts).unwrap_or_default() {
                assert!(damaged.get(range).is_some(), "byte {at}");
            }
        }
    }
}
