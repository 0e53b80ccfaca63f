//! `jely` from outside: what a person and a script see.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::app::TestApp;

const RETURNS: &str = "# Returns\n\n## Deadline\n\nYou can return goods within 42 days of delivery. The parcel label is free.\n\n## Refund\n\nThe refund is paid to the card that was charged.\n";
const HOURS: &str =
    "# Opening hours\n\nThe shop opens at 9:15 on weekdays and stays closed on Sundays.\n";

fn handbook() -> TestApp {
    let app = TestApp::new();
    app.file("returns.md", RETURNS);
    app.file("hours.md", HOURS);
    app
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn training_counts_what_it_did_and_the_second_time_nothing_changes() {
    let app = handbook();
    let first = app.train("shop");
    assert_eq!(
        (&first["added"], &first["unchanged"], &first["failed"]),
        (&2.into(), &0.into(), &0.into())
    );
    assert!(first["chunks"].as_u64().unwrap() >= 2);
    assert!(first["seconds"].is_object());
    let second = app.train("shop");
    assert_eq!((&second["added"], &second["unchanged"]), (&0.into(), &2.into()));

    app.file("hours.md", HOURS.replace("9:15", "8:45"));
    let third = app.train("shop");
    assert_eq!((&third["replaced"], &third["unchanged"]), (&1.into(), &1.into()));
    let answer = app.ask("shop", "When does the shop open?");
    let text = answer["answer"].as_str().unwrap();
    assert!(text.contains("8:45") && !text.contains("9:15"), "{text}");
}

#[test]
fn each_document_has_a_line_of_its_own() {
    let app = handbook();
    let run = app.jely(["train", "shop", app.files().to_str().unwrap(), "--json"]).ends(0);
    let lines = run.json_lines();
    assert_eq!(lines.len(), 3);
    for line in &lines[..2] {
        let document = &line["document"];
        assert_eq!(document["outcome"], "added");
        assert!(document["documentId"].as_str().unwrap().starts_with("doc_"));
        assert!(
            document["title"]
                .as_str()
                .is_some_and(|title| title == "Returns" || title == "Opening hours")
        );
    }
    let report = keys(&lines[2]["report"]);
    for name in ["added", "unchanged", "replaced", "failed", "chunks", "seconds"] {
        assert!(report.contains(name), "{report:?}");
    }
}

#[test]
fn an_answer_comes_with_its_source_and_the_exact_quote() {
    let app = handbook();
    app.train("shop");
    let answer = app.ask("shop", "How many days do I have to return goods?");
    assert_eq!(answer["answered"], true);
    assert_eq!((&answer["kind"], &answer["generator"]), (&"answer".into(), &"extractive".into()));
    let expected = ["kind", "answered", "answer", "confidence", "sources", "generator"];
    assert_eq!(keys(&answer), BTreeSet::from(expected));
    assert!(answer["answer"].as_str().unwrap().contains("within 42 days"));
    let source = &answer["sources"][0];
    let expected =
        ["documentId", "title", "page", "pageEnd", "headings", "excerpt", "start", "end", "score"];
    assert_eq!(keys(source), BTreeSet::from(expected));
    assert_eq!(source["title"], "Returns");
    assert_eq!(source["headings"], serde_json::json!(["Returns", "Deadline"]));
    let place = |name: &str| source[name].as_u64().unwrap() as usize;
    let parsed = ingest::parse(RETURNS.as_bytes(), &ingest::Config::default()).unwrap();
    let quoted: String =
        parsed.text.chars().skip(place("start")).take(place("end") - place("start")).collect();
    assert_eq!(source["excerpt"], quoted);
}

#[test]
fn a_person_reads_the_answer_then_title_page_and_heading() {
    let app = TestApp::new();
    let manual =
        fixtures::handbook().iter().find(|file| file.name == "larkspur-e3-manual.pdf").unwrap();
    app.file(manual.name, manual.bytes);
    app.train("shop");
    let run = app.jely(["ask", "shop", "What does error code E07 mean?"]).ends(0);
    assert!(run.stdout.contains("Battery communication lost"), "{}", run.stdout);
    assert!(run.stdout.contains(", p. 10 › "), "{}", run.stdout);
    assert!(run.stderr.is_empty(), "no progress bar in a pipe: {}", run.stderr);
}

#[test]
fn what_the_documents_do_not_hold_is_not_answered() {
    let app = handbook();
    app.train("shop");
    let answer = app.ask("shop", "Who discovered the moons of Jupiter?");
    assert_eq!(answer["answered"], false);
    assert_eq!(answer["sources"], serde_json::json!([]));
    app.jely(["ask", "shop", "Who discovered the moons of Jupiter?", "--exit-code"]).ends(4);
    for odd in ["", "   ", "?", "\u{1F980}\u{1F980}", "AND OR NOT (\"", "a:b +c -d ^~*"] {
        assert_eq!(app.ask("shop", odd)["answered"], false, "{odd:?}");
    }
}

#[test]
fn a_removed_document_never_answers_again() {
    let app = handbook();
    app.train("shop");
    let id =
        app.ask("shop", "How many days do I have to return goods?")["sources"][0]["documentId"]
            .clone();
    app.jely(["remove", "shop", id.as_str().unwrap()]).ends(0);
    assert_eq!(app.ask("shop", "How many days do I have to return goods?")["answered"], false);
    let docs = app.jely(["docs", "shop", "--json"]).ends(0);
    assert!(docs.stdout.contains("Opening hours") && !docs.stdout.contains("\"Returns\""));
    let gone = app.jely(["remove", "shop", id.as_str().unwrap()]);
    assert_ne!(gone.code, 0);
}

#[test]
fn vanished_files_are_forgotten_on_request_only() {
    let app = handbook();
    app.train("shop");
    std::fs::remove_file(app.files().join("returns.md")).unwrap();
    assert_eq!(app.train("shop")["removed"], 0);
    assert_eq!(app.ask("shop", "How many days do I have to return goods?")["answered"], true);
    let run =
        app.jely(["train", "shop", app.files().to_str().unwrap(), "--prune", "--json"]).ends(0);
    assert_eq!(run.json_lines().pop().unwrap()["report"]["removed"], 1);
    assert_eq!(app.ask("shop", "How many days do I have to return goods?")["answered"], false);
}

#[test]
fn twins_are_two_documents() {
    let app = handbook();
    app.file("copy/returns.md", RETURNS);
    let run = app.jely(["train", "shop", app.files().to_str().unwrap(), "--json"]).ends(0);
    let lines = run.json_lines();
    assert_eq!(lines.last().unwrap()["report"]["added"], 3);
    let twins = lines.iter().filter(|line| line["document"]["duplicateOf"].is_string()).count();
    assert_eq!(twins, 1);
}

#[test]
fn search_shows_ranked_passages() {
    let app = handbook();
    app.train("shop");
    let found = app.jely(["search", "shop", "refund card", "--json"]).ends(0).json();
    let best = &found["passages"][0];
    assert_eq!(best["title"], "Returns");
    assert!(best["excerpt"].as_str().unwrap().contains("refund is paid"));
}

#[test]
fn reindex_changes_nothing_that_is_current() {
    let app = handbook();
    app.train("shop");
    let before = app.ask("shop", "How many days do I have to return goods?");
    app.jely(["reindex", "--dry-run", "--json"]).ends(0);
    app.jely(["reindex", "--bot", "shop", "--jobs", "1", "--json"]).ends(0);
    assert_eq!(app.ask("shop", "How many days do I have to return goods?"), before);
    app.jely(["reindex", "--bot", "nobody"]).ends(1);
}

#[test]
fn a_forced_reindex_goes_on_where_it_stopped_and_tells_what_it_took() {
    let app = handbook();
    app.train("shop");
    app.train("help");
    let before = app.ask("shop", "How many days do I have to return goods?");
    let lines = app.jely(["reindex", "--force", "--bot", "shop", "--json"]).ends(0).json_lines();
    assert_eq!(lines[0]["bot"]["outcome"], "rebuilt");
    assert!(lines[0]["bot"]["parsed"].as_u64().unwrap() > 0, "{lines:?}");
    let report = &lines[1]["report"];
    assert_eq!((&report["bots"], &report["rebuilt"]), (&1.into(), &1.into()));
    for field in ["documents", "chunks", "parsed", "bytes"] {
        assert!(report[field].as_u64().unwrap() > 0, "{field}: {report}");
    }
    assert!(report["seconds"]["total"].as_f64().unwrap() > 0.0, "{report}");
    assert_eq!(app.ask("shop", "How many days do I have to return goods?"), before);
    let again = ["reindex", "--force", "--since", "1h", "--nice", "1", "--in-flight", "1"];
    let run = app.jely(again).ends(0);
    assert!(run.stdout.contains("2 bots: 2 skipped"), "{}", run.stdout);
    app.jely(["reindex", "--since", "yesterday"]).ends(2);
}

#[test]
fn lost_extracts_are_made_again_from_the_originals() {
    let app = handbook();
    app.train("shop");
    std::fs::remove_dir_all(app.data().join("extracts")).unwrap();
    app.file("more.md", "# More\n\nThe lift carries 630 kg.\n");
    assert_eq!(app.train("shop")["added"], 1);
    assert_eq!(app.ask("shop", "How much does the lift carry?")["answered"], true);
}

#[test]
fn help_version_and_completions_are_there() {
    let app = TestApp::new();
    let help = app.jely(["--help"]).ends(0).stdout;
    for command in ["train", "ask", "search", "docs", "remove", "reindex", "demo", "Exit codes"] {
        assert!(help.contains(command), "{command} in {help}");
    }
    app.jely(["--version"]).ends(0);
    for shell in ["bash", "zsh", "fish"] {
        assert!(app.jely(["completions", shell]).ends(0).stdout.contains("jely"));
    }
    assert!(!app.data().exists(), "help leaves no trace");
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let app = handbook();
    app.train("shop");
    let mut child = app.command();
    child
        .args(["docs", "shop"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = child.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn text_prints_what_is_read_of_a_file() {
    let app = TestApp::new();
    let manual =
        fixtures::handbook().iter().find(|file| file.name == "larkspur-e3-manual.pdf").unwrap();
    let path = app.file(manual.name, manual.bytes);
    let path = path.to_str().unwrap();
    let all = app.jely(["text", path]).ends(0).stdout;
    assert!(all.contains("E07 | Battery communication lost | ") && all.contains("Owner’s Manual"));
    let one = app.jely(["text", path, "--pages", "10"]).ends(0).stdout;
    assert!(one.contains("E07") && !one.contains("Owner’s Manual"));
    let lines = app.jely(["text", path, "--json"]).ends(0).json_lines();
    let text = ingest::parse(manual.bytes, &ingest::Config::default()).unwrap().text;
    let (last, blocks) = lines.split_last().unwrap();
    assert_eq!(last["document"]["pages"], 12);
    assert!(!last["document"]["removed"].as_array().unwrap().is_empty());
    for block in blocks.iter().map(|line| &line["block"]) {
        let place = |name: &str| block[name].as_u64().unwrap() as usize;
        let (start, end) = (place("start"), place("end"));
        let quoted: String = text.chars().skip(start).take(end - start).collect();
        assert_eq!(block["text"], quoted);
        let boxes = block["boxes"].as_array().unwrap();
        assert_eq!(boxes[0]["page"], block["page"]);
        for edges in boxes.iter().map(|place| place["rect"].as_array().unwrap()) {
            let edge = |at: usize| edges[at].as_f64().unwrap();
            assert!(0.0 <= edge(0) && edge(0) < edge(2) && edge(2) <= 600.0, "{edges:?}");
            assert!(0.0 <= edge(1) && edge(1) < edge(3) && edge(3) <= 850.0, "{edges:?}");
        }
    }
    assert!(!app.data().exists());
    let gone = app.jely(["text", "nowhere.pdf"]).ends(1);
    assert!(gone.stderr.contains("nowhere.pdf"), "{}", gone.stderr);
}

#[test]
fn text_of_a_document_without_any_is_nothing_and_a_warning() {
    let app = TestApp::new();
    let file = fixtures::folder("pdf").join("no_text_only_drawing.pdf");
    let run = app.jely(["text", file.to_str().unwrap()]).ends(0);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.starts_with("warning: ") && run.stderr.contains("OCR"), "{}", run.stderr);
    let run = app.jely(["text", file.to_str().unwrap(), "--json"]).ends(0);
    let warning: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!((run.stdout.as_str(), &warning["warning"]["code"]), ("", &"NO_TEXT".into()));
    // What is no document has no text to print either, but that is an error.
    app.jely(["text", app.file("empty.pdf", "").to_str().unwrap()]).ends(1);
}

/// The pictures in ARCHITECTURE.md are what the command draws today.
#[test]
fn text_draws_pages() {
    let app = TestApp::new();
    let pictures = [("newspaper_page_weasyprint", "newspaper"), ("form_fields_acroform", "form")];
    for (fixture, picture) in pictures {
        let file = fixtures::folder("pdf").join(format!("{fixture}.pdf"));
        let folder = app.files().join(picture);
        let (file, folder_name) = (file.to_str().unwrap(), folder.to_str().unwrap());
        app.jely(["text", file, "--debug-svg", folder_name]).ends(0);
        let drawn = std::fs::read_to_string(folder.join("page-0001.svg")).unwrap();
        let kept = fixtures::folder("pictures").join(format!("{picture}.svg"));
        let advice = "draw it again with jely text --debug-svg, look at it, and keep it";
        assert!(drawn == std::fs::read_to_string(&kept).unwrap(), "{}: {advice}", kept.display());
    }
    let markdown = fixtures::folder("markdown").join("tables.md");
    let refused = app.jely(["text", markdown.to_str().unwrap(), "--debug-svg", "pictures"]);
    assert!(refused.ends(1).stderr.contains("a text without pages"));
}
