//! The next snapshot in the making.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tantivy::indexer::{IndexWriterOptions, NoMergePolicy, UserOperation};
use tantivy::{Index, IndexSettings, IndexWriter, SegmentMeta, TantivyDocument};

use super::compaction::{Counts, next_merge};
use super::directory::StageDirectory;
use crate::files::{remove, sync_folder, write_synced};
use crate::manifest::{FileEntry, MANIFEST_FILE};
use crate::schema::{schema, tokenizers};
use crate::snapshot::open_segments;
use crate::vectors::{VECTORS_FILE, Vectors};
use crate::{Config, IndexError, Manifest};

/// The file in which the search library lists its segments; rewritten by each commit.
const META_FILE: &str = "meta.json";

/// End of the names of files that tell which chunks of a segment are deleted.
const DELETED_SUFFIX: &str = ".del";

/// End of the names of files that hold what is stored of the chunks, the bulk of an index.
const STORED_SUFFIX: &str = ".store";

/// Text compressed together, in bytes, about three chunks. A question reads chunks here and there,
/// and each costs the decompression of its block: a quarter of the library's 16 KiB.
const STORE_BLOCK_BYTES: usize = 4 << 10;

/// Smallest heap of a thread that the search library takes, in bytes.
const HEAP_BYTES_MIN: usize = 15_000_000;

/// Largest heap of a thread that the search library takes, in bytes, with room to spare.
const HEAP_BYTES_MAX: usize = 4_000_000_000;

/// A folder with an open index; removed when dropped unless it was published.
pub(super) struct Stage {
    folder: PathBuf,
    index: Index,
    writer: IndexWriter,
    linked: Linked,
    guard: Guard,
}

/// Files that were published before and are linked.
#[derive(Default)]
struct Linked {
    /// The folder they are linked from.
    from: PathBuf,
    /// By name.
    files: BTreeMap<String, FileEntry>,
}

/// Removes a folder when dropped.
struct Guard(Option<PathBuf>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(folder) = self.0.take() {
            // What stays is swept by the next writer.
            let _ = remove(&folder);
        }
    }
}

impl Stage {
    /// Makes a folder with the segments of a snapshot, or with none.
    pub(super) fn open(
        folder: &Path,
        base: Option<(&Path, &Manifest)>,
        large: bool,
        config: &Config,
    ) -> Result<Self, IndexError> {
        remove(folder)?;
        fs::create_dir(folder).map_err(IndexError::io(folder))?;
        let guard = Guard(Some(folder.to_owned()));
        let linked = match base {
            Some((from, manifest)) => link_segments(from, manifest, folder)?,
            None => Linked::default(),
        };
        let tantivy = IndexError::tantivy(folder);
        let opened = open_index(folder, base.is_none(), large, config);
        let (index, writer) = opened.map_err(tantivy)?;
        Ok(Self { folder: folder.to_owned(), index, writer, linked, guard })
    }

    /// Adds and deletes, in order.
    pub(super) fn run(
        &mut self,
        operations: Vec<UserOperation<TantivyDocument>>,
    ) -> Result<(), IndexError> {
        if operations.iter().any(|operation| matches!(operation, UserOperation::Delete(_))) {
            self.linked.check_for_deletions()?;
        }
        let Err(error) = self.writer.run(operations) else { return Ok(()) };
        // Of a dead thread only the death is told here; whoever waits for it learns the cause.
        let cause = self.writer.prepare_commit().err().unwrap_or(error);
        Err(IndexError::tantivy(&self.folder)(cause))
    }

    /// Commits and merges, then leaves nothing in the folder but what the snapshot needs, all
    /// of it on the disk. The files of the snapshot, sorted by name.
    pub(super) fn finish(self) -> Result<Finished, IndexError> {
        let Self { folder, index, writer, linked, guard } = self;
        let committed = commit(&folder, &index, writer, &linked);
        let needed = committed.map_err(|error| linked.blame().err().unwrap_or(error))?;
        drop(index);
        let kept = keep_only(&folder, &needed).map_err(IndexError::io(&folder))?;
        let file = |name: &String| match linked.files.get(name) {
            Some(entry) => Ok(entry.clone()),
            None => sync(&folder.join(name)).and_then(|()| FileEntry::of(&folder, name)),
        };
        let files = kept.iter().map(file).collect::<Result<_, _>>()?;
        Ok(Finished { folder, files, guard })
    }
}

/// A folder that lacks only its manifest.
pub(super) struct Finished {
    folder: PathBuf,
    pub(super) files: Vec<FileEntry>,
    guard: Guard,
}

impl Finished {
    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lists a file that was written into the folder, synced.
    pub(super) fn add(&mut self, file: FileEntry) {
        self.files.push(file);
        self.files.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// Writes the manifest and opens the whole, to see that it holds what the manifest says.
    pub(super) fn seal(&self, manifest: &Manifest) -> Result<(), IndexError> {
        write_synced(&self.folder.join(MANIFEST_FILE), &manifest.to_bytes())?;
        sync_folder(&self.folder)?;
        Vectors::open(&self.folder, manifest)?;
        open_segments(&self.folder, manifest).map(drop)
    }

    /// Gives the folder its name.
    pub(super) fn rename(mut self, to: &Path) -> Result<(), IndexError> {
        fs::rename(&self.folder, to).map_err(IndexError::io(&self.folder))?;
        self.guard.0 = None;
        Ok(())
    }
}

impl Linked {
    /// Compares the files in which deletions are looked up with their checksums. Damage in
    /// them would delete the wrong chunks, or end the process with a panic on a thread of the
    /// search library.
    fn check_for_deletions(&self) -> Result<(), IndexError> {
        let mut files = self.files.values().filter(|entry| !entry.name.ends_with(STORED_SUFFIX));
        files.try_for_each(|entry| entry.check(&self.from))
    }

    /// Compares all linked files with their checksums.
    fn blame(&self) -> Result<(), IndexError> {
        self.files.values().try_for_each(|entry| entry.check(&self.from))
    }

    /// Compares the files of a segment with their checksums, as far as they are linked.
    fn check(&self, segment: &SegmentMeta) -> Result<(), IndexError> {
        let id = segment.id().uuid_string();
        let mut files = self.files.values().filter(|entry| entry.name.starts_with(&id));
        files.try_for_each(|entry| entry.check(&self.from))
    }
}

/// Links the files of segments, which never change, and copies the list of them, which does.
fn link_segments(from: &Path, manifest: &Manifest, to: &Path) -> Result<Linked, IndexError> {
    let mut files = BTreeMap::new();
    for entry in &manifest.files {
        // Not of a segment, and written anew.
        if entry.name == VECTORS_FILE {
            continue;
        }
        let (old, new) = (from.join(&entry.name), to.join(&entry.name));
        // Both are small, and made anew from what they hold: damage would get a valid checksum.
        if entry.name == META_FILE || entry.name.ends_with(DELETED_SUFFIX) {
            entry.check(from)?;
        }
        if entry.name == META_FILE {
            fs::copy(&old, &new).map_err(IndexError::io(&new))?;
        } else {
            fs::hard_link(&old, &new).map_err(IndexError::io(&new))?;
            files.insert(entry.name.clone(), entry.clone());
        }
    }
    Ok(Linked { from: from.to_owned(), files })
}

fn open_index(
    folder: &Path,
    create: bool,
    large: bool,
    config: &Config,
) -> tantivy::Result<(Index, IndexWriter)> {
    let directory = StageDirectory::open(folder)?;
    let mut index = if create {
        // A thread per store writer pays for slow compressors; lz4 is none.
        let settings = IndexSettings {
            docstore_compress_dedicated_thread: false,
            docstore_blocksize: STORE_BLOCK_BYTES,
            ..Default::default()
        };
        Index::builder().schema(schema().0).settings(settings).open_or_create(directory)?
    } else {
        Index::open(directory)?
    };
    index.set_tokenizers(tokenizers());
    let threads = if large { config.writer_threads.max(1) } else { 1 };
    let heap = if large { config.writer_heap_bytes / threads } else { HEAP_BYTES_MIN };
    let options = IndexWriterOptions::builder()
        .num_worker_threads(threads)
        .memory_budget_per_thread(heap.clamp(HEAP_BYTES_MIN, HEAP_BYTES_MAX))
        .num_merge_threads(1)
        .build();
    let writer = index.writer_with_options(options)?;
    // Merges happen here, before publishing, and never behind the back of a snapshot.
    writer.set_merge_policy(Box::new(NoMergePolicy));
    Ok((index, writer))
}

/// Commits, merges until all is well, and names the files that may be left.
fn commit(
    folder: &Path,
    index: &Index,
    mut writer: IndexWriter,
    linked: &Linked,
) -> Result<BTreeSet<String>, IndexError> {
    let tantivy = |error| IndexError::tantivy(folder)(error);
    writer.commit().map_err(tantivy)?;
    loop {
        let metas = index.searchable_segment_metas().map_err(tantivy)?;
        let counts: Vec<_> = metas
            .iter()
            .map(|meta| Counts { live: meta.num_docs(), deleted: meta.num_deleted_docs() })
            .collect();
        let Some(places) = next_merge(&counts) else { break };
        // What is merged gets a checksum of its own, under which damage would pass for content.
        places.iter().try_for_each(|&place| linked.check(&metas[place]))?;
        let ids: Vec<_> = places.iter().map(|&place| metas[place].id()).collect();
        writer.merge(&ids).wait().map_err(tantivy)?;
    }
    writer.wait_merging_threads().map_err(tantivy)?;
    let candidates = index.load_metas().map_err(tantivy)?.list_segment_files();
    let names = candidates.iter().map(|file| file.to_string_lossy().into_owned());
    Ok(names.chain([META_FILE.to_owned()]).collect())
}

/// Removes lock files, lists of files, and files of segments that were merged away; the names
/// of the rest, sorted.
fn keep_only(folder: &Path, needed: &BTreeSet<String>) -> io::Result<Vec<String>> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if needed.contains(&name) {
            kept.push(name);
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    kept.sort();
    Ok(kept)
}

fn sync(path: &Path) -> Result<(), IndexError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(IndexError::io(path))
}
