//! What exchanges come to, in a shape that adds up: the facts of two runs of them are those of
//! both together, but for [`settle`](Facts::settle).
//!
//! Whoever and whatever is counted apart is known by a hash here: 64 bits of BLAKE3, by which two
//! of a million are taken for one with a chance of 1 in 30 million.

use std::collections::BTreeMap;

use crate::Millis;

/// A day in milliseconds; there are no leap seconds in Unix time.
pub(super) const DAY_MS: Millis = 86_400_000;

/// An exchange, as far as it is counted.
#[derive(Debug)]
pub(super) struct Said<'a> {
    /// When the message came.
    pub(super) at: Millis,
    /// Hash of who asked.
    pub(super) visitor: u64,
    /// The key of the question and its words; `None` for small talk.
    pub(super) question: Option<(&'a str, &'a str)>,
    /// Whether it was answered; `None` for small talk.
    pub(super) answered: Option<bool>,
    /// How long the reply took, in milliseconds.
    pub(super) response_ms: Option<u64>,
}

/// What exchanges come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// By day since 1970.
    pub(super) days: BTreeMap<i64, DayFacts>,
    /// Replies that cite a document.
    pub(super) documents: BTreeMap<String, u64>,
    /// Settled: by key and words, each once.
    pub(super) questions: Vec<QuestionFacts>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct DayFacts {
    pub(super) messages: u64,
    pub(super) answered: u64,
    pub(super) unanswered: u64,
    /// Replies whose time is known, and all their times together.
    pub(super) timed: u64,
    pub(super) response_ms: u64,
    /// Settled: in order, each once.
    pub(super) visitors: Vec<u64>,
}

/// A question in certain words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct QuestionFacts {
    /// Hash of its key.
    pub(super) key: u64,
    /// Hash of its words, among those of the key.
    pub(super) words: u32,
    pub(super) asked: u64,
    pub(super) unanswered: u64,
    pub(super) first_at: Millis,
    /// [`Millis::MIN`] where it was always answered.
    pub(super) last_unanswered_at: Millis,
}

impl Facts {
    pub(super) fn add(&mut self, said: &Said<'_>) {
        let day = self.days.entry(said.at.div_euclid(DAY_MS)).or_default();
        day.messages += 1;
        day.visitors.push(said.visitor);
        day.answered += u64::from(said.answered == Some(true));
        day.unanswered += u64::from(said.answered == Some(false));
        if let Some(response_ms) = said.response_ms {
            day.timed += 1;
            day.response_ms += response_ms;
        }
        if let Some((key, words)) = said.question {
            let is_open = said.answered == Some(false);
            self.questions.push(QuestionFacts {
                key: key_hash(key),
                words: words_hash(words),
                asked: 1,
                unanswered: u64::from(is_open),
                first_at: said.at,
                last_unanswered_at: if is_open { said.at } else { Millis::MIN },
            });
        }
    }

    /// Takes in the facts of other exchanges.
    pub(super) fn absorb(&mut self, other: Self) {
        for (day, facts) in other.days {
            let own = self.days.entry(day).or_default();
            own.messages += facts.messages;
            own.answered += facts.answered;
            own.unanswered += facts.unanswered;
            own.timed += facts.timed;
            own.response_ms += facts.response_ms;
            own.visitors.extend(facts.visitors);
        }
        for (document, replies) in other.documents {
            *self.documents.entry(document).or_default() += replies;
        }
        self.questions.extend(other.questions);
    }

    /// Brings together what is the same. The sort is one that finds runs which are in order
    /// already, as those of roll-ups are.
    pub(super) fn settle(&mut self) {
        for day in self.days.values_mut() {
            day.visitors.sort();
            day.visitors.dedup();
        }
        self.questions.sort_by_key(|question| (question.key, question.words));
        self.questions.dedup_by(|next, kept| {
            let same = (next.key, next.words) == (kept.key, kept.words);
            if same {
                kept.asked += next.asked;
                kept.unanswered += next.unanswered;
                kept.first_at = kept.first_at.min(next.first_at);
                kept.last_unanswered_at = kept.last_unanswered_at.max(next.last_unanswered_at);
            }
            same
        });
    }
}

/// Who asks: a user, or a conversation that names none.
pub(super) fn visitor_hash(user_id: Option<&str>, conversation_id: &str) -> u64 {
    match user_id.filter(|id| !id.is_empty()) {
        Some(id) => hash(b"user\0", id),
        None => hash(b"conversation\0", conversation_id),
    }
}

pub(super) fn key_hash(key: &str) -> u64 {
    hash(b"key\0", key)
}

pub(super) fn words_hash(words: &str) -> u32 {
    // The low half: words are told apart among those of one key only.
    hash(b"words\0", words) as u32
}

fn hash(kind: &[u8], text: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(kind).update(text.as_bytes());
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
