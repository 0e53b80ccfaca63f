//! A model's reply, checked against the passages it was made from.
//!
//! A model names passages; an answer needs places. Each citation becomes the unit of the cited
//! passage that best supports the statement in front of it.

use std::ops::RangeInclusive;

use document::Span;
use index::{Language, analyze};

use crate::chunk_text::hash_of;
use crate::generate::{Generated, GeneratorKind, Quote};
use crate::prompt::NO_ANSWER;
use crate::reading::Unit;
use crate::sentences::{UnitKind, sentences};
use crate::terms::Terms;
use crate::{Grounding, Passage};

/// Citations of one reply that are looked up; a reply has a few.
const CITATIONS_MAX: usize = 64;

/// Longest part of a line that is looked at for a statement, in bytes.
const STATEMENT_BYTES_MAX: usize = 2 * 1024;

/// Longest citation, brackets included, in bytes: a dozen numbers.
const CITATION_BYTES_MAX: usize = 64;

/// Longest unit that is quoted, in tokens.
const WORDS_MAX: usize = 400;

/// What a model's reply comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// An answer with at least one quote. Citations of unknown passages are gone from its text.
    Answer(Generated),
    /// The model says that the passages do not hold the answer.
    NoAnswer,
    /// A reply that rests on no passage.
    Uncited,
}

/// Reads a reply to [`messages`](crate::messages): citations such as `[1]`, `[2, 3]` and `[1][2]`.
/// Linear in the reply, but for the 64 citations that are looked up in their passages.
pub fn read_reply(text: &str, grounding: &Grounding) -> Reply {
    let said = without_thoughts(text).trim();
    let marked = Marked::read(said, 1..=grounding.passages.len());
    let declined = said.contains(NO_ANSWER);
    if declined && (marked.marks.is_empty() || said.starts_with(NO_ANSWER)) {
        return Reply::NoAnswer;
    }
    let quotes = marked.quotes(grounding);
    let text = marked.shown.replace(NO_ANSWER, "").trim().to_owned();
    if quotes.is_empty() || marked.bare.trim().is_empty() {
        return Reply::Uncited;
    }
    Reply::Answer(Generated { text, quotes, generator: GeneratorKind::Model, fallback: None })
}

/// A reply without its citations.
pub(crate) fn without_citations(text: &str) -> String {
    // No passage is known, so no citation stays.
    Marked::read(text, RangeInclusive::new(1, 0)).shown
}

/// The reply without the thoughts that some models put before it.
fn without_thoughts(text: &str) -> &str {
    match text.trim_start().strip_prefix("<think>") {
        Some(thoughts) => thoughts.split_once("</think>").map_or("", |(_, said)| said),
        None => text,
    }
}

/// A reply with its citations told apart.
#[derive(Debug, Default)]
struct Marked {
    /// The reply with the citations of known passages.
    shown: String,
    /// The reply without citations.
    bare: String,
    marks: Vec<Mark>,
}

/// A citation of known passages.
#[derive(Debug)]
struct Mark {
    /// Where it stood, in bytes of the bare reply.
    at: usize,
    /// Numbers of passages, from 1.
    numbers: Vec<usize>,
}

impl Marked {
    fn read(text: &str, known: RangeInclusive<usize>) -> Self {
        let mut out = Self::default();
        let mut rest = text;
        while let Some((before, from)) = rest.find('[').and_then(|at| rest.split_at_checked(at)) {
            out.push(before);
            let (citation, after) = from.split_at_checked(citation_len(from)).unwrap_or((from, ""));
            match numbers(citation) {
                Some(numbers) => out.cite(citation, &numbers, &known),
                None => out.push(citation),
            }
            rest = after;
        }
        out.push(rest);
        out
    }

    fn push(&mut self, text: &str) {
        self.shown.push_str(text);
        self.bare.push_str(text);
    }

    fn cite(&mut self, citation: &str, numbers: &[usize], known: &RangeInclusive<usize>) {
        let kept: Vec<usize> = numbers.iter().copied().filter(|n| known.contains(n)).collect();
        if kept.is_empty() {
            self.shown.truncate(self.shown.trim_end_matches(' ').len());
            return;
        }
        if kept.len() == numbers.len() {
            self.shown.push_str(citation);
        } else {
            let kept: Vec<String> = kept.iter().map(usize::to_string).collect();
            self.shown.push_str(&format!("[{}]", kept.join(", ")));
        }
        self.marks.push(Mark { at: self.bare.len(), numbers: kept });
    }

    /// The place behind each citation, in the order of the reply, each once.
    fn quotes(&self, grounding: &Grounding) -> Vec<Quote> {
        let mut quotes = Vec::new();
        for mark in self.marks.iter().take(CITATIONS_MAX) {
            let statement = statement(&self.bare, mark.at);
            // A citation holds a few numbers; see `CITATION_BYTES_MAX`.
            for passage in mark.numbers.iter().map(|number| number - 1) {
                let of = |found: &Passage| best_unit(found, statement, &grounding.terms);
                let Some(span) = grounding.passages.get(passage).and_then(of) else { continue };
                let quote = Quote { passage, span };
                if !quotes.contains(&quote) {
                    quotes.push(quote);
                }
            }
        }
        quotes
    }
}

/// How much of a text that starts with a bracket is read as a citation, or passed over as none.
fn citation_len(from: &str) -> usize {
    let close = from.bytes().take(CITATION_BYTES_MAX).position(|byte| byte == b']');
    let is_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b',' | b';' | b' ');
    let inner = from.as_bytes().get(1..close.unwrap_or(1)).unwrap_or_default();
    close.filter(|_| inner.iter().all(is_number)).map_or(1, |close| close + 1)
}

/// The numbers of a citation; `None` where it is none.
fn numbers(citation: &str) -> Option<Vec<usize>> {
    let inner = citation.strip_prefix('[')?.strip_suffix(']')?;
    let parts = inner.split([',', ';', ' ']).filter(|part| !part.is_empty());
    // What does not fit a number is the number of no passage.
    let numbers: Vec<usize> = parts.map(|part| part.parse().unwrap_or(usize::MAX)).collect();
    Some(numbers).filter(|numbers| !numbers.is_empty())
}

/// The sentence that a citation at `at` belongs to: the one before it on its line, or the one
/// after it where the line starts with the citation.
fn statement(bare: &str, at: usize) -> &str {
    let (before, after) = bare.split_at_checked(at).unwrap_or((bare, ""));
    let line = before.rsplit('\n').next().unwrap_or_default();
    let start = line.ceil_char_boundary(line.len().saturating_sub(STATEMENT_BYTES_MAX));
    let line = line.get(start..).unwrap_or_default();
    if line.contains(char::is_alphanumeric) {
        return sentences(line).pop().and_then(|range| line.get(range)).unwrap_or(line);
    }
    let line = after.split('\n').next().unwrap_or_default();
    let line = line.get(..line.floor_char_boundary(STATEMENT_BYTES_MAX)).unwrap_or_default();
    sentences(line).into_iter().next().and_then(|range| line.get(range)).unwrap_or(line)
}

/// The unit of a passage that holds most of a statement's terms, and of the question's among
/// equals; the first of several.
fn best_unit(passage: &Passage, statement: &str, terms: &Terms) -> Option<Span> {
    let mut best: Option<(f32, f32, Span)> = None;
    for reading in &passage.readings {
        let wanted = terms_of(statement, reading.text.language());
        for unit in reading.units.iter().filter(|unit| is_quotable(unit)) {
            let support = share(&wanted, reading.tokens_of(unit));
            let asked = terms.share(unit.context);
            if best.is_none_or(|(s, a, _)| (support, asked) > (s, a)) {
                best = Some((support, asked, unit.span));
            }
        }
    }
    let any = || passage.units().next().map(|(_, unit)| unit.span);
    best.map(|(_, _, span)| span).or_else(any)
}

fn is_quotable(unit: &Unit) -> bool {
    unit.kind != UnitKind::Heading && unit.words() <= WORDS_MAX
}

/// Hashes of the terms of a statement, each once.
fn terms_of(statement: &str, language: Language) -> Vec<u32> {
    let tokens = analyze(statement, language);
    let matter = tokens.iter().filter(|token| !language.is_stop_word(&token.exact));
    let mut hashes: Vec<u32> = matter.map(|token| hash_of(&token.term)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The part of the wanted terms among some tokens, 0 to 1.
fn share(wanted: &[u32], tokens: &[u32]) -> f32 {
    let found = wanted.iter().filter(|term| tokens.contains(term)).count();
    found as f32 / wanted.len().max(1) as f32
}

#[cfg(test)]
mod tests;
