//! Vectors that were made before, in a file.
//!
//! The file begins with a magic word and the number of dimensions; then come records: a digest of
//! the text and its kind, the vector in single precision, a checksum. It only grows. What does not
//! check, and all after it, was cut short by a crash and is cut off. A cache: it may be deleted at
//! any time, and nothing in it can fail anybody.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use index::{EmbedFailure, Embedder, ModelKey, TextKind};

use crate::EmbedError;

/// Begins the file; its last byte is the version of the format.
const MAGIC: &[u8; 8] = b"embeds \x01";

/// The magic word and the number of dimensions.
const HEAD_BYTES: u64 = 12;

/// Bytes of a record beside its numbers: digest and checksum.
const RECORD_EXTRA_BYTES: usize = 16 + 8;

/// Largest file: half a million vectors of 384 numbers. One that has grown so far starts anew.
const BYTES_MAX: u64 = 1 << 30;

type Digest = [u8; 16];

/// An embedder that remembers its vectors in a file, and asks another for those it does not know.
#[derive(Debug)]
pub struct Kept<E> {
    inner: E,
    /// `None` where another process has the file.
    file: Option<Mutex<Records>>,
}

impl<E: Embedder> Kept<E> {
    /// Remembers vectors of `inner` in a file of `folder` that its model has for itself; the folder
    /// is made where it is missing. Where another process has the file, nothing is remembered.
    pub fn new(inner: E, folder: &Path) -> Result<Self, EmbedError> {
        fs::create_dir_all(folder).map_err(EmbedError::io(folder))?;
        let path = folder.join(inner.key().to_string());
        let options = File::options().create(true).truncate(false).read(true).write(true).clone();
        let file = options.open(&path).map_err(EmbedError::io(&path))?;
        if file.try_lock().is_err() {
            return Ok(Self { inner, file: None });
        }
        let records = Records::read(file, inner.dimensions()).map_err(EmbedError::io(&path))?;
        Ok(Self { inner, file: Some(Mutex::new(records)) })
    }
}

impl<E: Embedder> Embedder for Kept<E> {
    fn key(&self) -> ModelKey {
        self.inner.key()
    }

    fn dimensions(&self) -> usize {
        self.inner.dimensions()
    }

    fn embed(&self, kind: TextKind, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
        let Some(file) = &self.file else { return self.inner.embed(kind, texts) };
        let records = || file.lock().unwrap_or_else(PoisonError::into_inner);
        let digests: Vec<Digest> = texts.iter().map(|text| digest(kind, text)).collect();
        let mut found: Vec<Option<Vec<f32>>> = {
            let mut records = records();
            digests.iter().map(|digest| records.get(digest)).collect()
        };
        let missing: Vec<usize> =
            found.iter().enumerate().filter(|(_, v)| v.is_none()).map(|(at, _)| at).collect();
        let unknown: Vec<&str> = missing.iter().filter_map(|&at| texts.get(at).copied()).collect();
        if !unknown.is_empty() {
            let made = self.inner.embed(kind, &unknown)?;
            let mut records = records();
            for (at, vector) in missing.into_iter().zip(made) {
                if let (Some(place), Some(digest)) = (found.get_mut(at), digests.get(at)) {
                    records.put(*digest, &vector);
                    *place = Some(vector);
                }
            }
        }
        let all: Option<Vec<Vec<f32>>> = found.into_iter().collect();
        all.ok_or_else(|| "the model gave fewer vectors than it was given texts".into())
    }
}

/// The open file.
#[derive(Debug)]
struct Records {
    file: File,
    dimensions: usize,
    /// Where each record begins.
    places: HashMap<Digest, u64>,
    /// Where the next record goes.
    end: u64,
}

impl Records {
    fn read(mut file: File, dimensions: usize) -> std::io::Result<Self> {
        let mut records =
            Self { file: file.try_clone()?, dimensions, places: HashMap::new(), end: 0 };
        let mut bytes = Vec::new();
        if file.metadata()?.len() <= BYTES_MAX {
            file.read_to_end(&mut bytes)?;
        }
        let head = records.head();
        if let Some(rest) = bytes.strip_prefix(&head[..]) {
            records.end = HEAD_BYTES;
            for record in rest.chunks_exact(records.record_bytes()) {
                let Some(digest) = checked(record) else { break };
                records.places.insert(digest, records.end);
                records.end += record.len() as u64;
            }
        } else {
            records.end = HEAD_BYTES;
            records.file.set_len(0)?;
            records.file.seek(SeekFrom::Start(0))?;
            records.file.write_all(&head)?;
        }
        records.file.set_len(records.end)?;
        Ok(records)
    }

    fn get(&mut self, digest: &Digest) -> Option<Vec<f32>> {
        let place = *self.places.get(digest)?;
        let mut record = vec![0; self.record_bytes()];
        self.file.seek(SeekFrom::Start(place)).ok()?;
        self.file.read_exact(&mut record).ok()?;
        let numbers = record.get(16..16 + 4 * self.dimensions)?.chunks_exact(4);
        let number = |bytes: &[u8]| bytes.first_chunk().map(|bytes| f32::from_le_bytes(*bytes));
        (checked(&record)? == *digest).then(|| numbers.filter_map(number).collect())
    }

    /// Remembers a vector, if the file takes it.
    fn put(&mut self, digest: Digest, vector: &[f32]) {
        if vector.len() != self.dimensions || self.end >= BYTES_MAX {
            return;
        }
        let mut record = digest.to_vec();
        record.extend(vector.iter().flat_map(|number| number.to_le_bytes()));
        record.extend(checksum(&record));
        let written = self.file.seek(SeekFrom::Start(self.end));
        // What was written in part lies behind the end, and is written over.
        if written.and_then(|_| self.file.write_all(&record)).is_ok() {
            self.places.insert(digest, self.end);
            self.end += record.len() as u64;
        }
    }

    fn head(&self) -> Vec<u8> {
        let mut head = MAGIC.to_vec();
        head.extend((self.dimensions as u32).to_le_bytes());
        head
    }

    fn record_bytes(&self) -> usize {
        4 * self.dimensions + RECORD_EXTRA_BYTES
    }
}

/// The digest of a record whose checksum holds.
fn checked(record: &[u8]) -> Option<Digest> {
    let (held, sum) = record.split_last_chunk::<8>()?;
    (checksum(held) == *sum).then(|| held.first_chunk().copied()).flatten()
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    *blake3::hash(bytes).as_bytes().first_chunk().unwrap_or(&[0; 8])
}

fn digest(kind: TextKind, text: &str) -> Digest {
    let mut hasher = blake3::Hasher::new();
    hasher.update(match kind {
        TextKind::Passage => b"p",
        TextKind::Question => b"q",
    });
    hasher.update(text.as_bytes());
    *hasher.finalize().as_bytes().first_chunk().unwrap_or(&[0; 16])
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// The length of a text, and how many texts were embedded.
    #[derive(Debug, Default)]
    struct Lengths(AtomicUsize);

    impl Embedder for Lengths {
        fn key(&self) -> ModelKey {
            ModelKey::from_digest([7; 32])
        }

        fn dimensions(&self) -> usize {
            2
        }

        fn embed(&self, kind: TextKind, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
            self.0.fetch_add(texts.len(), Ordering::Relaxed);
            let asked = if kind == TextKind::Question { 1.0 } else { 0.0 };
            Ok(texts.iter().map(|text| vec![text.len() as f32, asked]).collect())
        }
    }

    fn embedded(kept: &Kept<Lengths>) -> usize {
        kept.inner.0.load(Ordering::Relaxed)
    }

    #[test]
    fn a_text_is_embedded_once_by_all_who_share_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let first = Kept::new(Lengths::default(), folder.path()).unwrap();
        let passages = first.embed(TextKind::Passage, &["a", "bb", "a"]).unwrap();
        assert_eq!(passages, [[1.0, 0.0], [2.0, 0.0], [1.0, 0.0]]);
        assert_eq!(first.embed(TextKind::Question, &["bb"]).unwrap(), [[2.0, 1.0]]);
        let busy = Kept::new(Lengths::default(), folder.path()).unwrap();
        assert_eq!(busy.embed(TextKind::Passage, &["a"]).unwrap(), [[1.0, 0.0]]);
        assert_eq!(embedded(&busy), 1, "the file is in other hands");
        drop(first);
        let again = Kept::new(Lengths::default(), folder.path()).unwrap();
        let passages = again.embed(TextKind::Passage, &["bb", "ccc", "a"]).unwrap();
        assert_eq!(passages, [[2.0, 0.0], [3.0, 0.0], [1.0, 0.0]]);
        assert_eq!(embedded(&again), 1);
    }

    #[test]
    fn what_was_damaged_or_cut_short_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Lengths::default().key().to_string());
        let kept = Kept::new(Lengths::default(), folder.path()).unwrap();
        kept.embed(TextKind::Passage, &["a", "bb", "ccc"]).unwrap();
        drop(kept);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x20;
            for bytes in [&damaged[..], &whole[..at]] {
                fs::write(&path, bytes).unwrap();
                let kept = Kept::new(Lengths::default(), folder.path()).unwrap();
                let vectors = kept.embed(TextKind::Passage, &["a", "bb", "ccc"]).unwrap();
                assert_eq!(vectors, [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]], "byte {at}");
                assert!(embedded(&kept) > 0, "byte {at}");
                drop(kept);
                assert_eq!(fs::read(&path).unwrap(), whole, "byte {at}");
            }
        }
    }
}
