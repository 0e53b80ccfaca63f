//! Text in, vectors out, by a model in a folder.
//!
//! A [`Model`] is an encoder of the BERT family in the layout of sentence-transformers, run on the
//! processor: `config.json`, `tokenizer.json` and `model.safetensors`, and, where they are there,
//! `modules.json`, the configuration of the pooling, `sentence_bert_config.json` and
//! `config_sentence_transformers.json`. The encoder is written out in `bert.rs`; a folder that asks for anything else is refused with the field that does.
//!
//! **A text has one vector.** Texts are encoded one at a time, without padding, on the threads of
//! the current rayon pool. So a vector depends on its text and the model alone, to the last bit:
//! never on what else was in the batch or on the number of threads.
//!
//! [`Kept`] remembers vectors in a file, so that work that was interrupted is not done twice.
//!
//! Absent on purpose: downloads, graphics cards, and what vectors are good for; `index` keeps and
//! searches them, `answer` mixes them with words.

mod bert;
mod error;
mod folder;
mod kept;
mod math;
mod model;
mod settings;
#[cfg(test)]
mod testing;
mod weights;

pub use error::EmbedError;
pub use kept::Kept;
pub use model::Model;
