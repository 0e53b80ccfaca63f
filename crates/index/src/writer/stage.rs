//! The next snapshot in the making.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tantivy::indexer::merge_filtered_segments;

use super::builder::Built;
use super::caught;
use super::compaction::{Counts, merges};
use super::workshop::Workshop;
use crate::files::{remove, sync_folder, write_synced};
use crate::manifest::{Documents, FileEntry, MANIFEST_FILE, Row, SegmentEntry};
use crate::parts::Parts;
use crate::schema::settings;
use crate::snapshot::{alive, documents_of, open_segments, owners_in};
use crate::vectors::Vectors;
use crate::{IndexError, Manifest, pack};

/// A folder that is removed when dropped, unless it was renamed.
pub(super) struct Folder {
    path: PathBuf,
    is_renamed: bool,
}

impl Folder {
    /// Makes it anew.
    pub(super) fn create(path: &Path) -> Result<Self, IndexError> {
        remove(path)?;
        fs::create_dir(path).map_err(IndexError::io(path))?;
        Ok(Self { path: path.to_owned(), is_renamed: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_renamed {
            // What stays is swept by the next writer.
            let _ = remove(&self.path);
        }
    }
}

/// The segments of the next snapshot.
pub(super) struct Stage {
    folder: Folder,
    /// The snapshot that it begins with.
    base: PathBuf,
    segments: Vec<Segment>,
}

struct Segment {
    file: FileEntry,
    /// Chunks, those of documents that are gone included.
    chunks: u32,
    /// Whether it is one of the snapshot before.
    is_of_base: bool,
}

impl Stage {
    /// Begins with the segments of a snapshot, if there is one; documents keep their places.
    pub(super) fn new(folder: Folder, base: Option<(&Path, &Manifest)>) -> Self {
        let (base, segments) = match base {
            Some((path, manifest)) => (path.to_owned(), segments_of(manifest)),
            None => (PathBuf::new(), Vec::new()),
        };
        Self { folder, base, segments }
    }

    /// Adds segments that lie in the folder, in order, and places their documents there.
    pub(super) fn add(&mut self, built: Vec<Built>, documents: &mut Documents) {
        for Built { file, chunks, documents: indexed } in built {
            let place = self.push(file, chunks);
            for indexed in indexed {
                // One that is missing was removed again.
                let position = documents.position(indexed.id.as_str().as_bytes());
                let row = position.and_then(|position| documents.rows_mut().get_mut(position));
                if let Some(row) = row {
                    (row.tokens, row.languages) = (indexed.tokens, indexed.languages);
                    row.place = Some(place);
                }
            }
        }
    }

    fn push(&mut self, file: FileEntry, chunks: u32) -> u32 {
        self.segments.push(Segment { file, chunks, is_of_base: false });
        self.segments.len() as u32 - 1
    }

    /// Merges segments until all is well; documents get their new places.
    pub(super) fn compact(
        &mut self,
        documents: &mut Documents,
        workshop: &Workshop,
    ) -> Result<(), IndexError> {
        for places in merges(&self.counts(documents)) {
            let _turn = workshop.turn();
            let (file, chunks) = caught(self.folder.path(), || self.merge(&places, documents))?;
            let merged = self.push(file, chunks);
            let is_moved =
                |row: &&mut Row| row.place.is_some_and(|place| places.contains(&(place as usize)));
            documents.rows_mut().iter_mut().filter(is_moved).for_each(|row| {
                row.place = Some(merged);
            });
        }
        Ok(())
    }

    fn counts(&self, documents: &Documents) -> Vec<Counts> {
        let mut live = vec![0; self.segments.len()];
        for row in documents.rows() {
            if let Some(live) = row.place.and_then(|place| live.get_mut(place as usize)) {
                *live += row.chunks;
            }
        }
        let counts = self.segments.iter().zip(live);
        let counts = counts
            .map(|(segment, live)| Counts { live, deleted: segment.chunks.saturating_sub(live) });
        counts.collect()
    }

    /// Writes the live chunks of some segments as one.
    fn merge(
        &self,
        places: &[usize],
        documents: &Documents,
    ) -> Result<(FileEntry, u32), IndexError> {
        let folder = self.folder.path();
        let tantivy = |error: tantivy::TantivyError| IndexError::tantivy(folder)(error);
        let (mut segments, mut filters) = (Vec::new(), Vec::new());
        for &place in places {
            let segment = self.open(place)?;
            let reader = tantivy::SegmentReader::open(&segment).map_err(tantivy)?;
            let mut owner = owners_in(documents, place);
            let lives = documents_of(&reader, |id| owner(id).is_some()).map_err(tantivy)?;
            let alive = lives.map(|(lives, column)| alive(&lives, &column, reader.max_doc()));
            filters.push(alive);
            segments.push(segment);
        }
        let parts = Parts::within(folder);
        let merged = merge_filtered_segments(&segments, settings(), filters, parts.clone());
        let metas = merged.and_then(|merged| merged.searchable_segment_metas()).map_err(tantivy)?;
        let chunks = metas.iter().map(|meta| meta.max_doc()).sum();
        Ok((pack::write(folder, chunks, &parts)?, chunks))
    }

    /// Opens a segment. One of the base is compared with its checksum first: what is merged gets a
    /// checksum of its own, under which damage would pass for content.
    fn open(&self, place: usize) -> Result<tantivy::Segment, IndexError> {
        let gone = || IndexError::damaged(self.folder.path(), "a segment is missing");
        let segment = self.segments.get(place).ok_or_else(gone)?;
        let folder = if segment.is_of_base { &self.base } else { self.folder.path() };
        if segment.is_of_base {
            segment.file.check(folder)?;
        }
        let entry = SegmentEntry { file: segment.file.name.clone(), chunks: segment.chunks };
        pack::open(folder, &[entry])?.pop().ok_or_else(gone)
    }

    /// Leaves nothing in the folder but the segments that a document needs, all of it on the disk;
    /// documents get their places among them.
    pub(super) fn finish(self, documents: &mut Documents) -> Result<Finished, IndexError> {
        let counts = self.counts(documents);
        let Self { folder, base, segments } = self;
        let (mut kept, mut files, mut places) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut made = BTreeSet::new();
        for (place, (segment, counts)) in segments.into_iter().zip(counts).enumerate() {
            let path = folder.path().join(&segment.file.name);
            if counts.live == 0 {
                if !segment.is_of_base {
                    remove(&path)?;
                }
                continue;
            }
            if segment.is_of_base {
                let linked = fs::hard_link(base.join(&segment.file.name), &path);
                linked.map_err(IndexError::io(&path))?;
            } else {
                sync(&path)?;
                made.insert(segment.file.name.clone());
            }
            places.insert(place as u32, kept.len() as u32);
            kept.push(SegmentEntry { file: segment.file.name.clone(), chunks: segment.chunks });
            files.push(segment.file);
        }
        for row in documents.rows_mut() {
            row.place = row.place.and_then(|place| places.get(&place).copied());
        }
        let mut finished = Finished { folder, segments: kept, files, made };
        finished.sort();
        Ok(finished)
    }
}

fn segments_of(manifest: &Manifest) -> Vec<Segment> {
    let segment = |entry: &SegmentEntry| {
        let file = manifest.files.iter().find(|file| file.name == entry.file)?;
        Some(Segment { file: file.clone(), chunks: entry.chunks, is_of_base: true })
    };
    manifest.segments.iter().filter_map(segment).collect()
}

/// A folder that lacks only its manifest.
pub(super) struct Finished {
    folder: Folder,
    pub(super) segments: Vec<SegmentEntry>,
    /// Sorted by name.
    pub(super) files: Vec<FileEntry>,
    /// The segments that are not of the snapshot before.
    made: BTreeSet<String>,
}

impl Finished {
    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lists a file that was written into the folder, synced.
    pub(super) fn add(&mut self, file: FileEntry) {
        self.files.push(file);
        self.sort();
    }

    fn sort(&mut self) {
        self.files.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Writes the manifest and opens what is new, to see that it holds what the manifest says.
    pub(super) fn seal(&self, manifest: &Manifest) -> Result<(), IndexError> {
        let folder = self.folder();
        write_synced(&folder.join(MANIFEST_FILE), &manifest.to_bytes())?;
        sync_folder(folder)?;
        Vectors::open(folder, manifest)?;
        open_segments(folder, manifest, |file| self.made.contains(file), &[]).map(drop)
    }

    /// Gives the folder its name.
    pub(super) fn rename(mut self, to: &Path) -> Result<(), IndexError> {
        fs::rename(self.folder(), to).map_err(IndexError::io(self.folder()))?;
        self.folder.is_renamed = true;
        Ok(())
    }
}

fn sync(path: &Path) -> Result<(), IndexError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(IndexError::io(path))
}
