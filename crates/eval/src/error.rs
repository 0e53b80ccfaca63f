//! What can go wrong while measuring.

use std::io;
use std::path::{Path, PathBuf};

use answer::AnswerError;
use index::IndexError;

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line of a file is not what it should be.
    #[error("{}:{line}: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it, and what is expected.
        why: String,
    },
    /// A folder holds no collection.
    #[error(
        "{}: no collection: a folder with corpus.jsonl, queries.jsonl and qrels.tsv is expected, \
         or one that holds such folders",
        path.display()
    )]
    NoCollection {
        /// The folder.
        path: PathBuf,
    },
    /// Two collections have one name.
    #[error("{}: another collection is called {name} too: rename one of them", path.display())]
    SameName {
        /// The folder of the second.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// Settings that are none.
    #[error("settings {text:?}: {why}")]
    Settings {
        /// What was to be read as a setting.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// An id with blank space in it, which the format of runs cannot hold.
    #[error("id {id:?} has blank space in it: a run cannot name it")]
    Unwritable {
        /// The id.
        id: String,
    },
    /// The index failed.
    #[error("index: {0}")]
    Index(#[from] IndexError),
    /// A question could not be asked.
    #[error("question: {0}")]
    Answer(#[from] AnswerError),
}

impl EvalError {
    /// A stable name of the kind of error, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "IO",
            Self::Line { .. } => "BAD_LINE",
            Self::NoCollection { .. } => "NO_COLLECTION",
            Self::SameName { .. } => "SAME_NAME",
            Self::Settings { .. } => "USAGE",
            Self::Unwritable { .. } => "UNWRITABLE",
            Self::Index(_) | Self::Answer(_) => "INDEX",
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn line(path: &Path, line: usize, why: impl Into<String>) -> Self {
        Self::Line { path: path.to_owned(), line, why: why.into() }
    }
}
