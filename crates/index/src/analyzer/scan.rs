//! Words and their spans.

use document::Span;
use unicode_segmentation::UnicodeSegmentation as _;

use super::fold::{cut, fold, is_unspaced};

mod codes;

use codes::{is_version, quantity};

/// Digits of a year.
const YEAR_LEN: usize = 4;

/// Finds the words of a text; holds scratch space.
#[derive(Default)]
pub(super) struct Scanner {
    /// Runs of letters and digits of the current piece, in order.
    parts: Vec<Span>,
    folded: String,
}

impl Scanner {
    /// Calls `emit(span, folded)` for every word of `text`, in order.
    pub(super) fn each_word(&mut self, text: &str, mut emit: impl FnMut(Span, &str)) {
        let bytes = text.as_bytes();
        let mut at = 0;
        // No word crosses ASCII blank space, so the pieces between can be looked at alone.
        while at < bytes.len() {
            if bytes[at].is_ascii_whitespace() {
                at += 1;
                continue;
            }
            let piece = piece_at(bytes, at);
            at = piece.span.end;
            match piece.kind {
                Kind::Word => self.plain(text, trimmed(bytes, piece.span), &mut emit),
                Kind::Ascii => {
                    self.parts.clear();
                    ascii_parts(bytes, piece.span, &mut self.parts);
                    self.compounds(text, &mut emit);
                }
                Kind::Unicode => {
                    self.parts.clear();
                    unicode_parts(text, piece.span, &mut self.parts);
                    self.compounds(text, &mut emit);
                }
            }
        }
    }

    fn word(&mut self, text: &str, span: Span, emit: &mut impl FnMut(Span, &str)) {
        self.folded.clear();
        self.append(text, span);
        self.flush(span, emit);
    }

    fn append(&mut self, text: &str, span: Span) {
        fold(&text[span.start..span.end], &mut self.folded);
    }

    fn flush(&mut self, span: Span, emit: &mut impl FnMut(Span, &str)) {
        cut(&mut self.folded);
        if !self.folded.is_empty() {
            emit(span, &self.folded);
        }
    }

    /// Emits the words of the current piece, joining parts by the rules of the chain.
    fn compounds(&mut self, text: &str, emit: &mut impl FnMut(Span, &str)) {
        let mut at = 0;
        while let Some(&part) = self.parts.get(at) {
            if is_unspaced_at(text, part.start) {
                at = self.characters(text, at, emit);
                continue;
            }
            self.wholes(text, at, emit);
            at = if let Some(taken) = self.number(text, at, emit) {
                at + taken
            } else if let Some(taken) = self.initials(text, at, emit) {
                at + taken
            } else if let Some(taken) = self.contraction(text, at, emit) {
                at + taken
            } else {
                self.plain(text, part, emit);
                at + 1
            };
        }
    }

    /// `3.14`, `2.0.1`, `v2.0`, `1,000`, `49,90`, `3.5mm`: parts taken, or `None` where none begins.
    /// Of three parts or more the first two (`2.0`) and years are emitted too, of a quantity number
    /// and unit.
    fn number(
        &mut self,
        text: &str,
        at: usize,
        emit: &mut impl FnMut(Span, &str),
    ) -> Option<usize> {
        let part = |at: usize| self.parts.get(at).map(|&part| (part, &text[part.start..part.end]));
        let is_number = |at: usize| part(at).is_some_and(|(_, word)| is_digits(word));
        let (first, word) = part(at)?;
        let version = is_version(word);
        if !version && !is_digits(word) {
            return None;
        }
        let digits = word.trim_start_matches(['v', 'V']);
        let mut number = digits.to_owned();
        let mut ends = vec![(number.len(), first.end)];
        let (mut last, mut unit) = (first, None);
        let mut more = Vec::new();
        while let Some((next, word)) = part(at + ends.len()) {
            let is_point = &text[last.end..next.start] == ".";
            unit = quantity(word).filter(|_| is_point).map(|digits| next.start + digits);
            let ends_here = !is_number(at + ends.len() + 1);
            match (&text[last.end..next.start], next.len()) {
                _ if unit.is_none() && !is_digits(word) => break,
                (".", _) => number.push('.'),
                (",", 3) => {}
                (",", 2) if ends_here => number.push('.'),
                _ => break,
            }
            number.push_str(&word[..unit.map_or(word.len(), |unit| unit - next.start)]);
            ends.push((number.len(), unit.unwrap_or(next.end)));
            if word.len() == YEAR_LEN {
                more.push(next);
            }
            last = next;
            if unit.is_some() {
                break;
            }
        }
        let taken = ends.len();
        if taken == 1 {
            return None;
        }
        if let Some(unit) = unit {
            self.emit_folded(
                Span::new(first.start, last.end),
                &number,
                &text[unit..last.end],
                emit,
            );
        }
        self.emit_folded(Span::new(first.start, ends[taken - 1].1), &number, "", emit);
        if version {
            self.word(text, first, emit);
        }
        if taken > 2 && number.matches('.').count() == taken - 1 {
            self.emit_folded(Span::new(first.start, ends[1].1), &number[..ends[1].0], "", emit);
            more.into_iter().for_each(|year| self.word(text, year, emit));
        }
        if let Some(unit) = unit {
            self.word(text, Span::new(unit, last.end), emit);
        }
        Some(taken)
    }

    fn emit_folded(
        &mut self,
        span: Span,
        number: &str,
        unit: &str,
        emit: &mut impl FnMut(Span, &str),
    ) {
        self.folded.clear();
        self.folded.push_str(number);
        fold(unit, &mut self.folded);
        self.flush(span, emit);
    }

    /// `U.S.`, `e.g.`: parts taken, or `None` where fewer than two single letters follow.
    fn initials(
        &mut self,
        text: &str,
        at: usize,
        emit: &mut impl FnMut(Span, &str),
    ) -> Option<usize> {
        let is_initial = |part: &Span| part.len() == 1 && is_letter_at(text, part.start);
        let follows =
            |pair: &[Span]| is_initial(&pair[1]) && &text[pair[0].end..pair[1].start] == ".";
        let rest = self.parts.get(at..).filter(|rest| is_initial(&rest[0]))?;
        let taken = 1 + rest.windows(2).take_while(|pair| follows(pair)).count();
        let last = *rest.get(taken - 1).filter(|_| taken > 1)?;
        let first = rest[0];
        self.folded.clear();
        for index in at..at + taken {
            self.append(text, self.parts[index]);
        }
        self.flush(Span::new(first.start, last.end), emit);
        Some(taken)
    }

    /// `don't`, `we'll`, `Anna's`: 2 parts taken, or `None`.
    fn contraction(
        &mut self,
        text: &str,
        at: usize,
        emit: &mut impl FnMut(Span, &str),
    ) -> Option<usize> {
        let [first, second] = *self.parts.get(at..at + 2)? else { return None };
        let gap = &text[first.end..second.start];
        let tail = &text[second.start..second.end];
        let more = self.parts.get(at + 2).map(|third| &text[second.end..third.start]);
        let joins = |gap: &str| gap == "'" || gap == "\u{2019}";
        let letters = tail.len() <= 2 && tail.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !joins(gap) || !letters || more.is_some_and(joins) {
            return None;
        }
        self.folded.clear();
        self.append(text, first);
        if !tail.eq_ignore_ascii_case("s") {
            self.folded.push('\'');
            self.append(text, second);
        }
        self.flush(Span::new(first.start, second.end), emit);
        Some(2)
    }

    /// Every character and every pair of neighbours of a run without spaces; the index of the
    /// first part after it.
    fn characters(&mut self, text: &str, at: usize, emit: &mut impl FnMut(Span, &str)) -> usize {
        let touching =
            |pair: &[Span]| pair[0].end == pair[1].start && is_unspaced_at(text, pair[1].start);
        let taken = 1 + self.parts[at..].windows(2).take_while(|pair| touching(pair)).count();
        let run = Span::new(self.parts[at].start, self.parts[at + taken - 1].end);
        let mut rest = &text[run.start..run.end];
        let mut start = run.start;
        while let Some(first) = next_len(rest) {
            self.word(text, Span::new(start, start + first), emit);
            rest = &rest[first..];
            if let Some(second) = next_len(rest) {
                self.word(text, Span::new(start, start + first + second), emit);
            }
            start += first;
        }
        at + taken
    }
}

/// Bytes of the first character with the marks on it.
fn next_len(text: &str) -> Option<usize> {
    text.graphemes(true).next().map(str::len)
}

struct Piece {
    span: Span,
    kind: Kind,
}

enum Kind {
    /// ASCII, and one run of letters and digits but for signs around it.
    Word,
    /// ASCII.
    Ascii,
    /// Anything.
    Unicode,
}

/// The piece that begins at `start` and reaches to the next ASCII blank.
fn piece_at(bytes: &[u8], start: usize) -> Piece {
    let mut end = start;
    let mut high = 0;
    let mut runs = 0;
    let mut inside = false;
    while end < bytes.len() && !bytes[end].is_ascii_whitespace() {
        let byte = bytes[end];
        high |= byte;
        let alphanumeric = byte.is_ascii_alphanumeric();
        runs += usize::from(alphanumeric && !inside);
        inside = alphanumeric;
        end += 1;
    }
    let kind = match runs {
        _ if high >= 0x80 => Kind::Unicode,
        1 => Kind::Word,
        _ => Kind::Ascii,
    };
    Piece { span: Span::new(start, end), kind }
}

/// A span without the signs around its letters and digits.
fn trimmed(bytes: &[u8], span: Span) -> Span {
    let Span { mut start, mut end } = span;
    while start < end && !bytes[start].is_ascii_alphanumeric() {
        start += 1;
    }
    while start < end && !bytes[end - 1].is_ascii_alphanumeric() {
        end -= 1;
    }
    Span::new(start, end)
}

fn ascii_parts(bytes: &[u8], span: Span, parts: &mut Vec<Span>) {
    let mut at = span.start;
    while at < span.end {
        let start = at;
        while at < span.end && bytes[at].is_ascii_alphanumeric() {
            at += 1;
        }
        if at > start {
            parts.push(Span::new(start, at));
        } else {
            at += 1;
        }
    }
}

/// The words of UAX 29, cut further at the signs it leaves inside.
fn unicode_parts(text: &str, span: Span, parts: &mut Vec<Span>) {
    for (offset, word) in text[span.start..span.end].unicode_word_indices() {
        let begin = span.start + offset;
        let mut start = begin;
        for (at, char) in word.char_indices() {
            if separates(char) {
                push(parts, start, begin + at);
                start = begin + at + char.len_utf8();
            }
        }
        push(parts, start, begin + word.len());
    }
}

fn push(parts: &mut Vec<Span>, start: usize, end: usize) {
    if start < end {
        parts.push(Span::new(start, end));
    }
}

/// The signs that UAX 29 leaves inside words (`_ . ' : ,` and their kin).
fn separates(char: char) -> bool {
    if char.is_ascii() {
        return !char.is_ascii_alphanumeric();
    }
    matches!(
        char,
        '\u{b7}'
            | '\u{387}'
            | '\u{55f}'
            | '\u{5f4}'
            | '\u{2018}'
            | '\u{2019}'
            | '\u{2024}'
            | '\u{2027}'
            | '\u{203f}'
            | '\u{2040}'
            | '\u{2054}'
            | '\u{fe13}'
            | '\u{fe33}'
            | '\u{fe34}'
            | '\u{fe4d}'
            ..='\u{fe4f}'
                | '\u{fe52}'
                | '\u{fe55}'
                | '\u{ff07}'
                | '\u{ff0e}'
                | '\u{ff1a}'
                | '\u{ff3f}'
                | '\u{37e}'
                | '\u{589}'
                | '\u{60c}'
                | '\u{60d}'
                | '\u{66c}'
                | '\u{7f8}'
                | '\u{2044}'
                | '\u{fe10}'
                | '\u{fe14}'
                | '\u{fe50}'
                | '\u{fe54}'
                | '\u{ff0c}'
                | '\u{ff1b}'
    )
}

fn is_digits(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_letter_at(text: &str, at: usize) -> bool {
    text.as_bytes()[at].is_ascii_alphabetic()
}

fn is_unspaced_at(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_some_and(is_unspaced)
}
