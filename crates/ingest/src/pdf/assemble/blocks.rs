//! Lines to blocks: paragraphs, list items and tables of one page.

mod label;

use document::BlockKind;

use super::cells::{self, Found};
use super::code;
use super::formulas;
use super::hyphens::Vocabulary;
use super::tables;
use super::tagged::Tagged;
use crate::pdf::layout::{Line, PageLayout};

/// Lines that make one block.
pub(in crate::pdf) struct PageBlock<'l> {
    pub(in crate::pdf) kind: BlockKind,
    pub(in crate::pdf) lines: &'l [Line],
    /// The rows of a table, the lines of code: text that is taken as it is.
    pub(super) rows: Option<String>,
}

/// What is usual in a document.
pub(super) struct Measures {
    /// The font size most characters have, in points.
    pub(super) body_size: f32,
    /// The distance of baselines of most neighbouring lines, in em.
    pub(super) leading: f32,
    /// Whether most of the text is set in monospaced faces, as by a typewriter.
    pub(super) is_typescript: bool,
}

/// Lines of one block stand at most this much further apart than usual.
const LEADING_SLACK: f32 = 1.25;
/// Leading assumed where a document has too few lines to measure, in em.
const LEADING_DEFAULT: f32 = 1.2;
/// A line is indented from this shift on, in em.
const INDENT_EM: f32 = 0.8;
/// How often a line may be looked at, on average, in search of tables.
const TABLE_LOOKS_EACH: usize = 10;
/// Lines looked at on both sides to find the right margin of a column.
const MARGIN_WINDOW: usize = 30;

impl Measures {
    pub(super) fn of(pages: &[PageLayout]) -> Self {
        let lines = || pages.iter().flat_map(|page| &page.lines);
        let sizes = lines().map(|line| (line.size, line.text.len()));
        let pairs = pages.iter().flat_map(|page| page.lines.windows(2)).filter_map(|pair| {
            let leading = (pair[0].v - pair[1].v) / pair[1].size;
            let fits = (0.8..3.2).contains(&leading) && (pair[0].size - pair[1].size).abs() < 0.1;
            fits.then_some((leading, pair[1].text.len()))
        });
        let leading = usual(pairs, 0.05).unwrap_or(LEADING_DEFAULT);
        let chars = |monospaced| -> usize {
            lines().filter(|line| line.monospaced == monospaced).map(|line| line.text.len()).sum()
        };
        Self {
            body_size: usual(sizes, 0.1).unwrap_or(0.0),
            leading: leading.max(LEADING_DEFAULT),
            is_typescript: chars(true) > chars(false),
        }
    }
}

/// The value with the most weight, values within `step` being one.
fn usual(values: impl Iterator<Item = (f32, usize)>, step: f32) -> Option<f32> {
    let mut bins: std::collections::BTreeMap<i64, usize> = std::collections::BTreeMap::new();
    for (value, weight) in values.filter(|(value, _)| value.is_finite()) {
        *bins.entry((value / step).round() as i64).or_default() += weight;
    }
    let heaviest = bins.into_iter().max_by_key(|&(bin, weight)| (weight, std::cmp::Reverse(bin)));
    heaviest.map(|(bin, _)| bin as f32 * step)
}

/// What decides which lines are one block.
pub(super) struct Grouping<'a> {
    pub(super) measures: &'a Measures,
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) tagged: &'a Tagged<'a>,
}

impl Grouping<'_> {
    /// Groups the lines of a page, in order, to blocks.
    pub(super) fn blocks<'l>(&self, lines: &'l [Line]) -> Vec<PageBlock<'l>> {
        let mut blocks = Vec::new();
        let mut start = 0;
        let mut at = 0;
        // Lines up to here are known to be no table.
        let mut text_until = 0;
        let mut budget = TABLE_LOOKS_EACH * lines.len();
        while at < lines.len() {
            if at >= text_until
                && let Some((end, found)) = cells::find(lines, at, self.vocabulary)
            {
                if let Found::Table(block) = found {
                    self.prose(&lines[start..at], &mut blocks);
                    blocks.push(block);
                    (at, start) = (end, end);
                }
                text_until = end;
                continue;
            }
            let Some((end, block)) = self.special(lines, at, &mut budget) else {
                at += 1;
                continue;
            };
            self.prose(&lines[start..at], &mut blocks);
            blocks.push(block);
            (at, start) = (end, end);
        }
        self.prose(&lines[start..], &mut blocks);
        blocks
    }

    fn special<'l>(
        &self,
        lines: &'l [Line],
        at: usize,
        budget: &mut usize,
    ) -> Option<(usize, PageBlock<'l>)> {
        let code = code::find(lines, at, self.measures);
        code.or_else(|| self.tagged.block(lines, at)).or_else(|| {
            let table = tables::find(lines, at, budget)?;
            let rows = Some(table.text(lines, self.vocabulary));
            let (end, lines) = (table.lines.end, &lines[table.lines]);
            Some((end, PageBlock { kind: BlockKind::Table, lines, rows }))
        })
    }

    /// Groups lines that are no table.
    fn prose<'l>(&self, lines: &'l [Line], blocks: &mut Vec<PageBlock<'l>>) {
        let mut start = 0;
        while start < lines.len() {
            let mut end = start + 1;
            while end < lines.len() && goes_on(lines, start, end, self.measures) {
                end += 1;
            }
            let is_entry = lines[start..end].iter().any(|line| line.is_entry);
            let is_item = is_entry
                || is_list_item(&lines[start].text)
                || is_sibling(blocks.last(), &lines[start], lines.get(end));
            let kind = if is_item { BlockKind::ListItem } else { BlockKind::Paragraph };
            let lines = &lines[start..end];
            blocks.push(PageBlock { kind, lines, rows: None });
            start = end;
        }
    }
}

/// Whether line `at` belongs to the block of lines `start..at`.
pub(super) fn goes_on(lines: &[Line], start: usize, at: usize, measures: &Measures) -> bool {
    let (previous, line) = (&lines[at - 1], &lines[at]);
    let block = &lines[start..at];
    if formulas::goes_on(block, line) {
        return true;
    }
    let entry_ends = previous.is_entry
        || (line.is_entry && previous.text.ends_with(|c: char| c.is_ascii_digit()));
    !entry_ends
        && !line.opens_note
        && same_kind(previous, line, measures)
        && close_below(previous, line, measures)
        && !starts_item(block, line)
        && !is_indented(block, line)
        && !ended_early(lines, at)
}

fn same_kind(previous: &Line, line: &Line, measures: &Measures) -> bool {
    let ratio = line.size / previous.size;
    // Headings below each other differ by little; within body text sizes vary with its formulas.
    let display = previous.size.max(line.size) > measures.body_size * 1.08;
    let ratios = if display { 0.96..1.04 } else { 0.87..1.15 };
    let overlap = previous.u1.min(line.u1) - previous.u0.max(line.u0);
    previous.degrees == line.degrees
        && ratios.contains(&ratio)
        && previous.bold == line.bold
        && overlap > 0.0
}

fn close_below(previous: &Line, line: &Line, measures: &Measures) -> bool {
    let leading = (previous.v - line.v) / line.size.max(previous.size);
    (0.3..measures.leading * LEADING_SLACK).contains(&leading)
}

fn starts_item(block: &[Line], line: &Line) -> bool {
    let hanging = block.len() == 1 || line.u0 < block[1].u0 + 0.3 * line.size;
    let numbered = is_numbered(&block[0]) && is_numbered(line);
    let counts = follows(&block[0], line);
    (is_list_item(&line.text) || numbered) && hanging || counts
}

/// Whether the label of a line counts up from that of the block before, or to that of the line
/// below. Numbers of sections do too: they are headings as often as items.
fn is_sibling(before: Option<&PageBlock<'_>>, line: &Line, below: Option<&Line>) -> bool {
    let before = before.and_then(|block| block.lines.first());
    let counts = before.is_some_and(|before| follows(before, line))
        || below.is_some_and(|below| follows(line, below));
    counts && !line.text.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether two lines begin at one indent with labels that count: `A.` and `B.`, `i.` and `ii.`,
/// `2.1` and `2.2`.
fn follows(line: &Line, next: &Line) -> bool {
    let label = |line: &Line| label::values(line.text.split_once(' ')?.0);
    let aligned = (line.u0 - next.u0).abs() < 0.3 * line.size && line.degrees == next.degrees;
    aligned && matches!((label(line), label(next)), (Some(a), Some(b)) if a.is_before(&b))
}

/// Whether a line begins with a number that is set apart, as notes at the foot of a page do.
fn is_numbered(line: &Line) -> bool {
    let [first, second, ..] = line.cells.as_slice() else { return false };
    let number = line.text.get(first.start..second.start).unwrap_or_default().trim();
    (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A first-line indent, or the way back from a hanging one.
fn is_indented(block: &[Line], line: &Line) -> bool {
    let indent = INDENT_EM * line.size;
    let first = &block[0];
    let later = block[1..].iter().rev().take(MARGIN_WINDOW);
    let Some(left) = later.map(|line| line.u0).min_by(f32::total_cmp) else {
        // The second line of a block: shifted right it begins a paragraph, unless the first one
        // hangs out or is centred over it.
        let hangs =
            is_list_item(&first.text) || first.text.starts_with('[') || !ends_sentence(&first.text);
        let centred = ((first.u0 + first.u1) - (line.u0 + line.u1)).abs() < indent;
        return line.u0 > first.u0 + indent && !hangs && !centred;
    };
    let returns_from_hanging = line.u0 < left - indent
        && (line.u0 - first.u0).abs() < indent
        && ends_sentence(&block[block.len() - 1].text);
    line.u0 > left + indent && ends_sentence(&block[block.len() - 1].text) || returns_from_hanging
}

/// Whether the line before `at` left room for the first word of `at`: then its end was meant.
fn ended_early(lines: &[Line], at: usize) -> bool {
    let (previous, line) = (&lines[at - 1], &lines[at]);
    let margin = right_margin(lines, at);
    let chars = line.text.chars().count().max(1);
    let first_word = line.text.split_whitespace().next().map_or(0, |word| word.chars().count());
    let word_width = (line.u1 - line.u0) * first_word as f32 / chars as f32;
    margin - previous.u1 > word_width + line.size * 1.5
}

/// Where the column around lines `at - 1` and `at` ends on the right: the furthest of the lines
/// that stand above and below them without a gap. What is set apart, such as a caption over two
/// columns, has margins of its own.
fn right_margin(lines: &[Line], at: usize) -> f32 {
    let joined = |pair: &[Line]| {
        let (above, below) = (&pair[0], &pair[1]);
        above.degrees == below.degrees
            && (above.size / below.size - 1.0).abs() < 0.06
            && (above.u0 - below.u0).abs() < 4.0 * below.size
            && (0.5..2.2).contains(&((above.v - below.v) / below.size))
    };
    let before = &lines[at.saturating_sub(MARGIN_WINDOW)..at];
    let after = &lines[at..lines.len().min(at + MARGIN_WINDOW)];
    let above = before.windows(2).rev().take_while(|pair| joined(pair)).map(|pair| pair[0].u1);
    let below = after.windows(2).take_while(|pair| joined(pair)).map(|pair| pair[1].u1);
    above.chain(below).fold(lines[at - 1].u1.max(lines[at].u1), f32::max)
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '”', '’', ')', ']']).ends_with(['.', '!', '?', ':', ';', '。'])
}

/// A bullet, or a number or letter with a dot or parenthesis, and text after it.
fn is_list_item(text: &str) -> bool {
    const BULLETS: &[char] = &[
        '•', '◦', '▪', '▫', '‣', '■', '□', '●', '○', '–', '—', '-', '*', '·', '➢', '➤', '✓', '✔',
        '❖', '►', '☐', '☑',
    ];
    let Some((marker, rest)) = text.split_once(' ') else { return false };
    if rest.trim().is_empty() {
        return false;
    }
    if marker.chars().all(|c| BULLETS.contains(&c)) {
        return marker.chars().count() == 1;
    }
    let label = marker.strip_prefix('(').unwrap_or(marker);
    let Some(label) = label.strip_suffix(['.', ')']) else { return false };
    let number = label.len() <= 3 && label.bytes().all(|byte| byte.is_ascii_digit());
    let letter = label.len() == 1
        && label.bytes().all(|byte| byte.is_ascii_lowercase())
        && marker.ends_with(')');
    let roman = marker.ends_with(')') && label.bytes().all(|byte| b"ivx".contains(&byte));
    !label.is_empty() && (number || letter || roman)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks_of(texts: &[(&str, f32)]) -> Vec<(BlockKind, usize)> {
        let line = |(at, (text, u0)): (usize, &(&str, f32))| {
            Line::sample(text, *u0, 300.0, 700.0 - 12.0 * at as f32)
        };
        let lines: Vec<Line> = texts.iter().enumerate().map(line).collect();
        let measures = Measures { body_size: 10.0, leading: 1.2, is_typescript: false };
        let vocabulary = Vocabulary::of(lines.iter());
        let structure = crate::pdf::structure::Structure::default();
        let tagged = Tagged::of(&structure, &[], &measures);
        let grouping = Grouping { measures: &measures, vocabulary: &vocabulary, tagged: &tagged };
        grouping.blocks(&lines).iter().map(|block| (block.kind, block.lines.len())).collect()
    }

    #[test]
    fn labels_that_count_up_begin_items() {
        let item = |lines| (BlockKind::ListItem, lines);
        for [a, b, c] in
            [["A.", "B.", "C."], ["i.", "ii.", "iii."], ["h.", "i.", "j."], ["2.9", "2.10", "2.11"]]
        {
            let texts = [a, b, c].map(|label| format!("{label} boots for the whole of the way"));
            let lines = [
                (&*texts[0], 50.0),
                (&*texts[1], 50.0),
                ("and back again", 70.0),
                (&*texts[2], 50.0),
            ];
            let kinds = blocks_of(&lines);
            let expected = [item(1), item(2), item(1)];
            if a == "2.9" {
                assert_eq!(kinds.iter().map(|kind| kind.1).collect::<Vec<_>>(), [1, 2, 1]);
            } else {
                assert_eq!(kinds, expected, "{a}");
            }
        }
        let prose = [
            ("as stated by Professor", 50.0),
            ("A. Miller, who had it from", 50.0),
            ("C. Smith of the mill", 50.0),
        ];
        assert_eq!(blocks_of(&prose), [(BlockKind::Paragraph, 3)]);
    }

    #[test]
    fn list_items_begin_with_a_bullet_or_a_label() {
        for item in ["• one", "- two", "1. three", "(b) four", "iv) five", "12) six"] {
            assert!(is_list_item(item), "{item}");
        }
        for other in ["one", "-5 degrees", "a. m.", "2024. A year", "• ", "(see) it"] {
            assert!(!is_list_item(other), "{other}");
        }
    }
}
