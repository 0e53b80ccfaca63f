use std::fs;

use super::*;
use crate::testing::{Fixture, bytes};
use crate::{Silent, remove};

fn run(shop: &Fixture, dry_run: bool) -> Vec<BotReport> {
    reindex(&shop.folder, &[], &shop.options, dry_run, &Silent).unwrap()
}

fn trained() -> Fixture {
    let shop = Fixture::new();
    shop.train(&[bytes("a", "One."), bytes("b", "Two."), bytes("c", "One.")]);
    shop
}

#[test]
fn a_current_bot_is_left_alone() {
    let shop = trained();
    let reports = run(&shop, false);
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].outcome, Rebuild::Unchanged);
    assert_eq!((reports[0].documents, reports[0].parsed), (3, 0));
}

#[test]
fn another_pipeline_is_planned_then_done_then_current() {
    let mut shop = trained();
    let before = shop.folder.snapshot(&shop.bot).unwrap().key();
    shop.other_pipeline();
    let planned = run(&shop, true);
    assert_eq!((&planned[0].outcome, planned[0].parsed), (&Rebuild::Planned, 2));
    assert_eq!(shop.folder.snapshot(&shop.bot).unwrap().key(), before);
    let done = run(&shop, false);
    assert_eq!((&done[0].outcome, done[0].parsed), (&Rebuild::Rebuilt, 2));
    assert_eq!(shop.held(), "a: One.; b: Two.; c: One.");
    assert_ne!(shop.folder.snapshot(&shop.bot).unwrap().key(), before);
    assert_eq!(run(&shop, false)[0].outcome, Rebuild::Unchanged);
    // Back again: everything is in the cache.
    shop.options.ingest.chunking.words_soft += 1;
    assert_eq!(run(&shop, false)[0].parsed, 0);
    assert_eq!(shop.folder.snapshot(&shop.bot).unwrap().key(), before);
}

#[test]
fn a_flipped_bit_is_found_and_mended() {
    let shop = trained();
    let file =
        shop.files("bots").into_iter().find(|file| file.extension().is_some_and(|e| e == "term"));
    let file = file.unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_eq!(run(&shop, false)[0].outcome, Rebuild::Rebuilt);
    assert_eq!(run(&shop, false)[0].outcome, Rebuild::Unchanged);
}

#[test]
fn a_bot_that_cannot_be_made_anew_stays_as_it_was() {
    let mut shop = trained();
    fs::remove_dir_all(shop.folder.path().join("originals")).unwrap();
    shop.other_pipeline();
    let reports = run(&shop, false);
    let Rebuild::Failed(failure) = &reports[0].outcome else { panic!("{reports:?}") };
    assert_eq!(failure.code, "CANNOT_REBUILD");
    assert_eq!(shop.held(), "a: One.; b: Two.; c: One.");
    // Removing needs no current pipeline.
    let ids: Vec<_> = shop.folder.snapshot(&shop.bot).unwrap().manifest().documents[..2]
        .iter()
        .map(|entry| entry.id.clone())
        .collect();
    let report = remove(&shop.folder, &shop.bot, &ids).unwrap();
    assert_eq!((report.removed, report.chunks), (2, 1));
}

#[test]
fn a_bot_in_use_fails_alone() {
    let shop = trained();
    let held = shop.folder.store().writer(&shop.bot).unwrap();
    let reports = run(&shop, false);
    let Rebuild::Failed(failure) = &reports[0].outcome else { panic!("{reports:?}") };
    assert_eq!(failure.code, "LOCKED");
    drop(held);
    let unknown = ["other".parse().unwrap()];
    let error = reindex(&shop.folder, &unknown, &shop.options, false, &Silent).unwrap_err();
    assert_eq!(error.code(), "BOT_NOT_FOUND");
}

#[test]
fn unknown_documents_are_not_removed_by_halves() {
    let shop = trained();
    let known = document::DocumentId::from_source("a");
    let unknown = document::DocumentId::from_source("z");
    let error = remove(&shop.folder, &shop.bot, &[known.clone(), unknown]).unwrap_err();
    assert_eq!(error.code(), "DOCUMENT_NOT_FOUND");
    assert_eq!(shop.held(), "a: One.; b: Two.; c: One.");
    let report = remove(&shop.folder, &shop.bot, &[known.clone(), known]).unwrap();
    assert_eq!((report.removed, report.chunks), (1, 2));
    assert_eq!(shop.held(), "b: Two.; c: One.");
    let other = remove(&shop.folder, &"other".parse().unwrap(), &[]).unwrap_err();
    assert_eq!(other.code(), "BOT_NOT_FOUND");
    assert!(!shop.folder.path().join("bots/other").exists());
}
