use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::Silent;
use crate::testing::{Fixture, bytes};

fn run(shop: &Fixture, dry_run: bool) -> Vec<BotReport> {
    shop.reindex(&Reindex { dry_run, ..Reindex::default() })
}

#[test]
fn force_parses_and_writes_anew_and_since_leaves_what_was_done() {
    let shop = trained();
    let key = shop.folder.snapshot(&shop.bot).unwrap().key();
    let before = index_files(&shop);
    let force = Reindex { force: true, ..Reindex::default() };
    let done = shop.reindex(&force);
    assert_eq!((&done[0].outcome, done[0].parsed, done[0].bytes), (&Rebuild::Rebuilt, 2, 8));
    assert_eq!((done[0].documents, done[0].chunks), (3, 3));
    assert_eq!(shop.folder.snapshot(&shop.bot).unwrap().key(), key);
    assert_ne!(index_files(&shop), before, "files are others, their content is the same");
    assert_eq!(shop.held(), "a: One.; b: Two.; c: One.");
    let since = shop.folder.store().published_at(&shop.bot);
    let again = shop.reindex(&Reindex { since, ..force.clone() });
    assert_eq!((&again[0].outcome, again[0].documents), (&Rebuild::Skipped, 3));
    let later = since.map(|at| at + std::time::Duration::from_secs(1));
    assert_eq!(shop.reindex(&Reindex { since: later, ..force })[0].outcome, Rebuild::Rebuilt);
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
    let file = shop
        .files("bots")
        .into_iter()
        .find(|file| file.extension().is_some_and(|e| e == "segment"));
    let file = file.unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
    assert_eq!(run(&shop, false)[0].outcome, Rebuild::Rebuilt);
    assert_eq!(run(&shop, false)[0].outcome, Rebuild::Unchanged);
}

/// The files of the index by kind: their names are drawn by lot.
fn index_files(shop: &Fixture) -> BTreeMap<String, PathBuf> {
    let files = shop.files("bots").into_iter();
    let of_kind = |file: PathBuf| {
        let name = file.file_name().unwrap().to_str().unwrap();
        let kind = name.rsplit('.').next().unwrap().to_owned();
        (!["manifest.json", "current"].contains(&name)).then_some((kind, file))
    };
    files.filter_map(of_kind).collect()
}

#[test]
fn whatever_is_wrong_with_a_file_it_is_mended() {
    let mut shop = trained();
    // As with large indexes, opening one compares no checksums.
    let config = index::Config { verify_bytes_max: 0, ..index::Config::default() };
    shop.folder = DataFolder::open(shop.folder.path(), config).unwrap();
    let kinds: Vec<_> = index_files(&shop).into_keys().collect();
    // Bytes that no library may like; none; a folder in its place; nothing in its place.
    let damages: [fn(&Path, usize); 4] = [
        |file, bytes| fs::write(file, vec![0xff; bytes]).unwrap(),
        |file, _| fs::write(file, b"").unwrap(),
        |file, _| fs::create_dir(file).unwrap(),
        |_, _| {},
    ];
    for kind in &kinds {
        for (way, damage) in damages.iter().enumerate() {
            let file = &index_files(&shop)[kind];
            let bytes = fs::read(file).unwrap().len();
            fs::remove_file(file).unwrap();
            damage(file, bytes);
            assert_eq!(run(&shop, false)[0].outcome, Rebuild::Rebuilt, "{kind}, {way}");
            assert_eq!(run(&shop, false)[0].outcome, Rebuild::Unchanged, "{kind}, {way}");
            assert_eq!(shop.held(), "a: One.; b: Two.; c: One.");
        }
    }
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
    let report = shop.remove(&ids).unwrap();
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
    let what = Reindex { bots: unknown.to_vec(), ..Reindex::default() };
    let told = &mut |report: BotReport| panic!("{report:?}");
    let error = reindex(&shop.folder, &what, &shop.options, &Silent, told).unwrap_err();
    assert_eq!(error.code(), "BOT_NOT_FOUND");
}
