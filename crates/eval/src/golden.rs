//! A bot's own golden set: questions, and what should come of each.
//!
//! A CSV file whose header names the columns `question` and `expected`; others are for people. What
//! is expected is one of four things:
//!
//! * a document, by its id, its source or the end of its path (`manual.pdf`, `docs/hours.md`), or
//!   its title: it should stand first, or at least among the first five;
//! * the same with a page, `manual.pdf#12`: the answer should quote that page of it;
//! * any other text: the answer should hold it, compared as [`Gold`] does;
//! * nothing: the bot should say that it does not know.

use std::path::Path;

use answer::{Answer, Config, Extractive, Question, answer, retrieve};
use document::DocumentId;
use index::{DocumentEntry, Embedder, Manifest, Snapshot};
use rayon::prelude::*;
use serde::Serialize;

use crate::csv::{self, BadRow, Row};
use crate::{EvalError, Gold, Settings};

/// A document should stand among as many.
const FIRST: usize = 5;

/// Ends of names by which a file is meant, should no document be called so.
const FILE_ENDS: [&str; 5] = [".pdf", ".md", ".markdown", ".txt", ".text"];

/// A question and what should come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// The line in which it begins, counted from 1.
    pub line: usize,
    /// The question.
    pub question: String,
    /// What should come of it, as it is written.
    pub expected: String,
    aim: Aim,
}

#[derive(Debug, Clone, PartialEq)]
enum Aim {
    Document(DocumentId, Option<u32>),
    Text(Gold),
    Refusal,
}

/// Reads the golden set of a bot that holds the documents of `manifest`; `path` is for errors.
///
/// # Errors
///
/// [`EvalError::Line`] for a row that cannot be read or means a document that is not there, or
/// more than one.
pub fn read_cases(text: &str, path: &Path, manifest: &Manifest) -> Result<Vec<Case>, EvalError> {
    let bad = |line, why: String| EvalError::line(path, line, why);
    let rows = csv::rows(text).map_err(|BadRow { line, why }| bad(line, why.to_owned()))?;
    let mut rows = rows.into_iter();
    let header = rows.next().unwrap_or(Row { line: 1, fields: Vec::new() });
    let column = |name: &str| {
        let found = header.fields.iter().position(|field| field.trim() == name);
        found.ok_or_else(|| bad(header.line, format!("the header names no column {name:?}")))
    };
    let (question, expected) = (column("question")?, column("expected")?);
    let case = |row: Row| {
        let width = header.fields.len();
        if row.fields.len() != width {
            return Err(format!("{} fields, but the header has {width}", row.fields.len()));
        }
        let field = |at: usize| row.fields.get(at).map_or("", |field| field.trim()).to_owned();
        let (question, expected) = (field(question), field(expected));
        if question.is_empty() {
            return Err("no question".to_owned());
        }
        Ok(Case { line: row.line, aim: Aim::of(&expected, manifest)?, question, expected })
    };
    rows.map(|row| (row.line, case(row)))
        .map(|(at, case)| case.map_err(|why| bad(at, why)))
        .collect()
}

impl Aim {
    fn of(expected: &str, manifest: &Manifest) -> Result<Self, String> {
        if expected.is_empty() {
            return Ok(Self::Refusal);
        }
        if let Some(document) = find(expected, manifest)? {
            return Ok(Self::Document(document.id.clone(), None));
        }
        let page = |page: &str| page.parse::<u32>().ok().filter(|page| *page > 0);
        let placed = expected.rsplit_once('#').and_then(|(name, at)| Some((name, page(at)?)));
        if let Some((name, page)) = placed
            && let Some(document) = find(name.trim(), manifest)?
        {
            if page > document.pages {
                return Err(format!("{name:?} has {} pages, not {page}", document.pages));
            }
            return Ok(Self::Document(document.id.clone(), Some(page)));
        }
        let name = placed.map_or(expected, |(name, _)| name).to_lowercase();
        if FILE_ENDS.iter().any(|end| name.ends_with(end)) {
            return Err(format!("the bot has no document {expected:?}: `jely docs` lists them"));
        }
        Gold::of(&[expected.to_owned()])
            .map(Self::Text)
            .ok_or_else(|| format!("{expected:?} holds no word that an answer could have"))
    }
}

/// The document that a name means.
fn find<'m>(name: &str, manifest: &'m Manifest) -> Result<Option<&'m DocumentEntry>, String> {
    let name = name.trim_start_matches("./");
    let is_end = |source: &str| {
        source.strip_suffix(name).is_some_and(|head| head.is_empty() || head.ends_with(['/', '\\']))
    };
    let by: [&dyn Fn(&DocumentEntry) -> bool; 4] = [
        &|entry| entry.id.as_str() == name,
        &|entry| entry.source == name,
        &|entry| is_end(&entry.source),
        &|entry| entry.title == name,
    ];
    for is_meant in by {
        let found: Vec<_> = manifest.documents.iter().filter(|entry| is_meant(entry)).collect();
        match found.as_slice() {
            [] => {}
            [entry] => return Ok(Some(entry)),
            several => {
                let count = several.len();
                return Err(format!("{count} documents are called {name:?}: use their sources"));
            }
        }
    }
    Ok(None)
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The line of the question.
    pub line: usize,
    /// The question.
    pub question: String,
    /// What should have come of it, as it is written.
    pub expected: String,
    /// Where the document stands, counted from 1; `None` where it does not, or none is expected.
    pub rank: Option<usize>,
    /// Whether the answer quotes the page; `None` where no page is expected.
    pub page_right: Option<bool>,
    /// Whether the answer holds the text; `None` where no text is expected.
    pub contains: Option<bool>,
    /// Whether the bot answered.
    pub answered: bool,
    /// How sure it was, 0 to 1.
    pub confidence: f32,
    /// Why it is a failure; `None` where all is as it should be.
    pub failure: Option<String>,
}

/// Asks the questions of a golden set, on the current rayon pool, with their vectors where
/// there is an embedder; `done` hears of each.
pub fn outcomes(
    snapshot: &Snapshot,
    cases: &[Case],
    settings: &Settings,
    embedder: Option<&dyn Embedder>,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Outcome>, EvalError> {
    let outcomes = cases.par_iter().with_max_len(4).map(|case| {
        let outcome = outcome(snapshot, case, settings, embedder)?;
        done();
        Ok(outcome)
    });
    outcomes.collect()
}

fn outcome(
    snapshot: &Snapshot,
    case: &Case,
    settings: &Settings,
    embedder: Option<&dyn Embedder>,
) -> Result<Outcome, EvalError> {
    let mut question = Question::new(&case.question);
    if let Some(embedder) = embedder {
        question = question.embedded(embedder)?;
    }
    let reply = answer(snapshot, &question, &Extractive, &settings.for_answers())?;
    let documents = ranked(snapshot, &question, &settings.for_rankings())?;
    let mut outcome = Outcome {
        line: case.line,
        question: case.question.clone(),
        expected: case.expected.clone(),
        rank: None,
        page_right: None,
        contains: None,
        answered: reply.answered,
        confidence: reply.confidence,
        failure: None,
    };
    match &case.aim {
        Aim::Document(id, page) => {
            outcome.rank = documents.iter().position(|(other, _)| other == id).map(|at| at + 1);
            outcome.page_right = page.map(|page| quotes(&reply, id, page));
        }
        Aim::Text(gold) => outcome.contains = Some(reply.answered && gold.is_in(&reply.answer)),
        Aim::Refusal => {}
    }
    let first = documents.first().map(|(_, title)| title.as_str());
    outcome.failure = failure(&outcome, &case.aim, &reply, first);
    Ok(outcome)
}

/// The documents that fit a question, best first, with their titles.
fn ranked(
    snapshot: &Snapshot,
    question: &Question,
    config: &Config,
) -> Result<Vec<(DocumentId, String)>, EvalError> {
    let mut documents: Vec<(DocumentId, String)> = Vec::new();
    for passage in retrieve(snapshot, question, config)? {
        if !documents.iter().any(|(id, _)| *id == passage.document_id) {
            documents.push((passage.document_id, passage.title));
        }
    }
    Ok(documents)
}

/// Whether an answer quotes a page of a document.
fn quotes(reply: &Answer, id: &DocumentId, page: u32) -> bool {
    reply.sources.iter().any(|source| {
        let first = source.page.unwrap_or(u32::MAX);
        source.document_id == *id && first <= page && page <= source.page_end.unwrap_or(first)
    })
}

/// What is wrong, the first thing that is.
fn failure(outcome: &Outcome, aim: &Aim, reply: &Answer, first: Option<&str>) -> Option<String> {
    let confidence = outcome.confidence;
    if *aim == Aim::Refusal {
        return outcome.answered.then(|| format!("answered: {}", reply.answer));
    }
    if matches!(aim, Aim::Document(..)) && outcome.rank.is_none_or(|rank| rank > FIRST) {
        let place = outcome.rank.map_or("not found".to_owned(), |rank| format!("rank {rank}"));
        return Some(format!("{place}; first is {}", first.unwrap_or("nothing")));
    }
    if !outcome.answered {
        return Some(format!("not answered, confidence {confidence:.2}"));
    }
    if outcome.page_right == Some(false) {
        let pages = reply.sources.iter().map(|source| match source.page {
            Some(page) => format!("{} p. {page}", source.title),
            None => source.title.clone(),
        });
        return Some(format!("quotes {}", pages.collect::<Vec<_>>().join(", ")));
    }
    (outcome.contains == Some(false)).then(|| format!("answered: {}", reply.answer))
}

/// The figures of a golden set; shares from 0 to 1 of the questions they apply to, `None` where
/// there are none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Golden {
    /// All questions.
    pub questions: usize,
    /// Questions that should be answered, and are.
    pub answered: Option<f64>,
    /// The expected document stands first.
    #[serde(rename = "hit@1")]
    pub hit_1: Option<f64>,
    /// It stands among the first five.
    #[serde(rename = "hit@5")]
    pub hit_5: Option<f64>,
    /// The answer quotes the expected page.
    pub page_right: Option<f64>,
    /// The answer holds the expected text.
    pub answer_contains: Option<f64>,
    /// Questions that should be refused, and are.
    pub refused: Option<f64>,
}

impl Golden {
    /// Counts the outcomes of cases, in the same order.
    pub fn of(cases: &[Case], outcomes: &[Outcome]) -> Self {
        let pairs: Vec<(&Case, &Outcome)> = cases.iter().zip(outcomes).collect();
        // Whether a question counts, and whether it went well.
        let share = |good: &dyn Fn(&Case, &Outcome) -> Option<bool>| {
            let counted: Vec<bool> =
                pairs.iter().filter_map(|(case, outcome)| good(case, outcome)).collect();
            let well = counted.iter().filter(|well| **well).count();
            (!counted.is_empty()).then(|| well as f64 / counted.len() as f64)
        };
        let within = |case: &Case, outcome: &Outcome, depth: usize| {
            let asked = matches!(case.aim, Aim::Document(..));
            asked.then(|| outcome.rank.is_some_and(|rank| rank <= depth))
        };
        let refusal = |case: &Case| case.aim == Aim::Refusal;
        Self {
            questions: pairs.len(),
            answered: share(&|case, outcome| (!refusal(case)).then_some(outcome.answered)),
            hit_1: share(&|case, outcome| within(case, outcome, 1)),
            hit_5: share(&|case, outcome| within(case, outcome, FIRST)),
            page_right: share(&|_, outcome| outcome.page_right),
            answer_contains: share(&|_, outcome| outcome.contains),
            refused: share(&|case, outcome| refusal(case).then_some(!outcome.answered)),
        }
    }
}

#[cfg(test)]
mod tests;
