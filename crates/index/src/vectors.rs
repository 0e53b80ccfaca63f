//! The vectors of a snapshot: one file, a row for each chunk.
//!
//! Rows stand in the order of the documents' ids, then of the chunks' ordinals, so the file is a
//! function of the content like everything else. A row is a digest of the text that was embedded,
//! the chunk's ordinal, a scale, and the vector in bytes: each number a signed byte, the scale
//! such that the whole has unit length again. Next to single precision that takes a quarter of the
//! space and moves similarities by some thousandths.
//!
//! The digest makes the file its own cache: whoever makes the next snapshot takes the vector of
//! every text that is in it already, wherever that text stood. The file is written anew by each
//! change, some 400 bytes a chunk; that is cheap where searching all of it for each question is.

use std::path::Path;

use document::Chunk;
use tantivy::directory::{Directory as _, MmapDirectory, OwnedBytes};

use crate::{DocumentEntry, IndexError, Manifest, ModelEntry};

/// The file's name in the folder of its snapshot.
pub(crate) const VECTORS_FILE: &str = "vectors";

/// Most numbers in a vector; the largest models in use give 4,096.
pub const DIMENSIONS_MAX: usize = 4096;

/// Begins the file; its last byte is the version of the format.
const MAGIC: &[u8; 8] = b"vectors\x01";

/// The magic word, the number of dimensions, the number of rows.
const HEAD_BYTES: usize = 16;

/// Bytes of a row before its numbers: digest, ordinal, scale.
const ROW_HEAD_BYTES: usize = 16 + 4 + 4;

/// Largest number of a question's vector: 11 bits, so that the sum of [`DIMENSIONS_MAX`] products
/// with signed bytes fits 32 bits: 127 · 2047 · 4096 < 2^31.
const QUESTION_MAX: f32 = 2047.0;

/// Identifies a text, with a chance of error of nothing: half of its BLAKE3 hash.
pub(crate) type Digest = [u8; 16];

/// What is embedded of a chunk: the title, the headings above it and its text. A heading that is
/// the title, or with which the text begins, is said once.
pub(crate) fn text_of(entry: &DocumentEntry, chunk: &Chunk) -> String {
    let said = |heading: &String| *heading == entry.title || chunk.text.starts_with(&**heading);
    let headings = chunk.headings.iter().filter(|heading| !said(heading));
    let parts = std::iter::once(&entry.title).chain(headings).chain([&chunk.text]);
    let parts: Vec<&str> = parts.map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    parts.join("\n")
}

pub(crate) fn digest(text: &str) -> Digest {
    let hash = blake3::hash(text.as_bytes());
    let mut digest = Digest::default();
    digest.copy_from_slice(&hash.as_bytes()[..16]);
    digest
}

/// A vector in bytes: the scale, then a signed byte for each number. Of any length; without a
/// direction it is similar to nothing.
pub(crate) fn packed(vector: &[f32]) -> Vec<u8> {
    let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let step = if largest > 0.0 && largest.is_finite() { 127.0 / largest } else { 0.0 };
    let numbers = vector.iter().map(|x| (x * step).round() as i8);
    let square: f32 = numbers.clone().map(|x| f32::from(x) * f32::from(x)).sum();
    let scale = if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 };
    let mut bytes = scale.to_le_bytes().to_vec();
    bytes.extend(numbers.map(|x| x as u8));
    bytes
}

/// The file in the making.
pub(crate) struct File {
    bytes: Vec<u8>,
}

impl File {
    pub(crate) fn new(model: ModelEntry, rows: u64) -> Self {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(model.dimensions.to_le_bytes());
        bytes.extend(rows.to_le_bytes());
        Self { bytes }
    }

    /// Adds a row; `vector` as [`packed`] makes it.
    pub(crate) fn push(&mut self, digest: Digest, ordinal: u32, vector: &[u8]) {
        self.bytes.extend(digest);
        self.bytes.extend(ordinal.to_le_bytes());
        self.bytes.extend(vector);
    }

    /// Adds a row of another file.
    pub(crate) fn push_row(&mut self, row: Row<'_>) {
        self.bytes.extend(row.0);
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a>(&'a [u8]);

impl<'a> Row<'a> {
    pub(crate) fn digest(self) -> Digest {
        self.part(0)
    }

    pub(crate) fn ordinal(self) -> u32 {
        u32::from_le_bytes(self.part(16))
    }

    /// The vector, as [`packed`] makes it.
    pub(crate) fn vector(self) -> &'a [u8] {
        self.0.get(20..).unwrap_or_default()
    }

    fn part<const N: usize>(self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
    }
}

/// The file, mapped.
pub(crate) struct Vectors {
    bytes: OwnedBytes,
    row_bytes: usize,
    dimensions: usize,
    /// The first row of each document, in the order of the manifest, and the end.
    starts: Vec<usize>,
}

impl Vectors {
    /// Opens the file of a snapshot whose manifest names a model; `None` where it names none. Its
    /// size must be that of the chunks; its checksum is the business of whoever checks the files.
    pub(crate) fn open(folder: &Path, manifest: &Manifest) -> Result<Option<Self>, IndexError> {
        let Some(model) = manifest.model else { return Ok(None) };
        let path = folder.join(VECTORS_FILE);
        let damaged = |why: String| IndexError::damaged(&path, why);
        let directory = MmapDirectory::open(folder).map_err(IndexError::tantivy(folder))?;
        let file = directory.open_read(Path::new(VECTORS_FILE));
        let file = file.map_err(|error| damaged(error.to_string()))?;
        let bytes = file.read_bytes().map_err(IndexError::io(&path))?;
        let dimensions = model.dimensions as usize;
        let (rows, row_bytes) = (manifest.chunk_count() as usize, ROW_HEAD_BYTES + dimensions);
        let expected = HEAD_BYTES + rows * row_bytes;
        let head = File::new(model, rows as u64).into_bytes();
        if bytes.len() != expected || bytes.get(..HEAD_BYTES) != Some(&head[..]) {
            let held = bytes.len();
            return Err(damaged(format!("{held} bytes, {rows} chunks take {expected}")));
        }
        let mut starts = vec![0];
        let mut next = 0;
        for row in manifest.documents.rows() {
            next += row.chunks as usize;
            starts.push(next);
        }
        Ok(Some(Self { bytes, row_bytes, dimensions, starts }))
    }

    /// What it takes in memory beside the mapped file, in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.starts)
    }

    /// All rows, in order.
    pub(crate) fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.bytes.get(HEAD_BYTES..).unwrap_or_default().chunks_exact(self.row_bytes).map(Row)
    }

    pub(crate) fn row(&self, at: usize) -> Option<Row<'_>> {
        let start = HEAD_BYTES + at.checked_mul(self.row_bytes)?;
        self.bytes.get(start..start + self.row_bytes).map(Row)
    }

    /// The rows of the document at a position of the manifest.
    pub(crate) fn rows_of(&self, document: usize) -> std::ops::Range<usize> {
        let start = self.starts.get(document).copied().unwrap_or_default();
        start..self.starts.get(document + 1).copied().unwrap_or(start)
    }

    /// The row of a chunk.
    pub(crate) fn find(&self, document: usize, ordinal: u32) -> Option<usize> {
        let rows = self.rows_of(document);
        let ordinal_at = |at: usize| self.row(at).map(Row::ordinal);
        // Nearly always ordinals count from 0.
        let guess = rows.start.checked_add(ordinal as usize)?;
        if rows.contains(&guess) && ordinal_at(guess) == Some(ordinal) {
            return Some(guess);
        }
        rows.into_iter().find(|&at| ordinal_at(at) == Some(ordinal))
    }

    /// The cosine of each row with a vector, in the order of the rows; 0 of a vector of another
    /// size. Linear: a multiplication for each number of each row.
    pub(crate) fn cosines(&self, vector: &[f32]) -> Vec<f32> {
        if vector.len() != self.dimensions {
            return vec![0.0; self.rows().len()];
        }
        let (question, scale) = question(vector);
        let cosine = |row: Row<'_>| {
            let packed = row.vector();
            let (own, numbers) = packed.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
            dot(numbers, &question) as f32 * scale * f32::from_le_bytes(*own)
        };
        self.rows().map(cosine).collect()
    }
}

/// A vector as whole numbers, and what makes their length 1.
fn question(vector: &[f32]) -> (Vec<i16>, f32) {
    let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let step = if largest > 0.0 && largest.is_finite() { QUESTION_MAX / largest } else { 0.0 };
    let numbers: Vec<i16> = vector.iter().map(|x| (x * step).round() as i16).collect();
    let square: f32 = numbers.iter().map(|&x| f32::from(x) * f32::from(x)).sum();
    let scale = if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 };
    (numbers, scale)
}

/// Sums in whole numbers: the same in any order, so the compiler may choose one.
fn dot(row: &[u8], question: &[i16]) -> i32 {
    row.iter().zip(question).map(|(&a, &b)| i32::from(a as i8) * i32::from(b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_angles() {
        // A fixed walk over the circle of residues: no two vectors alike.
        let vector = |seed: u64| -> Vec<f32> {
            let number = |at: u64| (seed * 7919 + at * at * 104_729) % 1009;
            (0..384).map(|at| number(at) as f32 / 504.0 - 1.0).collect()
        };
        let length = |v: &[f32]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
        for (a, b) in [(1, 1), (1, 2), (3, 40), (5, 600)].map(|(a, b)| (vector(a), vector(b))) {
            let exact: f32 = a.iter().zip(&b).map(|(x, y)| x * y).sum();
            let exact = exact / (length(&a) * length(&b));
            let (packed, (question, scale)) = (packed(&a), question(&b));
            let own = f32::from_le_bytes(*packed.first_chunk().unwrap());
            let found = dot(&packed[4..], &question) as f32 * scale * own;
            assert!((found - exact).abs() < 0.004, "{found} {exact}");
        }
    }

    #[test]
    fn what_has_no_direction_is_similar_to_nothing() {
        for odd in [vec![0.0; 8], vec![f32::NAN; 8], vec![f32::INFINITY; 8]] {
            let packed = packed(&odd);
            assert_eq!(packed, [0; 12], "{odd:?}");
            let (numbers, scale) = question(&odd);
            assert_eq!(dot(&packed[4..], &numbers) as f32 * scale, 0.0, "{odd:?}");
        }
    }

    #[test]
    fn the_largest_sum_fits() {
        let most = dot(&[127; DIMENSIONS_MAX], &[QUESTION_MAX as i16; DIMENSIONS_MAX]);
        assert_eq!(i64::from(most), 127 * 2047 * 4096);
    }
}
