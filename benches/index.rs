//! Chunks to a published snapshot. Corpus: generated chunks of 150 words. The floor is tantivy
//! alone on the same text: one stemmed field with positions, the text stored, add and commit.
//! Files are synced on both sides as each does it by itself.

use std::path::Path;

use benches::{Corpus, Measured, criterion, elements, entry, tantivy_schema};
use document::{BotId, Chunk};
use index::{Begin, Config, DocumentEntry, PipelineKey, Store};
use tantivy::{Index, doc};

const CHUNKS_PER_DOCUMENT: usize = 10;

type Documents = Vec<(DocumentEntry, Vec<Chunk>)>;

fn documents(count: usize) -> Documents {
    let mut corpus = Corpus::new(11);
    (0..count).map(|number| (entry(number), corpus.chunks(CHUNKS_PER_DOCUMENT))).collect()
}

fn publish(
    folder: &Path,
    documents: &[(DocumentEntry, Vec<Chunk>)],
) -> Result<(), index::IndexError> {
    let bot: BotId = "bench".parse().expect("a constant name");
    let store = Store::open(folder, Config::default())?;
    let mut writer = store.writer(&bot)?;
    let mut transaction = writer.begin(PipelineKey::new(1, b"bench"), Begin::Incremental)?;
    for (entry, chunks) in documents {
        transaction.put(entry.clone(), chunks)?;
    }
    transaction.publish().map(|_| ())
}

/// tantivy alone: opens or creates, adds, commits, waits for merges.
fn tantivy_add(
    folder: &Path,
    documents: &[(DocumentEntry, Vec<Chunk>)],
    threads: usize,
) -> tantivy::Result<()> {
    let (schema, text) = tantivy_schema();
    let directory = tantivy::directory::MmapDirectory::open(folder)?;
    let index = Index::open_or_create(directory, schema)?;
    let mut writer = index.writer_with_num_threads(threads, 64 << 20)?;
    for chunk in documents.iter().flat_map(|(_, chunks)| chunks) {
        writer.add_document(doc!(text => chunk.text.as_str()))?;
    }
    writer.commit()?;
    writer.wait_merging_threads()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn main() {
    let mut criterion = criterion();
    let mut measured = Measured::default();

    let corpus = documents(500);
    let mut group = criterion.benchmark_group("index/build 5,000 chunks");
    elements(&mut group, corpus.len() * CHUNKS_PER_DOCUMENT);
    measured.bench_with(&mut group, "publish", folder, |folder| {
        publish(folder.path(), &corpus).map(|()| folder)
    });
    measured.bench_with(&mut group, "tantivy add+commit", folder, |folder| {
        tantivy_add(folder.path(), &corpus, 2).map(|()| folder)
    });
    group.finish();

    let (held, added) = (documents(1_000), documents(1_001).split_off(1_000));
    let base = folder();
    publish(base.path(), &held).expect("the base is published");
    let tantivy_base = folder();
    tantivy_add(tantivy_base.path(), &held, 2).expect("the base is built");
    let mut group = criterion.benchmark_group("index/add one document to 1,000");
    elements(&mut group, CHUNKS_PER_DOCUMENT);
    measured.bench_with(
        &mut group,
        "add to 1,000",
        || copy(base.path()),
        |folder| publish(folder.path(), &added).map(|()| folder),
    );
    measured.bench_with(&mut group, "add to none", folder, |folder| {
        publish(folder.path(), &added).map(|()| folder)
    });
    measured.bench_with(
        &mut group,
        "tantivy add one+commit",
        || copy(tantivy_base.path()),
        |folder| tantivy_add(folder.path(), &added, 1).map(|()| folder),
    );
    group.finish();

    print_sizes(base.path(), tantivy_base.path());
    measured.ratio("publish", "tantivy add+commit");
    measured.ratio("add to 1,000", "add to none");
    measured.ratio("add to 1,000", "tantivy add one+commit");
    criterion.final_summary();
}

/// Prints how many times the floor's bytes ours take on disk.
#[expect(clippy::print_stdout, reason = "the ratio is what a bench is run for")]
fn print_sizes(ours: &Path, floor: &Path) {
    if let (Ok(ours), Ok(floor)) = (bytes(ours), bytes(floor)) {
        println!("ratio  bytes on disk : tantivy = {:.2}", ours as f64 / floor as f64);
    }
}

/// Bytes of all files under a folder.
fn bytes(folder: &Path) -> std::io::Result<u64> {
    let mut total = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        total += if metadata.is_dir() { bytes(&entry.path())? } else { metadata.len() };
    }
    Ok(total)
}

/// A copy of a folder, made by hard links: what is under test replaces files, never writes into
/// them.
fn copy(from: &Path) -> tempfile::TempDir {
    let to = folder();
    link_all(from, to.path()).expect("the base can be linked");
    to
}

fn link_all(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir(&target)?;
            link_all(&entry.path(), &target)?;
        } else {
            std::fs::hard_link(entry.path(), target)?;
        }
    }
    Ok(())
}
