//! What no pointer reaches is removed when it cannot be reached again, and not before.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::contract::{put, store, texts};
use super::in_memory;
use crate::address::remote;

static TODAY: AtomicU64 = AtomicU64::new(20_000);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(TODAY.load(Ordering::Relaxed) * 24 * 60 * 60)
}

/// How many files are stored under each day.
fn days(objects: &dyn ObjectStore, runtime: &tokio::runtime::Runtime) -> Vec<(u64, usize)> {
    let folder = Path::from("files/shop");
    let all: Vec<_> = runtime.block_on(objects.list(Some(&folder)).try_collect()).unwrap();
    let mut days = std::collections::BTreeMap::new();
    for meta in all {
        let day = meta.location.parts().nth(2).unwrap().as_ref().parse::<u64>().unwrap();
        *days.entry(day).or_default() += 1;
    }
    days.into_iter().collect()
}

#[test]
fn files_go_when_they_cannot_be_reached_any_more() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (stored, objects) = in_memory(now);
    let bots = remote(objects).bots().clone();
    let home = tempfile::tempdir().unwrap();
    let machine = store(&home.path().join("one"), &bots);
    put(&machine, "a", "quay one").unwrap();
    let first = days(&*stored, &runtime)[0].1;
    let stray = Path::from("files/shop/20000/README");
    runtime.block_on(stored.put(&stray, "not ours".into())).unwrap();

    // Replaced the same day, the day after, and three days later: all is still there.
    for (day, text) in [(20_000, "quay two"), (20_001, "quay three"), (20_003, "quay four")] {
        TODAY.store(day, Ordering::Relaxed);
        put(&machine, "a", text).unwrap();
    }
    let before = days(&*stored, &runtime);
    assert_eq!(before.iter().map(|(day, _)| *day).collect::<Vec<_>>(), [20_000, 20_001, 20_003]);
    assert!(before[0].1 > first, "{before:?}");

    // Four days later the first day is gone, but for what is none of ours and what is reached.
    TODAY.store(20_004, Ordering::Relaxed);
    put(&machine, "b", "quay five").unwrap();
    let after = days(&*stored, &runtime);
    assert!(after[0].1 < before[0].1 && after[1] == before[1], "{before:?} {after:?}");
    runtime.block_on(stored.head(&stray)).unwrap();

    // What is reached stays, however old it is.
    TODAY.store(21_000, Ordering::Relaxed);
    put(&machine, "c", "quay six").unwrap();
    let fresh = store(&home.path().join("fresh"), &bots);
    assert_eq!(texts(&fresh).len(), 3);
    let last = days(&*stored, &runtime);
    assert!(last.iter().any(|(day, _)| (20_003..20_005).contains(day)), "{last:?}");
}

#[test]
fn an_upload_that_was_interrupted_goes_on_where_it_was() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (stored, objects) = in_memory(|| SystemTime::UNIX_EPOCH);
    let bots = remote(objects).bots().clone();
    let home = tempfile::tempdir().unwrap();
    let machine = store(home.path(), &bots);
    put(&machine, "a", "quay one").unwrap();
    let folder = Path::from("files/shop/0");
    // Each put of the store in memory has another tag.
    let tags = || -> Vec<_> {
        let all: Vec<_> = runtime.block_on(stored.list(Some(&folder)).try_collect()).unwrap();
        all.into_iter().map(|meta| (meta.location, meta.e_tag)).collect()
    };
    let before = tags();
    let (missing, _) = before[0].clone();
    runtime.block_on(stored.delete(&missing)).unwrap();
    runtime.block_on(stored.delete(&Path::from("current/shop"))).unwrap();
    put(&machine, "a", "quay one").unwrap();
    let after = tags();
    assert_eq!(after[1..], before[1..]);
    assert_eq!(after[0].0, missing);
}

#[test]
fn a_pointer_that_is_torn_leads_nowhere_and_is_put_right() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (stored, objects) = in_memory(|| SystemTime::UNIX_EPOCH);
    let bots = remote(objects).bots().clone();
    let home = tempfile::tempdir().unwrap();
    let machine = store(&home.path().join("one"), &bots);
    put(&machine, "a", "quay one").unwrap();
    let pointer = Path::from("current/shop");
    for torn in ["", "pointer 1\n", "pointer 1\nx\n1/y\n", "\u{0}"] {
        runtime.block_on(stored.put(&pointer, torn.into())).unwrap();
        let read = bots.pointers.read(&"shop".parse().unwrap()).unwrap().unwrap();
        assert_eq!(read.target, None, "{torn:?}");
        // What is known here answers; who knows nothing is told what is wrong.
        assert_eq!(texts(&machine).len(), 1);
        let fresh = store(&home.path().join("fresh"), &bots);
        let error = fresh.snapshot(&"shop".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("it holds no snapshot key"), "{error}");
    }
    let mut writer = machine.writer(&"shop".parse().unwrap()).unwrap();
    assert!(writer.fault().is_some());
    assert!(writer.adopt().unwrap());
    drop(writer);
    assert_eq!(texts(&store(&home.path().join("fresh"), &bots)).len(), 1);

    runtime.block_on(stored.put(&pointer, "pointer 2\nwhatever".into())).unwrap();
    let error = bots.pointers.read(&"shop".parse().unwrap()).unwrap_err();
    assert!(matches!(error, index::IndexError::NewerFormat { found: 2, .. }), "{error}");
}

#[test]
fn what_is_damaged_there_is_never_answered_from() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (stored, objects) = in_memory(|| SystemTime::UNIX_EPOCH);
    let bots = remote(objects).bots().clone();
    let home = tempfile::tempdir().unwrap();
    let machine = store(&home.path().join("one"), &bots);
    put(&machine, "a", "quay one").unwrap();
    let folder = Path::from("files/shop/0");
    let all: Vec<_> = runtime.block_on(stored.list(Some(&folder)).try_collect()).unwrap();
    for (number, meta) in all.iter().enumerate() {
        let whole = runtime.block_on(stored.get(&meta.location)).unwrap();
        let whole = runtime.block_on(whole.bytes()).unwrap();
        let mut torn = whole.to_vec();
        torn[0] ^= 1;
        for damage in [Some(torn), None] {
            match damage {
                Some(bytes) => {
                    runtime.block_on(stored.put(&meta.location, bytes.into())).map(drop).unwrap();
                }
                None => runtime.block_on(stored.delete(&meta.location)).unwrap(),
            }
            let fresh = store(&home.path().join(format!("fresh{number}")), &bots);
            let error = fresh.snapshot(&"shop".parse().unwrap()).unwrap_err();
            assert!(matches!(error, index::IndexError::Damaged { .. }), "{error}");
            assert_eq!(texts(&machine).len(), 1);
        }
        runtime.block_on(stored.put(&meta.location, whole.into())).unwrap();
        let fresh = store(&home.path().join(format!("fresh{number}")), &bots);
        assert_eq!(texts(&fresh).len(), 1);
    }
}
