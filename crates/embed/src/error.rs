//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file beyond its limit.
    #[error("{}: {bytes} bytes, limit {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size that is read.
        limit: u64,
    },
    /// A file that is not what its name says.
    #[error("{}: {why}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A value that this encoder does not know, or that is beyond its limits.
    #[error("{}: {field} is {found}: {expected}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The field of the file.
        field: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// A tensor that the encoder needs and that is missing or of another shape.
    #[error("{}: tensor {name}: {why}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// A text that could not be encoded.
    #[error("a text of {bytes} bytes cannot be encoded: {why}")]
    Text {
        /// Its size.
        bytes: usize,
        /// What the encoder says.
        why: String,
    },
}

impl EmbedError {
    /// Names the path in an error of the file system, for `map_err`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn invalid(path: &Path, why: &dyn ToString) -> Self {
        Self::Invalid { path: path.to_owned(), why: why.to_string() }
    }

    pub(crate) fn text(text: &str, why: &dyn ToString) -> Self {
        Self::Text { bytes: text.len(), why: why.to_string() }
    }
}
