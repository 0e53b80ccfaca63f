use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use document::{BotId, Chunk, ContentHash, DocumentId, MediaType, Span};
use proptest::prelude::*;

use super::*;
use crate::manifest::MANIFEST_FILE;
use crate::{Config, DocumentEntry, IndexError, Language, Query, Snapshot, SnapshotKey, Store};

mod cache;
mod damage;
mod filters;
mod segments;
mod vectors;
mod words;

struct Fixture {
    folder: tempfile::TempDir,
    store: Store,
}

fn fixture() -> Fixture {
    fixture_with(Config::default())
}

fn fixture_with(config: Config) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), config).unwrap();
    Fixture { folder, store }
}

/// Every transaction counts as large.
fn large() -> Config {
    Config { small_text_bytes_max: 1, ..Config::default() }
}

fn bot() -> BotId {
    "demo".parse().unwrap()
}

/// The idf of the only term of a question.
fn idf(snapshot: &Snapshot, word: &str) -> f32 {
    snapshot.idf_of(&snapshot.terms(&Query::parse(word)).unwrap()[0]).unwrap()
}

fn id(name: &str) -> DocumentId {
    name.parse().unwrap()
}

fn pipeline() -> PipelineKey {
    PipelineKey::new(1, b"")
}

fn entry(name: &str, text: &str) -> DocumentEntry {
    DocumentEntry {
        id: id(name),
        source: format!("{name}.md"),
        title: format!("About {name}"),
        media_type: MediaType::Markdown,
        content_hash: ContentHash::of(text.as_bytes()),
        metadata: BTreeMap::new(),
        pages: 0,
        pages_without_text: Vec::new(),
        chunks: 0,
    }
}

/// One chunk per line.
fn chunks(text: &str) -> Vec<Chunk> {
    let mut start = 0;
    let mut chunks = Vec::new();
    for (ordinal, line) in text.split_inclusive('\n').enumerate() {
        let span = Span::new(start, start + line.len());
        start = span.end;
        chunks.push(Chunk {
            ordinal: ordinal as u32,
            span,
            char_start: span.start,
            pages: None,
            page_breaks: Vec::new(),
            headings: vec!["Handbook".into()],
            blocks: Vec::new(),
            text: line.to_owned(),
        });
    }
    chunks
}

/// Puts documents, removes those without text, publishes.
fn change(writer: &mut BotWriter, changes: &[(&str, &str)], mode: Begin) -> Published {
    let mut transaction = writer.begin(pipeline(), mode).unwrap();
    for (name, text) in changes {
        if text.is_empty() {
            transaction.remove(&id(name)).unwrap();
        } else {
            transaction.put(entry(name, text), &chunks(text)).unwrap();
        }
    }
    transaction.publish().unwrap()
}

fn publish(store: &Store, changes: &[(&str, &str)]) -> Published {
    change(&mut store.writer(&bot()).unwrap(), changes, Begin::Incremental)
}

/// Document, ordinal and score bits of all hits.
fn hits(snapshot: &Snapshot, question: &str, limit: usize) -> Vec<(String, u32, u32)> {
    let hits = snapshot.search(&Query::parse(question), limit).unwrap();
    let row =
        |hit: crate::Hit| (hit.document_id.to_string(), hit.chunk.ordinal, hit.score.to_bits());
    hits.into_iter().map(row).collect()
}

fn found(store: &Store, question: &str) -> Vec<String> {
    let snapshot = store.snapshot(&bot()).unwrap().unwrap();
    hits(&snapshot, question, 10).into_iter().map(|(name, ..)| name).collect()
}

impl Fixture {
    fn bot_folder(&self) -> PathBuf {
        self.folder.path().join("demo")
    }

    fn snapshot_folder(&self, key: SnapshotKey) -> PathBuf {
        self.bot_folder().join("snapshots").join(key.to_string())
    }

    fn snapshot_names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.bot_folder().join("snapshots")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn what_is_published_is_found_replaced_and_removed() {
    let Fixture { store, folder: _folder } = &fixture();
    assert!(store.snapshot(&bot()).unwrap().is_none());
    assert_eq!(store.bots().unwrap(), []);
    let first =
        publish(store, &[("a", "Pumps need oil.\nFilters need air."), ("b", "Oil is sold.")]);
    assert_eq!((first.changed, first.documents, first.chunks), (true, 2, 3));
    assert_eq!(store.bots().unwrap(), [bot()]);
    assert_eq!(found(store, "oil"), ["a", "b"]);
    publish(store, &[("a", "Only water.")]);
    assert_eq!(found(store, "oil"), ["b"]);
    assert_eq!(found(store, "water"), ["a"]);
    publish(store, &[("b", "")]);
    assert_eq!(found(store, "oil"), [""; 0]);
    let last = publish(store, &[("a", "")]);
    assert_eq!((last.documents, last.chunks), (0, 0));
    assert_eq!(found(store, "water"), [""; 0]);
    publish(store, &[("c", "Water again.")]);
    assert_eq!(found(store, "water"), ["c"]);
}

#[test]
fn chunks_come_back_as_they_were_put() {
    let Fixture { store, folder: _folder } = &fixture();
    let text = "One.\nTwo.\nThree.\n";
    publish(store, &[("a", text), ("b", "Other.")]);
    let snapshot = store.snapshot(&bot()).unwrap().unwrap();
    assert_eq!(snapshot.chunks(&id("a")).unwrap(), chunks(text));
    assert_eq!(snapshot.chunk(&id("a"), 2).unwrap().unwrap(), chunks(text)[2]);
    assert_eq!(snapshot.chunk(&id("a"), 3).unwrap(), None);
    assert_eq!(snapshot.chunks(&id("zz")).unwrap(), []);
    assert_eq!(snapshot.document(&id("a")).unwrap().chunks, 3);
    assert_eq!(snapshot.chunk_count(), 4);
    assert!(idf(&snapshot, "three") > idf(&snapshot, "about"));
    assert!(idf(&snapshot, "unheard") > idf(&snapshot, "three"));
    snapshot.verify().unwrap();
}

#[test]
fn unchanged_content_writes_nothing() {
    let fixture = fixture();
    let first = publish(&fixture.store, &[("a", "Text."), ("b", "More.")]);
    let before = fs::metadata(fixture.bot_folder().join("current")).unwrap().modified().unwrap();
    let again = publish(&fixture.store, &[("b", "More."), ("a", "Text.")]);
    assert_eq!((again.key, again.changed), (first.key, false));
    let mut writer = fixture.store.writer(&bot()).unwrap();
    let rebuilt = change(&mut writer, &[("b", "More."), ("a", "Text.")], Begin::Rebuild);
    assert_eq!((rebuilt.key, rebuilt.changed), (first.key, false));
    let after = fs::metadata(fixture.bot_folder().join("current")).unwrap().modified().unwrap();
    assert_eq!(before, after);
    assert_eq!(fixture.snapshot_names(), [first.key.to_string()]);
}

#[test]
fn a_rebuild_keeps_only_what_is_put() {
    let Fixture { store, folder: _folder } = &fixture();
    publish(store, &[("a", "Water."), ("b", "Water.")]);
    let mut writer = store.writer(&bot()).unwrap();
    change(&mut writer, &[("b", "Water.")], Begin::Rebuild);
    assert_eq!(found(store, "water"), ["b"]);
    change(&mut writer, &[("c", "Water.")], Begin::Incremental);
    assert_eq!(found(store, "water"), ["b", "c"]);
}

#[test]
fn a_dropped_transaction_leaves_no_trace() {
    let fixture = fixture_with(large());
    let store = &fixture.store;
    let first = publish(store, &[("a", "Water.")]);
    let mut writer = store.writer(&bot()).unwrap();
    let mut transaction = writer.begin(pipeline(), Begin::Incremental).unwrap();
    transaction.put(entry("b", "Oil."), &chunks("Oil.")).unwrap();
    assert_eq!(fixture.snapshot_names().len(), 2);
    drop(transaction);
    assert_eq!(fixture.snapshot_names(), [first.key.to_string()]);
    assert_eq!(writer.manifest().unwrap().documents.len(), 1);
    assert_eq!(found(store, "oil"), [""; 0]);
}

#[test]
fn snapshots_and_stores_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Snapshot>();
    shared::<Store>();
}

#[test]
fn a_bot_has_one_writer() {
    let Fixture { store, folder: _folder } = &fixture();
    let writer = store.writer(&bot()).unwrap();
    assert!(matches!(store.writer(&bot()), Err(IndexError::Locked { .. })));
    store.writer(&"other".parse().unwrap()).unwrap();
    drop(writer);
    store.writer(&bot()).unwrap();
}

#[test]
fn a_snapshot_stays_while_it_is_read() {
    let fixture = fixture();
    let first = publish(&fixture.store, &[("a", "Water.")]);
    let reader = fixture.store.snapshot(&bot()).unwrap().unwrap();
    let second = publish(&fixture.store, &[("a", "Oil.")]);
    let mut both = [first.key.to_string(), second.key.to_string()];
    both.sort();
    assert_eq!(fixture.snapshot_names(), both);
    assert_eq!(hits(&reader, "water", 9).len(), 1);
    // The store lets go of the old one when the new one is opened.
    assert_eq!(found(&fixture.store, "oil"), ["a"]);
    drop(reader);
    let third = publish(&fixture.store, &[("b", "Air.")]);
    let names = fixture.snapshot_names();
    assert!(!names.contains(&first.key.to_string()));
    assert!(names.contains(&third.key.to_string()));
}

#[test]
fn an_earlier_state_that_is_still_read_is_taken_up_again() {
    let fixture = fixture();
    let first = publish(&fixture.store, &[("a", "Water.")]);
    let reader = fixture.store.snapshot(&bot()).unwrap().unwrap();
    publish(&fixture.store, &[("b", "Oil.")]);
    let back = publish(&fixture.store, &[("b", "")]);
    assert_eq!((back.key, back.changed), (first.key, true));
    assert_eq!(found(&fixture.store, "water"), ["a"]);
    assert_eq!(reader.key(), first.key);
}

#[test]
fn leftovers_of_an_interrupted_writer_are_swept() {
    let fixture = fixture();
    let first = publish(&fixture.store, &[("a", "Water.")]);
    let snapshots = fixture.bot_folder().join("snapshots");
    // As after a crash before, between and after the renames of a publication.
    for name in [".stage", ".trash-old", &"0".repeat(64)] {
        fs::create_dir(snapshots.join(name)).unwrap();
        fs::write(snapshots.join(name).join("half.segment"), "half").unwrap();
    }
    fs::write(fixture.bot_folder().join("current.next"), "half").unwrap();
    assert_eq!(found(&fixture.store, "water"), ["a"]);
    drop(fixture.store.writer(&bot()).unwrap());
    assert_eq!(fixture.snapshot_names(), [first.key.to_string()]);
    assert!(!fixture.bot_folder().join("current.next").exists());
    assert_eq!(found(&fixture.store, "water"), ["a"]);
}

#[test]
fn damage_is_named_refused_and_rebuilt() {
    let fixture = fixture();
    let first = publish(&fixture.store, &[("a", "Water.")]);
    let reopen = || Store::open(fixture.folder.path(), Config::default()).unwrap();
    for file in fs::read_dir(fixture.snapshot_folder(first.key)).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            fs::write(&path, damaged).unwrap();
            match reopen().snapshot(&bot()).unwrap_err() {
                IndexError::Damaged { file, .. } => assert_eq!(file, path),
                other => panic!("{other}"),
            }
        }
        fs::write(&path, &bytes[1..]).unwrap();
        assert!(matches!(reopen().snapshot(&bot()), Err(IndexError::Damaged { .. })));
        let mut writer = fixture.store.writer(&bot()).unwrap();
        let refused = writer.begin(pipeline(), Begin::Incremental).map(drop);
        assert!(matches!(refused, Err(IndexError::Damaged { .. })));
        drop(writer);
        fs::write(&path, &bytes).unwrap();
    }
    let manifest = fixture.snapshot_folder(first.key).join("manifest.json");
    fs::write(&manifest, "{").unwrap();
    let mut writer = fixture.store.writer(&bot()).unwrap();
    assert!(writer.manifest().is_none() && writer.fault().is_some());
    let rebuilt = change(&mut writer, &[("a", "Water.")], Begin::Rebuild);
    assert_eq!((rebuilt.key, rebuilt.changed), (first.key, true));
    assert_eq!(found(&fixture.store, "water"), ["a"]);
}

#[test]
fn newer_formats_are_refused_by_readers_and_writers() {
    let fixture = fixture();
    let first = publish(&fixture.store, &[("a", "Water.")]);
    let manifest = fixture.snapshot_folder(first.key).join("manifest.json");
    fs::write(&manifest, r#"{"checksum":"","format":3}"#).unwrap();
    let newer = |error| matches!(error, IndexError::NewerFormat { found: 3, supported: 2, .. });
    assert!(newer(fixture.store.snapshot(&bot()).unwrap_err()));
    assert!(newer(fixture.store.writer(&bot()).unwrap_err()));
}

#[test]
fn another_pipeline_wants_a_rebuild() {
    let Fixture { store, folder: _folder } = &fixture();
    publish(store, &[("a", "Water.")]);
    let mut writer = store.writer(&bot()).unwrap();
    let other = PipelineKey::new(2, b"");
    let refused = writer.begin(other, Begin::Incremental).map(drop);
    assert!(matches!(refused, Err(IndexError::OtherPipeline { .. })));
    let mut transaction = writer.begin(other, Begin::Rebuild).unwrap();
    transaction.put(entry("a", "Water."), &chunks("Water.")).unwrap();
    assert!(transaction.publish().unwrap().changed);
}

#[test]
fn ordinals_must_ascend() {
    let Fixture { store, folder: _folder } = &fixture();
    let mut writer = store.writer(&bot()).unwrap();
    let mut transaction = writer.begin(pipeline(), Begin::Incremental).unwrap();
    let mut twice = chunks("One.\nTwo.");
    twice[1].ordinal = 0;
    let refused = transaction.put(entry("a", "x"), &twice);
    assert!(matches!(refused, Err(IndexError::InvalidChunks { ordinal: 0, before: 0, .. })));
}

#[test]
fn files_of_unchanged_segments_are_shared() {
    use std::os::unix::fs::MetadataExt as _;

    let fixture = fixture();
    publish(&fixture.store, &[("a", "Water.")]);
    let second = publish(&fixture.store, &[("b", "Oil.")]);
    // One reader keeps the second state, so that its files are still there to compare with.
    let _reader = fixture.store.snapshot(&bot()).unwrap().unwrap();
    let third = publish(&fixture.store, &[("c", "Air.")]);
    let links = |key| {
        let files = fs::read_dir(fixture.snapshot_folder(key)).unwrap();
        files.filter(|file| file.as_ref().unwrap().metadata().unwrap().nlink() > 1).count()
    };
    assert!(links(second.key) > 0);
    assert_eq!(links(second.key), links(third.key));
}

/// A step of a history: document number, version; version 0 removes it.
type Step = (usize, usize);

fn text_of((document, version): Step) -> String {
    let lines = (0..1 + (document + version) % 3).map(|line| {
        let words = ["oil", "water", "pump", "pumps", "filter", "air", "valve"];
        let pick =
            |offset: usize| words[(document * 3 + version + line * 5 + offset) % words.len()];
        // Every third document repeats another's text, so that scores tie.
        let pick =
            |offset| if document % 3 == 0 { words[(offset + line) % 7] } else { pick(offset) };
        format!("{} {} of the {}.\n", pick(0), pick(2), pick(4))
    });
    lines.collect()
}

fn replay(store: &Store, history: &[Vec<Step>]) {
    for steps in history {
        let texts: Vec<_> = steps
            .iter()
            .map(|&(document, version)| {
                let text = if version == 0 { String::new() } else { text_of((document, version)) };
                (format!("d{document}"), text)
            })
            .collect();
        let changes: Vec<_> =
            texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        publish(store, &changes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn content_alone_decides_hits_and_scores(
        history in prop::collection::vec(prop::collection::vec((0..6_usize, 0..3_usize), 1..5), 1..7),
    ) {
        let long = fixture_with(if history.len() % 2 == 0 { large() } else { Config::default() });
        replay(&long.store, &history);
        let mut last = BTreeMap::new();
        history.iter().flatten().for_each(|&(document, version)| { last.insert(document, version); });
        let short = fixture();
        replay(&short.store, &[last.into_iter().rev().filter(|step| step.1 > 0).collect()]);
        let snapshots = [&long, &short].map(|side| side.store.snapshot(&bot()).unwrap().unwrap());
        let [left, right] = snapshots;
        prop_assert_eq!(left.key(), right.key());
        for question in ["oil", "pump water", "the filter valve pumps", "air oil pumps of water", "watre vlave"] {
            for limit in [1, 3, 100] {
                prop_assert_eq!(hits(&left, question, limit), hits(&right, question, limit));
            }
        }
        for term in ["oil", "pump", "unheard"] {
            prop_assert_eq!(idf(&left, term).to_bits(), idf(&right, term).to_bits());
        }
    }
}

#[test]
fn each_document_is_found_by_the_endings_of_its_language() {
    let Fixture { store, folder: _folder } = &fixture();
    let german = "Die Katze der Nachbarin ist nicht zu Hause und hat auch keinen Hunger.";
    let english = "The houses of the town are not for sale, and they have been empty for years.";
    publish(store, &[("a", german), ("b", english)]);
    let snapshot = store.snapshot(&bot()).unwrap().unwrap();
    assert_eq!(snapshot.languages(), [Language::German, Language::English]);
    let rows = snapshot.manifest().documents.rows();
    let languages: Vec<Vec<_>> = rows.iter().map(|row| row.languages.iter().collect()).collect();
    assert_eq!(languages, [[Language::German], [Language::English]]);
    assert_eq!(found(store, "Katzen"), ["a"]);
    assert_eq!(found(store, "house"), ["b"]);
    publish(store, &[("a", "")]);
    let snapshot = store.snapshot(&bot()).unwrap().unwrap();
    assert_eq!(snapshot.languages(), [Language::English]);
}

#[test]
fn what_was_found_is_read_from_its_own_snapshot_only() {
    let Fixture { store, folder: _folder } = &fixture();
    publish(store, &[("a", "Oil.\nWater and oil."), ("b", "Oil is sold.")]);
    let snapshot = store.snapshot(&bot()).unwrap().unwrap();
    let places = snapshot.find(&Query::parse("oil"), 10).unwrap();
    let read: Vec<_> = places.iter().map(|found| snapshot.read(found).unwrap()).collect();
    assert_eq!(read, snapshot.search(&Query::parse("oil"), 10).unwrap());
    assert!(read.iter().zip(&places).all(|(hit, found)| hit.score == found.score()));
    publish(store, &[("a", ""), ("b", "")]);
    let empty = store.snapshot(&bot()).unwrap().unwrap();
    assert!(matches!(empty.read(&places[0]), Err(IndexError::Damaged { .. })));
}
