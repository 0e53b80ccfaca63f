use std::fs;
use std::path::Path;

use serde_json::Value;

use super::*;

/// Runs a command on the data folder `data` of `home`: how it ended, its lines, its errors.
fn jely(home: &Path, arguments: &[&str]) -> (Exit, Vec<String>, String) {
    let data = home.join("data");
    let program = ["jely", "--data", data.to_str().unwrap()];
    let arguments = program.iter().chain(arguments).map(OsString::from);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(arguments, None, &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (exit, text(out).lines().map(str::to_owned).collect(), text(err))
}

fn keys(line: &str, name: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(line).unwrap();
    let object = if name.is_empty() { &value } else { &value[name] };
    object.as_object().unwrap().keys().cloned().collect()
}

fn shop() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("docs")).unwrap();
    fs::write(home.path().join("docs/hours.md"), "# Hours\n\nThe shop opens at nine.\n").unwrap();
    fs::write(home.path().join("docs/empty.md"), "").unwrap();
    fs::write(home.path().join("docs/logo.png"), "").unwrap();
    home
}

#[test]
fn training_prints_a_line_for_each_document_and_a_report() {
    let home = shop();
    let docs = home.path().join("docs");
    let (exit, lines, err) = jely(home.path(), &["train", "b", docs.to_str().unwrap(), "--json"]);
    assert_eq!((exit, err.as_str(), lines.len()), (Exit::SomeFailed, "", 3));
    let failed = keys(&lines[0], "document");
    assert!(failed.contains(&"error".to_owned()), "{failed:?}");
    let added: Value = serde_json::from_str(&lines[1]).unwrap();
    assert_eq!(added["document"]["outcome"], "added");
    assert_eq!(added["document"]["title"], "Hours");
    let report: Value = serde_json::from_str(&lines[2]).unwrap();
    for (name, count) in [("added", 1), ("failed", 1), ("skipped", 1), ("unchanged", 0)] {
        assert_eq!(report["report"][name], count, "{name}");
    }
    assert!(report["report"]["seconds"]["total"].is_number());
}

#[test]
fn a_bot_is_asked_searched_listed_and_emptied() {
    let home = shop();
    let file = home.path().join("docs/hours.md");
    let file = file.to_str().unwrap();
    assert_eq!(jely(home.path(), &["train", "b", file, "--title", "Opening"]).0, Exit::Done);
    let (exit, lines, _) = jely(home.path(), &["ask", "b", "When does the shop open?", "--json"]);
    assert_eq!(exit, Exit::Done);
    assert_eq!(
        keys(&lines[0], ""),
        ["answer", "answered", "confidence", "generator", "kind", "sources"]
    );
    let (exit, ..) = jely(home.path(), &["ask", "b", "Who is the king?", "--exit-code"]);
    assert_eq!(exit, Exit::NotAnswered);
    let (_, lines, _) = jely(home.path(), &["search", "b", "shop opens", "--json"]);
    let found: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!(found["passages"][0]["title"], "Opening");
    let (_, lines, _) = jely(home.path(), &["docs", "b", "--json"]);
    assert_eq!(lines.len(), 1);
    let (_, lines, _) = jely(home.path(), &["reindex", "--json"]);
    assert!(lines[0].contains("\"unchanged\""), "{lines:?}");
    assert_eq!(jely(home.path(), &["remove", "b", "Opening"]).0, Exit::Done);
    let (exit, lines, _) = jely(home.path(), &["docs", "b", "--json"]);
    assert_eq!((exit, lines.len()), (Exit::Done, 0));
}

#[test]
fn what_cannot_be_done_is_said_and_creates_nothing() {
    let home = shop();
    let check = |arguments: &[&str], exit, expected: &str| {
        let (found, lines, err) = jely(home.path(), arguments);
        assert_eq!((found, lines.len()), (exit, 0), "{arguments:?}: {err}");
        assert!(err.contains(expected), "{err}");
        assert!(!home.path().join("data").exists(), "{arguments:?}");
    };
    let file = home.path().join("docs/hours.md");
    let file = file.to_str().unwrap();
    check(&["ask", "b", "x"], Exit::Failed, "error: ");
    check(&["docs", "b", "--json"], Exit::Failed, "{\"error\":{\"code\":\"NO_DATA_FOLDER\"");
    check(&["train", "b", file, "--prune"], Exit::Usage, "name at least one folder");
    check(&["train", "b", file, file, "--title", "x"], Exit::Usage, "give a single file");
    check(&["train", "b"], Exit::Usage, "required arguments");
}

#[test]
fn a_bot_with_a_damaged_index_is_listed_and_emptied() {
    let home = shop();
    let file = home.path().join("docs/hours.md");
    assert_eq!(jely(home.path(), &["train", "b", file.to_str().unwrap()]).0, Exit::Done);
    let snapshots = home.path().join("data/bots/b/snapshots");
    let snapshot = fs::read_dir(snapshots).unwrap().next().unwrap().unwrap().path();
    for file in fs::read_dir(snapshot).unwrap().map(|entry| entry.unwrap().path()) {
        if !file.ends_with("manifest.json") {
            fs::write(file, "").unwrap();
        }
    }
    fs::remove_dir_all(home.path().join("data/originals")).unwrap();
    assert_eq!(jely(home.path(), &["ask", "b", "When does it open?"]).0, Exit::Failed);
    let (_, _, err) = jely(home.path(), &["reindex", "--json"]);
    assert_eq!(err, "");
    let (exit, lines, _) = jely(home.path(), &["docs", "b", "--json"]);
    assert_eq!((exit, lines.len()), (Exit::Done, 1));
    let (exit, _, err) = jely(home.path(), &["remove", "b", "Hours"]);
    assert_eq!((exit, err.as_str()), (Exit::Done, ""));
    let (exit, lines, _) = jely(home.path(), &["docs", "b", "--json"]);
    assert_eq!((exit, lines.len()), (Exit::Done, 0));
    assert_eq!(jely(home.path(), &["reindex"]).0, Exit::Done);
}

#[test]
fn a_report_that_cannot_be_written_does_not_deny_the_work() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
    }
    let home = shop();
    let (data, file) = (home.path().join("data"), home.path().join("docs/hours.md"));
    let (data, file) = (data.to_str().unwrap(), file.to_str().unwrap());
    let check = |arguments: &[&str], expected: &str| {
        let program = ["jely", "--data", data];
        let arguments = program.iter().chain(arguments).map(OsString::from);
        let mut err = Vec::new();
        assert_eq!(run(arguments, None, &mut Full, &mut err), Exit::Failed);
        let err = String::from_utf8(err).unwrap();
        assert!(err.starts_with(expected), "{err}");
    };
    check(&["train", "b", file], "error: bot b: the work is done and saved, but its report");
    check(&["reindex"], "error: the work is done and saved");
    check(&["remove", "b", "Hours"], "error: bot b: the work is done and saved");
    check(&["docs", "b"], "error: ");
    assert_eq!(jely(home.path(), &["docs", "b", "--json"]), (Exit::Done, vec![], String::new()));
}

#[test]
fn a_remote_is_refused_where_it_cannot_be_had() {
    let home = shop();
    let check = |address: &str, exit: Exit, expected: &str| {
        let (found, _, err) = jely(home.path(), &["docs", "b", "--remote", address]);
        assert_eq!(found, exit, "{err}");
        assert!(err.contains(expected), "{err}");
    };
    check("gs://bucket", Exit::Usage, "gs://bucket: expected s3://<bucket>/<prefix> or a folder");
    if cfg!(feature = "s3") {
        check("s3:///x", Exit::Usage, "s3:///x: expected s3://<bucket>");
    } else {
        check("s3://bucket/x", Exit::Usage, "--features jely/s3");
    }
}

#[test]
fn an_embedding_model_is_refused_where_it_cannot_be_had() {
    let home = shop();
    let file = home.path().join("docs/hours.md");
    let file = file.to_str().unwrap();
    let missing = home.path().join("no-model");
    let model = ["--embedder", missing.to_str().unwrap()];
    let (exit, _, err) = jely(home.path(), &["train", "b", file, model[0], model[1]]);
    if cfg!(feature = "dense") {
        assert_eq!(exit, Exit::Failed);
        assert!(err.contains("no-model/config.json"), "{err}");
    } else {
        assert_eq!(exit, Exit::Usage);
        assert!(err.contains("--features jely/dense"), "{err}");
    }
    let none = ["--embedder", "none"];
    assert_eq!(jely(home.path(), &["train", "b", file, none[0], none[1]]).0, Exit::Done);
    let ask = ["ask", "b", "When does the shop open?", none[0], none[1], "--exit-code"];
    assert_eq!(jely(home.path(), &ask).0, Exit::Done);
}
