//! Running headers, footers and page numbers: lines that stand in the same place of several
//! pages and say the same but for their numbers.

mod counted;

use std::collections::{HashMap, HashSet};

use super::blocks::Measures;
use crate::pdf::layout::{Line, PageLayout};

/// Lines, or rows of a table, looked at from each end of a page.
const LINES_AT_END: usize = 3;
/// Lines closer than this, in points, stand on one baseline.
const SAME_BASELINE_POINTS: f32 = 2.0;
/// Lines on these baselines; a row of a table has some dozens.
const LINES_MAX: usize = 100;
/// A running line stands in the outer share of the page.
const OUTER_SHARE: f32 = 0.16;
/// Pages on which a line must stand; a document of two pages has two.
const PAGES_MIN: usize = 3;
/// In a document of fewer pages, a line that stands on each may as well be content, as the sender
/// of a letter is: unless it counts the pages, it stays once.
const PAGES_SURE: usize = 4;
/// Pages between two occurrences: left and right pages differ, and chapters open without header.
const PAGES_APART_MAX: usize = 4;
/// Chains that a line may still go on with: one for each place it stands in.
const CHAINS_BACK: usize = 16;
/// A title is larger than the body text by this factor.
const TITLE_LARGER: f32 = 1.12;
/// Lines of one paragraph stand closer than this, in em, and have words enough.
const PARAGRAPH_PITCH_MAX: f32 = 1.35;
const WORDS_OF_TEXT_MIN: usize = 2;
/// A row of a table stands closer to its head than this, in em.
const ROW_PITCH_MAX: f32 = 3.5;
/// A page number is not further from the page's place in the file than this.
const OFFSET_MAX: i64 = 3_000;
/// How far the same line may move between pages, in points.
const DRIFT_POINTS: f32 = 4.0;

/// For each page, the indices of its running lines, sorted. A repeated title or table head is
/// content: it stays where it stands first.
pub(super) fn lines(pages: &[PageLayout]) -> Vec<Vec<usize>> {
    let marked = marked(pages, false);
    // Where much of the text repeats, as in letters to many, what repeats is content.
    if repeats_much(pages, &marked) { self::marked(pages, true) } else { marked }
}

/// Whether running lines are a large part of all text.
fn repeats_much(pages: &[PageLayout], marked: &[Vec<usize>]) -> bool {
    const SHARE: f32 = 0.3;
    let words = |line: &Line| {
        if line.text.contains(char::is_alphabetic) { line.words.len() } else { 0 }
    };
    let all: usize = pages.iter().flat_map(|page| &page.lines).map(words).sum();
    let running = pages.iter().zip(marked);
    let running: usize =
        running.flat_map(|(page, marks)| marks.iter().map(|&at| words(&page.lines[at]))).sum();
    running as f32 > SHARE * all as f32
}

/// The running lines of each page, sorted; `keep_first` keeps the first of each that is more than
/// a number.
fn marked(pages: &[PageLayout], keep_first: bool) -> Vec<Vec<usize>> {
    let mut groups: HashMap<(String, bool), Vec<Seen>> = HashMap::new();
    for (page_at, page) in pages.iter().enumerate() {
        for (lines, at_top) in candidates(page) {
            let texts: Vec<&str> = lines.iter().map(|&at| page.lines[at].text.as_str()).collect();
            let text = texts.join(" ");
            let first = &page.lines[lines[0]];
            let (v, size, bold) = (first.v, first.size, first.bold);
            let seen = Seen { page_at, lines, v, size, bold, numbers: numbers(&text) };
            groups.entry((masked(&text), at_top)).or_default().push(seen);
        }
    }
    let title_size = Measures::of(pages).body_size * TITLE_LARGER;
    let facts = facts_of_middles(pages);
    let mut marked = vec![Vec::new(); pages.len()];
    let mut kept: Vec<usize> = vec![0; pages.len()];
    let pages_min = PAGES_MIN.min(pages.len().max(2));
    #[expect(
        clippy::iter_over_hash_type,
        reason = "each group marks its own lines; they are sorted below"
    )]
    for ((mask, _), seen) in &groups {
        let only_number = !mask.chars().any(char::is_alphabetic);
        for chain in chains(seen) {
            let is_title = !only_number && (chain[0].size > title_size || chain[0].bold);
            let runs = if only_number {
                numbers_pages(&chain, pages.len())
            } else {
                // "Exercise 2" is a title of its own, whatever page it is on.
                let counts = is_title && chain.windows(2).any(|p| p[0].numbers != p[1].numbers);
                chain.len() >= pages_min && mostly_agree(&chain) && !counts
            };
            if runs {
                let is_title = !only_number && chain[0].size > title_size;
                let keeps = is_title
                    || is_first_table_head(pages, &chain)
                    || (!only_number && (keep_first || stays_once(pages, &chain, &facts)));
                let taken = chain.iter().skip(usize::from(keeps));
                taken.for_each(|seen| marked[seen.page_at].extend(&seen.lines));
                kept[chain[0].page_at] += if keeps { chain[0].lines.len() } else { 0 };
            }
        }
    }
    for (page_at, line_at) in counted::lines(pages, title_size) {
        marked[page_at].push(line_at);
    }
    for (page, marks) in pages.iter().zip(&mut marked) {
        marks.sort_unstable();
        marks.dedup();
        keep_parts_of_paragraphs(page, marks);
    }
    if leaves_nothing(pages, &marked, &kept) { vec![Vec::new(); pages.len()] } else { marked }
}

/// Whether most pages that have lines would lose all of them, or be left with running lines that
/// stay once: then what repeats is the content.
fn leaves_nothing(pages: &[PageLayout], marked: &[Vec<usize>], kept: &[usize]) -> bool {
    let lost = pages.iter().zip(marked.iter().zip(kept));
    let lost = lost.filter(|(page, (marks, kept))| marks.len() + **kept >= page.lines.len().max(1));
    let with_lines = pages.iter().filter(|page| !page.lines.is_empty()).count();
    lost.count() * 2 > with_lines
}

struct Seen {
    page_at: usize,
    /// One line, or all of a row of a table.
    lines: Vec<usize>,
    v: f32,
    size: f32,
    bold: bool,
    /// Its numbers, in order; a lone Roman numeral is one.
    numbers: Vec<i64>,
}

/// Whether lines that are alike but for their numbers differ as running lines do: not at all, or
/// by a number that counts the pages. Customer numbers and sums carried forward do neither.
fn mostly_agree(chain: &[&Seen]) -> bool {
    let agrees =
        |pair: &&[&Seen]| pair[0].numbers == pair[1].numbers || counts_up(pair[0], pair[1]);
    let agreeing = chain.windows(2).filter(agrees).count();
    agreeing * 2 >= chain.len().saturating_sub(1)
}

/// Takes the marks from lines that stand as close to a line of text as lines of one paragraph do:
/// they are of it, however often they occur. Page numbers are none, however close.
fn keep_parts_of_paragraphs(page: &PageLayout, marks: &mut Vec<usize>) {
    let mut kept = true;
    while std::mem::take(&mut kept) {
        let is_part = |at: &usize| {
            let line = &page.lines[*at];
            let goes_on = |other: &Line| {
                let over = other.u0 < line.u1 && line.u0 < other.u1;
                let pitch = (other.v - line.v).abs() / line.size;
                over && other.degrees == line.degrees
                    && (0.3..PARAGRAPH_PITCH_MAX).contains(&pitch)
                    && (other.size - line.size).abs() < 0.02 * line.size
                    && other.bold == line.bold
                    && line.words.len() >= WORDS_OF_TEXT_MIN
            };
            let near = at.saturating_sub(1)..page.lines.len().min(at + 2);
            near.filter(|other| other != at && marks.binary_search(other).is_err())
                .any(|other| goes_on(&page.lines[other]))
        };
        let parts: Vec<usize> = marks.iter().copied().filter(is_part).collect();
        kept = !parts.is_empty();
        marks.retain(|at| parts.binary_search(at).is_err());
    }
}

/// Whether a running line may be content, for lack of pages or for what it says.
fn stays_once(pages: &[PageLayout], chain: &[&Seen], elsewhere: &HashSet<String>) -> bool {
    let few_pages = pages.len() < PAGES_SURE && !counts_pages(chain);
    few_pages || says_facts(pages, chain, elsewhere)
}

/// Whether a running line holds what nobody else says: an address to write to or a number that is
/// none of a page or a year, such as that of an account. Then it stays where it stands first.
fn says_facts(pages: &[PageLayout], chain: &[&Seen], elsewhere: &HashSet<String>) -> bool {
    let Some(first) = chain.first() else { return false };
    let lines = first.lines.iter().map(|&at| &pages[first.page_at].lines[at]);
    let constant = chain.windows(2).all(|pair| pair[0].numbers == pair[1].numbers);
    constant && lines.flat_map(|line| facts(&line.text)).any(|fact| !elsewhere.contains(&fact))
}

/// The facts that lines away from the ends of pages hold.
fn facts_of_middles(pages: &[PageLayout]) -> HashSet<String> {
    let middle = |page: &PageLayout| {
        let margin = page.height() * OUTER_SHARE;
        let (low, high) = (margin, page.height() - margin);
        let inner = page.lines.iter().filter(move |line| (low..high).contains(&line.v));
        inner.flat_map(|line| facts(&line.text)).collect::<Vec<_>>()
    };
    pages.iter().flat_map(middle).collect()
}

/// What a line names exactly: mail and web addresses, numbers of five digits or more, and all the
/// digits of a line that has many, as a telephone number in groups. Dates and years are none.
fn facts(text: &str) -> Vec<String> {
    const DIGITS_MIN: usize = 5;
    const DIGITS_OF_LINE_MIN: usize = 8;
    let mut facts = Vec::new();
    let mut digits_of_line = String::new();
    for word in text.split_whitespace() {
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        let is_date = word.contains(['/', ':']) || word.matches(['.', '-']).count() == 2;
        let is_year = digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"));
        if is_date || is_year {
            continue;
        }
        if word.contains('@') || word.starts_with("www.") || digits.len() >= DIGITS_MIN {
            facts.push(word.to_lowercase());
        }
        digits_of_line += &digits;
    }
    facts.extend((digits_of_line.len() >= DIGITS_OF_LINE_MIN).then_some(digits_of_line));
    facts
}

/// Whether a chain is the head of a table that goes on over pages, and is not in the text before.
fn is_first_table_head(pages: &[PageLayout], chain: &[&Seen]) -> bool {
    const CELLS_MIN: usize = 2;
    let Some(first) = chain.first() else { return false };
    let lines = &pages[first.page_at].lines;
    let head = &lines[first.lines[0]];
    let Some(below) = first.lines.last().and_then(|last| lines.get(last + 1)) else { return false };
    let in_columns = head.cell.is_some() && below.cell.is_some()
        || head.cells.len() >= CELLS_MIN && head.cells.len() == below.cells.len();
    let close = (0.0..ROW_PITCH_MAX).contains(&((head.v - below.v) / head.size));
    let before = pages[..first.page_at].iter().rev().take(1).flat_map(|page| &page.lines);
    in_columns && close && !before.into_iter().any(|line| line.text == head.text)
}

/// The outermost upright lines, the cells of one row together, and whether they are at the top.
fn candidates(page: &PageLayout) -> Vec<(Vec<usize>, bool)> {
    let upright = page.lines.iter().enumerate().filter(|(_, line)| line.degrees == 0);
    let mut by_height: Vec<(usize, &Line)> = upright.collect();
    by_height.sort_by(|a, b| b.1.v.total_cmp(&a.1.v));
    let margin = page.height() * OUTER_SHARE;
    let top = outermost(by_height.iter().copied(), |line| line.v > page.height() - margin);
    let bottom = outermost(by_height.iter().rev().copied(), |line| line.v < margin);
    let at = |is_top| move |lines| (lines, is_top);
    top.into_iter().map(at(true)).chain(bottom.into_iter().map(at(false))).collect()
}

/// The first few lines that lie in a margin.
fn outermost<'l>(
    lines: impl Iterator<Item = (usize, &'l Line)>,
    in_margin: impl Fn(&Line) -> bool,
) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = Vec::new();
    let mut last: Option<&Line> = None;
    let table = |line: &Line| line.cell.map(|cell| cell.table);
    for (at, line) in lines.take_while(|(_, line)| in_margin(line)).take(LINES_MAX) {
        let same_row = last.is_some_and(|last| {
            table(line).is_some()
                && table(line) == table(last)
                && (last.v - line.v).abs() < SAME_BASELINE_POINTS
        });
        last = Some(line);
        let is_full = found.len() == LINES_AT_END;
        match found.last_mut().filter(|_| same_row) {
            Some(row) => row.push(at),
            None if is_full => break,
            None => found.push(vec![at]),
        }
    }
    found.iter_mut().for_each(|row| row.sort_unstable());
    found
}

/// Consecutive sightings in the same place.
fn chains(seen: &[Seen]) -> Vec<Vec<&Seen>> {
    let mut chains: Vec<Vec<&Seen>> = Vec::new();
    for sight in seen {
        let fits = |chain: &&mut Vec<&Seen>| {
            chain.last().is_some_and(|last| {
                let apart = sight.page_at - last.page_at;
                // A title of the same words is larger.
                let same_size = (last.size - sight.size).abs() < 0.05 * sight.size;
                let same_place = (last.v - sight.v).abs() < DRIFT_POINTS;
                (1..=PAGES_APART_MAX).contains(&apart) && same_place && same_size
            })
        };
        match chains.iter_mut().rev().take(CHAINS_BACK).find(fits) {
            Some(chain) => chain.push(sight),
            None => chains.push(vec![sight]),
        }
    }
    chains
}

/// Whether lines of numbers only are page numbers, perhaps with the number of pages: they count
/// the pages, or the only page is called 1. A row of figures has more numbers.
fn numbers_pages(chain: &[&Seen], pages: usize) -> bool {
    let few = chain.iter().all(|seen| seen.numbers.len() <= 2);
    let first_of_one = pages == 1 && chain.iter().all(|seen| seen.numbers == [1]);
    few && (first_of_one || counts_pages(chain))
}

/// Whether one of the numbers grows with every page.
fn counts_pages(chain: &[&Seen]) -> bool {
    chain.len() > 1 && chain.windows(2).all(|pair| counts_up(pair[0], pair[1]))
}

/// Whether one of the numbers grows as the pages do.
fn counts_up(a: &Seen, b: &Seen) -> bool {
    let pages = (b.page_at - a.page_at) as i64;
    let is_page = |number: i64| (number - a.page_at as i64).abs() <= OFFSET_MAX;
    a.numbers
        .iter()
        .zip(&b.numbers)
        .any(|(first, second)| second.checked_sub(*first) == Some(pages) && is_page(*first))
}

/// The text with every number as `#`, and a lone Roman numeral too.
fn masked(text: &str) -> String {
    if roman(text.trim()).is_some() {
        return "#".to_owned();
    }
    let mut mask = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if !c.is_ascii_digit() {
            mask.extend(c.to_lowercase());
        } else if !mask.ends_with('#') {
            mask.push('#');
        }
    }
    mask
}

/// The numbers of a line, or the value of a lone Roman numeral.
fn numbers(text: &str) -> Vec<i64> {
    if let Some(value) = roman(text.trim()) {
        return vec![value];
    }
    let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    digits.map(|digits| digits.parse().unwrap_or(i64::MAX)).collect()
}

fn roman(text: &str) -> Option<i64> {
    let value = |c: char| match c.to_ascii_lowercase() {
        'i' => Some(1),
        'v' => Some(5),
        'x' => Some(10),
        'l' => Some(50),
        'c' => Some(100),
        _ => None,
    };
    if text.is_empty() || text.len() > 8 {
        return None;
    }
    let values = text.chars().map(value).collect::<Option<Vec<i64>>>()?;
    let pairs = values.iter().zip(values.iter().skip(1).chain([&0]));
    Some(pairs.map(|(&value, &next)| if value < next { -value } else { value }).sum())
}

#[cfg(test)]
mod tests;
