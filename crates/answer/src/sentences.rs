//! A chunk as the units an answer may quote: sentences, list items, table rows, code blocks.
//!
//! A line end is always a boundary, because the canonical text puts a paragraph on one line.
//! Inside a line the Unicode sentence rules decide, repaired where they cut after an
//! abbreviation: a sentence too long is a clumsy quote, a sentence cut in two is a wrong one.

use std::ops::Range;

use document::{Block, BlockKind, Chunk, Span};
use unicode_segmentation::UnicodeSegmentation;

use self::abbreviations::Rule;

mod abbreviations;
mod ascii;
mod spaces;

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnitKind {
    /// A sentence of running prose.
    Sentence,
    /// A list item, whole.
    Item,
    /// A table row.
    Row,
    /// A code block, whole.
    Code,
    /// A heading: context of what follows, never an answer.
    Heading,
}

/// One unit of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Place in the document, in bytes, without blank space around it.
    pub(crate) span: Span,
    /// What it is.
    pub(crate) kind: UnitKind,
    /// The part of its block that the chunk holds; tells tables and lists apart.
    pub(crate) block: Span,
}

/// Splits a chunk into units, in document order. Linear in the chunk.
pub(crate) fn pieces(chunk: &Chunk) -> Vec<Piece> {
    let whole = [Block { kind: BlockKind::Paragraph, span: chunk.span }];
    let blocks = if chunk.blocks.is_empty() { &whole[..] } else { &chunk.blocks };
    let mut out = Vec::new();
    for block in blocks {
        let span = block.span.intersection(chunk.span);
        let Some(text) = chunk.slice(span) else { continue };
        split_block(block.kind, text, &mut |range, kind| {
            let place = Span::new(span.start + range.start, span.start + range.end);
            out.push(Piece { span: place, kind, block: span });
        });
    }
    out
}

fn split_block(kind: BlockKind, text: &str, emit: &mut dyn FnMut(Range<usize>, UnitKind)) {
    let whole = trimmed(text, 0..text.len());
    match kind {
        BlockKind::Heading { .. } => whole.into_iter().for_each(|r| emit(r, UnitKind::Heading)),
        BlockKind::ListItem => whole.into_iter().for_each(|r| emit(r, UnitKind::Item)),
        BlockKind::Code => whole.into_iter().for_each(|r| emit(r, UnitKind::Code)),
        BlockKind::Table => {
            // The row of dashes below a table's head says nothing.
            let says = |row: &Range<usize>| {
                text.get(row.clone()).is_some_and(|row| row.contains(char::is_alphanumeric))
            };
            lines(text).filter(says).for_each(|r| emit(r, UnitKind::Row));
        }
        BlockKind::Paragraph => {
            for line in lines(text) {
                let Some(inside) = text.get(line.clone()) else { continue };
                for sentence in sentences(inside) {
                    emit(
                        line.start + sentence.start..line.start + sentence.end,
                        UnitKind::Sentence,
                    );
                }
            }
        }
    }
}

/// Lines without blank space around them, empty ones left out.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    text.split('\n').filter_map(move |line| {
        let range = start..start + line.len();
        start = range.end + 1;
        trimmed(text, range)
    })
}

/// The range without blank space at its ends; `None` where nothing is left.
fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let inside = text.get(range.clone())?;
    let start = range.start + (inside.len() - inside.trim_start().len());
    let kept = inside.trim();
    (!kept.is_empty()).then(|| start..start + kept.len())
}

/// Sentences of one line, as byte ranges without blank space around them.
pub(crate) fn sentences(line: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for end in bounds(line) {
        let piece = line.get(start..end).unwrap_or_default();
        match out.last_mut() {
            Some(last) if continues(line.get(last.clone()).unwrap_or_default(), piece) => {
                last.end = end;
            }
            _ => out.push(start..end),
        }
        start = end;
    }
    out.into_iter().filter_map(|range| trimmed(line, range)).collect()
}

/// Ends of the sentences of a line by the Unicode rules and, where they know none, by spaces;
/// ascending.
fn bounds(line: &str) -> Vec<usize> {
    if ascii::is_plain(line) {
        return ascii::bounds(line);
    }
    let bounds = line.split_sentence_bound_indices().map(|(at, piece)| at + piece.len());
    spaces::add_bounds(line, bounds.collect())
}

/// Whether `after` belongs to the sentence that `before` seemed to end.
fn continues(before: &str, after: &str) -> bool {
    let Some(first) = after.chars().find(|c| c.is_alphanumeric()) else { return true };
    // "Wow!" he said: the Unicode rules hold a full stop open before a small letter, not a "!".
    if after.chars().next().is_some_and(char::is_lowercase) {
        return true;
    }
    if ends_inside_brackets(before) {
        return true;
    }
    let Some(stem) = before.trim_end().strip_suffix('.') else { return false };
    let word = stem.rsplit(|c: char| c.is_whitespace() || "([{\"'“‘".contains(c)).next();
    let word = word.unwrap_or("").to_lowercase();
    // The marker of an item: "3. Press the button".
    if word.len() == stem.trim_start().len() && word.len() <= 4 && is_marker(&word) {
        return true;
    }
    let next = || first_word(after);
    abbreviations::is(&word, Rule::Always)
        || (first.is_numeric() && abbreviations::is(&word, Rule::BeforeNumber))
        || (is_ordinal(&word)
            && next().is_some_and(|next| abbreviations::is(&next, Rule::AfterOrdinal)))
        || (is_initials(&word) && !next().is_some_and(|next| abbreviations::is(&next, Rule::Opens)))
}

/// Whether a text ends with a bracket that closes in its midst: "4 kg (8.8 lb.)".
fn ends_inside_brackets(text: &str) -> bool {
    let Some(inside) = text.trim_end().strip_suffix(')').filter(|inside| inside.ends_with('.'))
    else {
        return false;
    };
    let before = inside.rsplit_once('(').map_or("", |(before, _)| before.trim_end());
    before.ends_with(|c: char| c.is_alphanumeric() || c == ',')
}

/// The first word of a text, in small letters.
fn first_word(text: &str) -> Option<String> {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.find(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A number that may count days, centuries or floors.
fn is_ordinal(word: &str) -> bool {
    matches!(word.len(), 1 | 2) && word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_marker(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// One letter, or letters with full stops between: "j", "u.s".
fn is_initials(word: &str) -> bool {
    let mut parts = word.split('.');
    parts.all(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::chunk_of;

    fn check(line: &str, expected: &[&str]) {
        let found: Vec<&str> = sentences(line).into_iter().map(|range| &line[range]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn sentences_end_at_full_stops_and_not_at_abbreviations() {
        check("We open at 9. We close at 18.", &["We open at 9.", "We close at 18."]);
        check("Ask Dr. Miller. He knows.", &["Ask Dr. Miller.", "He knows."]);
        check("Use fruit, e.g. Apples. Then stir.", &["Use fruit, e.g. Apples.", "Then stir."]);
        check("See p. 3 and No. 5. Next.", &["See p. 3 and No. 5.", "Next."]);
        check("Pi is 3.14 here. Yes.", &["Pi is 3.14 here.", "Yes."]);
        check("J. K. Rowling wrote it. It sold.", &["J. K. Rowling wrote it.", "It sold."]);
        check("The U.S. Army came. It left.", &["The U.S. Army came.", "It left."]);
        check("Born in the U.S. The end.", &["Born in the U.S.", "The end."]);
        check("3. Press the button. Wait.", &["3. Press the button.", "Wait."]);
        check("“Stop!” he said. Done?", &["“Stop!” he said.", "Done?"]);
        check("Am 27. Januar 1967. Es brannte.", &["Am 27. Januar 1967.", "Es brannte."]);
        check("Im 19. Jahrhundert, bzw. Früher.", &["Im 19. Jahrhundert, bzw. Früher."]);
        check("Es sind 4 kg (8.8 lb.) Dampf. Ja.", &["Es sind 4 kg (8.8 lb.) Dampf.", "Ja."]);
        check("It is open. (Not today.) Come.", &["It is open.", "(Not today.)", "Come."]);
        check("Ул. Ленина, т.е. Центр. Да.", &["Ул. Ленина, т.е. Центр.", "Да."]);
        check(
            "営業時間は九時です。日曜は休みです。",
            &["営業時間は九時です。", "日曜は休みです。"],
        );
    }

    #[test]
    fn odd_lines_do_not_panic() {
        check("", &[]);
        check(" \t ", &[]);
        check("...", &["..."]);
        check(". a", &[". a"]);
        check("🙂🙂.🙂", &["🙂🙂.🙂"]);
    }

    #[test]
    fn blocks_decide_what_a_unit_is() {
        let chunk = chunk_of(
            "# Hours\n\nWe open at 9. We close at 18.\n\n- one. two\n- three\n\n| Day | Time\n| Mo | 9\n\n    let a = 1;\n    b.c();",
        );
        let found: Vec<(UnitKind, &str)> = pieces(&chunk)
            .iter()
            .map(|piece| (piece.kind, chunk.slice(piece.span).unwrap()))
            .collect();
        assert_eq!(
            found,
            [
                (UnitKind::Heading, "Hours"),
                (UnitKind::Sentence, "We open at 9."),
                (UnitKind::Sentence, "We close at 18."),
                (UnitKind::Item, "- one. two"),
                (UnitKind::Item, "- three"),
                (UnitKind::Row, "| Day | Time"),
                (UnitKind::Row, "| Mo | 9"),
                (UnitKind::Code, "let a = 1;\n    b.c();"),
            ]
        );
    }
}
