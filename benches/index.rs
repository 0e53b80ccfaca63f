//! Chunks to a published snapshot. Corpus: generated chunks of 150 words. There are two floors,
//! tantivy alone on the same text, add and commit: with the index's own fields (`same fields`), and
//! with one stemmed field with positions (`one field`). Both store the text and have tantivy's own
//! tokenizers. Files are synced on all sides as each does it by itself.

use std::path::Path;

use benches::{Corpus, Measured, SameFields, criterion, elements, entry, tantivy_schema};
use document::{BotId, Chunk, DocumentId};
use index::{Begin, Config, DocumentEntry, PipelineKey, Store};
use tantivy::{Index, Term, doc};
use tempfile::TempDir;

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

/// Takes a document out of the bot.
fn remove(folder: &Path, id: &DocumentId) -> Result<(), index::IndexError> {
    let bot: BotId = "bench".parse().expect("a constant name");
    let store = Store::open(folder, Config::default())?;
    let mut writer = store.writer(&bot)?;
    let mut transaction = writer.begin(PipelineKey::new(1, b"bench"), Begin::Incremental)?;
    assert!(transaction.remove(id)?, "it is there");
    transaction.publish().map(|_| ())
}

/// Memory of tantivy's writer: what the index has by default.
const HEAP_BYTES: usize = 128 << 20;

/// tantivy alone: opens or creates, adds, commits, waits for merges.
fn tantivy_add(
    folder: &Path,
    documents: &[(DocumentEntry, Vec<Chunk>)],
    threads: usize,
) -> tantivy::Result<()> {
    let (schema, text) = tantivy_schema();
    let directory = tantivy::directory::MmapDirectory::open(folder)?;
    let index = Index::open_or_create(directory, schema)?;
    let mut writer = index.writer_with_num_threads(threads, HEAP_BYTES)?;
    for chunk in documents.iter().flat_map(|(_, chunks)| chunks) {
        writer.add_document(doc!(text => chunk.text.as_str()))?;
    }
    writer.commit()?;
    writer.wait_merging_threads()
}

/// The same with the fields of the index; `removed` is deleted first.
fn same_fields(
    folder: &Path,
    documents: &[(DocumentEntry, Vec<Chunk>)],
    removed: Option<&DocumentId>,
    threads: usize,
) -> tantivy::Result<()> {
    let fields = SameFields::default();
    let directory = tantivy::directory::MmapDirectory::open(folder)?;
    let index = Index::open_or_create(directory, fields.schema.clone())?;
    let mut writer = index.writer_with_num_threads(threads, HEAP_BYTES)?;
    if let Some(id) = removed {
        writer.delete_term(Term::from_field_text(fields.document, id.as_str()));
    }
    for (entry, chunks) in documents {
        for chunk in chunks {
            writer.add_document(fields.document_of(entry, chunk))?;
        }
    }
    writer.commit()?;
    writer.wait_merging_threads()
}

fn folder() -> TempDir {
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
    measured.bench_with(&mut group, "tantivy same fields", folder, |folder| {
        same_fields(folder.path(), &corpus, None, 2).map(|()| folder)
    });
    measured.bench_with(&mut group, "tantivy one field", folder, |folder| {
        tantivy_add(folder.path(), &corpus, 2).map(|()| folder)
    });
    group.finish();

    let (held, added) = (documents(1_000), documents(1_001).split_off(1_000));
    let (base, floor, one_field) = (folder(), folder(), folder());
    publish(base.path(), &held).expect("the base is published");
    same_fields(floor.path(), &held, None, 2).expect("the base is built");
    tantivy_add(one_field.path(), &held, 2).expect("the base is built");
    let mut group = criterion.benchmark_group("index/change one document of 1,000");
    elements(&mut group, CHUNKS_PER_DOCUMENT);
    let copied = |from: &TempDir| copy(from.path());
    measured.bench_with(
        &mut group,
        "add to 1,000",
        || copied(&base),
        |folder| publish(folder.path(), &added).map(|()| folder),
    );
    measured.bench_with(&mut group, "add to none", folder, |folder| {
        publish(folder.path(), &added).map(|()| folder)
    });
    measured.bench_with(
        &mut group,
        "tantivy add to 1,000",
        || copied(&floor),
        |folder| same_fields(folder.path(), &added, None, 1).map(|()| folder),
    );
    measured.bench_with(&mut group, "tantivy add to none", folder, |folder| {
        same_fields(folder.path(), &added, None, 1).map(|()| folder)
    });
    let gone = &held[500].0.id;
    measured.bench_with(
        &mut group,
        "remove of 1,000",
        || copied(&base),
        |folder| remove(folder.path(), gone).map(|()| folder),
    );
    measured.bench_with(
        &mut group,
        "tantivy delete of 1,000",
        || copied(&floor),
        |folder| same_fields(folder.path(), &[], Some(gone), 1).map(|()| folder),
    );
    group.finish();

    print_sizes(base.path(), floor.path(), "same fields");
    print_sizes(base.path(), one_field.path(), "one field");
    measured.ratio("publish", "tantivy same fields");
    measured.ratio("publish", "tantivy one field");
    measured.ratio("add to 1,000", "add to none");
    measured.ratio("add to 1,000", "tantivy add to 1,000");
    measured.ratio("add to none", "tantivy add to none");
    measured.ratio("remove of 1,000", "tantivy delete of 1,000");
    criterion.final_summary();
}

/// Prints how many times the floor's bytes ours take on disk.
#[expect(clippy::print_stdout, reason = "the ratio is what a bench is run for")]
fn print_sizes(ours: &Path, floor: &Path, name: &str) {
    if let (Ok(ours), Ok(floor)) = (bytes(ours), bytes(floor)) {
        println!("ratio  bytes on disk : tantivy {name} = {:.2}", ours as f64 / floor as f64);
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
fn copy(from: &Path) -> TempDir {
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
