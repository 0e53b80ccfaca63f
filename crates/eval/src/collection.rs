//! Test collections: documents, questions, and which documents answer which question.
//!
//! A collection is a folder with three files: `corpus.jsonl`, a document a line with `id`,
//! `title` (may be missing) and `text`; `queries.jsonl`, a question a line with `id`, `text` and,
//! where known, `answers` (strings, any of which is an answer), `answerable` and `history` (earlier
//! turns, oldest first, each with `role` and `text`); `qrels.tsv` with query id, document id and
//! grade, separated by tabs, above 0 where the document is relevant.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::EvalError;

/// Longest line of a file, in bytes: no document that can be read is larger (the limit of plain
/// text is 10 MiB, and escapes make a line of it at most six times as long).
const LINE_BYTES_MAX: u64 = 64 << 20;

/// Warnings kept of a collection; the last one counts the rest.
const WARNINGS_MAX: usize = 20;

/// A document of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// What judgements call it.
    pub id: String,
    /// Its title; may be empty.
    #[serde(default)]
    pub title: String,
    /// Its text.
    pub text: String,
}

/// Something said before a question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Turn {
    /// Who said it: `user`, or anything else for the one who answers.
    pub role: String,
    /// What was said.
    pub text: String,
}

/// A question of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Query {
    /// What judgements call it.
    pub id: String,
    /// The question.
    pub text: String,
    /// Texts any of which is an answer; empty where none is known.
    #[serde(default)]
    pub answers: Vec<String>,
    /// Whether the documents hold an answer; `None` where nobody said.
    #[serde(default)]
    pub answerable: Option<bool>,
    /// What was said before it, oldest first.
    #[serde(default)]
    pub history: Vec<Turn>,
}

/// Grades of documents for one question; relevant where above 0.
pub type Grades = BTreeMap<String, i32>;

/// A test collection.
#[derive(Debug, Clone, Default)]
pub struct Collection {
    /// The name of its folder.
    pub name: String,
    /// Its documents, in the order of the file; no two have one id.
    pub documents: Vec<Entry>,
    /// Its questions, in the order of the file; no two have one id.
    pub queries: Vec<Query>,
    /// The grades of each judged question, by its id.
    pub judgements: BTreeMap<String, Grades>,
    /// What is odd about its judgements without making them useless.
    pub warnings: Vec<String>,
}

impl Collection {
    /// Reads the collection in a folder.
    ///
    /// # Errors
    ///
    /// [`EvalError::Line`] names the first line that cannot be read or repeats an id. Judgements of
    /// unknown documents and questions count as never found, and are [`warnings`](Self::warnings).
    pub fn read(folder: &Path) -> Result<Self, EvalError> {
        let name = folder.canonicalize().map_err(EvalError::io(folder))?;
        let name = name.file_name().map(|name| name.to_string_lossy().into_owned());
        let documents: Vec<Entry> = json_lines(&folder.join("corpus.jsonl"), |e: &Entry| &e.id)?;
        let queries: Vec<Query> = json_lines(&folder.join("queries.jsonl"), |q: &Query| &q.id)?;
        let mut collection = Self {
            name: name.unwrap_or_else(|| "collection".to_owned()),
            documents,
            queries,
            ..Self::default()
        };
        collection.read_judgements(&folder.join("qrels.tsv"))?;
        Ok(collection)
    }

    /// The grades of a question if at least one document is relevant: only such questions count.
    pub fn grades(&self, query: &Query) -> Option<&Grades> {
        let grades = self.judgements.get(&query.id)?;
        grades.values().any(|&grade| grade > 0).then_some(grades)
    }

    /// Number of questions that have a relevant document, those without a text included.
    pub fn judged_count(&self) -> usize {
        self.judgements.values().filter(|grades| grades.values().any(|&grade| grade > 0)).count()
    }

    fn read_judgements(&mut self, path: &Path) -> Result<(), EvalError> {
        let documents: BTreeSet<&str> = self.documents.iter().map(|e| e.id.as_str()).collect();
        let queries: BTreeSet<&str> = self.queries.iter().map(|query| query.id.as_str()).collect();
        let mut warnings = Vec::new();
        for_each_line(path, |number, line| {
            let (query, document, grade) =
                judgement(line).map_err(|why| EvalError::line(path, number, why))?;
            let mut warn = |why| warnings.push(format!("{}:{number}: {why}", path.display()));
            if !queries.contains(query) {
                warn(format!("no question has the id {query:?}: it counts as not found"));
            }
            if !documents.contains(document) {
                warn(format!("no document has the id {document:?}: it counts as not found"));
            }
            let grades = self.judgements.entry(query.to_owned()).or_default();
            if grades.insert(document.to_owned(), grade).is_some() {
                warn(format!("{query:?} and {document:?} are judged twice: this line counts"));
            }
            Ok(())
        })?;
        let more = warnings.len().saturating_sub(WARNINGS_MAX);
        warnings.truncate(WARNINGS_MAX);
        if more > 0 {
            warnings.push(format!("{}: {more} more lines like these", path.display()));
        }
        self.warnings = warnings;
        Ok(())
    }
}

/// The folders of the collections that `folders` name: each is a collection or holds some.
///
/// # Errors
///
/// [`EvalError::NoCollection`] for a folder that is neither.
pub fn find(folders: &[PathBuf]) -> Result<Vec<PathBuf>, EvalError> {
    let is_collection = |folder: &Path| folder.join("corpus.jsonl").is_file();
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let mut here = Vec::new();
        if is_collection(folder) {
            here.push(folder.clone());
        } else {
            for entry in folder.read_dir().map_err(EvalError::io(folder))? {
                here.push(entry.map_err(EvalError::io(folder))?.path());
            }
            here.retain(|path| is_collection(path));
            here.sort();
        }
        if here.is_empty() {
            return Err(EvalError::NoCollection { path: folder.clone() });
        }
        here.retain(|path| !found.contains(path));
        found.append(&mut here);
    }
    Ok(found)
}

/// Reads the collections that `folders` name, in their order.
///
/// # Errors
///
/// What [`find`] and [`Collection::read`] report, and [`EvalError::SameName`].
pub fn read_all(folders: &[PathBuf]) -> Result<Vec<Collection>, EvalError> {
    let mut collections: Vec<Collection> = Vec::new();
    for path in find(folders)? {
        let collection = Collection::read(&path)?;
        if collections.iter().any(|other| other.name == collection.name) {
            return Err(EvalError::SameName { path, name: collection.name });
        }
        collections.push(collection);
    }
    Ok(collections)
}

/// Query, document and grade of a line: tabs or blanks between three columns, or the four of
/// TREC, whose second says nothing.
fn judgement(line: &str) -> Result<(&str, &str, i32), String> {
    let columns: Vec<&str> = if line.contains('\t') {
        line.split('\t').map(str::trim).collect()
    } else {
        line.split_whitespace().collect()
    };
    let (query, document, grade) = match columns.as_slice() {
        [query, document, grade] | [query, _, document, grade] => (*query, *document, *grade),
        other => {
            return Err(format!(
                "{} columns: expected query id, document id and grade, separated by tabs",
                other.len()
            ));
        }
    };
    let grade = grade.parse().map_err(|_| format!("grade {grade:?} is no whole number"))?;
    Ok((query, document, grade))
}

/// Reads a file of JSON lines whose ids differ.
fn json_lines<T: DeserializeOwned>(
    path: &Path,
    id: impl Fn(&T) -> &str,
) -> Result<Vec<T>, EvalError> {
    let mut items = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for_each_line(path, |number, line| {
        let item: T = serde_json::from_str(line)
            .map_err(|error| EvalError::line(path, number, error.to_string()))?;
        if let Some(first) = seen.insert(id(&item).to_owned(), number) {
            let why = format!("id {:?} stands in line {first} already", id(&item));
            return Err(EvalError::line(path, number, why));
        }
        items.push(item);
        Ok(())
    })?;
    Ok(items)
}

/// Calls `read` with every line that is not blank and its number, counted from 1.
fn for_each_line(
    path: &Path,
    mut read: impl FnMut(usize, &str) -> Result<(), EvalError>,
) -> Result<(), EvalError> {
    let mut reader = BufReader::new(File::open(path).map_err(EvalError::io(path))?);
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let mut part = reader.by_ref().take(LINE_BYTES_MAX + 1);
        let length = part.read_until(b'\n', &mut bytes).map_err(EvalError::io(path))?;
        if length == 0 {
            break;
        }
        if length as u64 > LINE_BYTES_MAX {
            let why = format!("longer than {} MiB", LINE_BYTES_MAX >> 20);
            return Err(EvalError::line(path, number, why));
        }
        let line = str::from_utf8(&bytes)
            .map_err(|error| EvalError::line(path, number, format!("not UTF-8: {error}")))?;
        let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
        if !line.trim().is_empty() {
            read(number, line)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
