//! Vectors beside the index: made once, kept, searched, and a function of the content.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::vectors::VECTORS_FILE;
use crate::{EmbedFailure, Embedder, Embedding, Filter, ModelKey, TextKind};

/// Counts letters: texts with the same letters point the same way.
#[derive(Debug, Default)]
struct Letters {
    model: u8,
    embedded: AtomicUsize,
    fails: bool,
    short: bool,
}

impl Letters {
    fn of(model: u8) -> Self {
        Self { model, ..Self::default() }
    }

    /// Texts embedded since the last call.
    fn embedded(&self) -> usize {
        self.embedded.swap(0, Ordering::Relaxed)
    }
}

fn vector(text: &str) -> Vec<f32> {
    let count = |letter: u8| text.bytes().filter(|b| b.eq_ignore_ascii_case(&letter)).count();
    (b'a'..=b'z').map(|letter| count(letter) as f32).collect()
}

impl Embedder for Letters {
    fn key(&self) -> ModelKey {
        ModelKey::from_digest([self.model; 32])
    }

    fn dimensions(&self) -> usize {
        26
    }

    fn embed(&self, _: TextKind, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
        if self.fails {
            return Err("out of letters".into());
        }
        self.embedded.fetch_add(texts.len(), Ordering::Relaxed);
        let short = usize::from(self.short);
        Ok(texts.iter().map(|text| vector(text)[short..].to_vec()).collect())
    }
}

fn try_change(
    store: &Store,
    changes: &[(&str, &str)],
    mode: Begin,
    embedding: Embedding<'_>,
) -> Result<Published, IndexError> {
    let mut writer = store.writer(&bot())?;
    let mut transaction = writer.begin_with(pipeline(), mode, embedding)?;
    for (name, text) in changes {
        if text.is_empty() {
            transaction.remove(&id(name))?;
        } else {
            transaction.put(entry(name, text), &chunks(text))?;
        }
    }
    transaction.publish()
}

fn put(store: &Store, changes: &[(&str, &str)], embedding: Embedding<'_>) -> Published {
    try_change(store, changes, Begin::Incremental, embedding).unwrap()
}

fn snapshot(store: &Store) -> std::sync::Arc<Snapshot> {
    store.snapshot(&bot()).unwrap().unwrap()
}

/// Document and ordinal of the chunks nearest to a text.
fn near(store: &Store, text: &str, limit: usize) -> Vec<(String, u32)> {
    let snapshot = snapshot(store);
    let similarities = snapshot.similarities(&vector(text)).unwrap();
    let found = snapshot.most_similar(&similarities, &Filter::default(), limit);
    let place = |found: &crate::Found| {
        let hit = snapshot.read(found).unwrap();
        let cosine = snapshot.similarity(&similarities, found);
        assert_eq!(cosine, snapshot.similarity_of(&similarities, &hit));
        assert!((cosine - exact(text, &hit)).abs() < 0.01, "{cosine} {}", exact(text, &hit));
        (hit.document_id.to_string(), hit.chunk.ordinal)
    };
    found.iter().map(place).collect()
}

/// The cosine of a text and what was embedded of a hit.
fn exact(text: &str, hit: &crate::Hit) -> f32 {
    let (a, b) = (vector(text), vector(&format!("{} Handbook {}", hit.title, hit.chunk.text)));
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
}

/// The bytes of the current snapshot's vectors.
fn file(fixture: &Fixture) -> Vec<u8> {
    fs::read(path(fixture)).unwrap()
}

fn path(fixture: &Fixture) -> PathBuf {
    let key = snapshot(&fixture.store).key().to_string();
    fixture.folder.path().join("demo/snapshots").join(key).join(VECTORS_FILE)
}

#[test]
fn the_nearest_chunks_are_found_without_a_common_word() {
    let fixture = fixture();
    let letters = Letters::of(1);
    let store = &fixture.store;
    put(store, &[("a", "zzzzz\nyyyyy\n"), ("b", "xxxxx\nzyzyz\n")], Embedding::With(&letters));
    assert_eq!(near(store, "zzzzzzzzz", 2), [("a".to_owned(), 0), ("b".to_owned(), 1)]);
    assert_eq!(near(store, "xxxxxxxxx", 1), [("b".to_owned(), 0)]);
    assert_eq!(near(store, "x", 9).len(), 4);
    assert_eq!(near(store, "x", 0), []);
    let snapshot = snapshot(store);
    assert_eq!(snapshot.model().map(|model| model.key), Some(letters.key()));
    assert!(snapshot.similarities(&[1.0; 25]).is_none(), "of another size");
    snapshot.verify().unwrap();
}

#[test]
fn only_texts_that_are_new_are_embedded() {
    let fixture = fixture();
    let letters = Letters::of(1);
    let store = &fixture.store;
    put(store, &[("a", "one\ntwo\n"), ("b", "three\n")], Embedding::With(&letters));
    assert_eq!(letters.embedded(), 3);
    put(store, &[("a", "one\nfour\ntwo\n")], Embedding::With(&letters));
    assert_eq!(letters.embedded(), 1);
    assert_eq!(near(store, "About a Handbook one", 1), [("a".to_owned(), 0)]);
    assert_eq!(near(store, "About b Handbook three", 1), [("b".to_owned(), 0)]);
    let all = [("a", "one\nfour\ntwo\n"), ("b", "three\n"), ("c", "six\n")];
    try_change(store, &all, Begin::Rebuild, Embedding::With(&letters)).unwrap();
    assert_eq!(letters.embedded(), 1, "a rebuild takes what there is");
    try_change(store, &all, Begin::Rebuild, Embedding::With(&Letters::of(2))).unwrap();
    assert_eq!(snapshot(store).model().map(|model| model.key), Some(Letters::of(2).key()));
}

#[test]
fn without_the_model_vectors_stay_and_new_text_is_refused() {
    let fixture = fixture();
    let store = &fixture.store;
    put(store, &[("a", "one\n"), ("b", "two\n")], Embedding::With(&Letters::of(1)));
    let before = put(store, &[("a", "")], Embedding::Keep);
    assert_eq!(near(store, "two", 9), [("b".to_owned(), 0)]);
    // Its text is known, wherever it comes from.
    try_change(store, &[("b", "two\n")], Begin::Rebuild, Embedding::Keep).unwrap();
    let error = try_change(store, &[("c", "new\n")], Begin::Incremental, Embedding::Keep);
    let error = error.unwrap_err();
    assert!(matches!(error, IndexError::NoEmbedder { .. }), "{error}");
    assert_eq!(snapshot(store).key(), before.key);
    snapshot(store).verify().unwrap();
}

#[test]
fn another_model_wants_a_rebuild_and_none_takes_the_vectors_away() {
    let fixture = fixture();
    let store = &fixture.store;
    let plain = put(store, &[("a", "one\n")], Embedding::Keep);
    let refused = |embedding: Embedding<'_>| {
        let error = try_change(store, &[], Begin::Incremental, embedding).unwrap_err();
        assert!(matches!(error, IndexError::OtherModel { .. }), "{error}");
    };
    refused(Embedding::With(&Letters::of(1)));
    let all = [("a", "one\n")];
    let with = try_change(store, &all, Begin::Rebuild, Embedding::With(&Letters::of(1))).unwrap();
    assert_ne!(with.key, plain.key);
    refused(Embedding::With(&Letters::of(2)));
    refused(Embedding::Without);
    let again = try_change(store, &all, Begin::Rebuild, Embedding::Without).unwrap();
    assert_eq!(again.key, plain.key);
    let manifest = snapshot(store).manifest().to_bytes();
    assert!(!String::from_utf8(manifest).unwrap().contains("model"));
    assert!(snapshot(store).similarities(&vector("one")).is_none());
    assert!(!path(&fixture).exists());
}

#[test]
fn the_vectors_of_a_content_are_the_same_whatever_its_history() {
    let letters = Letters::of(1);
    let texts: Vec<String> = (0..30_u32).map(|n| format!("text {n}\nmore of {n}\n")).collect();
    let name = |n: usize| format!("d{n:02}");
    let [once, step_by_step] = [fixture(), fixture()];
    let names: Vec<String> = (0..texts.len()).map(name).collect();
    let all: Vec<(&str, &str)> =
        names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    put(&once.store, &all[..25], Embedding::With(&letters));
    for &(name, text) in all.iter().rev() {
        put(&step_by_step.store, &[(name, "first\nsecond\nthird\n")], Embedding::With(&letters));
        put(&step_by_step.store, &[(name, text)], Embedding::With(&letters));
    }
    for (name, _) in &all[25..] {
        put(&step_by_step.store, &[(name, "")], Embedding::Keep);
    }
    assert_eq!(snapshot(&once.store).key(), snapshot(&step_by_step.store).key());
    assert_eq!(file(&once), file(&step_by_step));
    let question = "more of 7 and text";
    assert_eq!(near(&once.store, question, 50), near(&step_by_step.store, question, 50));
}

#[test]
fn damage_is_named_refused_and_made_good() {
    let fixture = fixture();
    let letters = Letters::of(1);
    let store = &fixture.store;
    put(store, &[("a", "one\n"), ("b", "two\n")], Embedding::With(&letters));
    let (path, whole) = (path(&fixture), file(&fixture));
    let open = || Store::open(fixture.folder.path(), Config::default()).unwrap();
    for bytes in [&whole[..whole.len() - 1], &[]] {
        fs::write(&path, bytes).unwrap();
        let error = open().snapshot(&bot()).unwrap_err().to_string();
        assert!(error.contains(VECTORS_FILE), "{error}");
    }
    let mut flipped = whole.clone();
    flipped[40] ^= 1;
    fs::write(&path, &flipped).unwrap();
    let error = open().snapshot(&bot()).unwrap_err().to_string();
    assert!(error.contains(VECTORS_FILE), "{error}");
    let refused = try_change(&open(), &[("b", "")], Begin::Incremental, Embedding::Keep);
    assert!(matches!(refused.unwrap_err(), IndexError::Damaged { .. }));
    let all = [("a", "one\n"), ("b", "two\n")];
    let error = try_change(&open(), &all, Begin::Rebuild, Embedding::Keep).unwrap_err();
    assert!(matches!(error, IndexError::NoEmbedder { .. }), "{error}");
    letters.embedded();
    try_change(&open(), &all, Begin::Rebuild, Embedding::With(&letters)).unwrap();
    assert_eq!((letters.embedded(), fs::read(&path).unwrap() == whole), (2, true));
}

#[test]
fn a_model_that_fails_changes_nothing() {
    let fixture = fixture();
    let store = &fixture.store;
    let before = put(store, &[("a", "one\n")], Embedding::With(&Letters::of(1)));
    let fails = Letters { fails: true, ..Letters::of(1) };
    let short = Letters { short: true, ..Letters::of(1) };
    for (model, why) in [(fails, "out of letters"), (short, "vectors of 26 numbers")] {
        let error =
            try_change(store, &[("b", "two\n")], Begin::Incremental, Embedding::With(&model));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
        assert_eq!(snapshot(store).key(), before.key);
    }
}
