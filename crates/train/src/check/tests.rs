use std::fs;

use super::*;
use crate::Silent;
use crate::testing::{Fixture, bytes};

fn checked(shop: &Fixture, repair: bool) -> BotCheck {
    let mut checks = Vec::new();
    check(&shop.folder, &shop.options, repair, &Silent, &mut |check| checks.push(check)).unwrap();
    assert_eq!(checks.len(), 1);
    checks.remove(0)
}

/// Damages a file of the data folder whose name ends so.
fn damage(shop: &Fixture, subfolder: &str, end: &str) {
    let mut files = shop.files(subfolder).into_iter();
    let file = files.find(|file| file.to_string_lossy().ends_with(end)).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, bytes).unwrap();
}

#[test]
fn a_whole_folder_is_well() {
    let shop = Fixture::new();
    shop.train(&[bytes("a", "One."), bytes("b", "Two.")]);
    let found = checked(&shop, false);
    assert!(found.is_well(), "{found:?}");
    assert_eq!((found.documents, &found.index), (2, &IndexState::Whole));
}

#[test]
fn a_damaged_index_is_told_of_and_mended_only_when_asked() {
    let shop = Fixture::new();
    shop.train(&[bytes("a", "One."), bytes("b", "Two.")]);
    damage(&shop, "bots", ".segment");
    for _ in 0..2 {
        let found = checked(&shop, false);
        let IndexState::Damaged(failure) = &found.index else { panic!("{found:?}") };
        assert!(failure.message.contains(".segment"), "{failure:?}");
        assert!(!found.is_well());
    }
    assert_eq!(checked(&shop, true).index, IndexState::Repaired);
    assert_eq!(checked(&shop, false).index, IndexState::Whole);
    assert_eq!(shop.held(), "a: One.; b: Two.");
}

#[test]
fn an_outdated_index_is_made_anew() {
    let mut shop = Fixture::new();
    shop.train(&[bytes("a", "One.")]);
    shop.other_pipeline();
    assert_eq!(checked(&shop, false).index, IndexState::Outdated);
    assert_eq!(checked(&shop, true).index, IndexState::Repaired);
}

#[test]
fn stored_bytes_come_back_from_where_they_came_from_and_from_nowhere_else() {
    let shop = Fixture::new();
    let path = shop.home.join("a.md");
    fs::write(&path, "One.").unwrap();
    let source = path.to_str().unwrap();
    shop.train(&[crate::Input::new(source, Content::Path(path.clone())), bytes("b", "Two.")]);
    fs::remove_dir_all(shop.folder.path().join("originals")).unwrap();
    let found = checked(&shop, false);
    assert_eq!(found.originals.len(), 2, "{found:?}");
    let found = checked(&shop, true);
    let state = |name: &str| {
        let report = found.originals.iter().find(|report| report.source.ends_with(name));
        report.unwrap().state.clone()
    };
    assert_eq!(state("a.md"), OriginalState::Restored);
    assert!(matches!(state("b"), OriginalState::Damaged(_)));
    assert!(!found.is_well() && found.index == IndexState::Whole);
    assert_eq!(checked(&shop, false).originals.len(), 1);
    fs::write(&path, "Another.").unwrap();
    fs::remove_dir_all(shop.folder.path().join("originals")).unwrap();
    assert!(!checked(&shop, true).originals.iter().any(|r| r.state == OriginalState::Restored));
}

#[test]
fn an_index_that_cannot_be_made_anew_stays_and_says_why() {
    let shop = Fixture::new();
    shop.train(&[bytes("a", "One.")]);
    fs::remove_dir_all(shop.folder.path().join("originals")).unwrap();
    fs::remove_dir_all(shop.folder.path().join("extracts")).unwrap();
    damage(&shop, "bots", ".segment");
    let found = checked(&shop, true);
    let IndexState::Lost(failure) = &found.index else { panic!("{found:?}") };
    assert_eq!(failure.code, "CANNOT_REBUILD");
}

#[test]
fn a_bot_in_use_is_not_called_damaged() {
    let shop = Fixture::new();
    shop.train(&[bytes("a", "One.")]);
    let held = shop.folder.store().writer(&shop.bot).unwrap();
    let found = checked(&shop, true);
    let IndexState::Unchecked(failure) = &found.index else { panic!("{found:?}") };
    assert_eq!((failure.code.as_str(), found.is_well()), ("LOCKED", false));
    drop(held);
    assert_eq!(checked(&shop, false).index, IndexState::Whole);
}
