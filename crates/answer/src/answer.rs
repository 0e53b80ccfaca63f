//! The whole way from a question to an answer or an honest refusal.

use index::Snapshot;

use crate::citation::{Citation, cite};
use crate::confidence::Evidence;
use crate::generate::{Generated, Generator, GeneratorKind};
use crate::grounding::{Grounding, fit};
use crate::language::language_of;
use crate::retrieve::retrieve_with;
use crate::small_talk;
use crate::terms::Terms;
use crate::{AnswerError, Config, Passage, Question};

/// Topics named in a refusal.
const TOPICS_MAX: usize = 3;

/// Least share of the question that a passage holds for its topic to be called near.
const TOPIC_COVERAGE_MIN: f32 = 0.1;

/// What a reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AnswerKind {
    /// An answer from the documents, with its sources.
    Answer,
    /// Words to say that the documents hold none.
    NotFound,
    /// A reply to a greeting, to thanks or to a goodbye. It counts as answered, with confidence 1
    /// and without sources: nothing was asked that the documents could have failed to hold.
    SmallTalk,
}

/// A reply to a question.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Answer {
    /// What the reply is.
    pub kind: AnswerKind,
    /// Whether the question got its answer: false for [`AnswerKind::NotFound`] alone.
    pub answered: bool,
    /// The reply: the answer, or words to say that there is none and which topics are near.
    pub answer: String,
    /// How likely the documents hold the answer, 0 to 1.
    pub confidence: f32,
    /// What the answer rests on, in its order; empty where there is none.
    pub sources: Vec<Citation>,
    /// What made the answer or found none; `None` where no generator was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<GeneratorKind>,
    /// Why a model that was to answer did not, in words for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// Answers a question from a snapshot. A message that is nothing but a greeting, thanks or a
/// goodbye gets its like, in its own language, without a look at the snapshot. Refuses where confidence lies below
/// `config.confidence_min`, or where the generator finds nothing to quote.
pub fn answer(
    snapshot: &Snapshot,
    question: &Question,
    generator: &dyn Generator,
    config: &Config,
) -> Result<Answer, AnswerError> {
    if let Some(reply) = small_talk::reply(question.text(), config) {
        return Ok(small_talk(reply));
    }
    let terms = Terms::weigh(snapshot, question.query())?;
    let passages = retrieve_with(snapshot, question, &terms, config)?;
    let confidence = match question.own_query() {
        None => Evidence::of(&passages, &terms).confidence(),
        // What the conversation adds helps to find, and says nothing of whether this is answered.
        Some(own) => Evidence::read(&passages, &Terms::weigh(snapshot, own)?).confidence(),
    };
    if passages.is_empty() || confidence < config.confidence_min {
        return Ok(refuse(question, &passages, confidence));
    }
    let passages = fit(passages, config.grounding_tokens_max, &terms);
    let sentences_max = config.sentences_max;
    let grounding =
        Grounding { question: question.clone(), passages, confidence, terms, sentences_max };
    let generated = generator.generate(&grounding)?;
    Ok(checked(generated, &grounding))
}

/// The reply of a bot that holds no documents yet: to small talk its like, to anything else the
/// honest refusal.
pub fn answer_without_documents(question: &Question, config: &Config) -> Answer {
    small_talk::reply(question.text(), config)
        .map_or_else(|| refuse(question, &[], 0.0), small_talk)
}

/// An answer with its quotes cut out of the passages; a refusal where none is left.
fn checked(generated: Generated, grounding: &Grounding) -> Answer {
    let passages = &grounding.passages;
    let generator = Some(generated.generator);
    let cited = generated.quotes.iter();
    let cited = cited.filter_map(|quote| cite(passages.get(quote.passage)?, quote.span));
    let sources: Vec<Citation> = cited.collect();
    if sources.is_empty() || generated.text.trim().is_empty() {
        let refusal = refuse(&grounding.question, passages, grounding.confidence);
        return Answer { generator, fallback: generated.fallback, ..refusal };
    }
    Answer {
        kind: AnswerKind::Answer,
        answered: true,
        answer: generated.text,
        confidence: grounding.confidence,
        sources,
        generator,
        fallback: generated.fallback,
    }
}

fn small_talk(answer: String) -> Answer {
    unquoted(AnswerKind::SmallTalk, answer, 1.0)
}

/// Says in the language of the question that there is no answer, and which topics are near.
fn refuse(question: &Question, passages: &[Passage], confidence: f32) -> Answer {
    let near = passages.iter().filter(|passage| passage.signals.coverage >= TOPIC_COVERAGE_MIN);
    let mut topics: Vec<String> = Vec::new();
    for topic in near.filter_map(topic) {
        if topics.len() < TOPICS_MAX && !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    let language = language_of(question.text());
    let refusal = language.refusal;
    let answer = if topics.is_empty() {
        refusal.to_owned()
    } else {
        format!("{refusal} {} {}.", language.topics, topics.join("; "))
    };
    unquoted(AnswerKind::NotFound, answer, confidence)
}

/// A reply that no generator made.
fn unquoted(kind: AnswerKind, answer: String, confidence: f32) -> Answer {
    let answered = kind != AnswerKind::NotFound;
    let sources = Vec::new();
    Answer { kind, answered, answer, confidence, sources, generator: None, fallback: None }
}

/// What a passage is about: its document and its innermost heading.
fn topic(passage: &Passage) -> Option<String> {
    let heading = passage.headings.last().map(|heading| heading.trim()).unwrap_or_default();
    match (passage.title.trim(), heading) {
        ("", "") => None,
        (title, "") => Some(title.to_owned()),
        ("", heading) => Some(heading.to_owned()),
        (title, heading) if title == heading => Some(title.to_owned()),
        (title, heading) => Some(format!("{title} › {heading}")),
    }
}

#[cfg(test)]
mod tests;
