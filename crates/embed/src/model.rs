//! A model: tokens, encoder, pooling, unit length.

use std::fmt;
use std::path::Path;

use index::{EmbedFailure, Embedder, ModelKey, TextKind};
use ndarray::Axis;
use rayon::prelude::*;
use tokenizers::{Tokenizer, TruncationParams};

use crate::EmbedError;
use crate::bert::Bert;
use crate::folder::{Folder, TOKENIZER_BYTES_MAX, WEIGHTS_BYTES_MAX};
use crate::settings::{Pooling, Settings};

/// Raised whenever the same files and text give other vectors.
const ENCODER_VERSION: u32 = 1;

/// Bytes of a text for each token that may be read: what is beyond is not even looked at. Tokens
/// of prose have some four bytes.
const TOKEN_BYTES_MAX: usize = 32;

/// An embedding model.
pub struct Model {
    key: ModelKey,
    settings: Settings,
    tokenizer: Tokenizer,
    bert: Bert,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Model {
    /// Reads the model in a folder. Costs reading all its files once and memory for its weights in
    /// single precision; while it loads, for the file as well.
    ///
    /// # Errors
    ///
    /// [`EmbedError`] names the file and, where there is one, the field or the tensor at fault.
    pub fn open(folder: &Path) -> Result<Self, EmbedError> {
        let mut folder = Folder::new(folder);
        let settings = Settings::read(&mut folder)?;
        let tokenizer = tokenizer(&mut folder, &settings)?;
        let weights = folder.read("model.safetensors", WEIGHTS_BYTES_MAX)?;
        let path = folder.file("model.safetensors");
        let bert = Bert::load(&weights, &settings.architecture, settings.activation, &path)?;
        let key = ModelKey::from_digest(folder.hash(ENCODER_VERSION));
        Ok(Self { key, settings, tokenizer, bert })
    }

    /// The vector of a text: of unit length.
    fn vector(&self, kind: TextKind, text: &str) -> Result<Vec<f32>, EmbedError> {
        let prompt = match kind {
            TextKind::Question => &self.settings.question_prompt,
            TextKind::Passage => &self.settings.passage_prompt,
        };
        let end = text.floor_char_boundary(self.settings.tokens_max * TOKEN_BYTES_MAX);
        let read = format!("{prompt}{}", text.get(..end).unwrap_or_default());
        let tokens = self.tokenizer.encode_fast(read, true);
        let tokens = tokens.map_err(|error| EmbedError::text(text, &error))?;
        let pooled = self.pooled(tokens.get_ids());
        pooled.and_then(unit).ok_or_else(|| EmbedError::text(text, &"its vector has no direction"))
    }

    /// One vector for all tokens; `None` where there are none.
    fn pooled(&self, tokens: &[u32]) -> Option<Vec<f32>> {
        let rows = self.bert.forward(tokens);
        match self.settings.pooling {
            Pooling::Mean => rows.mean_axis(Axis(0)).map(|mean| mean.to_vec()),
            Pooling::First => rows.rows().into_iter().next().map(|first| first.to_vec()),
        }
    }
}

impl Embedder for Model {
    fn key(&self) -> ModelKey {
        self.key
    }

    fn dimensions(&self) -> usize {
        self.settings.architecture.hidden_size
    }

    fn embed(&self, kind: TextKind, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
        // One at a time to a thread: texts differ in length, and encoding one takes milliseconds.
        let vectors = texts.par_iter().with_max_len(1).map(|text| self.vector(kind, text));
        Ok(vectors.collect::<Result<_, EmbedError>>()?)
    }
}

/// The tokenizer, set to cut texts where the model ends and to add no padding, whatever its file
/// says.
fn tokenizer(folder: &mut Folder, settings: &Settings) -> Result<Tokenizer, EmbedError> {
    let bytes = folder.read("tokenizer.json", TOKENIZER_BYTES_MAX)?;
    let path = folder.file("tokenizer.json");
    let invalid = |error| EmbedError::invalid(&path, &error);
    let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(invalid)?;
    let words = tokenizer.get_vocab(true).into_values().max().map_or(0, |last| last as usize + 1);
    let known = settings.architecture.vocab_size;
    if words > known {
        let why = format!("{words} words, the model knows {known}");
        return Err(EmbedError::invalid(&path, &why));
    }
    let truncation = TruncationParams { max_length: settings.tokens_max, ..Default::default() };
    tokenizer.with_truncation(Some(truncation)).map_err(invalid)?;
    tokenizer.with_padding(None);
    Ok(tokenizer)
}

/// The vector at unit length; `None` where it has none.
fn unit(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if !(length.is_finite() && length > 0.0) {
        return None;
    }
    vector.iter_mut().for_each(|x| *x /= length);
    Some(vector)
}

#[cfg(test)]
mod tests;
