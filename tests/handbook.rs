//! Retrieval quality as a test: questions about the handbook with the document, the page and
//! the words they expect. The floors only rise.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use answer::{Answer, Extractive, Question};
use index::Snapshot;
use serde_json::Value;
use train::{Content, DataFolder, Input, Options, Silent};

struct Asked {
    question: String,
    document: Option<String>,
    page: Option<u64>,
    expected: Option<String>,
    found: Vec<(String, Option<u32>)>,
    answer: Answer,
}

/// A bot that was trained on files, by name.
pub(crate) fn trained(files: &[(String, Vec<u8>)]) -> Arc<Snapshot> {
    let folder = tempfile::tempdir().unwrap();
    let data = DataFolder::open(folder.path(), index::Config::default()).unwrap();
    let input = |(name, bytes): &(String, Vec<u8>)| {
        Input::new(name.as_str(), Content::Bytes(Cow::Owned(bytes.clone())))
    };
    let inputs: Vec<Input> = files.iter().map(input).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let bot = "handbook".parse().unwrap();
    train::train(&data, &bot, &inputs, &Options::new(Arc::new(pool.into())), &Silent).unwrap();
    data.snapshot(&bot).unwrap()
}

fn asked() -> &'static [Asked] {
    static ASKED: OnceLock<Vec<Asked>> = OnceLock::new();
    ASKED.get_or_init(|| {
        let files = fixtures::handbook().iter();
        let files: Vec<_> = files.map(|file| (file.name.to_owned(), file.bytes.to_vec())).collect();
        let snapshot = trained(&files);
        let lines = fixtures::HANDBOOK_QUESTIONS.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| ask(&snapshot, &serde_json::from_str(line).unwrap())).collect()
    })
}

fn ask(snapshot: &Snapshot, row: &Value) -> Asked {
    let text = |name: &str| row[name].as_str().map(str::to_owned);
    let question = Question::new(row["question"].as_str().unwrap());
    let config = answer::Config::default();
    let passages = answer::retrieve(snapshot, &question, &config).unwrap();
    let source = |id| snapshot.document(id).unwrap().source.clone();
    let found = passages.iter().map(|p| (source(&p.document_id), p.pages.map(|pages| pages.first)));
    Asked {
        question: question.text().to_owned(),
        document: text("document"),
        page: row["page"].as_u64(),
        expected: text("answer"),
        found: found.collect(),
        answer: answer::answer(snapshot, &question, &Extractive, &config).unwrap(),
    }
}

/// The share of questions that pass, with those that do not as the message.
#[track_caller]
fn at_least(floor: f64, what: &str, of: impl Fn(&Asked) -> bool, passes: impl Fn(&Asked) -> bool) {
    let all: Vec<&Asked> = asked().iter().filter(|asked| of(asked)).collect();
    let missed: Vec<&str> =
        all.iter().filter(|a| !passes(a)).map(|a| a.question.as_str()).collect();
    let share = 1.0 - missed.len() as f64 / all.len() as f64;
    println!("{what}: {share:.3} of {}", all.len());
    assert!(share >= floor, "{what}: {share:.3}, floor {floor}; missed {missed:#?}");
}

fn answerable(asked: &Asked) -> bool {
    asked.document.is_some()
}

#[test]
fn the_right_document_comes_first() {
    at_least(0.95, "document at 1", answerable, |asked| {
        asked.found.first().map(|(source, _)| source) == asked.document.as_ref()
    });
    at_least(0.97, "document in 5", answerable, |asked| {
        asked.found.iter().any(|(source, _)| Some(source) == asked.document.as_ref())
    });
}

#[test]
fn the_answer_holds_the_expected_words() {
    let holds = |asked: &Asked| {
        let expected = asked.expected.as_deref().unwrap_or_default();
        asked.answer.answered
            && asked.answer.answer.to_lowercase().contains(&expected.to_lowercase())
    };
    at_least(0.90, "answer holds the words", answerable, holds);
}

#[test]
fn the_page_is_the_right_one() {
    let on_page = |asked: &Asked| {
        asked.answer.sources.iter().any(|source| {
            let (first, last) = (source.page.map(u64::from), source.page_end.map(u64::from));
            first <= asked.page && asked.page <= last.or(first)
        })
    };
    at_least(0.94, "page", |asked| asked.page.is_some() && asked.answer.answered, on_page);
}

#[test]
fn it_knows_when_to_be_silent() {
    at_least(0.56, "silent", |asked| !answerable(asked), |asked| !asked.answer.answered);
    at_least(0.95, "not silent", answerable, |asked| asked.answer.answered);
}
