//! What a question takes from the conversation before it.

use index::Query;

use super::head;
use crate::lexicon::words_of;
use crate::select::points_back;

/// Messages of a history that are looked at, the last ones.
const TURNS_MAX: usize = 20;

/// Weight of the terms of the user's message before.
const USER_WEIGHT: f32 = 0.2;

/// Weight of the terms of the reply before. Measured on dialogues with these two: nDCG@10 .78 of
/// the question alone, .89 with them; all messages at full weight .80.
const ASSISTANT_WEIGHT: f32 = 0.1;

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever asks.
    User,
    /// Whoever answers.
    Assistant,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Turn {
    /// Who said it.
    pub role: Role,
    /// What was said.
    pub text: String,
}

/// Most terms of a short question, which may lean on what was said before without a word that
/// shows it: "and on Sundays?" A limit of 3 costs .01 nDCG@10, none at all gains .001.
const SHORT_TERMS_MAX: usize = 6;

/// The last messages of a history, and of each what is read.
pub(super) fn recent(history: &[Turn]) -> Vec<Turn> {
    let recent = history.get(history.len().saturating_sub(TURNS_MAX)..).unwrap_or_default();
    let read = |turn: &Turn| Turn { role: turn.role, text: head(&turn.text).to_owned() };
    recent.iter().map(read).collect()
}

/// The query of a question and of what it takes from the turns before it.
pub(super) fn query(text: &str, recent: &[Turn]) -> Query {
    let own = Query::parse(text);
    if recent.is_empty() || !leans(text, &own) {
        return own;
    }
    let part = |role: Role, weight: f32| Some((last(recent, role)?.text.as_str(), weight));
    let (user, assistant) =
        (part(Role::User, USER_WEIGHT), part(Role::Assistant, ASSISTANT_WEIGHT));
    let parts: Vec<(&str, f32)> =
        std::iter::once((text, 1.0)).chain(user).chain(assistant).collect();
    Query::parse_weighted(&parts)
}

/// What is embedded of a question: itself, after the user's turn before where it leans on that.
pub(super) fn meaning(text: &str, recent: &[Turn]) -> String {
    let before = last(recent, Role::User).filter(|_| leans(text, &Query::parse(text)));
    before.map_or_else(|| text.to_owned(), |turn| format!("{} {text}", turn.text))
}

/// The last message of someone.
fn last(recent: &[Turn], role: Role) -> Option<&Turn> {
    recent.iter().rev().find(|turn| turn.role == role)
}

/// Whether a question needs what was said before it: it is short, or has a word that points back.
fn leans(text: &str, own: &Query) -> bool {
    own.terms(&[]).len() <= SHORT_TERMS_MAX || words_of(text).any(|word| points_back(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(text: &str, history: &[(Role, &str)]) -> Vec<(String, f32)> {
        let turn = |&(role, text): &(Role, &str)| Turn { role, text: text.to_owned() };
        let history: Vec<Turn> = history.iter().map(turn).collect();
        let terms = query(text, &recent(&history)).terms(&[]);
        terms.into_iter().map(|term| (term.exact, term.weight)).collect()
    }

    const HISTORY: [(Role, &str); 3] = [
        (Role::User, "Something older"),
        (Role::User, "When is the shop open?"),
        (Role::Assistant, "The shop opens daily."),
    ];

    #[test]
    fn a_short_question_takes_terms_of_the_last_two_turns() {
        let found = weights("And on Sundays?", &HISTORY);
        let expected = [("sundays", 1.0), ("shop", 0.3), ("open", 0.2), ("opens", 0.1)];
        for (word, weight) in expected {
            let own = found.iter().find(|(term, _)| term == word).map(|(_, weight)| *weight);
            assert!(own.is_some_and(|own| (own - weight).abs() < 1e-6), "{word}: {found:?}");
        }
        assert!(!found.iter().any(|(term, _)| term == "older"));
    }

    #[test]
    fn a_question_that_says_it_all_takes_nothing() {
        let long = "Does the battery warranty cover frost damage during winter storage outdoors?";
        assert_eq!(weights(long, &HISTORY), weights(long, &[]));
        let back = long.replace("battery", "battery, when it froze, its");
        assert_ne!(weights(&back, &HISTORY), weights(&back, &[]));
    }

    #[test]
    fn only_the_last_messages_are_read() {
        let mut history = vec![(Role::User, "lantern")];
        history.extend(vec![(Role::Assistant, "rain"); TURNS_MAX]);
        assert!(!weights("and on Sundays?", &history).iter().any(|(term, _)| term == "lantern"));
    }
}
