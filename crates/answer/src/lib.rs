//! A snapshot and a question in, a grounded answer or an honest "I don't know" out.
//!
//! Finding, deciding and saying are three steps that know little of each other. [`retrieve()`]
//! asks the index for candidates, reads the best of them once, and puts them in order by a few
//! cheap signals; repetitions go, neighbouring chunks become one [`Passage`]. A small model of
//! the same signals decides whether the documents hold an answer at all: saying nothing is
//! better than saying what nobody wrote. Only then a [`Generator`] speaks, from a [`Grounding`]
//! that fits its budget; [`Extractive`] quotes exact sentences and needs no model, and
//! [`messages`] and [`read_reply`] are the two ends of one that asks a language model, with
//! [`Unfolding`] for those who watch it speak. Whatever a
//! generator says, each [`Citation`] is cut out of the documents' text here, so a quote is exact
//! or absent.
//!
//! Every question gets a reply: nothing a user types fails to parse. Ties are broken by the
//! index's order, so the same snapshot and question give the same answer. Absent here on
//! purpose: writing, clocks, networks, and any knowledge of how documents were parsed.

mod answer;
mod chunk_text;
mod citation;
mod cited;
mod confidence;
mod config;
mod dense;
mod error;
mod generate;
mod grounding;
mod language;
mod lexicon;
mod passage;
mod prepared;
mod prompt;
mod question;
mod rank;
mod reading;
mod retrieve;
mod select;
mod sentences;
mod small_talk;
mod terms;
#[cfg(test)]
mod testing;
mod unfolding;

pub use answer::{Answer, AnswerKind, answer, answer_without_documents};
pub use citation::Citation;
pub use cited::{Reply, read_reply};
pub use config::{Config, Weights};
pub use error::{AnswerError, GenerateError};
pub use generate::{Extractive, Generated, Generator, GeneratorKind, Quote};
pub use grounding::{Grounding, estimate_tokens};
pub use passage::Passage;
pub use prompt::{Message, messages};
pub use question::{Question, Role, Turn};
pub use rank::Signals;
pub use retrieve::retrieve;
pub use small_talk::greeting;
pub use unfolding::Unfolding;
