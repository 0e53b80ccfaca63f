//! A model's reply while it is made, as far as a reader may see it.

use crate::prompt::NO_ANSWER;

const THOUGHTS_BEGIN: &str = "<think>";
const THOUGHTS_END: &str = "</think>";

/// Holds back what a finished reply would not show: the thoughts that some models put before it,
/// and the word by which a model says that there is no answer.
#[derive(Debug, Default)]
pub struct Unfolding {
    /// What came and is not decided on yet; short but for what stands in one piece.
    held: String,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing told what this is.
    #[default]
    Begin,
    /// In thoughts.
    Thinking,
    /// Thoughts are over, and nothing tells yet what follows.
    Thought,
    /// A reply.
    Telling,
    /// The model declines.
    Declined,
}

impl Unfolding {
    /// Takes in the next piece of a reply and gives what may be shown of it and of those before.
    /// Linear in the reply as a whole.
    pub fn push(&mut self, piece: &str) -> String {
        match self.state {
            State::Telling => return piece.to_owned(),
            State::Declined => return String::new(),
            State::Begin | State::Thinking | State::Thought => self.held.push_str(piece),
        }
        if self.state == State::Begin {
            self.begin(THOUGHTS_BEGIN);
        }
        if self.state == State::Thinking && self.thoughts_end() {
            self.state = State::Thought;
        }
        if self.state == State::Thought {
            // A second run of thoughts is text, as it is in a finished reply.
            self.begin("");
        }
        if self.state == State::Telling { std::mem::take(&mut self.held) } else { String::new() }
    }

    /// Decides what begins, if that can be told; `thoughts` opens thoughts, unless it is empty.
    fn begin(&mut self, thoughts: &str) {
        let said = self.held.trim_start();
        if said.starts_with(NO_ANSWER) {
            self.state = State::Declined;
        } else if !thoughts.is_empty() && said.starts_with(thoughts) {
            self.state = State::Thinking;
        } else if NO_ANSWER.starts_with(said) || thoughts.starts_with(said) {
            // Nothing yet, or the beginning of either.
            self.state = if thoughts.is_empty() { State::Thought } else { State::Begin };
        } else {
            self.held = said.to_owned();
            self.state = State::Telling;
        }
    }

    /// Drops thoughts; tells whether they end.
    fn thoughts_end(&mut self) -> bool {
        if let Some((_, after)) = self.held.split_once(THOUGHTS_END) {
            self.held = after.to_owned();
            return true;
        }
        // The end may come in two pieces.
        let kept = self.held.len().saturating_sub(THOUGHTS_END.len());
        self.held.drain(..self.held.floor_char_boundary(kept));
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(pieces: &[&str]) -> String {
        let mut unfolding = Unfolding::default();
        pieces.iter().map(|piece| unfolding.push(piece)).collect()
    }

    #[test]
    fn thoughts_and_refusals_are_not_shown() {
        assert_eq!(shown(&["30 ", "days [1]."]), "30 days [1].");
        assert_eq!(shown(&["<th", "ink>hm, 5?</th", "ink>\n", "30 days"]), "30 days");
        assert_eq!(shown(&["<think>for ever"]), "");
        assert_eq!(shown(&["NO", "_ANSWER", " is all I say"]), "");
        assert_eq!(shown(&["<think>x</think>NO_ANS", "WER"]), "");
        assert_eq!(shown(&["No", " days."]), "No days.");
        assert_eq!(shown(&["NO_", "BODY"]), "NO_BODY");
        assert_eq!(shown(&["<b>", "bold</b>"]), "<b>bold</b>");
        assert_eq!(shown(&["<think>a</think><think>b</think>"]), "<think>b</think>");
        assert_eq!(shown(&[]), "");
    }

    proptest! {
        #[test]
        fn the_cuts_between_pieces_change_nothing(
            parts in prop::collection::vec("<think>|</think>|NO_ANSWER|<t|NO|[a-c ä]{0,3}", 0..6),
            size in 1usize..6,
        ) {
            let text = parts.concat();
            let chars: Vec<char> = text.chars().collect();
            let pieces: Vec<String> = chars.chunks(size).map(|piece| piece.iter().collect()).collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert_eq!(shown(&pieces), shown(&[&text]));
        }
    }
}
