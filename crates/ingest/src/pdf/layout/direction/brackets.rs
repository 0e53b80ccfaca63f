//! Brackets in lines of right-to-left text.
//!
//! `(` opens, whatever the direction, and looks like `)` where text runs leftwards. Some producers
//! say which character a bracket is, others which one it looks like.

use super::Item;

/// Opening and closing, in pairs.
const PAIRS: [(&str, &str); 5] = [("(", ")"), ("[", "]"), ("{", "}"), ("«", "»"), ("‹", "›")];

/// The bracket that looks like a text turned round.
pub(super) fn mirrored(text: &str) -> Option<&'static str> {
    PAIRS.iter().find_map(|(open, close)| match text {
        _ if text == *open => Some(*close),
        _ if text == *close => Some(*open),
        _ => None,
    })
}

fn opens(c: char) -> bool {
    PAIRS.iter().any(|(open, _)| open.starts_with(c))
}

fn closes(c: char) -> bool {
    PAIRS.iter().any(|(_, close)| close.starts_with(c))
}

/// Takes the bracket beside a left-to-right phrase into it where its partner is inside. Items are
/// read from the right, so the end of a phrase comes first.
pub(super) fn complete_phrases(items: &mut [Item]) {
    let mut at = 0;
    while at < items.len() {
        let phrase = super::run(items, at, |item| item.level == 2);
        if phrase.is_empty() {
            at += 1;
            continue;
        }
        let (open, closed) = unmatched(items[phrase.clone()].iter().rev().map(|item| item.c));
        let after = items[..phrase.start].iter_mut().rev();
        after.take(open).take_while(|item| closes(item.c)).for_each(|item| item.level = 2);
        let before = items[phrase.end..].iter_mut();
        before.take(closed).take_while(|item| opens(item.c)).for_each(|item| item.level = 2);
        at = phrase.end;
    }
}

/// Opening brackets without their closing ones, and the other way round.
fn unmatched(chars: impl Iterator<Item = char>) -> (usize, usize) {
    chars.fold((0, 0), |(open, closed), c| match (opens(c), closes(c), open) {
        (true, ..) => (open + 1, closed),
        (_, true, 0) => (open, closed + 1),
        (_, true, _) => (open - 1, closed),
        _ => (open, closed),
    })
}

/// Whether brackets within right-to-left text are given as they look: then they fit the words
/// beside them better when turned round. Items are in reading order.
pub(super) fn are_shapes(items: &[Item]) -> bool {
    let brackets = items.iter().enumerate();
    let brackets =
        brackets.filter(|(_, item)| item.level == 1 && (opens(item.c) || closes(item.c)));
    let is_word = |at: Option<usize>| {
        at.and_then(|at| items.get(at)).is_some_and(|item| item.c.is_alphanumeric())
    };
    let mut balance = 0;
    for (at, bracket) in brackets {
        let (before, after) = (is_word(at.checked_sub(1)), is_word(at.checked_add(1)));
        // An opening bracket stands before a word and not behind one.
        let looks_open = i32::from(after) - i32::from(before);
        balance += if opens(bracket.c) { looks_open } else { -looks_open };
    }
    balance < 0
}
