use std::fs;

use super::*;

const CORPUS: &str = "{\"id\":\"a\",\"title\":\"Hours\",\"text\":\"We open at nine.\"}\n\n{\"id\":\"b\",\"text\":\"No title.\"}\n";
const QUERIES: &str = "{\"id\":\"1\",\"text\":\"When?\",\"answers\":[\"nine\"],\"answerable\":true,\"kind\":7,\"history\":[{\"role\":\"user\",\"text\":\"Hi\"}]}\r\n{\"id\":\"2\",\"text\":\"Why?\"}";
const QRELS: &str = "1\ta\t2\n2 0 b 0\n";

fn folder(corpus: &str, queries: &str, qrels: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("corpus.jsonl", corpus);
    write("queries.jsonl", queries);
    write("qrels.tsv", qrels);
    folder
}

fn refused(corpus: &str, queries: &str, qrels: &str) -> String {
    let folder = folder(corpus, queries, qrels);
    let message = Collection::read(folder.path()).unwrap_err().to_string();
    message.rsplit('/').next().unwrap_or_default().to_owned()
}

#[test]
fn a_folder_is_read() {
    let folder = folder(CORPUS, QUERIES, QRELS);
    let collection = Collection::read(folder.path()).unwrap();
    assert_eq!(collection.documents.len(), 2);
    assert_eq!(collection.documents[1].title, "");
    assert_eq!(collection.queries[0].history[0].text, "Hi");
    assert_eq!(collection.queries[1].answerable, None);
    assert_eq!(collection.grades(&collection.queries[0]).unwrap()["a"], 2);
    assert_eq!(collection.grades(&collection.queries[1]), None, "graded, but nothing relevant");
    assert_eq!(collection.judged_count(), 1);
    assert_eq!(collection.warnings, Vec::<String>::new());
}

#[test]
fn a_bad_line_is_named() {
    let bad = format!("{CORPUS}{{\"id\":\"c\"}}");
    let message = refused(&bad, QUERIES, QRELS);
    assert!(message.starts_with("corpus.jsonl:4: missing field `text`"), "{message}");
    let twice = format!("{CORPUS}{CORPUS}");
    assert_eq!(
        refused(&twice, QUERIES, QRELS),
        "corpus.jsonl:4: id \"a\" stands in line 1 already"
    );
    let message = refused(CORPUS, "nonsense", QRELS);
    assert!(message.starts_with("queries.jsonl:1: expected"), "{message}");
    assert_eq!(
        refused(CORPUS, QUERIES, "1\ta\t1\n1\tb\tmuch\n"),
        "qrels.tsv:2: grade \"much\" is no whole number"
    );
    let message = refused(CORPUS, QUERIES, "1\ta\n");
    assert!(message.starts_with("qrels.tsv:1: 2 columns: expected query id"), "{message}");
}

#[test]
fn odd_judgements_are_warned_of_and_count() {
    let folder = folder(CORPUS, QUERIES, "1\ta\t1\n1\ta\t0\n1\tz\t1\n9\ta\t1\n");
    let collection = Collection::read(folder.path()).unwrap();
    let warnings: Vec<&str> =
        collection.warnings.iter().map(|line| line.rsplit("qrels.tsv").next().unwrap()).collect();
    assert_eq!(
        warnings,
        [
            ":2: \"1\" and \"a\" are judged twice: this line counts",
            ":3: no document has the id \"z\": it counts as not found",
            ":4: no question has the id \"9\": it counts as not found",
        ]
    );
    assert_eq!(collection.judgements["1"]["a"], 0);
    assert_eq!(collection.judged_count(), 2);
    let many: String = (0..50).map(|n| format!("1\tz{n}\t1\n")).collect();
    let folder = super::tests::folder(CORPUS, QUERIES, &many);
    let warnings = Collection::read(folder.path()).unwrap().warnings;
    assert_eq!(warnings.len(), WARNINGS_MAX + 1);
    assert!(warnings[WARNINGS_MAX].ends_with("30 more lines like these"));
}

#[test]
fn a_folder_of_folders_counts_as_its_collections() {
    let outer = tempfile::tempdir().unwrap();
    for name in ["b", "a", "empty"] {
        fs::create_dir(outer.path().join(name)).unwrap();
    }
    for name in ["b", "a"] {
        for (file, text) in
            [("corpus.jsonl", CORPUS), ("queries.jsonl", QUERIES), ("qrels.tsv", QRELS)]
        {
            fs::write(outer.path().join(name).join(file), text).unwrap();
        }
    }
    let folders = [outer.path().to_owned(), outer.path().join("a")];
    let names: Vec<String> =
        read_all(&folders).unwrap().into_iter().map(|collection| collection.name).collect();
    assert_eq!(names, ["a", "b"]);
    let empty = find(&[outer.path().join("empty")]).unwrap_err();
    assert!(matches!(empty, EvalError::NoCollection { .. }), "{empty}");
    let nowhere = find(&[outer.path().join("nowhere")]).unwrap_err();
    assert!(matches!(nowhere, EvalError::Io { .. }), "{nowhere}");
}
