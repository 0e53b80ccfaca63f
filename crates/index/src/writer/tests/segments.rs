//! How the content comes to lie in segments, and that it makes no difference.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use super::*;

/// Words that nobody wrote, several a line.
fn lines(seed: usize, count: usize) -> String {
    let word = |at: usize| format!("w{:x}", at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44);
    let line = |line: usize| {
        let words: Vec<_> = (0..40).map(|at| word(seed * 7919 + line * 41 + at)).collect();
        words.join(" ") + " pump\n"
    };
    (0..count).map(line).collect()
}

fn segments(fixture: &Fixture) -> Vec<(PathBuf, u64)> {
    use std::os::unix::fs::MetadataExt as _;

    let key = fixture.store.manifest(&bot()).unwrap().unwrap().key;
    let files = fs::read_dir(fixture.snapshot_folder(key)).unwrap().map(|file| file.unwrap());
    let segments = files.filter(|file| file.file_name().to_str().unwrap().ends_with(".segment"));
    segments.map(|file| (file.path(), file.metadata().unwrap().ino())).collect()
}

#[test]
fn a_small_bot_is_one_segment_and_a_manifest() {
    let fixture = fixture();
    let texts: Vec<_> = (0..9).map(|at| (format!("d{at}"), lines(at, 3))).collect();
    let all: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let key = publish(&fixture.store, &all).key;
    assert_eq!(fs::read_dir(fixture.snapshot_folder(key)).unwrap().count(), 2);
    assert_eq!(segments(&fixture).len(), 1);
}

#[test]
fn removing_and_replacing_touch_no_segment_until_much_of_it_is_dead() {
    let fixture = fixture();
    let all = ["a", "b", "c", "d", "e", "f"].map(|name| (name, "Water.\n"));
    publish(&fixture.store, &all);
    let first = segments(&fixture);
    publish(&fixture.store, &[("a", "")]);
    let second = segments(&fixture);
    assert_eq!((second.len(), second[0].1), (1, first[0].1), "the same file");
    assert_eq!(found(&fixture.store, "water"), ["b", "c", "d", "e", "f"]);
    // Two of six are too many, and so all that lives is written anew.
    publish(&fixture.store, &[("b", "Oil.")]);
    let third = segments(&fixture);
    assert!(third.iter().all(|(_, file)| *file != first[0].1), "{third:?}");
    assert_eq!(found(&fixture.store, "water"), ["c", "d", "e", "f"]);
    assert_eq!(found(&fixture.store, "oil"), ["b"]);
    for name in ["b", "c", "d", "e", "f"] {
        publish(&fixture.store, &[(name, "")]);
    }
    assert_eq!(segments(&fixture), []);
    assert_eq!(found(&fixture.store, "water"), [""; 0]);
}

#[test]
fn the_last_of_several_states_in_one_change_counts() {
    for config in [Config::default(), large()] {
        let fixture = fixture_with(config);
        publish(&fixture.store, &[("z", "Oil.")]);
        let steps = [
            ("a", "Water.\nWater."),
            ("b", "Water."),
            ("a", "Oil.\nOil.\nWater."),
            ("c", "Water."),
            ("b", ""),
            ("z", ""),
            ("d", "Oil."),
            ("d", ""),
            ("d", "Water."),
            ("a", "Oil."),
        ];
        let told = publish(&fixture.store, &steps);
        assert_eq!((told.documents, told.chunks), (3, 3));
        assert_eq!(found(&fixture.store, "oil"), ["a"]);
        assert_eq!(found(&fixture.store, "water"), ["c", "d"]);
        fixture.store.snapshot(&bot()).unwrap().unwrap().verify().unwrap();
    }
}

#[test]
fn memory_that_is_used_up_makes_more_segments_of_the_same_content() {
    let texts: Vec<_> = (0..30).map(|at| (format!("d{at}"), lines(at, 70))).collect();
    let all: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let config = |writer_heap_bytes, small_text_bytes_max| Config {
        writer_heap_bytes,
        small_text_bytes_max,
        ..Config::default()
    };
    let [whole, cut, crew] = [(1 << 30, usize::MAX), (0, usize::MAX), (0, 1)]
        .map(|(heap, small)| fixture_with(config(heap, small)));
    let count = |fixture: &Fixture| {
        publish(&fixture.store, &all);
        segments(fixture).len()
    };
    assert_eq!(count(&whole), 1);
    assert!(count(&cut) > 1);
    assert!(count(&crew) > 1);
    let answers = [&whole, &cut, &crew].map(|fixture| {
        let snapshot = fixture.store.snapshot(&bot()).unwrap().unwrap();
        ["pump", &texts[3].1[..40]].map(|question| hits(&snapshot, question, 50))
    });
    assert!(answers[0] == answers[1] && answers[0] == answers[2]);
    assert!(answers[0].iter().all(|hits| !hits.is_empty()));
    // Nothing is left of what was written on the way.
    let folder = fixture_folder(&crew);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), segments(&crew).len() + 1);
}

fn fixture_folder(fixture: &Fixture) -> PathBuf {
    fixture.snapshot_folder(fixture.store.manifest(&bot()).unwrap().unwrap().key)
}

#[test]
fn bots_of_a_store_take_turns() {
    for small_text_bytes_max in [1, usize::MAX] {
        let config = Config { writer_threads: 1, small_text_bytes_max, ..Config::default() };
        let fixture = Arc::new(fixture_with(config));
        let writer = fixture.store.writer(&"other".parse().unwrap()).unwrap();
        let turn = writer.workshop.turn();
        let (sender, done) = mpsc::channel();
        let training = Arc::clone(&fixture);
        let thread = std::thread::spawn(move || {
            publish(&training.store, &[("a", "Water.")]);
            sender.send(()).unwrap();
        });
        assert!(done.recv_timeout(Duration::from_millis(100)).is_err(), "it waits for its turn");
        drop(turn);
        done.recv_timeout(Duration::from_secs(60)).unwrap();
        thread.join().unwrap();
        assert_eq!(found(&fixture.store, "water"), ["a"]);
    }
}

#[test]
fn two_changes_under_way_do_not_wait_for_each_other() {
    let fixture = fixture_with(Config { writer_threads: 1, ..large() });
    let mut writers = ["x", "y"].map(|name| fixture.store.writer(&name.parse().unwrap()).unwrap());
    let mut changes = writers.each_mut().map(|writer| {
        let mut change = writer.begin(pipeline(), Begin::Incremental).unwrap();
        change.put(entry("a", "Water."), &chunks("Water.")).unwrap();
        change
    });
    for change in &mut changes {
        change.put(entry("b", "Oil."), &chunks("Oil.")).unwrap();
    }
    for change in changes {
        assert_eq!(change.publish().unwrap().documents, 2);
    }
}
