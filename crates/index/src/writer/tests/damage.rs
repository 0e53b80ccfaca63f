//! What a crash, a full disk or a failing one leaves, and what becomes of it.

use super::*;

/// Only sizes are compared.
fn unverified() -> Config {
    Config { verify_bytes_max: 0, base_verify_bytes_max: 0, ..Config::default() }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    // Another file of the same name: a linked one must not change with it.
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn damaged_file<T>(result: Result<T, IndexError>) -> PathBuf {
    match result.map(drop) {
        Err(IndexError::Damaged { file, .. }) => file,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_deleted_by_damaged_files() {
    let fixture = fixture_with(unverified());
    let all = [("a", "Pumps need oil."), ("b", "Water."), ("c", "Air."), ("d", "Oil.")];
    let key = publish(&fixture.store, &all).key;
    for path in files(&fixture.snapshot_folder(key)) {
        if path.ends_with(MANIFEST_FILE) {
            continue;
        }
        for at in (0..fs::metadata(&path).unwrap().len() as usize).step_by(31) {
            flip(&path, at);
            let mut writer = fixture.store.writer(&bot()).unwrap();
            let mut transaction = writer.begin(pipeline(), Begin::Incremental).unwrap();
            transaction.remove(&id("b")).unwrap();
            assert_eq!(damaged_file(transaction.publish()), path, "byte {at}");
            flip(&path, at);
        }
    }
}

/// A bot whose current snapshot is under no name of its own, as between the two renames of a
/// repair; `leave` gets the folder of all snapshots, and the snapshot's own.
fn interrupted(leave: impl Fn(&Path, &Path)) -> Fixture {
    let fixture = fixture();
    let key = publish(&fixture.store, &[("a", "Water.")]).key;
    let folder = fixture.snapshot_folder(key);
    leave(folder.parent().unwrap(), &folder);
    fixture
}

fn check_recovered(fixture: &Fixture) {
    let mut writer = fixture.store.writer(&bot()).unwrap();
    assert!(writer.fault().is_none());
    let key = writer.manifest().unwrap().key;
    assert_eq!(fixture.snapshot_names(), [key.to_string()]);
    writer.verify().unwrap();
    change(&mut writer, &[("b", "Water.")], Begin::Incremental);
    assert_eq!(found(&fixture.store, "water"), ["a", "b"]);
}

fn trash_of(folder: &Path) -> PathBuf {
    folder.with_file_name(format!(".trash-{}", folder.file_name().unwrap().to_str().unwrap()))
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    files(from).iter().for_each(|file| {
        fs::copy(file, to.join(file.file_name().unwrap())).unwrap();
    });
}

#[test]
fn a_repair_that_died_is_finished_or_taken_back() {
    check_recovered(&interrupted(|_, folder| fs::rename(folder, trash_of(folder)).unwrap()));
    // The stage is whole, what it replaces is not.
    check_recovered(&interrupted(|snapshots, folder| {
        copy_folder(folder, &snapshots.join(".stage"));
        fs::rename(folder, trash_of(folder)).unwrap();
        flip(&trash_of(folder).join(MANIFEST_FILE), 9);
    }));
    // The stage lost a file.
    check_recovered(&interrupted(|snapshots, folder| {
        let stage = snapshots.join(".stage");
        copy_folder(folder, &stage);
        fs::remove_file(
            files(&stage).into_iter().find(|file| !file.ends_with(MANIFEST_FILE)).unwrap(),
        )
        .unwrap();
        fs::rename(folder, trash_of(folder)).unwrap();
    }));
}

#[test]
fn nothing_is_swept_while_the_current_manifest_is_unreadable() {
    let fixture = fixture();
    let first = publish(&fixture.store, &[("a", "Water.")]);
    let reader = fixture.store.snapshot(&bot()).unwrap();
    let second = publish(&fixture.store, &[("b", "Oil.")]);
    drop(reader);
    fs::remove_dir_all(fixture.snapshot_folder(second.key)).unwrap();
    // The cache holds the first.
    let store = Store::open(fixture.folder.path(), Config::default()).unwrap();
    drop(fixture.store);
    let mut writer = store.writer(&bot()).unwrap();
    assert!(writer.fault().is_some());
    assert!(writer.verify().is_err());
    let folder =
        |key: SnapshotKey| fixture.folder.path().join("demo/snapshots").join(key.to_string());
    assert!(folder(first.key).exists());
    change(&mut writer, &[("a", "Air.")], Begin::Rebuild);
    assert!(!folder(first.key).exists());
}

#[test]
fn what_the_disk_refuses_is_no_fault_of_the_snapshot() {
    let fixture = fixture();
    let key = publish(&fixture.store, &[("a", "Water.")]).key;
    let manifest = fixture.snapshot_folder(key).join(MANIFEST_FILE);
    for path in [manifest, fixture.bot_folder().join("current")] {
        let aside = fixture.folder.path().join("aside");
        fs::rename(&path, &aside).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(fixture.store.writer(&bot()), Err(IndexError::Io { .. })));
        fs::remove_dir(&path).unwrap();
        fs::rename(&aside, &path).unwrap();
    }
    fixture.store.writer(&bot()).unwrap();
}

#[test]
fn unverified_damage_is_named_when_it_keeps_the_index_from_opening() {
    let fixture = fixture_with(unverified());
    let key = publish(&fixture.store, &[("a", "Pumps need oil.\nFilters need air.")]).key;
    let folder = fixture.snapshot_folder(key);
    let reopen = || Store::open(fixture.folder.path(), unverified()).unwrap();
    let writer = fixture.store.writer(&bot()).unwrap();
    for path in files(&folder).into_iter().filter(|file| !file.ends_with(MANIFEST_FILE)) {
        let mut noticed = 0;
        let len = fs::metadata(&path).unwrap().len() as usize;
        for at in (0..len).step_by(5).chain([len - 1]) {
            flip(&path, at);
            match reopen().snapshot(&bot()) {
                Ok(_) => {}
                opened => {
                    assert_eq!(damaged_file(opened), path, "byte {at}");
                    noticed += 1;
                }
            }
            assert_eq!(damaged_file(writer.verify()), path);
            flip(&path, at);
        }
        assert!(noticed > 0, "{}", path.display());
    }
    writer.verify().unwrap();
}

#[test]
fn damage_is_not_merged_into_a_new_segment() {
    let fixture = fixture_with(unverified());
    for name in ["a", "b"] {
        publish(&fixture.store, &[(name, "Water.")]);
    }
    let last = publish(&fixture.store, &[("c", "Water.")]);
    let folder = fixture.snapshot_folder(last.key);
    for path in files(&folder).into_iter().filter(|file| !file.ends_with(MANIFEST_FILE)) {
        let middle = fs::metadata(&path).unwrap().len() as usize / 2;
        flip(&path, middle);
        let mut writer = fixture.store.writer(&bot()).unwrap();
        let mut transaction = writer.begin(pipeline(), Begin::Incremental).unwrap();
        transaction.put(entry("d", "Water."), &chunks("Water.")).unwrap();
        assert_eq!(damaged_file(transaction.publish()), path);
        flip(&path, middle);
    }
    publish(&fixture.store, &[("d", "Water.")]);
    assert_eq!(found(&fixture.store, "water"), ["a", "b", "c", "d"]);
}

#[test]
fn a_change_begins_with_a_verified_base() {
    let fixture = fixture();
    let key = publish(&fixture.store, &[("a", "Water.")]).key;
    let path = files(&fixture.snapshot_folder(key)).remove(0);
    flip(&path, 3);
    let mut writer = fixture.store.writer(&bot()).unwrap();
    assert_eq!(damaged_file(writer.begin(pipeline(), Begin::Incremental)), path);
}

#[test]
fn strays_are_swept_and_trash_is_not_renamed_again() {
    let fixture = fixture();
    let key = publish(&fixture.store, &[("a", "Water.")]).key;
    let snapshots = fixture.bot_folder().join("snapshots");
    // A name that could not become any longer.
    let trash = format!(".trash-{}", "0".repeat(240));
    fs::create_dir(snapshots.join(trash)).unwrap();
    fs::write(snapshots.join(".DS_Store"), "x").unwrap();
    fs::write(snapshots.join(".trash-.DS_Store"), "x").unwrap();
    drop(fixture.store.writer(&bot()).unwrap());
    assert_eq!(fixture.snapshot_names(), [key.to_string()]);
}

#[test]
fn a_sweep_that_fails_does_not_undo_a_publication() {
    let fixture = fixture();
    let mut writer = fixture.store.writer(&bot()).unwrap();
    // Too long a name for any trash.
    let stray = fixture.bot_folder().join("snapshots").join("0".repeat(255));
    fs::create_dir(&stray).unwrap();
    assert!(change(&mut writer, &[("a", "Water.")], Begin::Incremental).changed);
    assert!(stray.exists());
    assert_eq!(found(&fixture.store, "water"), ["a"]);
}

#[test]
fn a_dead_thread_tells_why() {
    let fixture = fixture_with(large());
    let mut writer = fixture.store.writer(&bot()).unwrap();
    let mut transaction = writer.begin(pipeline(), Begin::Incremental).unwrap();
    transaction.put(entry("a", "Water."), &chunks("Water.")).unwrap();
    fs::remove_dir_all(fixture.bot_folder().join("snapshots/.stage")).unwrap();
    let error = transaction.publish().unwrap_err().to_string();
    assert!(error.contains("No such file or directory"), "{error}");
    assert!(writer.manifest().is_none());
}

#[test]
fn a_crash_of_the_search_library_is_an_error_of_the_change() {
    let folder = Path::new("stage");
    assert_eq!(caught(folder, || Ok(7)).unwrap(), 7);
    let error = caught::<()>(folder, || panic!("as a library might")).unwrap_err().to_string();
    assert!(error.contains("stage") && error.contains("crashed"), "{error}");
}

#[test]
fn a_repair_by_another_process_is_seen() {
    let fixture = fixture();
    let key = publish(&fixture.store, &[("a", "Water.")]).key;
    let before = fixture.store.snapshot(&bot()).unwrap().unwrap();
    let path = files(&fixture.snapshot_folder(key)).remove(0);
    flip(&path, 3);
    // Nothing tells so far that the cached one is not what is on the disk.
    let other = Store::open(fixture.folder.path(), Config::default()).unwrap();
    let mut writer = other.writer(&bot()).unwrap();
    let rebuilt = change(&mut writer, &[("a", "Water.")], Begin::Rebuild);
    assert_eq!((rebuilt.key, rebuilt.changed), (key, true));
    assert_eq!(fixture.snapshot_names(), [key.to_string()]);
    let after = fixture.store.snapshot(&bot()).unwrap().unwrap();
    assert!(!std::sync::Arc::ptr_eq(&before, &after));
    after.verify().unwrap();
    let again = fixture.store.snapshot(&bot()).unwrap().unwrap();
    assert!(std::sync::Arc::ptr_eq(&after, &again));
}

#[test]
fn the_manifest_is_read_where_the_index_cannot_be() {
    let fixture = fixture();
    assert_eq!(fixture.store.manifest(&bot()).unwrap(), None);
    let key = publish(&fixture.store, &[("a", "Water.")]).key;
    let folder = fixture.snapshot_folder(key);
    let mut manifest = fixture.store.manifest(&bot()).unwrap().unwrap();
    assert_eq!((manifest.key, manifest.documents.len()), (key, 1));
    for path in files(&folder).into_iter().filter(|file| !file.ends_with(MANIFEST_FILE)) {
        fs::remove_file(path).unwrap();
    }
    manifest.schema = 0;
    manifest.key = SnapshotKey::of_schema(0, manifest.pipeline, None, manifest.documents.lines());
    fs::write(folder.join(MANIFEST_FILE), manifest.to_bytes()).unwrap();
    let read = || fixture.store.manifest(&bot());
    assert_eq!(read().unwrap().unwrap(), manifest);
    fs::write(folder.join(MANIFEST_FILE), r#"{"checksum":"","format":3}"#).unwrap();
    assert!(matches!(read(), Err(IndexError::NewerFormat { found: 3, .. })));
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(damaged_file(read()), folder);
}

#[test]
fn what_lies_beside_a_lost_state_is_taken_up_when_asked_for() {
    let fixture = fixture();
    assert!(!fixture.store.writer(&bot()).unwrap().adopt().unwrap());
    let first = publish(&fixture.store, &[("a", "Water.")]);
    let reader = fixture.store.snapshot(&bot()).unwrap();
    let second = publish(&fixture.store, &[("b", "Oil.")]);
    let folder = fixture.snapshot_folder(second.key);
    let adopted = |leave: &dyn Fn()| {
        leave();
        let mut writer = fixture.store.writer(&bot()).unwrap();
        let adopted = writer.adopt().unwrap();
        assert_eq!(adopted, writer.fault().is_none());
        adopted.then(|| writer.manifest().unwrap().key)
    };
    let pointer = fixture.bot_folder().join("current");
    // The later one, where both are whole.
    assert_eq!(adopted(&|| fs::write(&pointer, "").unwrap()), Some(second.key));
    // A finished stage, rather than nothing under its own name.
    let stage = folder.with_file_name(".stage");
    let staged = adopted(&|| {
        copy_folder(&folder, &stage);
        flip(&folder.join(MANIFEST_FILE), 9);
        flip(&fixture.snapshot_folder(first.key).join(MANIFEST_FILE), 9);
    });
    assert_eq!(staged, Some(second.key));
    assert_eq!(found(&fixture.store, "oil"), ["b"]);
    // A whole one, rather than a later one that is damaged.
    drop(reader);
    let third = publish(&fixture.store, &[("c", "Air.")]);
    let reader = fixture.store.snapshot(&bot()).unwrap();
    let fourth = publish(&fixture.store, &[("d", "Air.")]);
    let whole = adopted(&|| {
        let folder = fixture.snapshot_folder(fourth.key);
        let file = files(&folder).into_iter().find(|file| !file.ends_with(MANIFEST_FILE));
        fs::remove_file(file.unwrap()).unwrap();
        fs::write(&pointer, "").unwrap();
    });
    assert_eq!(whole, Some(third.key));
    drop(reader);
    // The fourth was ready for whoever asks. The next question lets go of it, the next writer sweeps.
    assert_eq!(found(&fixture.store, "air"), ["c"]);
    drop(fixture.store.writer(&bot()).unwrap());
    // Nothing is there, and nothing is changed.
    let folder = fixture.snapshot_folder(third.key);
    assert_eq!(adopted(&|| flip(&folder.join(MANIFEST_FILE), 9)), None);
    flip(&folder.join(MANIFEST_FILE), 9);
    assert_eq!(found(&fixture.store, "air"), ["c"]);
}
