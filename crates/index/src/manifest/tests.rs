use super::*;
use crate::Language;

fn entry(name: &str) -> DocumentEntry {
    DocumentEntry {
        source: format!("{name}\n\"{name}\""),
        metadata: BTreeMap::from([("ä".to_owned(), name.to_owned())]),
        pages_without_text: vec![3],
        pages: 7,
        chunks: 2,
        ..DocumentEntry::bare(name.parse().unwrap())
    }
}

fn manifest() -> Manifest {
    let entries: Vec<_> = ["a", "b-1", "b1", "c"].map(entry).to_vec();
    let mut documents = Documents::of(&entries).unwrap();
    for (at, row) in documents.rows_mut().iter_mut().enumerate() {
        row.tokens = 10 + at as u64;
        row.place = (at != 1).then_some(at as u32);
        row.languages = [Language::Thai, Language::German].into_iter().take(at).collect();
    }
    Manifest::new(PipelineKey::new(1, b"chunks"), documents, None)
}

#[test]
fn a_manifest_survives_its_bytes() {
    let bytes = manifest().to_bytes();
    let read = Manifest::from_bytes(&bytes, Path::new("m")).unwrap();
    assert_eq!(read, manifest());
    assert_eq!(read.documents.rows(), manifest().documents.rows());
    assert_eq!(read.documents.to_vec(), ["a", "b-1", "b1", "c"].map(entry));
    assert_eq!(read.document(&"b1".parse().unwrap()), Some(&entry("b1")));
    let lines = bytes.trim_ascii_end().split(|&byte| byte == b'\n');
    assert!(lines.clone().all(|line| serde_json::from_slice::<serde_json::Value>(line).is_ok()));
    assert_eq!(lines.count(), 5);
}

#[test]
fn any_changed_byte_is_noticed() {
    let bytes = manifest().to_bytes();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Manifest::from_bytes(&damaged, Path::new("m")).is_err(), "byte {at}");
        assert!(Manifest::from_bytes(&bytes[..at], Path::new("m")).is_err(), "cut at {at}");
    }
}

#[test]
fn a_change_keeps_the_other_lines() {
    let before = manifest().documents;
    let id = |name: &str| name.parse::<DocumentId>().unwrap();
    let (put, added) = (Line::new(&entry("b-1")), Line::new(&entry("d")));
    let changes =
        [(id("0"), None), (id("b-1"), Some(&put)), (id("c"), None), (id("d"), Some(&added))];
    let after = before.changed(changes.iter().map(|(id, line)| (id, *line))).unwrap();
    assert_eq!(after.ids().collect::<Vec<_>>(), ["a", "b-1", "b1", "d"]);
    assert_eq!(after.to_vec(), ["a", "b-1", "b1", "d"].map(entry));
    let tokens: Vec<_> = after.rows().iter().map(|row| (row.tokens, row.place)).collect();
    assert_eq!(tokens, [(10, Some(0)), (0, None), (12, Some(2)), (0, None)]);
    let same = before.changed([(&id("a"), Some(&Line::new(&entry("a"))))]).unwrap();
    assert_eq!(same.lines(), before.lines());
}

#[test]
fn documents_are_found_from_anywhere() {
    let entries: Vec<_> = (100..400).map(|number| entry(&number.to_string())).collect();
    let documents = Documents::of(&entries).unwrap();
    for wanted in 99..=400 {
        let (text, expected) = (wanted.to_string(), (wanted - 100).clamp(0, 300) as usize);
        let id = if wanted == 99 { b"0" } else { text.as_bytes() };
        let is_there = (100..400).contains(&wanted);
        assert_eq!(documents.position(id), is_there.then_some(expected));
        for from in [0, expected.saturating_sub(1), expected] {
            assert_eq!(documents.seek(from, id), (expected, is_there), "{wanted} from {from}");
        }
    }
}

#[test]
fn a_line_that_is_no_entry_is_noticed_and_moves_no_other() {
    let mut documents = manifest().documents;
    let at = documents.lines().iter().position(|&byte| byte == b'c').unwrap();
    assert!(documents.are_sound());
    documents.damage(at);
    assert!(!documents.are_sound());
    assert_eq!(documents[1..], ["b-1", "b1", "c"].map(entry));
    assert_eq!(documents[0], DocumentEntry::bare("a".parse().unwrap()));
}

#[test]
fn newer_formats_are_refused_by_number() {
    let newer = br#"{"checksum":"","format":7,"unheard":"of"}"#;
    let error = Manifest::from_bytes(newer, Path::new("m")).unwrap_err();
    assert_eq!(error.to_string(), "m: format 7, this release reads up to 2: use a newer release");
}
