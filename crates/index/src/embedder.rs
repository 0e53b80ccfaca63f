//! What the index asks of a model that turns texts into vectors.

use std::fmt;

use crate::ModelKey;

/// Why a text could not be embedded, in the words of the embedder.
pub type EmbedFailure = Box<dyn std::error::Error + Send + Sync>;

/// What a text is: models may treat the two differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// Something to be found.
    Passage,
    /// Something asked.
    Question,
}

/// Turns texts into vectors whose angle tells how near the texts are in meaning.
///
/// The same text and kind must give the same vector under one key, whatever else is embedded
/// with it.
pub trait Embedder: fmt::Debug + Send + Sync {
    /// What tells this model from any other that gives other vectors.
    fn key(&self) -> ModelKey;

    /// Numbers in a vector; from 1 to [`DIMENSIONS_MAX`](crate::DIMENSIONS_MAX).
    fn dimensions(&self) -> usize;

    /// The vectors of some texts, in their order. Their lengths do not matter.
    fn embed(&self, kind: TextKind, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedFailure>;
}

/// Where the vectors of a bot come from.
#[derive(Debug, Clone, Copy, Default)]
pub enum Embedding<'a> {
    /// Whatever the bot has stays: without vectors it gets none, and with vectors those of texts
    /// that it holds already are kept. A text that is new to a bot with vectors is refused.
    #[default]
    Keep,
    /// The bot has vectors of this model.
    With(&'a dyn Embedder),
    /// The bot has no vectors.
    Without,
}

impl<'a> Embedding<'a> {
    /// The model a bot has after the change, which has `current` before it.
    pub(crate) fn model(self, current: Option<ModelEntry>) -> Option<ModelEntry> {
        match self {
            Self::Keep => current,
            Self::With(embedder) => Some(ModelEntry::of(embedder)),
            Self::Without => None,
        }
    }

    pub(crate) fn embedder(self) -> Option<&'a dyn Embedder> {
        match self {
            Self::With(embedder) => Some(embedder),
            Self::Keep | Self::Without => None,
        }
    }
}

/// The model whose vectors a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ModelEntry {
    /// The model.
    pub key: ModelKey,
    /// Numbers in each vector.
    pub dimensions: u32,
}

impl ModelEntry {
    fn of(embedder: &dyn Embedder) -> Self {
        let dimensions = u32::try_from(embedder.dimensions()).unwrap_or(u32::MAX);
        Self { key: embedder.key(), dimensions }
    }
}
