//! From facts to figures.

use std::cmp::Reverse;

use super::facts::{DAY_MS, Facts, QuestionFacts, key_hash, words_hash};
use super::{DOCUMENTS_MAX, DayFigures, Figures, TOP_QUESTIONS_MAX, UNANSWERED_MAX, mean};
use crate::Millis;

/// Figures, with hashes where words belong.
#[derive(Debug)]
pub(super) struct Figured {
    pub(super) figures: Figures,
    /// With how often each was asked.
    pub(super) top: Vec<(Named, u64)>,
    /// With how often, and when last, each was not answered.
    pub(super) unanswered: Vec<(Named, u64, Millis)>,
    /// With the replies that cite each.
    pub(super) documents: Vec<(String, u64)>,
}

/// A question in certain words, and when it was first asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named {
    key: u64,
    words: u32,
    pub(super) first_at: Millis,
}

impl Named {
    fn of(question: &QuestionFacts) -> Self {
        Self { key: question.key, words: question.words, first_at: question.first_at }
    }

    pub(super) fn is(&self, key: &str, words: &str) -> bool {
        key_hash(key) == self.key && words_hash(words) == self.words
    }
}

impl Figured {
    pub(super) fn of(mut facts: Facts) -> Self {
        facts.settle();
        let mut figures = Figures::default();
        let (mut timed, mut response_ms) = (0, 0);
        let mut visitors = Vec::new();
        for (day, facts) in &facts.days {
            figures.messages += facts.messages;
            figures.answered += facts.answered;
            figures.unanswered += facts.unanswered;
            timed += facts.timed;
            response_ms += facts.response_ms;
            visitors.extend_from_slice(&facts.visitors);
            figures.days.push(DayFigures {
                starts_at: day * DAY_MS,
                messages: facts.messages,
                unique_users: facts.visitors.len() as u64,
                answered: facts.answered,
                unanswered: facts.unanswered,
                response_ms: mean(facts.response_ms, facts.timed),
                rating: None,
            });
        }
        visitors.sort();
        visitors.dedup();
        figures.unique_users = visitors.len() as u64;
        figures.response_ms = mean(response_ms, timed);
        let mut documents: Vec<_> = facts.documents.into_iter().collect();
        documents.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
        documents.truncate(DOCUMENTS_MAX);
        let (top, unanswered) = rank(&facts.questions);
        Self { figures, top, unanswered, documents }
    }
}

type Ranked = (Vec<(Named, u64)>, Vec<(Named, u64, Millis)>);

/// Questions of one key stand together; the words that are shown are the most frequent.
fn rank(questions: &[QuestionFacts]) -> Ranked {
    let mut top = Best::new(TOP_QUESTIONS_MAX);
    let mut unanswered = Best::new(UNANSWERED_MAX);
    for group in questions.chunk_by(|one, other| one.key == other.key) {
        let Some(first) = group.first() else { continue };
        let asked: u64 = group.iter().map(|words| words.asked).sum();
        let first_at = group.iter().map(|words| words.first_at).min().unwrap_or_default();
        top.offer((Reverse(asked), first_at, first.key), group);
        let open: u64 = group.iter().map(|words| words.unanswered).sum();
        if open > 0 {
            let last_at = group.iter().map(|words| words.last_unanswered_at).max();
            let last_at = last_at.unwrap_or_default();
            unanswered.offer((Reverse(open), Reverse(last_at), first.key), group);
        }
    }
    let top = top
        .entries
        .into_iter()
        .map(|((Reverse(asked), ..), group)| (shown(group, |words| words.asked), asked));
    let unanswered =
        unanswered.entries.into_iter().map(|((Reverse(open), Reverse(last_at), _), group)| {
            (shown(group, |words| words.unanswered), open, last_at)
        });
    (top.flat_map(named).collect(), unanswered.flat_map(named_open).collect())
}

fn named((words, asked): (Option<Named>, u64)) -> Option<(Named, u64)> {
    words.map(|words| (words, asked))
}

fn named_open(
    (words, open, last_at): (Option<Named>, u64, Millis),
) -> Option<(Named, u64, Millis)> {
    words.map(|words| (words, open, last_at))
}

/// The words that were used most, of equals those that came first.
fn shown(group: &[QuestionFacts], uses: fn(&QuestionFacts) -> u64) -> Option<Named> {
    let best = group.iter().min_by_key(|words| (Reverse(uses(words)), words.first_at, words.words));
    best.map(Named::of)
}

/// The few of many that are least by their rank.
struct Best<'a, R> {
    most: usize,
    entries: Vec<(R, &'a [QuestionFacts])>,
}

impl<'a, R: Ord> Best<'a, R> {
    fn new(most: usize) -> Self {
        Self { most, entries: Vec::with_capacity(most + 1) }
    }

    fn offer(&mut self, rank: R, group: &'a [QuestionFacts]) {
        if self.entries.len() == self.most && self.entries.last().is_some_and(|last| last.0 <= rank)
        {
            return;
        }
        let place = self.entries.partition_point(|entry| entry.0 < rank);
        self.entries.insert(place, (rank, group));
        self.entries.truncate(self.most);
    }
}
