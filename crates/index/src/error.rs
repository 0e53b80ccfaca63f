//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

use document::{BotId, DocumentId};

use crate::{EmbedFailure, ModelKey, PipelineKey};

/// Why an operation on an index failed.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Another process or thread is changing the bot.
    #[error("bot {bot}: someone else is changing it, try again when they are done")]
    Locked {
        /// The bot.
        bot: BotId,
    },
    /// Someone else published the bot first, perhaps on another machine: what this change was
    /// made from is no longer current. Nothing has changed; it can be made again.
    #[error("bot {bot}: someone else has published it meanwhile: run the same again")]
    Overtaken {
        /// The bot.
        bot: BotId,
    },
    /// What machines share cannot be reached, or refuses.
    #[error("{place}: {source}")]
    Remote {
        /// What was asked for.
        place: String,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file written by a newer release.
    #[error("{}: format {found}, this release reads up to {supported}: use a newer release",
        file.display())]
    NewerFormat {
        /// The file that names the format.
        file: PathBuf,
        /// The format found.
        found: u32,
        /// The newest format this release reads.
        supported: u32,
    },
    /// A snapshot of an older release whose fields this one does not search.
    #[error("{}: schema {found}, this release searches {needed}: rebuild the bot's index",
        file.display())]
    Outdated {
        /// The manifest.
        file: PathBuf,
        /// The schema found.
        found: u32,
        /// The schema of this release.
        needed: u32,
    },
    /// A snapshot that is not what was published.
    #[error("{}: {why}: rebuild the bot's index", file.display())]
    Damaged {
        /// The file at fault.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// An incremental change under another pipeline than that of the current snapshot.
    #[error("current snapshot has pipeline {current}, change has {wanted}: rebuild instead")]
    OtherPipeline {
        /// The pipeline of the current snapshot.
        current: PipelineKey,
        /// The pipeline of the change.
        wanted: PipelineKey,
    },
    /// A question or an incremental change with another model than that of the current snapshot's
    /// vectors.
    #[error(
        "the bot has {}, wanted are {}: rebuild the bot's index",
        vectors_of(*current),
        vectors_of(*wanted)
    )]
    OtherModel {
        /// The model of the current snapshot; `None` where it has no vectors.
        current: Option<ModelKey>,
        /// The model that is wanted; `None` where there are to be no vectors.
        wanted: Option<ModelKey>,
    },
    /// New text for a bot with vectors, and nothing that makes some of it.
    #[error(
        "the bot has vectors of the model {model}, which is needed to add text: name its folder"
    )]
    NoEmbedder {
        /// The model of the bot's vectors.
        model: ModelKey,
    },
    /// The model that makes the vectors failed.
    #[error("cannot embed: {source}")]
    Embedding {
        /// The cause.
        source: EmbedFailure,
    },
    /// Chunks that cannot be those of one document.
    #[error("document {id}: chunk {ordinal} follows chunk {before}: ordinals must ascend")]
    InvalidChunks {
        /// The document.
        id: DocumentId,
        /// The ordinal at fault.
        ordinal: u32,
        /// The ordinal before it.
        before: u32,
    },
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The search library refused.
    #[error("{}: {source}", path.display())]
    Tantivy {
        /// The folder of the index.
        path: PathBuf,
        /// The cause.
        source: tantivy::TantivyError,
    },
}

/// What a snapshot has of a model, in words.
fn vectors_of(model: Option<ModelKey>) -> String {
    model.map_or_else(|| "no vectors".to_owned(), |model| format!("vectors of the model {model}"))
}

impl IndexError {
    /// Names the path in an error of the file system, for `map_err`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    /// Names the folder in an error of the search library, for `map_err`.
    pub(crate) fn tantivy<E: Into<tantivy::TantivyError>>(path: &Path) -> impl FnOnce(E) -> Self {
        move |source| Self::Tantivy { path: path.to_owned(), source: source.into() }
    }

    pub(crate) fn damaged(file: &Path, why: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), why: why.into() }
    }
}
