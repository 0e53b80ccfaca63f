//! What a bot says to questions: whether it holds a known answer, and how sure it is.

use answer::{Config, retrieve};
use rayon::prelude::*;
use serde::Serialize;

use crate::collection::Query;
use crate::containment::{Gold, first_words};
use crate::corpus::Corpus;
use crate::questions::{Options, question_of};
use crate::{EvalError, auroc};

/// Words of passages that a reader, or a model, is taken to look at.
const READ_WORDS: usize = 1000;

/// The reply to one question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reply {
    /// How likely the documents hold the answer, 0 to 1, as the bot has it.
    pub confidence: f32,
    /// Whether the bot would have answered.
    pub answered: bool,
    /// Where a known answer was found; `None` where none is known.
    pub contained: Option<Contained>,
}

/// Where a known answer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contained {
    /// In the extractive reply, had the bot not refused.
    pub reply: bool,
    /// In the first passage.
    pub passage: bool,
    /// In the first thousand words of the passages, in their order.
    pub words: bool,
}

/// Asks each of the questions as a user would, on the current rayon pool; `done` hears of each.
pub fn replies(
    corpus: &Corpus,
    queries: &[&Query],
    options: &Options,
    config: &Config,
    done: &(dyn Fn() + Sync),
) -> Result<Vec<Reply>, EvalError> {
    let replies = queries.par_iter().with_max_len(4).map(|query| {
        let reply = reply(corpus, query, options, config)?;
        done();
        Ok(reply)
    });
    replies.collect()
}

fn reply(
    corpus: &Corpus,
    query: &Query,
    options: &Options,
    config: &Config,
) -> Result<Reply, EvalError> {
    let question = question_of(query, options)?;
    let reply = corpus.reply(&question, config)?;
    let answered = reply.answered && reply.confidence >= config.confidence_min;
    let mut contained = None;
    if let Some(gold) = Gold::of(&query.answers) {
        let passages = retrieve(&corpus.snapshot, &question, config)?;
        let texts: Vec<String> = passages.iter().map(answer::Passage::text).collect();
        contained = Some(Contained {
            reply: reply.answered && gold.is_in(&reply.answer),
            passage: texts.first().is_some_and(|text| gold.is_in(text)),
            words: gold.is_in(first_words(&texts.join("\n\n"), READ_WORDS)),
        });
    }
    Ok(Reply { confidence: reply.confidence, answered, contained })
}

/// How often known answers were found; shares from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Containment {
    /// Questions with a known answer.
    pub questions: usize,
    /// In the extractive reply, the threshold of confidence put aside.
    pub reply: f64,
    /// In the first passage.
    pub first_passage: f64,
    /// In the first thousand words of passages.
    pub first_1000_words: f64,
}

impl Containment {
    /// Counts; `None` where no answer is known.
    pub fn of(replies: &[Reply]) -> Option<Self> {
        let known: Vec<Contained> = replies.iter().filter_map(|reply| reply.contained).collect();
        let share = |held: fn(&Contained) -> bool| {
            known.iter().filter(|found| held(found)).count() as f64 / known.len() as f64
        };
        (!known.is_empty()).then(|| Self {
            questions: known.len(),
            reply: share(|found| found.reply),
            first_passage: share(|found| found.passage),
            first_1000_words: share(|found| found.words),
        })
    }
}

/// How well confidence tells questions without an answer from those that have one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Silence {
    /// Questions without an answer.
    pub questions: usize,
    /// Share of them that the bot answers.
    pub answered: f64,
    /// Probability that a question with an answer gets more confidence than one without.
    pub auroc: f64,
}

impl Silence {
    /// Compares; `None` where one kind is missing.
    pub fn of(answerable: &[Reply], others: &[Reply]) -> Option<Self> {
        let confidences = |replies: &[Reply]| -> Vec<f32> {
            replies.iter().map(|reply| reply.confidence).collect()
        };
        let auroc = auroc(&confidences(answerable), &confidences(others))?;
        Some(Self { questions: others.len(), answered: answered(others), auroc })
    }
}

/// The share of questions that were answered, 0 to 1; 0 of none.
pub fn answered(replies: &[Reply]) -> f64 {
    replies.iter().filter(|reply| reply.answered).count() as f64 / replies.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(reply: bool, passage: bool, words: bool) -> Reply {
        let contained = Some(Contained { reply, passage, words });
        Reply { confidence: 0.5, answered: true, contained }
    }

    fn sure(confidence: f32, answered: bool) -> Reply {
        Reply { confidence, answered, contained: None }
    }

    #[test]
    fn containment_is_a_share_of_questions_with_a_known_answer() {
        let replies =
            [found(true, true, true), found(false, true, true), found(false, false, true)];
        let mut all = replies.to_vec();
        all.extend([found(false, false, false), sure(0.9, true)]);
        let expected =
            Containment { questions: 4, reply: 0.25, first_passage: 0.5, first_1000_words: 0.75 };
        assert_eq!(Containment::of(&all), Some(expected));
        assert_eq!(Containment::of(&[sure(0.9, true)]), None);
    }

    #[test]
    fn silence_compares_two_kinds_of_questions() {
        let others = [sure(0.2, false), sure(0.7, true)];
        let silence = Silence::of(&[sure(0.9, true), sure(0.5, true)], &others).unwrap();
        assert_eq!((silence.questions, silence.answered, silence.auroc), (2, 0.5, 0.75));
        assert_eq!(Silence::of(&[], &others), None);
    }
}
