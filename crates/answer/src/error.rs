//! What can go wrong.

use index::IndexError;

/// Why there is no answer, not even an honest refusal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The index could not be read.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The generator failed.
    #[error(transparent)]
    Generate(#[from] GenerateError),
}

/// Why a generator produced nothing. [`Extractive`](crate::Extractive) never fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The model behind a generator could not be used.
    #[error("generator {generator}: {why}")]
    Unavailable {
        /// Which generator.
        generator: String,
        /// What it said.
        why: String,
    },
}
