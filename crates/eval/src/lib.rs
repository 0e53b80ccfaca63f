//! How good retrieval and answers are, in numbers.
//!
//! A [`Collection`] is documents, questions, and which documents answer which question. It is
//! indexed as a bot's documents are ([`Corpus`]), its questions are asked as a user's are, and what
//! comes back is measured: the ranking by [`Metrics`] with the meaning that `trec_eval` gives
//! them, the reply by whether it holds a known answer ([`Gold`]), the confidence by how well it
//! tells questions with an answer from those without.
//!
//! Everything is deterministic: samples are chosen by hash, permutations by a fixed seed, and
//! threads change nothing. Absent on purpose: clocks, printing, and any knowledge of how ranking
//! works; [`Settings`] only pass on what `answer` lets a caller set.

mod collection;
mod compare;
mod containment;
mod corpus;
mod csv;
mod error;
mod fit;
mod foreign;
mod golden;
mod metrics;
mod questions;
mod replies;
mod run;
mod settings;

pub use collection::{Collection, Entry, Grades, Query, Turn, find, read_all};
pub use compare::Comparison;
pub use containment::{Gold, first_words};
pub use corpus::{Corpus, Ranked};
pub use error::EvalError;
pub use fit::{Candidates, fit};
pub use foreign::{Foreign, Kinship};
pub use golden::{Case, Golden, Outcome, outcomes, read_cases};
pub use metrics::{METRIC_NAMES, Metrics, auroc};
pub use questions::{Options, judged, question_of, unanswerable};
pub use replies::{Contained, Containment, Reply, Silence, answered, replies};
pub use run::Run;
pub use settings::Settings;
