//! The whole way from a question to an answer or an honest refusal.

use index::Snapshot;

use crate::citation::{Citation, cite};
use crate::confidence::Evidence;
use crate::generate::{Generated, Generator};
use crate::grounding::{Grounding, fit};
use crate::retrieve::retrieve_with;
use crate::terms::Terms;
use crate::{AnswerError, Config, Passage, Question};

/// What is said where the documents do not hold the answer.
const REFUSAL: &str = "I could not find an answer to that in the documents.";

/// Topics named in a refusal.
const TOPICS_MAX: usize = 3;

/// Least share of the question that a passage holds for its topic to be called near.
const TOPIC_COVERAGE_MIN: f32 = 0.1;

/// A reply to a question.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Answer {
    /// Whether the documents hold the answer.
    pub answered: bool,
    /// The reply: the answer, or words to say that there is none and which topics are near.
    pub answer: String,
    /// How likely the documents hold the answer, 0 to 1.
    pub confidence: f32,
    /// What the answer rests on, in its order; empty where there is none.
    pub sources: Vec<Citation>,
}

/// Answers a question from a snapshot. Refuses where confidence lies below
/// `config.confidence_min`, or where the generator finds nothing to quote.
pub fn answer(
    snapshot: &Snapshot,
    question: &Question,
    generator: &dyn Generator,
    config: &Config,
) -> Result<Answer, AnswerError> {
    let terms = Terms::weigh(snapshot, question)?;
    let passages = retrieve_with(snapshot, question, &terms, config)?;
    let confidence = Evidence::of(&passages, &terms).confidence();
    if passages.is_empty() || confidence < config.confidence_min {
        return Ok(refuse(&passages, confidence));
    }
    let passages = fit(passages, config.grounding_tokens_max, &terms);
    let sentences_max = config.sentences_max;
    let grounding =
        Grounding { question: question.clone(), passages, confidence, terms, sentences_max };
    let generated = generator.generate(&grounding)?;
    Ok(checked(generated, &grounding))
}

/// An answer with its quotes cut out of the passages; a refusal where none is left.
fn checked(generated: Generated, grounding: &Grounding) -> Answer {
    let passages = &grounding.passages;
    let cited = generated.quotes.iter();
    let cited = cited.filter_map(|quote| cite(passages.get(quote.passage)?, quote.span));
    let sources: Vec<Citation> = cited.collect();
    if sources.is_empty() || generated.text.trim().is_empty() {
        return refuse(passages, grounding.confidence);
    }
    Answer { answered: true, answer: generated.text, confidence: grounding.confidence, sources }
}

fn refuse(passages: &[Passage], confidence: f32) -> Answer {
    let near = passages.iter().filter(|passage| passage.signals.coverage >= TOPIC_COVERAGE_MIN);
    let mut topics: Vec<String> = Vec::new();
    for topic in near.filter_map(topic) {
        if topics.len() < TOPICS_MAX && !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    let answer = if topics.is_empty() {
        REFUSAL.to_owned()
    } else {
        format!("{REFUSAL} The nearest topics they cover: {}.", topics.join("; "))
    };
    Answer { answered: false, answer, confidence, sources: Vec::new() }
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
