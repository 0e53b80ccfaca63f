//! Words whose full stop ends no sentence.

use std::collections::HashMap;
use std::sync::LazyLock;

/// When a sentence goes on after a word with a full stop, or after a number with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Whatever follows.
    Always,
    /// Where a number follows.
    BeforeNumber,
    /// Where this word follows a number.
    AfterOrdinal,
    /// No such word: one that opens a sentence.
    Opens,
}

static WORDS: LazyLock<HashMap<&'static str, Vec<Rule>>> = LazyLock::new(|| {
    let mut words: HashMap<&str, Vec<Rule>> = HashMap::new();
    let mut section = None;
    let data = include_str!("../../data/abbreviations.txt");
    for line in data.lines().filter(|line| !line.starts_with('#')) {
        section = match line {
            "[always]" => Some(Rule::Always),
            "[before_number]" => Some(Rule::BeforeNumber),
            "[after_ordinal]" => Some(Rule::AfterOrdinal),
            "[opens]" => Some(Rule::Opens),
            _ => section,
        };
        for word in line.split(' ').filter(|word| !word.is_empty() && !word.starts_with('[')) {
            words.entry(word).or_default().extend(section);
        }
    }
    words
});

/// Whether a rule holds for a word in small letters.
pub(super) fn is(word: &str, rule: Rule) -> bool {
    WORDS.get(word).is_some_and(|rules| rules.contains(&rule))
}
