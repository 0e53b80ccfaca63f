//! `jely doctor`, from outside: what is told of a file that is read, and of one that is refused.

use serde_json::Value;

use crate::app::{Run, TestApp};

fn doctor(path: &std::path::Path, more: &[&str]) -> Run {
    let app = TestApp::new();
    let run = app.jely(["doctor", path.to_str().unwrap()].iter().chain(more));
    assert!(!app.data().exists(), "it needs no data folder");
    run
}

fn fixture(name: &str) -> std::path::PathBuf {
    fixtures::folder("pdf").join(name)
}

#[test]
fn a_sound_file_is_told_in_aligned_lines() {
    let run = doctor(&fixture("encrypted_empty_password_aes256.pdf"), &[]).ends(0);
    assert_eq!(run.stderr, "");
    for line in [
        "outcome     all pages were read",
        "encryption  Standard revision 6 (AES, 256 bits), opened with the empty password",
        "limits      none is near",
    ] {
        assert!(run.stdout.lines().any(|found| found == line), "{line}: {}", run.stdout);
    }
    assert!(run.stdout.lines().any(|line| line.starts_with("fonts ")), "{}", run.stdout);
}

#[test]
fn a_refused_file_has_its_reason_its_facts_and_an_exit_code() {
    let check = |name: &str, code: &str, says: &str| {
        let run = doctor(&fixture(name), &[]).ends(3);
        assert!(run.stdout.contains(&format!("[{code}]")), "{}", run.stdout);
        assert!(run.stdout.contains(says), "{}", run.stdout);
    };
    check("encrypted_password_secret.pdf", "ENCRYPTED", "encryption  Standard revision 6");
    check("encrypted_password_secret.pdf", "ENCRYPTED", "type        PDF 1.7");
    check("no_text_only_drawing.pdf", "NO_TEXT", "run OCR");
    check("zip_named.pdf", "UNSUPPORTED_MEDIA_TYPE", "type        unknown");
    check("empty.pdf", "EMPTY", "0 bytes");
    let secret = fixture("encrypted_password_secret.pdf");
    let run = doctor(&secret, &["--password", "secret"]).ends(0);
    assert!(run.stdout.contains("opened with the given password"), "{}", run.stdout);
}

#[test]
fn programs_get_one_object_the_same_with_and_without_a_worker() {
    for name in ["damaged_xref_repairable.pdf", "multi_page_with_running_headers.pdf"] {
        let told: Value = doctor(&fixture(name), &["--json"]).ends(0).json();
        let own = doctor(&fixture(name), &["--json", "--no-isolation"]).ends(0);
        assert!(own.stderr.contains("NO_ISOLATION"), "{}", own.stderr);
        assert_eq!(told, own.json(), "{name}");
        let by_library = std::fs::read(fixture(name)).unwrap();
        let by_library = ingest::inspect(&by_library, &ingest::Config::default());
        assert_eq!(told, serde_json::to_value(by_library).unwrap());
    }
}

#[test]
fn help_names_every_field() {
    let help = TestApp::new().jely(["doctor", "--help"]).ends(0).stdout;
    for name in ["damaged_xref_repairable.pdf", "encrypted_empty_password_aes128.pdf"] {
        let told: Value = doctor(&fixture(name), &["--json"]).json();
        check_fields(&told, &help);
    }
}

/// Asserts that a help text names the fields of a value, at any depth.
fn check_fields(value: &Value, help: &str) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                assert!(help.contains(&format!("\"{name}\"")), "{name}");
                check_fields(value, help);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| check_fields(value, help)),
        _ => {}
    }
}

#[test]
fn text_files_are_told_too() {
    let app = TestApp::new();
    let notes = app.file("notes.md", "---\nlang: de\n---\n# Eins\n\nEin Absatz.\n");
    let run = doctor(&notes, &[]).ends(0);
    for line in [
        "type        Markdown, UTF-8, YAML front matter of 1 key",
        "language    de",
        "text        3 words, 1 heading",
    ] {
        assert!(run.stdout.lines().any(|found| found == line), "{line}: {}", run.stdout);
    }
}

#[test]
fn a_file_too_large_to_be_read_is_told_by_its_header() {
    let app = TestApp::new();
    let path = app.file("large.pdf", "%PDF-1.6\n");
    let length = 3 << 30;
    std::fs::File::options().write(true).open(&path).unwrap().set_len(length).unwrap();
    let told: Value = doctor(&path, &["--json"]).ends(3).json();
    assert_eq!(told["outcome"]["code"], "TOO_LARGE");
    assert_eq!((&told["bytes"], &told["pdf"]["version"]), (&length.into(), &"1.6".into()));
}

#[test]
fn what_is_no_file_is_an_error() {
    let app = TestApp::new();
    let check = |path: &std::path::Path, says: &str| {
        let run = doctor(path, &["--json"]).ends(1);
        assert_eq!(run.stdout, "");
        assert!(run.stderr.contains(says), "{}", run.stderr);
    };
    check(&app.files().join("nowhere.pdf"), "nowhere.pdf: cannot read");
    check(&app.files(), "not a regular file");
}

#[test]
fn a_data_folder_is_looked_at_and_mended() {
    let app = TestApp::new();
    app.jely(["doctor"]).ends(1);
    app.file("hours.md", "# Hours\n\nThe shop opens at nine.\n");
    app.train("shop");
    let told = app.jely(["doctor", "--json"]).ends(0).json_lines();
    assert_eq!(told[0]["bot"]["state"], "whole");
    assert_eq!(told[1]["report"]["bots"], 1);
    // A bit of the index and the stored bytes.
    let snapshots = app.data().join("bots/shop/snapshots");
    let files = std::fs::read_dir(snapshots).unwrap().flatten();
    let files = files.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten());
    let file = files.map(|file| file.path()).find(|path| path.extension().unwrap() == "segment");
    let file = file.unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    std::fs::remove_dir_all(app.data().join("originals")).unwrap();
    let told = app.jely(["doctor"]).ends(3);
    assert!(told.stdout.contains("shop: damaged (1 document)"), "{}", told.stdout);
    assert!(told.stdout.contains("hours.md: its stored bytes are damaged"), "{}", told.stdout);
    let told = app.jely(["doctor", "--repair"]).ends(0);
    assert!(told.stdout.contains("shop: made anew"), "{}", told.stdout);
    assert!(told.stdout.contains("hours.md: stored again"), "{}", told.stdout);
    app.jely(["doctor"]).ends(0);
    assert_eq!(app.ask("shop", "When does the shop open?")["answered"], true);
    app.jely(["doctor", "hours.md", "--repair"]).ends(2);
}
