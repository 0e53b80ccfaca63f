//! What can go wrong: for a whole run, and for one document of it.

use std::io;
use std::path::PathBuf;

use document::{BotId, ContentHash, DocumentId};
use index::IndexError;
use ingest::IngestError;
use serde::{Deserialize, Serialize};

use crate::WorkerError;

/// Why a run ended without changing anything.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// There is no data folder where one is to be read.
    #[error("{}: no data folder here: train a bot first, or name the folder that holds it", .path.display())]
    NoFolder {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file that names the version of the data folder holds something else.
    #[error("{}: expected the version of a data folder, found {found:?}: name another folder", .path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
        /// How it begins.
        found: String,
    },
    /// The data folder was written by a newer release.
    #[error(
        "{}: data folder of version {found}, this release reads up to {supported}: \
         use the newer release",
        .path.display()
    )]
    NewerFormat {
        /// The folder.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version this release reads.
        supported: u32,
    },
    /// The data folder is a cache of what machines share elsewhere, or holds bots of its own.
    #[error("{}: {}", .path.display(), elsewhere(found.as_deref(), wanted.as_deref()))]
    Elsewhere {
        /// The folder.
        path: PathBuf,
        /// What it is a cache of; `None` where it holds bots of its own.
        found: Option<String>,
        /// What it was to be a cache of; `None` where it was to hold bots of its own.
        wanted: Option<String>,
    },
    /// What machines share cannot be reached, or refuses.
    #[error("{place}: {source}")]
    Remote {
        /// What was asked for.
        place: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The bot has never been trained.
    #[error("bot {bot}: nothing is trained under this name: train it first")]
    NoBot {
        /// The bot.
        bot: BotId,
    },
    /// The bot does not hold the document.
    #[error("bot {bot}: no document {document}: list its documents for the ids")]
    NoDocument {
        /// The bot.
        bot: BotId,
        /// The document.
        document: DocumentId,
    },
    /// The list of the bot's documents cannot be read.
    #[error(
        "bot {bot}: the list of its documents is lost: {why}: restore the bot's folder from a \
         backup, or remove it and train the bot again"
    )]
    LostManifest {
        /// The bot.
        bot: BotId,
        /// What is wrong, and with which file.
        why: String,
    },
    /// A document of the bot cannot be read again by this release.
    #[error(
        "bot {bot}: its documents must be read again by this release, and {source_name} \
         ({document}) cannot: {failure}: train that document again, or remove it, \
         and with it any other that cannot"
    )]
    CannotRebuild {
        /// The bot, which stays as it was.
        bot: BotId,
        /// The document.
        document: DocumentId,
        /// Where the document came from.
        source_name: String,
        /// Why it cannot be read.
        failure: Failure,
    },
    /// Stored bytes are not those that were stored.
    #[error(
        "{}: stored file is damaged: its bytes hash to {found}: train the document again",
        .path.display()
    )]
    DamagedOriginal {
        /// The file, named by the hash it should have.
        path: PathBuf,
        /// The hash it has.
        found: ContentHash,
    },
    /// The file system refused.
    #[error("{}: cannot {action}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: "write", "create the folder".
        action: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// The index refused.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// There is no process to parse in.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// A fault of ours outside the parser.
    #[error("{source_name}: training failed inside the program: {message}; please report it")]
    Crashed {
        /// The input at work.
        source_name: String,
        /// The message of the panic.
        message: String,
    },
}

impl TrainError {
    /// A stable name of the kind of error, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFolder { .. } => "NO_DATA_FOLDER",
            Self::NotAFolder { .. } => "NOT_A_DATA_FOLDER",
            Self::NewerFormat { .. } => "NEWER_FORMAT",
            Self::Elsewhere { .. } => "ELSEWHERE",
            Self::Remote { .. } => "REMOTE",
            Self::NoBot { .. } => "BOT_NOT_FOUND",
            Self::NoDocument { .. } => "DOCUMENT_NOT_FOUND",
            Self::CannotRebuild { .. } => "CANNOT_REBUILD",
            Self::DamagedOriginal { .. } => "DAMAGED",
            Self::LostManifest { .. } => "LOST_MANIFEST",
            Self::Io { .. } => "IO",
            Self::Index(error) => index_code(error),
            Self::Worker(error) => error.code(),
            Self::Crashed { .. } => "CRASHED",
        }
    }

    pub(crate) fn io(
        path: impl Into<PathBuf>,
        action: &'static str,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, action, source }
    }
}

/// Why a folder is not the cache that is wanted, in words.
fn elsewhere(found: Option<&str>, wanted: Option<&str>) -> String {
    match (found, wanted) {
        (Some(found), None) => {
            format!("this is a cache of {found}: name that with --remote, or another folder")
        }
        (Some(found), Some(wanted)) => {
            format!("this is a cache of {found}, not of {wanted}: name another folder")
        }
        (None, _) => {
            "this folder holds bots of its own, which would not be shared: name another folder \
             as the cache of what is, and train the bots there"
                .to_owned()
        }
    }
}

/// A stable name of the kind of an error of the index, for programs.
pub fn index_code(error: &IndexError) -> &'static str {
    match error {
        IndexError::Locked { .. } => "LOCKED",
        IndexError::Overtaken { .. } => "OVERTAKEN",
        IndexError::Remote { .. } => "REMOTE",
        IndexError::NewerFormat { .. } => "NEWER_FORMAT",
        IndexError::Damaged { .. } => "DAMAGED",
        IndexError::Outdated { .. } | IndexError::OtherPipeline { .. } => "OUTDATED",
        IndexError::Io { .. } => "IO",
        IndexError::OtherModel { .. } => "OTHER_MODEL",
        IndexError::NoEmbedder { .. } => "NO_EMBEDDER",
        IndexError::Embedding { .. } => "EMBEDDING",
        IndexError::InvalidChunks { .. } | IndexError::Tantivy { .. } => "INDEX",
    }
}

/// Why one document failed; the rest of its run went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable name of the kind of failure: a code of [`IngestError::code`], one of
    /// [`WorkerError::code`], or `UNREADABLE` for a file that could not be read at all.
    pub code: String,
    /// The reason and what to do about it, in words. It names no file: the same bytes may come
    /// from several.
    pub message: String,
}

impl Failure {
    /// A file that cannot be read at all.
    pub(crate) fn unreadable(reason: &io::Error) -> Self {
        Self {
            code: "UNREADABLE".to_owned(),
            message: format!("the file cannot be read: {reason}"),
        }
    }
}

impl From<&IngestError> for Failure {
    fn from(error: &IngestError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string() }
    }
}
