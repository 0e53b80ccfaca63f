use std::borrow::Cow;
use std::fmt::Write;

use document::MediaType;

use super::*;
use crate::Content;

fn entry(source: &str, content: &str) -> DocumentEntry {
    DocumentEntry {
        id: DocumentId::from_source(source),
        source: source.to_owned(),
        title: source.to_uppercase(),
        media_type: MediaType::Markdown,
        content_hash: ContentHash::of(content.as_bytes()),
        metadata: BTreeMap::new(),
        pages: 0,
        pages_without_text: Vec::new(),
        chunks: 1,
    }
}

fn input(source: &str) -> Input {
    Input::new(source, Content::Bytes(Cow::Borrowed(b"")))
}

fn held(documents: &[(&str, &str)]) -> Vec<DocumentEntry> {
    let mut held: Vec<_> =
        documents.iter().map(|(source, content)| entry(source, content)).collect();
    held.sort_by(|left, right| left.id.cmp(&right.id));
    held
}

/// Plans for inputs given as (source, content), a content of "!" being unreadable, and shows
/// every step and removal by source.
fn check(existing: &[(&str, &str)], given: &[(&str, &str)], prune: &[&str], expected: &str) {
    let existing = held(existing);
    let inputs: Vec<_> = given.iter().map(|(source, _)| input(source)).collect();
    let failure = || Failure { code: "UNREADABLE".into(), message: "no".into() };
    let candidates: Vec<_> = given
        .iter()
        .zip(&inputs)
        .map(|((_, content), input)| Candidate {
            id: input.id(),
            input,
            fingerprint: match *content {
                "!" => Err(failure()),
                content => {
                    let hash = ContentHash::of(content.as_bytes());
                    Ok(Fingerprint { hash, bytes: content.len() as u64 })
                }
            },
        })
        .collect();
    let prune: Vec<_> = prune.iter().map(PathBuf::from).collect();
    let plan = plan(&existing, &candidates, &prune, &|source| source.ends_with("there"));

    let sources: BTreeMap<_, _> = existing
        .iter()
        .map(|entry| (&entry.id, entry.source.as_str()))
        .chain(candidates.iter().map(|given| (&given.id, given.input.source.as_str())))
        .collect();
    let twin = |id: &Option<DocumentId>| {
        id.as_ref().map_or(String::new(), |id| format!(" like {}", sources[id]))
    };
    let mut shown = String::new();
    for (candidate, step) in candidates.iter().zip(&plan.steps) {
        let step = match step {
            Step::Add { twin: other } => format!("add{}", twin(other)),
            Step::Replace { twin: other } => format!("replace{}", twin(other)),
            Step::Relabel => "relabel".to_owned(),
            Step::Keep => "keep".to_owned(),
            Step::Fail(_) => "fail".to_owned(),
        };
        write!(shown, "{} {step}; ", candidate.input.source).unwrap();
    }
    let mut removed: Vec<_> = plan.removed.iter().map(|id| sources[id]).collect();
    removed.sort_unstable();
    for source in removed {
        write!(shown, "{source} remove; ").unwrap();
    }
    assert_eq!(shown.trim_end_matches("; "), expected);
}

#[test]
fn content_decides_between_add_keep_and_replace() {
    let existing = [("a", "1"), ("b", "2"), ("c", "3")];
    check(&existing, &[("a", "1"), ("b", "9"), ("d", "4")], &[], "a keep; b replace; d add");
    check(&existing, &[], &[], "");
    check(&[], &[("a", "1")], &[], "a add");
}

#[test]
fn a_new_title_or_metadata_relabels_and_no_title_keeps() {
    let existing = held(&[("a", "1")]);
    let fingerprint = || Ok(Fingerprint { hash: ContentHash::of(b"1"), bytes: 1 });
    let step_of = |input: &Input| {
        let candidate = Candidate { id: input.id(), input, fingerprint: fingerprint() };
        plan(&existing, &[candidate], &[], &|_| true).steps.remove(0)
    };
    assert_eq!(step_of(&input("a")), Step::Keep);
    assert_eq!(step_of(&Input { title: Some("A".into()), ..input("a") }), Step::Keep);
    assert_eq!(step_of(&Input { title: Some("New".into()), ..input("a") }), Step::Relabel);
    let metadata = BTreeMap::from([("category".to_owned(), "faq".to_owned())]);
    assert_eq!(step_of(&Input { metadata, ..input("a") }), Step::Relabel);
}

#[test]
fn equal_bytes_from_two_sources_are_two_documents() {
    check(&[], &[("b", "1"), ("a", "1"), ("c", "1")], &[], "b add; a add like b; c add like b");
    check(&[("a", "1")], &[("b", "1")], &[], "b add like a");
    check(&[("a", "1"), ("b", "2")], &[("b", "1")], &[], "b replace like a");
    check(&[("a", "1"), ("b", "1")], &[("a", "1"), ("b", "1")], &[], "a keep; b keep");
}

#[test]
fn a_document_that_changes_or_goes_is_nobodys_twin() {
    check(&[("a", "1")], &[("b", "1"), ("a", "2")], &[], "b add; a replace");
    check(&[("x/a", "1")], &[("x/b", "1")], &["x"], "x/b add; x/a remove");
    // Unreadable now, so it keeps the bytes it has.
    check(&[("a", "1")], &[("a", "!"), ("b", "1")], &[], "a fail; b add like a");
}

#[test]
fn pruning_removes_what_vanished_from_the_named_folders_only() {
    let existing = [("x/a", "1"), ("x/y/b", "2"), ("xy/c", "3"), ("z/d", "4")];
    check(&existing, &[("x/a", "1")], &["x"], "x/a keep; x/y/b remove");
    check(&existing, &[("x/a", "1")], &[], "x/a keep");
    check(&existing, &[], &["x", "z"], "x/a remove; x/y/b remove; z/d remove");
}

#[test]
fn what_cannot_be_looked_at_is_not_pruned() {
    let existing = [("x/a", "1"), ("x/y/b", "2"), ("x/c", "3")];
    check(&existing, &[("x/a", "!"), ("x/y", "!")], &["x"], "x/a fail; x/y fail; x/c remove");
}

#[test]
fn what_is_still_there_is_not_pruned() {
    let existing = [("/x/there", "1"), ("/x/gone", "2"), ("x/there", "3")];
    check(&existing, &[], &["/x"], "/x/gone remove");
    // A source that is no absolute path says nothing about the disk.
    check(&existing, &[], &["x"], "x/there remove");
}
