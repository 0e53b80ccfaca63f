//! What people say to a bot besides plain questions: greetings, follow-ups, look-ups in tables,
//! how-to and yes-or-no questions, in seven languages. The floors only rise.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::{Arc, OnceLock};

use answer::{Answer, AnswerKind, Extractive, Question, Turn};
use index::Snapshot;
use serde::Deserialize;

use crate::handbook::trained;

#[derive(Debug, Clone, Deserialize)]
struct Row {
    bot: String,
    language: String,
    kind: String,
    said: Vec<Turn>,
    question: String,
    document: Option<String>,
    /// What the answer must hold, all of it.
    expected: Vec<String>,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(fixtures::folder("dialogue").join("questions.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn leaflets() -> Vec<(String, Vec<u8>)> {
    let files =
        fs::read_dir(fixtures::folder("dialogue")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().unwrap() == "md").collect();
    files.sort();
    let name = |path: &std::path::Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

fn handbook() -> Vec<(String, Vec<u8>)> {
    let files = fixtures::handbook().iter();
    files.map(|file| (file.name.to_owned(), file.bytes.to_vec())).collect()
}

/// Every row with its answer and whether that is what it should be.
fn asked() -> &'static [(Row, Answer, bool)] {
    static ASKED: OnceLock<Vec<(Row, Answer, bool)>> = OnceLock::new();
    ASKED.get_or_init(|| {
        let bots = [("handbook", trained(&handbook())), ("leaflets", trained(&leaflets()))];
        let ask = |row: Row| {
            let (_, snapshot) = bots.iter().find(|(name, _)| *name == row.bot).unwrap();
            let question = Question::with_history(&row.question, &row.said);
            let config = answer::Config::default();
            let answer = answer::answer(snapshot, &question, &Extractive, &config).unwrap();
            let passes = passes(&row, &answer, snapshot);
            (row, answer, passes)
        };
        rows().into_iter().map(ask).collect()
    })
}

fn passes(row: &Row, answer: &Answer, snapshot: &Arc<Snapshot>) -> bool {
    let expected = match row.kind.as_str() {
        "smallTalk" => AnswerKind::SmallTalk,
        "none" => AnswerKind::NotFound,
        _ => AnswerKind::Answer,
    };
    let said = folded(&answer.answer);
    let sources = answer.sources.iter();
    let mut sources =
        sources.map(|source| snapshot.document(&source.document_id).unwrap().source.clone());
    answer.kind == expected
        && row.expected.iter().all(|words| said.contains(&folded(words)))
        && row.document.as_ref().is_none_or(|document| sources.any(|source| source == *document))
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The share of rows that pass, with those that do not as the message.
#[track_caller]
fn at_least(floor: f64, what: &str, of: impl Fn(&Row) -> bool) {
    let all: Vec<_> = asked().iter().filter(|(row, ..)| of(row)).collect();
    let missed: Vec<String> = all
        .iter()
        .filter(|(.., passes)| !passes)
        .map(|(row, answer, _)| format!("{}: {} → {}", row.language, row.question, answer.answer))
        .collect();
    let share = 1.0 - missed.len() as f64 / all.len() as f64;
    println!("{what}: {share:.3} of {}\n{}", all.len(), missed.join("\n"));
    assert!(share >= floor, "{what}: {share:.3}, floor {floor}; missed {missed:#?}");
}

#[test]
fn small_talk_is_answered_in_kind() {
    at_least(1.0, "small talk", |row| row.kind == "smallTalk");
}

#[test]
fn follow_ups_are_understood() {
    at_least(0.94, "follow-ups", |row| row.kind == "followUp");
}

#[test]
fn tables_are_looked_up() {
    at_least(0.93, "tables", |row| row.kind == "table");
}

#[test]
fn steps_come_whole() {
    at_least(0.91, "steps", |row| row.kind == "steps");
}

#[test]
fn what_decides_is_quoted() {
    at_least(0.96, "yes or no", |row| row.kind == "yesNo");
}

#[test]
fn facts_are_found_in_each_language() {
    at_least(0.91, "facts", |row| row.kind == "fact");
}

#[test]
fn what_nobody_wrote_is_refused() {
    at_least(0.81, "refused", |row| row.kind == "none");
}

#[test]
fn no_language_is_left_behind() {
    let floors = [
        ("ar", 0.86),
        ("de", 0.93),
        ("en", 0.88),
        ("es", 1.0),
        ("fr", 1.0),
        ("ru", 0.93),
        ("zh", 1.0),
    ];
    let languages: BTreeSet<String> = rows().into_iter().map(|row| row.language).collect();
    assert!(languages.iter().eq(floors.iter().map(|(language, _)| language)));
    for (language, floor) in floors {
        at_least(floor, language, |row| row.language == language);
    }
}

/// A question that its document cannot answer would prove nothing.
#[test]
fn every_expected_answer_stands_in_its_document() {
    let texts: BTreeMap<String, String> = handbook()
        .into_iter()
        .chain(leaflets())
        .map(|(name, bytes)| {
            (name, ingest::parse(&bytes, &ingest::Config::default()).unwrap().text)
        })
        .collect();
    for row in rows() {
        let text = row.document.map(|name| folded(&texts[&name])).unwrap_or_default();
        for words in row.expected {
            assert!(text.contains(&folded(&words)), "{}: {words}", row.question);
        }
    }
}
