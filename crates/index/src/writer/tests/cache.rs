//! What stays open between questions.

use std::sync::{Arc, Weak};

use super::damage::files;
use super::*;
use crate::{Attached, Cached};

/// Bots of the same content under these names, and a store that keeps so much of them.
fn filled(names: &[&str], snapshots_max: usize, bytes_max: usize) -> Fixture {
    let (cache_snapshots_max, cache_bytes_max) = (snapshots_max, bytes_max);
    let fixture =
        fixture_with(Config { cache_snapshots_max, cache_bytes_max, ..Config::default() });
    for name in names {
        let mut writer = fixture.store.writer(&name.parse().unwrap()).unwrap();
        change(&mut writer, &[("a", "Water."), ("b", "Oil.\nAnd more oil.")], Begin::Incremental);
    }
    fixture
}

fn open(fixture: &Fixture, name: &str) -> Arc<Snapshot> {
    fixture.store.snapshot(&name.parse().unwrap()).unwrap().unwrap()
}

/// Opens bots in order; which of their snapshots are kept then, and what the cache believes.
fn kept(fixture: &Fixture, names: &[&str]) -> (Vec<bool>, Cached) {
    let opened: Vec<Weak<Snapshot>> =
        names.iter().map(|name| Arc::downgrade(&open(fixture, name))).collect();
    let cached = fixture.store.cached();
    (opened.iter().map(|weak| weak.strong_count() > 0).collect(), cached)
}

fn bytes_of_one() -> usize {
    kept(&filled(&["x"], 1, usize::MAX), &["x"]).1.bytes
}

/// Grows when told to.
struct Weight(std::sync::atomic::AtomicUsize);

impl Attached for Weight {
    fn bytes(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Weight {
    fn of(snapshot: &Snapshot, bytes: usize) {
        let weight = snapshot.attached(|_| Self(0.into())).unwrap();
        weight.0.store(bytes, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn the_least_recently_used_goes_when_there_are_too_many() {
    let names = ["a", "b", "c"];
    let fixture = filled(&names, 2, usize::MAX);
    assert_eq!(kept(&fixture, &["a", "b", "a", "c"]).0, [true, false, true, true]);
    let fixture = filled(&names, 3, usize::MAX);
    assert_eq!(kept(&fixture, &["a", "b", "a", "c"]).0, [true; 4]);
    let fixture = filled(&names, 0, usize::MAX);
    assert_eq!(kept(&fixture, &names), (vec![false; 3], Cached::default()));
}

#[test]
fn the_least_recently_used_goes_when_they_take_too_much() {
    let (names, one) = (["a", "b", "c"], bytes_of_one());
    assert!(one > 1_000 && one < 100_000, "{one}");
    let (all, cached) = kept(&filled(&names, 9, 3 * one), &names);
    assert_eq!((all, cached), (vec![true; 3], Cached { snapshots: 3, bytes: 3 * one }));
    let (two, cached) = kept(&filled(&names, 9, 3 * one - 1), &names);
    assert_eq!((two, cached.snapshots), (vec![false, true, true], 2));
    // The last used is kept even where it is too large alone.
    let (last, cached) = kept(&filled(&names, 9, one - 1), &names);
    assert_eq!((last, cached.bytes), (vec![false, false, true], one));
}

#[test]
fn what_a_snapshot_grows_by_while_it_is_used_counts() {
    let (names, one) = (["a", "b", "c"], bytes_of_one());
    let fixture = filled(&names, 9, 4 * one);
    let held = open(&fixture, "b");
    let others: Vec<_> = ["a", "c"].map(|name| Arc::downgrade(&open(&fixture, name))).into();
    assert_eq!(fixture.store.cached().bytes, 3 * one);
    Weight::of(&held, one);
    assert_eq!(fixture.store.cached().bytes, 4 * one);
    open(&fixture, "a");
    assert!(others.iter().all(|weak| weak.strong_count() == 1), "all are within the bound");
    Weight::of(&held, one + 1);
    drop(held);
    // The last change of what was let go counts too: `b` is the least recently used by now.
    open(&fixture, "a");
    assert_eq!(fixture.store.cached(), Cached { snapshots: 2, bytes: 2 * one });
    assert!(others.iter().all(|weak| weak.strong_count() == 1));
}

#[test]
fn chunks_that_were_read_count_until_all_are() {
    let fixture = filled(&["a"], 9, usize::MAX);
    let snapshot = open(&fixture, "a");
    let opened = snapshot.bytes();
    hits(&snapshot, "oil", 1);
    let one = snapshot.bytes() - opened;
    assert!(one >= 4 << 10, "{one}");
    for _ in 0..9 {
        hits(&snapshot, "oil", 9);
    }
    assert_eq!(snapshot.bytes() - opened, 3 * one);
}

#[test]
fn a_replaced_snapshot_is_not_counted_twice() {
    let fixture = filled(&["demo"], 9, usize::MAX);
    let first = kept(&fixture, &["demo"]);
    publish(&fixture.store, &[("a", "Other water.")]);
    publish(&fixture.store, &[("a", "Water.")]);
    assert_eq!(kept(&fixture, &["demo"]).1.snapshots, first.1.snapshots);
    fs::remove_file(fixture.bot_folder().join("current")).unwrap();
    assert!(fixture.store.snapshot(&bot()).unwrap().is_none());
    assert_eq!(fixture.store.cached(), Cached::default());
}

#[test]
fn what_is_attached_is_told_its_share_of_the_cache() {
    let fixture = filled(&["a"], 9, 64 << 20);
    let mut told = 0;
    open(&fixture, "a").attached(|bytes_max| {
        told = bytes_max;
        Weight(0.into())
    });
    assert_eq!(told, 16 << 20);
}

#[test]
fn the_next_snapshot_is_ready_with_what_it_has_in_common() {
    let fixture = fixture();
    publish(&fixture.store, &[("a", "Water.")]);
    let before = fixture.store.snapshot(&bot()).unwrap().unwrap();
    Weight::of(&before, 7);
    let place = |snapshot: &Snapshot, word: &str| {
        let found = snapshot.find(&Query::parse(word), 1).unwrap();
        snapshot.stored_at(&found[0]).unwrap()
    };
    let water = place(&before, "water");
    publish(&fixture.store, &[("0", "Oil."), ("b", "Air.")]);
    assert_eq!(Arc::strong_count(&before), 1, "the cache has the next one");
    let next = fixture.store.snapshot(&bot()).unwrap().unwrap();
    let weight = next.attached(|_| Weight(0.into())).unwrap();
    assert_eq!((weight.bytes(), place(&next, "water")), (7, water));
    assert_ne!(place(&next, "air").0, water.0);
    assert_eq!(hits(&next, "water", 9)[0].0, "a");
    publish(&fixture.store, &[("a", "")]);
    assert_eq!(found(&fixture.store, "water"), [""; 0]);
    assert_eq!(hits(&before, "water", 9)[0].0, "a");
}

#[test]
fn of_files_that_were_replaced_nothing_is_taken_over() {
    let fixture = fixture();
    let key = publish(&fixture.store, &[("a", "Water.")]).key;
    let replace = |file: PathBuf| {
        let copy = file.with_extension("copy");
        fs::copy(&file, &copy).unwrap();
        fs::rename(&copy, &file).unwrap();
    };
    let again = |file: &dyn Fn(&PathBuf) -> bool| {
        let before = fixture.store.snapshot(&bot()).unwrap().unwrap();
        Weight::of(&before, 7);
        files(&fixture.snapshot_folder(key)).into_iter().filter(file).for_each(replace);
        let after = fixture.store.snapshot(&bot()).unwrap().unwrap();
        assert!(!Arc::ptr_eq(&before, &after));
        after.attached(|_| Weight(0.into())).unwrap().bytes()
    };
    assert_eq!(again(&|file| file.ends_with(MANIFEST_FILE)), 7);
    assert_eq!(again(&|_| true), 0);
}
