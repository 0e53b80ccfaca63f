//! `jely eval` from outside: two small collections and a bot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::app::{Run, TestApp};

/// Documents of a shop as (id, title, text).
const SHOP: [(&str, &str, &str); 4] = [
    ("hours", "Opening hours", "The shop opens at nine in the morning and closes at six."),
    ("pump", "Pump", "Oil the pump of the lathe once a month with two drops of machine oil."),
    ("returns", "Returns", "The buyer may bring the goods back within forty days of delivery."),
    ("post", "Postage", "The postage of a parcel to the islands is seven crowns."),
];

/// Documents of a zoo.
const ZOO: [(&str, &str, &str); 3] = [
    ("bear", "The bear", "The brown bear of the zoo sleeps in the cave from autumn to spring."),
    ("lion", "The lion", "The lion is fed in the afternoon, in front of the visitors of the zoo."),
    ("heron", "", "The heron on the pond eats the fish that the keepers bring to it."),
];

fn shop_queries() -> Vec<Value> {
    let turn = |role: &str, text: &str| json!({"role": role, "text": text});
    vec![
        json!({"id": "q1", "text": "When does the shop open?", "answers": ["at nine"]}),
        json!({"id": "q2", "text": "How often do I oil the pump?", "answers": ["Once a month."]}),
        json!({"id": "q3", "text": "How much postage for a parcel to the islands?", "answerable": true}),
        json!({"id": "q4", "text": "And how many drops?", "answers": ["two drops"],
            "history": [turn("user", "How do I oil the pump?"), turn("agent", "Once a month.")]}),
        json!({"id": "q5", "text": "Does the pump float?", "answerable": false}),
    ]
}

fn collection(app: &TestApp, name: &str, documents: &[(&str, &str, &str)], queries: &[Value]) {
    let lines = |values: Vec<String>| values.join("\n") + "\n";
    let documents = documents
        .iter()
        .map(|(id, title, text)| json!({"id": id, "title": title, "text": text}).to_string());
    app.file(&format!("{name}/corpus.jsonl"), lines(documents.collect()));
    let queries = queries.iter().map(Value::to_string);
    app.file(&format!("{name}/queries.jsonl"), lines(queries.collect()));
}

/// Both collections. One question of the shop has two relevant documents, and one judges a document
/// that is not there.
fn collections() -> TestApp {
    let app = TestApp::new();
    collection(&app, "shop", &SHOP, &shop_queries());
    app.file(
        "shop/qrels.tsv",
        "q1\thours\t2\nq2\tpump\t1\nq3\tpost\t1\nq3\treturns\t1\nq4\tpump\t1\n",
    );
    let queries = [
        json!({"id": "q1", "text": "When is the lion fed?", "answers": ["in the afternoon"]}),
        json!({"id": "q2", "text": "What does the heron eat?", "answers": ["fish"]}),
    ];
    collection(&app, "zoo", &ZOO, &queries);
    app.file("zoo/qrels.tsv", "q1\tlion\t1\nq2\theron\t1\nq2\tstork\t1\n");
    app
}

fn eval(app: &TestApp, arguments: &[&str]) -> Run {
    let files = app.files();
    app.jely(["eval", files.to_str().unwrap()].iter().chain(arguments))
}

fn near(found: &Value, expected: f64) {
    let value = found.as_f64().unwrap_or(f64::NAN);
    assert!((value - expected).abs() < 1e-9, "{found}, not {expected}");
}

fn path(app: &TestApp, name: &str) -> (PathBuf, String) {
    let path = app.data().with_file_name(name);
    let text = path.to_str().unwrap().to_owned();
    (path, text)
}

#[test]
fn collections_are_measured_by_what_is_relevant() {
    let app = collections();
    let report = eval(&app, &["--json"]).ends(0).json();
    let shop = &report["collections"]["shop"];
    assert_eq!((&shop["documents"], &shop["questions"]), (&4.into(), &4.into()));
    near(&shop["hit@1"], 1.0);
    near(&shop["mrr@10"], 1.0);
    let zoo = &report["collections"]["zoo"];
    // The stork is never found: half of what is relevant, and less gain than there could be.
    near(&zoo["recall@10"], 0.75);
    near(&zoo["ndcg@10"], (1.0 + 1.0 / (1.0 + 1.0 / 3f64.log2())) / 2.0);
    near(&report["mean"]["recall@10"], (shop["recall@10"].as_f64().unwrap() + 0.75) / 2.0);
    let warnings = zoo["warnings"].as_array().unwrap();
    assert!(warnings[0].as_str().unwrap().contains("qrels.tsv:3: no document"), "{warnings:?}");
    let keys: BTreeSet<&str> = shop.as_object().unwrap().keys().map(String::as_str).collect();
    for key in ["ndcg@10", "recall@5", "hit@5", "answers", "abstention", "seconds", "unreadable"] {
        assert!(keys.contains(key), "{keys:?}");
    }
}

#[test]
fn answers_and_silence_are_measured_unless_they_are_not_wanted() {
    let app = collections();
    let report = eval(&app, &["--json"]).ends(0).json();
    let shop = &report["collections"]["shop"];
    assert_eq!(shop["answers"]["questions"], 3);
    near(&shop["answers"]["reply"], 1.0);
    near(&shop["answers"]["first1000Words"], 1.0);
    let silence = &shop["abstention"];
    assert_eq!(silence["foreign"]["from"], "otherCollections");
    assert_eq!(silence["foreign"]["questions"], 2, "those of the zoo");
    near(&silence["foreign"]["auroc"], 1.0);
    assert_eq!(silence["unanswerable"]["questions"], 1);
    let plain = eval(&app, &["--json", "--no-abstention"]).ends(0).json();
    let shop = &plain["collections"]["shop"];
    assert!(shop["abstention"].is_null() && shop["answers"].is_object());
    let bare = eval(&app, &["--json", "--no-answers"]).ends(0).json();
    assert!(bare["collections"]["shop"]["answers"].is_null());
    near(&bare["collections"]["shop"]["hit@1"], 1.0);
}

#[test]
fn history_counts_unless_it_is_switched_off() {
    let app = collections();
    let hits = |arguments: &[&str]| -> f64 {
        let report = eval(&app, arguments).ends(0).json();
        report["collections"]["shop"]["hit@5"].as_f64().unwrap()
    };
    let asked = json!({"id": "q4", "text": "And how often?",
        "history": [{"role": "user", "text": "Do I oil the pump?"}]});
    collection(&app, "shop", &SHOP, &[asked]);
    app.file("shop/qrels.tsv", "q4\tpump\t1\n");
    near(&json!(hits(&["--json"])), 1.0);
    near(&json!(hits(&["--json", "--no-history"])), 0.0);
}

#[test]
fn a_run_holds_the_ranking_in_order() {
    let app = collections();
    let (folder, name) = path(&app, "runs");
    eval(&app, &["--run", &name, "--no-answers"]).ends(0);
    let run = std::fs::read_to_string(folder.join("zoo.run")).unwrap();
    let first = run.lines().find(|line| line.starts_with("q2 ")).unwrap();
    assert!(first.starts_with("q2 Q0 heron 1 0."), "{first}");
    assert!(folder.join("shop.run").is_file());
    let mut before: Option<(String, u32, f64)> = None;
    for line in run.lines() {
        let columns: Vec<&str> = line.split(' ').collect();
        assert_eq!((columns.len(), columns[1], columns[5]), (6, "Q0", "jely"));
        let (rank, score): (u32, f64) = (columns[3].parse().unwrap(), columns[4].parse().unwrap());
        match before {
            Some((query, above, best)) if query == columns[0] => {
                assert!(rank == above + 1 && score <= best, "{line}");
            }
            _ => assert_eq!(rank, 1),
        }
        before = Some((columns[0].to_owned(), rank, score));
    }
    let (file, name) = path(&app, "one.run");
    let shop = app.files().join("shop");
    app.jely(["eval", shop.to_str().unwrap(), "--run", &name, "--no-answers"]).ends(0);
    assert!(std::fs::read_to_string(file).unwrap().starts_with("q1 Q0 hours 1 "));
}

#[test]
fn two_settings_are_compared_question_by_question() {
    let app = collections();
    // Under the second settings nothing is found at all.
    let (file, name) = path(&app, "nothing.txt");
    std::fs::write(file, "# nothing\ncandidates=0\n").unwrap();
    let report = eval(&app, &["--compare", "default", &name, "--json"]).ends(0).json();
    let shop = &report["comparison"]["collections"]["shop"]["ndcg@10"];
    assert_eq!(
        (&shop["questions"], &shop["losses"], &shop["wins"]),
        (&4.into(), &4.into(), &0.into())
    );
    near(&shop["b"], 0.0);
    near(&shop["difference"], -shop["a"].as_f64().unwrap());
    // Four losses of four: 2 of 16 sign patterns.
    assert!((shop["p"].as_f64().unwrap() - 0.125).abs() < 0.02, "{shop}");
    let all = &report["comparison"]["all"];
    assert_eq!(all["ndcg@10"]["questions"], 6);
    assert_eq!(all["answerInReply"]["questions"], 5);
    let text = eval(&app, &["--compare", "default", "default", "--no-answers"]).ends(0).stdout;
    let last = text.lines().last().unwrap();
    let cells: Vec<&str> = last.split_whitespace().collect();
    assert_eq!(
        (cells[0], cells[4], cells[5], cells[8]),
        ("all", "+0.0000", "1.0000", "6"),
        "{text}"
    );
}

#[test]
fn people_read_tables() {
    let app = collections();
    let text = eval(&app, &["--limit", "1"]).ends(0).stdout;
    let starts = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((starts("ranking"), starts("answer held"), starts("silence")), (1, 1, 1), "{text}");
    assert_eq!((starts("shop "), starts("mean "), starts("warning: ")), (3, 1, 1), "{text}");
    let row = text.lines().find(|line| line.starts_with("shop ")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells[1..3], ["4", "1"], "{text}");
}

#[test]
fn bad_collections_and_settings_are_refused_with_a_reason() {
    let app = collections();
    let check = |arguments: &[&str], code: i32, expected: &str| {
        let run = eval(&app, arguments).ends(code);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    };
    check(&["--settings", "candidates=x"], 2, "error: settings \"candidates=x\": expected a whole");
    check(&["--compare", "default", "speed=9", "--json"], 2, "{\"error\":{\"code\":\"USAGE\"");
    let file = app.files().join("shop/corpus.jsonl");
    check(&["--run", file.to_str().unwrap()], 1, "cannot make the folder");
    check(&["--limit", "0"], 2, "--limit");
    check(&["--compare", "default", "default", "--run", "x"], 2, "cannot be used with");
    app.file("zoo/queries.jsonl", "{\"id\":\"q1\",\"text\":\"Why?\"}\n{\"id\":\"q1\"");
    check(&[], 1, "queries.jsonl:2: EOF while parsing");
    app.file(
        "zoo/queries.jsonl",
        "{\"id\":\"q1\",\"text\":\"a\"}\n{\"id\":\"q1\",\"text\":\"b\"}\n",
    );
    check(&["--json"], 1, "queries.jsonl:2: id \\\"q1\\\" stands in line 1 already");
    app.file("zoo/qrels.tsv", "q1\tlion\n");
    app.file("zoo/queries.jsonl", "{\"id\":\"q1\",\"text\":\"a\"}\n");
    check(&["--json"], 1, "{\"error\":{\"code\":\"BAD_LINE\",\"message\":");
    std::fs::remove_file(app.files().join("zoo/qrels.tsv")).unwrap();
    check(&[], 1, "qrels.tsv: No such file");
    let empty = app.files().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let run = app.jely([Path::new("eval"), &empty]).ends(1);
    assert!(run.stderr.contains("no collection: a folder with corpus.jsonl"), "{}", run.stderr);
    assert!(app.jely(["eval"]).ends(2).stderr.contains("FOLDER"));
    assert!(app.jely(["eval", "--bot", "b"]).ends(2).stderr.contains("--questions"));
}

#[test]
fn a_bot_is_asked_its_own_questions() {
    let app = TestApp::new();
    app.file("hours.md", "# Opening hours\n\nThe shop opens at 9:15 and closes at noon.\n");
    app.file("returns.md", "# Returns\n\nThe buyer may bring goods back within 42 days.\n");
    app.train("shop");
    let set = "question,expected\n\
               When does the shop open?,hours.md\n\
               Within how many days may goods be brought back?,42 days\n\
               When does the shop close?,\"at six, at the latest\"\n\
               Who discovered the moons of Jupiter?,\n";
    let (file, name) = path(&app, "set.csv");
    std::fs::write(&file, set).unwrap();
    let report = app.jely(["eval", "--bot", "shop", "--questions", &name, "--json"]).ends(0).json();
    for (key, share) in
        [("hit@1", 1.0), ("answered", 1.0), ("answerContains", 0.5), ("refused", 1.0)]
    {
        near(&report[key], share);
    }
    assert!(report["pageRight"].is_null());
    let failed: Vec<&Value> = report["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|outcome| !outcome["failure"].is_null())
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["line"], 4);
    let text = app.jely(["eval", "--bot", "shop", "--questions", &name]).ends(0).stdout;
    assert!(text.contains("1 failure:\n  line 4: When does the shop close?"), "{text}");
    let silent = ["eval", "--bot", "shop", "--questions", &name, "--settings", "confidence_min=1"];
    assert!(app.jely(silent).ends(0).stdout.contains("not answered, confidence 0."));

    std::fs::write(&file, "question,expected\nWhen?,times.md\n").unwrap();
    let run = app.jely(["eval", "--bot", "shop", "--questions", &name]).ends(1);
    assert!(
        run.stderr.contains("set.csv:2: the bot has no document \"times.md\""),
        "{}",
        run.stderr
    );
    let run = app.jely(["eval", "--bot", "none", "--questions", &name]).ends(1);
    assert!(run.stderr.contains("hint: `jely train"), "{}", run.stderr);
}
