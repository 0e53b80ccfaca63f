use std::fs;
use std::path::Path;
use std::sync::Arc;

use document::ContentHash;

use super::*;
use crate::testing::{Fixture, bytes, shown};
use crate::{Content, Silent};

const ZIP: &str = "PK\u{3}\u{4}\u{14}\0\0\0";

#[test]
fn training_again_changes_nothing_and_writes_nothing() {
    let shop = Fixture::new();
    let inputs = [bytes("a", "We open at nine."), bytes("b", "Returns take ten days.")];
    let report = shop.train(&inputs);
    assert_eq!(shown(&report), "a added; b added");
    assert_eq!((report.added, report.chunks), (2, 2));
    assert_eq!(shop.held(), "a: We open at nine.; b: Returns take ten days.");
    assert_eq!(shop.files("originals").len(), 2);
    assert_eq!(shop.files("extracts").len(), 2);

    // With its stores gone, a run that reads or writes any of them would show.
    fs::remove_dir_all(shop.folder.path().join("extracts")).unwrap();
    let report = shop.train(&inputs);
    assert_eq!(shown(&report), "a unchanged; b unchanged");
    assert_eq!((report.unchanged, report.chunks), (2, 2));
    assert_eq!(report.documents[0].chunks, 1);
    assert!(!shop.folder.path().join("extracts").exists());
}

#[test]
fn one_bad_document_is_a_line_and_not_the_end() {
    let shop = Fixture::new();
    let inputs = [bytes("a", "We open at nine."), bytes("b", ZIP), bytes("c", "")];
    assert_eq!(shown(&shop.train(&inputs)), "a added; b UNSUPPORTED_MEDIA_TYPE; c EMPTY");
    assert_eq!(shop.held(), "a: We open at nine.");
    // No original of what nobody can read.
    assert_eq!(shop.files("originals").len(), 1);
    // What the bot holds of a document survives a bad update of it.
    assert_eq!(shown(&shop.train(&[bytes("a", ZIP)])), "a UNSUPPORTED_MEDIA_TYPE");
    assert_eq!(shop.held(), "a: We open at nine.");
    let nothing = shop.train(&[bytes("d", "")]);
    assert_eq!((nothing.failed, nothing.chunks), (1, 1));
}

#[test]
fn a_bot_of_bad_documents_only_is_not_born() {
    let shop = Fixture::new();
    assert_eq!(shown(&shop.train(&[bytes("a", "")])), "a EMPTY");
    assert_eq!(shop.held(), "nothing");
}

#[test]
fn new_bytes_replace_and_equal_bytes_share_the_work() {
    let shop = Fixture::new();
    let report = shop.train(&[bytes("a", "Same words."), bytes("b", "Same words.")]);
    assert_eq!(shown(&report), "a added; b added");
    assert_eq!(report.documents[1].duplicate_of, Some(report.documents[0].document_id.clone()));
    assert_eq!(shop.files("extracts").len(), 1);
    assert_eq!(shown(&shop.train(&[bytes("a", "Other words.")])), "a replaced");
    assert_eq!(shop.held(), "a: Other words.; b: Same words.");
}

#[test]
fn a_new_title_needs_no_parse() {
    let shop = Fixture::new();
    shop.train(&[bytes("docs/hours.txt", "We open at nine.")]);
    let title = |shop: &Fixture| {
        let snapshot = shop.folder.snapshot(&shop.bot).unwrap();
        snapshot.manifest().documents[0].title.clone()
    };
    assert_eq!(title(&shop), "hours");
    let renamed =
        Input { title: Some("Hours".into()), ..bytes("docs/hours.txt", "We open at nine.") };
    assert_eq!(shown(&shop.train(std::slice::from_ref(&renamed))), "docs/hours.txt replaced");
    assert_eq!(title(&shop), "Hours");
    assert_eq!(shown(&shop.train(&[renamed])), "docs/hours.txt unchanged");
    // Who says nothing of the title leaves it.
    let report = shop.train(&[bytes("docs/hours.txt", "We open at nine.")]);
    assert_eq!(shown(&report), "docs/hours.txt unchanged");
    assert_eq!(title(&shop), "Hours");
}

/// Does something to the files between the first look and the reading.
struct Meddler<F>(F);

impl<F: Fn() + std::marker::Sync> Progress for Meddler<F> {
    fn begin(&self, stage: Stage, _total: usize) {
        if stage == Stage::Parse {
            (self.0)();
        }
    }

    fn advance(&self, _source: &str, _pages: u32) {}
}

fn file(path: &Path, text: &str) -> Input {
    fs::write(path, text).unwrap();
    Input::new(path.display().to_string(), Content::Path(path.to_owned()))
}

#[test]
fn a_file_that_changes_meanwhile_counts_as_it_was_read() {
    let shop = Fixture::new();
    let (a, b) = (shop.home.join("a.txt"), shop.home.join("b.txt"));
    // Twins at first sight, strangers at the second.
    let inputs = [file(&a, "Old words."), file(&b, "Old words.")];
    let meddler = Meddler(|| fs::write(&a, "New words.").unwrap());
    let report = train(&shop.folder, &shop.bot, &inputs, &shop.options, &meddler).unwrap();
    assert_eq!(report.added, 2);
    assert_eq!(shop.held(), format!("{}: New words.; {}: Old words.", a.display(), b.display()));
    let hash = ContentHash::of(b"New words.");
    assert!(shop.folder.originals().size(hash).unwrap().is_some());
    assert_eq!(shop.train(&inputs).unchanged, 2);
}

#[test]
fn a_file_that_goes_meanwhile_is_a_line() {
    let shop = Fixture::new();
    let (a, b) = (shop.home.join("a.txt"), shop.home.join("b.txt"));
    let inputs = [file(&a, "Same words."), file(&b, "Same words.")];
    let meddler = Meddler(|| fs::remove_file(&a).unwrap());
    let report = train(&shop.folder, &shop.bot, &inputs, &shop.options, &meddler).unwrap();
    assert_eq!((report.failed, report.added), (1, 1));
    assert_eq!(shop.held(), format!("{}: Same words.", b.display()));
}

#[test]
fn pruning_forgets_what_is_gone() {
    let mut shop = Fixture::new();
    shop.train(&[bytes("x/a", "One."), bytes("x/b", "Two."), bytes("y/c", "Three.")]);
    shop.options.prune = vec!["x".into()];
    let report = shop.train(&[bytes("x/a", "One.")]);
    assert_eq!(shown(&report), "x/a unchanged; x/b removed");
    assert_eq!((report.removed, report.chunks), (1, 2));
    assert_eq!(shop.held(), "x/a: One.; y/c: Three.");
}

#[test]
fn pruning_leaves_files_that_are_there_though_no_input_names_them() {
    let mut shop = Fixture::new();
    let names = ["a.md", "notes.xyz", ".hidden.md"];
    let paths = names.map(|name| shop.home.join(name));
    let inputs: Vec<_> = paths.iter().map(|path| file(path, "Words.")).collect();
    shop.train(&inputs);
    shop.options.prune = vec![shop.home.clone()];
    assert_eq!(shop.train(&inputs[..1]).removed, 0);
    fs::remove_file(&paths[1]).unwrap();
    let report = shop.train(&inputs[..1]);
    assert_eq!((report.removed, report.unchanged), (1, 1));
    assert_eq!(report.documents[1].source, inputs[1].source);
}

#[test]
fn a_file_that_has_settled_is_not_read_again_unless_told_to() {
    let mut shop = Fixture::new();
    let path = shop.home.join("a.txt");
    let input = [file(&path, "Old words.")];
    shop.train(&input);
    assert!(shop.files("stamps").is_empty(), "what has just been written proves nothing");

    // What a change that leaves no trace in the metadata would make of the stamps.
    let hash = ContentHash::of(b"Old words.");
    fs::write(&path, "New words.").unwrap();
    let stamps = shop.folder.path().join("stamps");
    let lying = Stamps::read(&stamps, shop.folder.staging(), &shop.bot);
    lying.trust(&input[0].source, &fs::metadata(&path).unwrap(), hash);
    assert_eq!(shown(&shop.train(&input)), format!("{} unchanged", path.display()));
    shop.options.rehash = true;
    assert_eq!(shown(&shop.train(&input)), format!("{} replaced", path.display()));
    shop.options.rehash = false;
    assert_eq!(shown(&shop.train(&input)), format!("{} unchanged", path.display()));
    assert_eq!(shop.held(), format!("{}: New words.", path.display()));
}

#[test]
fn a_small_budget_and_many_documents_give_the_same_as_one_run_each() {
    let mut shop = Fixture::new();
    shop.options.bytes_in_flight_max = 40;
    let inputs: Vec<_> =
        (0..40).map(|n| bytes(&format!("{n:02}"), &format!("Text {}.", n % 30))).collect();
    let report = shop.train(&inputs);
    assert_eq!((report.added, report.chunks), (40, 40));
    let sources: Vec<_> = report.documents.iter().map(|document| &document.source).collect();
    assert!(sources.is_sorted());

    let other = Fixture::new();
    for input in inputs.iter().rev() {
        other.train(std::slice::from_ref(input));
    }
    let key = |shop: &Fixture| shop.folder.snapshot(&shop.bot).unwrap().key();
    assert_eq!(key(&shop), key(&other));
}

#[test]
fn another_writer_is_told_apart_and_waits() {
    let shop = Fixture::new();
    let held = shop.folder.store().writer(&shop.bot).unwrap();
    let error = shop.try_train(&[bytes("a", "One.")]).unwrap_err();
    assert_eq!(error.code(), "LOCKED");
    drop(held);
    shop.train(&[bytes("a", "One.")]);
}

#[test]
fn a_disk_that_cannot_be_written_ends_the_run_and_leaves_the_bot() {
    let shop = Fixture::new();
    shop.train(&[bytes("a", "One.")]);
    let originals = shop.folder.path().join("originals");
    fs::remove_dir_all(&originals).unwrap();
    fs::write(&originals, "in the way").unwrap();
    // A new handle: the old one keeps its staging folder.
    let folder = DataFolder::open(shop.folder.path(), index::Config::default()).unwrap();
    let inputs = [bytes("b", "Two."), bytes("c", "Three.")];
    let error = train(&folder, &shop.bot, &inputs, &shop.options, &Silent).unwrap_err();
    assert_eq!(error.code(), "IO");
    assert!(error.to_string().contains("originals"), "{error}");
    assert_eq!(shop.held(), "a: One.");
}

#[test]
fn another_pipeline_makes_the_whole_bot_anew() {
    let mut shop = Fixture::new();
    shop.train(&[bytes("a", "One."), bytes("b", "Two."), bytes("c", "Three.")]);
    shop.other_pipeline();
    let report = shop.train(&[bytes("a", "One."), bytes("b", "")]);
    assert_eq!(shown(&report), "a unchanged; b EMPTY");
    assert_eq!(report.chunks, 3);
    assert_eq!(shop.held(), "a: One.; b: Two.; c: Three.");
    let snapshot = shop.folder.snapshot(&shop.bot).unwrap();
    assert_eq!(snapshot.manifest().pipeline, shop.options.pipeline());
}

#[test]
fn a_document_that_another_pipeline_would_lose_stops_it() {
    let mut shop = Fixture::new();
    shop.train(&[bytes("a", "One."), bytes("b", "Two.")]);
    fs::remove_dir_all(shop.folder.path().join("originals")).unwrap();
    shop.other_pipeline();
    let error = shop.try_train(&[bytes("a", "One.")]).unwrap_err();
    assert_eq!(error.code(), "CANNOT_REBUILD");
    assert_eq!(shop.held(), "a: One.; b: Two.");
    // The bytes at hand are as good as the stored ones.
    shop.train(&[bytes("a", "One."), bytes("b", "Two.")]);
    assert_eq!(shop.files("originals").len(), 2);
}

#[test]
fn a_damaged_snapshot_is_made_anew_by_the_next_run() {
    let mut shop = Fixture::new();
    shop.train(&[bytes("a", "One."), bytes("b", "Two.")]);
    for file in shop.files("bots") {
        if file.extension().is_some_and(|extension| extension == "segment") {
            fs::write(file, "").unwrap();
        }
    }
    shop.folder = DataFolder::open(shop.folder.path(), index::Config::default()).unwrap();
    assert!(shop.folder.snapshot(&shop.bot).is_err());
    assert_eq!(shown(&shop.train(&[bytes("a", "One.")])), "a unchanged");
    assert_eq!(shop.held(), "a: One.; b: Two.");
}

#[test]
fn a_lost_list_of_documents_is_not_taken_for_an_empty_one() {
    let shop = Fixture::new();
    shop.train(&[bytes("a", "One.")]);
    for file in shop.files("bots") {
        if file.file_name().is_some_and(|name| name == "manifest.json") {
            fs::write(file, "{}").unwrap();
        }
    }
    let error = shop.try_train(&[bytes("b", "Two.")]).unwrap_err();
    assert_eq!(error.code(), "LOST_MANIFEST");
    assert!(error.to_string().contains("manifest.json"), "{error}");
}

#[test]
fn a_thread_of_the_pool_may_train() {
    let shop = Fixture::new();
    let pool = Arc::clone(&shop.options.pool);
    let report = pool.get().install(|| shop.train(&[bytes("a", "One."), bytes("b", "Two.")]));
    assert_eq!(report.added, 2);
}

#[test]
fn a_category_is_given_or_the_documents_own_and_stays_while_its_bytes_do() {
    let shop = Fixture::new();
    let text = "---\ncategory: terms\n---\n# Terms\n\nReturns take ten days.";
    let category = |shop: &Fixture| {
        let snapshot = shop.folder.snapshot(&shop.bot).unwrap();
        snapshot.manifest().documents[0].category().map(str::to_owned)
    };
    shop.train(&[bytes("a.md", text)]);
    assert_eq!(category(&shop).as_deref(), Some("terms"));
    assert_eq!(shown(&shop.train(&[bytes("a.md", text)])), "a.md unchanged");
    let mut given = bytes("a.md", text);
    given.metadata.insert(index::CATEGORY.to_owned(), "legal".to_owned());
    assert_eq!(shown(&shop.train(std::slice::from_ref(&given))), "a.md replaced");
    assert_eq!(category(&shop).as_deref(), Some("legal"));
    assert_eq!(shown(&shop.train(&[bytes("a.md", text)])), "a.md unchanged");
    assert_eq!(category(&shop).as_deref(), Some("legal"));
    shop.train(&[bytes("a.md", &text.replace("ten", "nine"))]);
    assert_eq!(category(&shop).as_deref(), Some("terms"));
    shop.train(&[bytes("a.md", "# Terms\n\nNo returns.")]);
    assert_eq!(category(&shop), None);
}
