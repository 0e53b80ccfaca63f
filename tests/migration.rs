//! Bots of an earlier release: understood, and made anew from what was parsed then.

use std::fs;
use std::path::Path;

use document::ContentHash;
use serde_json::{Value, json};

use crate::app::TestApp;

/// Rewrites the bot's snapshot as format 1 had it: the search library's own files in the folder,
/// schema 3, a key that followed from it, and no word of segments.
fn put_back_to_format_1(data: &Path, bot: &str) {
    let bot = data.join("bots").join(bot);
    let key = fs::read_to_string(bot.join("current")).unwrap();
    let folder = bot.join("snapshots").join(key.trim());
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let mut lines = manifest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (mut manifest, mut documents) = (lines.next().unwrap(), lines.collect::<Vec<_>>());
    let old_key = ContentHash::of(b"the key under schema 3").to_string();
    let object = manifest.as_object_mut().unwrap();
    assert!(object.remove("segments").is_some());
    let columns = object.remove("columns").unwrap();
    for document in &mut documents {
        let document = document.as_object_mut().unwrap();
        document.insert("metadata".into(), json!({}));
        document.insert("pages".into(), 0.into());
        document.insert("pages_without_text".into(), json!([]));
    }
    object.insert("tokens".into(), columns["tokens"].clone());
    object.insert("languages".into(), json!(vec![["en"]; documents.len()]));
    object.insert("documents".into(), documents.into());
    object.remove("checksum");
    object.insert("format".into(), 1.into());
    object.insert("schema".into(), 3.into());
    object.insert("key".into(), old_key.clone().into());
    let mut files = Vec::new();
    for name in ["0123456789abcdef.idx", "0123456789abcdef.store", "meta.json"] {
        fs::write(folder.join(name), name).unwrap();
        let hash = ContentHash::of(name.as_bytes()).to_string();
        files.push(json!({ "name": name, "bytes": name.len(), "hash": hash }));
    }
    for file in object["files"].as_array().unwrap() {
        fs::remove_file(folder.join(file["name"].as_str().unwrap())).unwrap();
    }
    object.insert("files".into(), files.into());
    let tail = format!("\",{}\n", &manifest.to_string()[1..]);
    let checksum = ContentHash::of(tail.as_bytes());
    let bytes = format!("{{\"checksum\":\"{checksum}{tail}");
    fs::write(folder.join("manifest.json"), bytes).unwrap();
    fs::rename(&folder, folder.with_file_name(&old_key)).unwrap();
    fs::write(bot.join("current"), format!("{old_key}\n")).unwrap();
}

fn outdated() -> TestApp {
    let app = TestApp::new();
    app.file("hours.md", "# Hours\n\nThe shop opens at nine.\n");
    app.file("rent.md", "# Rent\n\nA kayak costs twelve euros an hour.\n");
    app.train("shop");
    put_back_to_format_1(&app.data(), "shop");
    app
}

fn answers(app: &TestApp) {
    for (question, answer) in [("When does the shop open?", "nine"), ("What is a kayak?", "twelve")]
    {
        let told = app.ask("shop", question);
        assert!(told["answer"].as_str().unwrap().contains(answer), "{told}");
    }
    let snapshots = app.data().join("bots/shop/snapshots");
    assert_eq!(fs::read_dir(snapshots).unwrap().count(), 1);
    let told = app.jely(["doctor", "--json"]).ends(0).json_lines();
    assert_eq!(told[0]["bot"]["state"], "whole");
}

#[test]
fn a_bot_of_format_1_is_listed_and_made_anew_by_reindex() {
    let app = outdated();
    let docs = app.jely(["docs", "shop", "--json"]).ends(0).json_lines();
    assert_eq!(docs.iter().filter(|line| line.get("document").is_some()).count(), 2);
    let refused = app.jely(["ask", "shop", "When does the shop open?"]).ends(1);
    assert!(refused.stderr.contains("jely reindex"), "{}", refused.stderr);
    let told = app.jely(["doctor", "--json"]).json_lines();
    assert_eq!(told[0]["bot"]["state"], "outdated");
    let lines = app.jely(["reindex", "--json"]).ends(0).json_lines();
    let bot = lines.iter().find_map(|line| line.get("bot")).unwrap();
    assert_eq!((&bot["outcome"], &bot["parsed"]), (&json!("rebuilt"), &json!(0)), "{bot}");
    answers(&app);
}

#[test]
fn a_bot_of_format_1_is_made_anew_by_the_next_training() {
    let app = outdated();
    app.file("pets.md", "# Pets\n\nDogs may come along.\n");
    app.train("shop");
    answers(&app);
    assert_eq!(app.ask("shop", "May dogs come along?")["answered"], true);
    let docs = app.jely(["docs", "shop", "--json"]).ends(0).json_lines();
    assert_eq!(docs.iter().filter(|line| line.get("document").is_some()).count(), 3);
}

#[test]
fn a_document_of_a_bot_of_format_1_is_removed_without_loss_of_the_other() {
    let app = outdated();
    let docs = app.jely(["docs", "shop", "--json"]).ends(0).json_lines();
    let id = |end: &str| {
        let entries = docs.iter().filter_map(|line| line.get("document"));
        let mut ids = entries.filter(|entry| entry["source"].as_str().unwrap().ends_with(end));
        ids.next().unwrap()["documentId"].as_str().unwrap().to_owned()
    };
    app.jely(["remove", "shop", &id("rent.md")]).ends(0);
    assert_eq!(app.ask("shop", "When does the shop open?")["answered"], true);
    assert_eq!(app.ask("shop", "What does a kayak cost?")["answered"], false);
}
