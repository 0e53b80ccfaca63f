//! Lines of right-to-left text: from where glyphs stand to the order they are read in.
//!
//! Producers draw such lines from left to right, in reading order, or in pieces of either. All of
//! them place the glyphs alike, so the places count: the glyphs are put in visual order, and the
//! Unicode Bidirectional Algorithm (UAX #9) is undone. Read from the side where the line begins, a
//! visual line has the same levels as the text it shows, but for parts of the other direction,
//! which stand in reverse.

mod brackets;

use std::ops::Range;

use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

use super::script::{is_direction_mark, is_joined, is_mark, is_right_to_left};
use crate::pdf::glyphs::{Glyph, PageGlyphs};

/// A gap between glyphs is a space from this width on, in em.
const SPACE_EM: f32 = 0.17;
/// The same between joined letters of a line that has spaces of its own: kerning, and letters
/// whose widths are not theirs.
const JOINED_SPACE_EM: f32 = 0.35;
/// How much nearer to the wrong letter a mark may be, in em.
const MARK_SLACK_EM: f32 = 0.25;
/// How much a line's own letters weigh against those of its page in finding its direction.
const LINE_WEIGHT: usize = 4;

/// Letters of a page by direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Letters {
    rtl: usize,
    ltr: usize,
}

impl Letters {
    /// The letters of a page; `None` where none runs from right to left. Most pages without
    /// such text cost a look at each byte.
    pub(super) fn of_page(text: &str) -> Option<Self> {
        // First bytes of U+0590 to U+08FF, of the presentation forms, and of all beyond U+FFFF.
        let may_be = text.bytes().any(|byte| matches!(byte, 0xD6..=0xE0 | 0xEF..));
        let letters = || Self::of(text.chars());
        (may_be && text.contains(is_right_to_left)).then(letters)
    }

    fn of(chars: impl Iterator<Item = char>) -> Self {
        chars.fold(Self { rtl: 0, ltr: 0 }, |letters, c| match bidi_class(c) {
            BidiClass::R | BidiClass::AL => Self { rtl: letters.rtl + 1, ..letters },
            BidiClass::L => Self { ltr: letters.ltr + 1, ..letters },
            _ => letters,
        })
    }

    /// The direction of a line that has these letters, on a page of `self`. What closes a clause
    /// at one end tells it; else the letters do. `ends` are the first and last characters shown.
    fn base(self, line: Self, ends: (Option<char>, Option<char>)) -> Level {
        let closes = |c: Option<char>| c.is_some_and(|c| ".,:;!?،؛؟".contains(c));
        let is_rtl = match (closes(ends.0), closes(ends.1)) {
            _ if line.ltr * LINE_WEIGHT <= line.rtl => true,
            (true, false) => true,
            (false, true) => false,
            _ => LINE_WEIGHT * line.rtl + self.rtl >= LINE_WEIGHT * line.ltr + self.ltr,
        };
        if is_rtl { Level::rtl() } else { Level::ltr() }
    }
}

/// A glyph of a line in reading order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'p> {
    pub(super) glyph: &'p Glyph,
    /// What it stands for: its own text, but for brackets given as they look.
    pub(super) text: &'p str,
    /// The gap before it in points, where that is wide enough for a space; else 0.
    pub(super) gap: f32,
}

/// A line from left to right: its glyphs and the gaps between them.
pub(super) struct Visual<'p> {
    page: &'p PageGlyphs,
    clusters: Vec<Cluster<'p>>,
    base: Level,
}

/// A glyph and the marks over and under it.
struct Cluster<'p> {
    glyph: &'p Glyph,
    marks: Vec<&'p Glyph>,
    /// When it is drawn.
    at: usize,
}

/// A place of a line: a cluster, or a gap wide enough for a space.
#[derive(Debug, Clone, Copy)]
struct Item {
    what: What,
    /// The character that decides its direction.
    c: char,
    level: u8,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Cluster(usize),
    Gap(f32),
}

impl<'p> Visual<'p> {
    /// The visual order of a line that has right-to-left text; `None` for others.
    pub(super) fn of(
        page: &'p PageGlyphs,
        shown: &'p [Glyph],
        indices: &[usize],
        letters: Letters,
    ) -> Option<Self> {
        let glyphs: Vec<&Glyph> = indices.iter().filter_map(|&index| shown.get(index)).collect();
        if !glyphs.iter().any(|glyph| page.text_of(glyph).contains(is_right_to_left)) {
            return None;
        }
        let line = Letters::of(glyphs.iter().flat_map(|glyph| page.text_of(glyph).chars()));
        let mut clusters = clusters(page, &glyphs);
        clusters.sort_by(|a, b| middle(a.glyph).total_cmp(&middle(b.glyph)));
        let mut shown = clusters.iter().map(|cluster| page.text_of(cluster.glyph).trim());
        let first = shown.find(|text| !text.is_empty()).and_then(|text| text.chars().next());
        let last = shown.rfind(|text| !text.is_empty()).and_then(|text| text.chars().next_back());
        let base = letters.base(line, (first, last));
        Some(Self { page, clusters, base })
    }

    /// The glyphs from left to right, without marks.
    pub(super) fn glyphs(&self) -> Vec<&'p Glyph> {
        self.clusters.iter().map(|cluster| cluster.glyph).collect()
    }

    /// The order the line is read in; `spacing` is the gap between its letters, in em.
    pub(super) fn reading_order(&self, spacing: f32) -> Vec<Step<'p>> {
        let mut items = self.items(spacing);
        if self.base.is_rtl() {
            items.reverse();
        }
        set_levels(&mut items, self.base);
        if self.base.is_rtl() {
            self.keep_phrases(&mut items);
            brackets::complete_phrases(&mut items);
        }
        // Levels above these need marks that say so, which nobody draws.
        for level in (self.base.number() + 1..=2).rev() {
            reverse_runs(&mut items, level);
        }
        self.steps(&items)
    }

    /// Clusters and wide gaps from left to right.
    fn items(&self, spacing: f32) -> Vec<Item> {
        let is_blank = |cluster: &Cluster<'_>| self.text(cluster).trim().is_empty();
        let has_spaces = self.clusters.iter().any(is_blank);
        let mut items = Vec::with_capacity(self.clusters.len());
        let mut last: Option<&Cluster<'_>> = None;
        for (at, cluster) in self.clusters.iter().enumerate() {
            if !is_blank(cluster) {
                let joined = |cluster: &Cluster<'_>| self.text(cluster).contains(is_joined);
                let gap = last.map_or(0.0, |last| cluster.glyph.u0 - last.glyph.u1);
                let are_joined = has_spaces && joined(cluster) && last.is_some_and(joined);
                let em = if are_joined { JOINED_SPACE_EM } else { SPACE_EM };
                let size = last.map_or(0.0, |last| last.glyph.size).max(cluster.glyph.size);
                if gap > (em + spacing) * size {
                    items.push(Item { what: What::Gap(gap), c: ' ', level: 0 });
                }
                last = Some(cluster);
            }
            let c = deciding(self.text(cluster));
            items.push(Item { what: What::Cluster(at), c, level: 0 });
        }
        items
    }

    fn text(&self, cluster: &Cluster<'_>) -> &'p str {
        self.page.text_of(cluster.glyph)
    }

    /// Letters with a number behind them, as in `Route 66`, are one phrase, which the algorithm
    /// cannot see from behind. Where the number is drawn first, it comes first.
    fn keep_phrases(&self, items: &mut [Item]) {
        let mut at = 0;
        while at < items.len() {
            let number = run(items, at, |item| item.level == 2);
            at = number.end.max(at + 1);
            if number.is_empty() {
                continue;
            }
            let between = run(items, number.end, |item| is_within_phrase(item.c));
            let letters = run(items, between.end, |item| item.level == 2);
            let has = |part: &Range<usize>, class| {
                items[part.clone()].iter().any(|item| bidi_class(item.c) == class)
            };
            let is_phrase = !between.is_empty()
                && !has(&number, BidiClass::L)
                && has(&letters, BidiClass::L)
                && self.drawn_at(&items[letters.clone()]) < self.drawn_at(&items[number.clone()]);
            if is_phrase {
                items[between].iter_mut().for_each(|item| item.level = 2);
            }
        }
    }

    /// When the first of some items is drawn.
    fn drawn_at(&self, items: &[Item]) -> Option<usize> {
        let clusters = items.iter().filter_map(|item| match item.what {
            What::Cluster(at) => self.clusters.get(at),
            What::Gap(_) => None,
        });
        clusters.map(|cluster| cluster.at).min()
    }

    fn steps(&self, items: &[Item]) -> Vec<Step<'p>> {
        let are_shapes = brackets::are_shapes(items);
        let mut steps = Vec::with_capacity(items.len());
        let mut gap = 0.0;
        for item in items {
            let cluster = match item.what {
                What::Gap(width) => {
                    gap = width;
                    continue;
                }
                What::Cluster(at) => &self.clusters[at],
            };
            let own = self.text(cluster);
            let mirrored = (are_shapes && item.level == 1).then(|| brackets::mirrored(own));
            let text = mirrored.flatten().unwrap_or(own);
            steps.push(Step { glyph: cluster.glyph, text, gap });
            let marks = cluster.marks.iter();
            steps.extend(marks.map(|mark| Step {
                glyph: mark,
                text: self.page.text_of(mark),
                gap: 0.0,
            }));
            if !own.trim().is_empty() {
                gap = 0.0;
            }
        }
        steps
    }
}

/// Gives each mark to the glyph it stands over: the one drawn before or after it.
fn clusters<'p>(page: &PageGlyphs, glyphs: &[&'p Glyph]) -> Vec<Cluster<'p>> {
    let mut clusters: Vec<Cluster<'p>> = Vec::with_capacity(glyphs.len());
    let mut waiting: Vec<&'p Glyph> = Vec::new();
    for (at, &glyph) in glyphs.iter().enumerate() {
        if page.text_of(glyph).chars().all(is_mark) {
            waiting.push(glyph);
            continue;
        }
        let mut cluster = Cluster { glyph, marks: Vec::new(), at };
        for mark in waiting.drain(..) {
            match clusters.last_mut() {
                Some(last) if belongs_before(page, mark, last.glyph, glyph) => {
                    last.marks.push(mark);
                }
                _ => cluster.marks.push(mark),
            }
        }
        // Drawn from left to right, marks of one letter stand in reverse.
        cluster.marks.reverse();
        clusters.push(cluster);
    }
    match clusters.last_mut() {
        Some(last) => last.marks.extend(waiting),
        None => {
            let alone = |(at, glyph)| Cluster { glyph, marks: Vec::new(), at };
            clusters.extend(waiting.into_iter().enumerate().map(alone));
        }
    }
    clusters
}

/// Whether a mark drawn between two glyphs belongs to the first: by the order they are drawn in,
/// unless it is clearly nearer to the other one. The origin of a mark may be beside its letter.
fn belongs_before(page: &PageGlyphs, mark: &Glyph, first: &Glyph, second: &Glyph) -> bool {
    let center = middle(mark);
    let distance = |glyph: &Glyph| (glyph.u0 - center).max(center - glyph.u1).max(0.0);
    let (before, after) = (distance(first), distance(second));
    let slack = MARK_SLACK_EM * mark.size;
    // Drawn from left to right, right-to-left text has its marks before their letters.
    let is_reversed =
        middle(first) < middle(second) && page.text_of(mark).contains(is_right_to_left);
    if is_reversed { after > before + slack } else { before <= after + slack }
}

fn middle(glyph: &Glyph) -> f32 {
    (glyph.u0 + glyph.u1) / 2.0
}

/// The character that decides the direction of a text: its first letter or digit.
fn deciding(text: &str) -> char {
    let c = text.chars().find(|c| c.is_alphanumeric()).or_else(|| text.chars().next());
    // What would divide the line, or open an embedding.
    let plain = |c: &char| !c.is_whitespace() && !c.is_control() && !is_direction_mark(*c);
    c.filter(plain).unwrap_or(' ')
}

/// Sets the levels of UAX #9 as of a text of these items.
fn set_levels(items: &mut [Item], base: Level) {
    let text: String = items.iter().map(|item| item.c).collect();
    let bidi = BidiInfo::new(&text, Some(base));
    for (item, (at, _)) in items.iter_mut().zip(text.char_indices()) {
        item.level = bidi.levels.get(at).map_or(base.number(), Level::number);
    }
}

/// The items from `start` on that are so.
fn run(items: &[Item], start: usize, is: impl Fn(&Item) -> bool) -> Range<usize> {
    let rest = items.get(start..).unwrap_or_default();
    start..start + rest.iter().take_while(|item| is(item)).count()
}

/// Turns each run of items of a level or higher ones round (UAX #9, rule L2).
fn reverse_runs(items: &mut [Item], level: u8) {
    let mut at = 0;
    while at < items.len() {
        let high = run(items, at, |item| item.level >= level);
        at = high.end + 1;
        items[high].reverse();
    }
}

/// What may stand between a word and a number of one phrase.
fn is_within_phrase(c: char) -> bool {
    let is_neutral = !matches!(bidi_class(c), BidiClass::R | BidiClass::AL | BidiClass::L);
    is_neutral && !c.is_numeric() && !".,:;!?،؛؟".contains(c)
}

#[cfg(test)]
mod tests;
