use std::fs;

use super::*;
use crate::testing::{Fixture, bytes};
use crate::{Rebuild, Reindex, Silent};

fn trained() -> Fixture {
    let shop = Fixture::new();
    shop.train(&[bytes("a", "One."), bytes("b", "Two."), bytes("c", "One.")]);
    shop
}

fn damage(shop: &Fixture) {
    for file in shop.files("bots") {
        if file.extension().is_some_and(|extension| extension == "segment") {
            fs::write(file, "").unwrap();
        }
    }
}

/// Removes the stored bytes of a document.
fn lose(shop: &Fixture, text: &str) {
    let hash = document::ContentHash::of(text.as_bytes()).to_string();
    let files = shop.files("originals");
    let file = files.iter().find(|file| file.ends_with(&hash)).unwrap();
    fs::remove_file(file).unwrap();
}

#[test]
fn a_damaged_bot_is_freed_of_the_document_that_stops_its_repair() {
    let shop = trained();
    lose(&shop, "Two.");
    damage(&shop);
    let stuck = shop.reindex(&Reindex::default());
    assert!(matches!(stuck[0].outcome, Rebuild::Failed(_)), "{stuck:?}");
    let held = shop.folder.manifest(&shop.bot).unwrap().documents;
    assert_eq!(held.len(), 3);
    let error = shop.remove(&[DocumentId::from_source("a")]).unwrap_err();
    assert_eq!(error.code(), "CANNOT_REBUILD");
    assert!(error.to_string().contains("remove it, and with it any other"), "{error}");
    let report = shop.remove(&[DocumentId::from_source("b")]).unwrap();
    assert_eq!((report.removed, report.chunks), (1, 2));
    assert_eq!(shop.held(), "a: One.; c: One.");
}

#[test]
fn all_of_a_damaged_bot_can_be_removed() {
    let shop = trained();
    fs::remove_dir_all(shop.folder.path().join("originals")).unwrap();
    damage(&shop);
    let report = shop.remove(&["a", "b", "c"].map(DocumentId::from_source)).unwrap();
    assert_eq!((report.removed, report.chunks), (3, 0));
    assert_eq!(shop.held(), "");
}

#[test]
fn a_list_that_is_damaged_is_named_as_lost() {
    let shop = trained();
    for file in shop.files("bots") {
        if file.file_name().is_some_and(|name| name == "manifest.json") {
            fs::write(file, "{}").unwrap();
        }
    }
    assert_eq!(shop.folder.manifest(&shop.bot).unwrap_err().code(), "LOST_MANIFEST");
    assert_eq!(shop.remove(&[]).unwrap_err().code(), "LOST_MANIFEST");
}

#[test]
fn unknown_documents_are_not_removed_by_halves() {
    let shop = trained();
    let known = DocumentId::from_source("a");
    let unknown = DocumentId::from_source("z");
    let error = shop.remove(&[known.clone(), unknown]).unwrap_err();
    assert_eq!(error.code(), "DOCUMENT_NOT_FOUND");
    assert_eq!(shop.held(), "a: One.; b: Two.; c: One.");
    let report = shop.remove(&[known.clone(), known]).unwrap();
    assert_eq!((report.removed, report.chunks), (1, 2));
    assert_eq!(shop.held(), "b: Two.; c: One.");
    let bot = "other".parse().unwrap();
    let other = remove(&shop.folder, &bot, &[], &shop.options, &Silent).unwrap_err();
    assert_eq!(other.code(), "BOT_NOT_FOUND");
    assert!(!shop.folder.path().join("bots/other").exists());
}
