//! Which glyphs stand on one line.
//!
//! Glyphs are taken in content order. A glyph goes on with the line before it if it runs in the
//! same direction, on the same baseline or raised or lowered like a script, and does not jump
//! back. A big operator or a fraction leaves the baseline and comes back: the glyphs between are
//! taken into the line.

use super::accents;
use super::direction::Letters;
use super::script::{begins_with_mark, is_right_to_left};
use crate::pdf::glyphs::{Glyph, PageGlyphs};

/// How far same-sized glyphs of a line may differ in baseline, in em.
const BASELINE_TOLERANCE: f32 = 0.3;
/// How far a smaller glyph may be raised or lowered, in em of the larger: covers TeX's
/// superscripts (0.36–0.41) on display capitals and limits set beside an operator.
const SCRIPT_TOLERANCE: f32 = 0.65;
/// A script is at least this share of the size of its line; what is smaller stands beside an
/// initial.
const SCRIPT_SIZE_MIN: f32 = 0.42;
/// How far a glyph may start before the end of the one before it, in em: kerning, and accents
/// drawn before their letter.
const BACK_TOLERANCE: f32 = 0.65;
/// The same between a letter and its accent, the wider of which may be drawn last.
const ACCENT_BACK_TOLERANCE: f32 = 1.1;
/// The same beside scripts, where a subscript is drawn under its superscript.
const SCRIPT_BACK_TOLERANCE: f32 = 3.0;
/// Gap between a line and the part of a formula that leaves its baseline, in em; between the
/// cells of a table it is wider.
const FORMULA_GAP: f32 = 1.2;
/// How far a mark may be from its letter on any side, in em.
const MARK_TOLERANCE: f32 = 1.1;
/// Gap between parts of a right-to-left line, in em.
const LEFTWARDS_GAP: f32 = 2.0;
/// Runs that may lie between a line and its continuation.
const RUNS_BETWEEN: usize = 4;

/// Glyphs of one line, as indices into the page's glyphs, in content order.
pub(super) struct Run {
    pub(super) glyphs: Vec<usize>,
    /// Baseline and size of the largest glyph.
    base_v: f32,
    base_size: f32,
    u0: f32,
    u1: f32,
}

impl Run {
    fn start(index: usize, glyph: &Glyph) -> Self {
        Self {
            glyphs: vec![index],
            base_v: glyph.v,
            base_size: glyph.size,
            u0: glyph.u0,
            u1: glyph.u1,
        }
    }

    fn push(&mut self, index: usize, glyph: &Glyph) {
        self.glyphs.push(index);
        self.u0 = self.u0.min(glyph.u0);
        self.u1 = self.u1.max(glyph.u1);
        if glyph.size > self.base_size * 1.05 {
            (self.base_v, self.base_size) = (glyph.v, glyph.size);
        }
    }

    fn absorb(&mut self, other: Self) {
        self.glyphs.extend(other.glyphs);
        self.u0 = self.u0.min(other.u0);
        self.u1 = self.u1.max(other.u1);
    }
}

/// The glyphs that are put on lines, of the page they are on.
#[derive(Clone, Copy)]
struct Shown<'p> {
    page: &'p PageGlyphs,
    glyphs: &'p [Glyph],
}

impl<'p> Shown<'p> {
    fn text_of(self, glyph: &Glyph) -> &'p str {
        self.page.text_of(glyph)
    }
}

/// Splits glyphs of a page into lines. `letters` are those of a page that has right-to-left text.
pub(super) fn runs(page: &PageGlyphs, glyphs: &[Glyph], letters: Option<Letters>) -> Vec<Run> {
    let shown = Shown { page, glyphs };
    let mut runs: Vec<Run> = Vec::new();
    for (index, glyph) in glyphs.iter().enumerate() {
        if glyph.text.0 == glyph.text.1 {
            continue;
        }
        match continued(shown, &runs, glyph) {
            Some(at) => {
                let between: Vec<Run> = runs.drain(at + 1..).collect();
                let run = &mut runs[at];
                between.into_iter().for_each(|other| run.absorb(other));
                if !repeats_last(shown, run, glyph) {
                    run.push(index, glyph);
                }
            }
            None => runs.push(Run::start(index, glyph)),
        }
    }
    if letters.is_some() { joined_leftwards(shown, runs) } else { runs }
}

/// Joins the parts of right-to-left lines that are drawn one by one from the right: a number, a
/// word of another script, and what follows on its left.
fn joined_leftwards(page: Shown<'_>, runs: Vec<Run>) -> Vec<Run> {
    let mut joined: Vec<Part> = Vec::with_capacity(runs.len());
    for run in runs {
        let mut part = Part::of(page, run);
        match joined.pop_if(|line| line.is_blank) {
            Some(spaces) if spaces.lies_around(page, &part) => part.absorb(spaces),
            Some(spaces) => spaces.join(page, &mut joined),
            None => {}
        }
        // What spaces belong to may follow them.
        if part.is_blank { joined.push(part) } else { part.join(page, &mut joined) }
    }
    joined.into_iter().map(|part| part.run).collect()
}

/// A part of a right-to-left line.
struct Part {
    run: Run,
    is_rtl: bool,
    /// Some programs draw the spaces of a line before its letters.
    is_blank: bool,
}

impl Part {
    fn of(page: Shown<'_>, run: Run) -> Self {
        let texts = || run.glyphs.iter().map(|&index| page.text_of(&page.glyphs[index]));
        let is_rtl = texts().any(|text| text.contains(is_right_to_left));
        let is_blank = texts().all(|text| text.trim().is_empty());
        Self { run, is_rtl, is_blank }
    }

    /// Joins the line on whose left side it stands.
    fn join(mut self, page: Shown<'_>, lines: &mut Vec<Self>) {
        if let Some(line) = lines.pop_if(|line| line.goes_on_with(page, &self)) {
            self.absorb(line);
        }
        lines.push(self);
    }

    fn goes_on_with(&self, page: Shown<'_>, part: &Self) -> bool {
        let size = part.run.base_size.max(self.run.base_size);
        let gap = self.run.u0 - part.run.u1;
        (-BACK_TOLERANCE * size..LEFTWARDS_GAP * size).contains(&gap)
            && self.is_level_with(page, part)
    }

    fn lies_around(&self, page: Shown<'_>, part: &Self) -> bool {
        self.run.u0 < part.run.u1 && part.run.u0 < self.run.u1 && self.is_level_with(page, part)
    }

    /// Whether two parts may be of one right-to-left line.
    fn is_level_with(&self, page: Shown<'_>, part: &Self) -> bool {
        let (line, run) = (&self.run, &part.run);
        let size = run.base_size.max(line.base_size);
        let (Some(&first), Some(&last)) = (run.glyphs.first(), line.glyphs.last()) else {
            return false;
        };
        (self.is_rtl || part.is_rtl)
            && (line.base_v - run.base_v).abs() < BASELINE_TOLERANCE * size
            && are_together(&page.glyphs[last], &page.glyphs[first])
    }

    /// The glyphs of the smaller part are moved, so that all moves take linear time but for a
    /// logarithm. Their order counts little: the line is put in order by place.
    fn absorb(&mut self, mut part: Self) {
        if part.run.glyphs.len() >= self.run.glyphs.len() {
            std::mem::swap(&mut self.run, &mut part.run);
        }
        self.run.absorb(part.run);
        self.is_rtl |= part.is_rtl;
        self.is_blank &= part.is_blank;
    }
}

/// The run a glyph goes on with: the last one, or one shortly before it if all that was drawn
/// since lies between its end and the glyph.
fn continued(page: Shown<'_>, runs: &[Run], glyph: &Glyph) -> Option<usize> {
    let last = runs.len().checked_sub(1)?;
    if continues(page, &runs[last], glyph) {
        return Some(last);
    }
    let earliest = last.saturating_sub(RUNS_BETWEEN);
    let slack = 0.3 * glyph.size;
    (earliest..last).rev().find(|&at| {
        let run = &runs[at];
        let between = |other: &Run| {
            other.u0 > run.u1 - slack
                && other.u1 < glyph.u0 + slack
                && (other.base_v - run.base_v).abs() < 2.5 * run.base_size
                && page.glyphs[other.glyphs[0]].degrees == glyph.degrees
        };
        let same_baseline = (glyph.v - run.base_v).abs() < 0.1 * run.base_size;
        same_baseline
            && runs[at + 1..].iter().all(between)
            && is_filled(run.u1, &runs[at + 1..], glyph.u0, FORMULA_GAP * run.base_size)
            && continues(page, run, glyph)
    })
}

/// Whether runs fill the way from one place of a line to another, with gaps up to `gap` only.
fn is_filled(from: f32, runs: &[Run], to: f32, gap: f32) -> bool {
    let starts = runs.iter().map(|run| run.u0).fold(f32::MAX, f32::min);
    let ends = runs.iter().map(|run| run.u1).fold(f32::MIN, f32::max);
    starts - from < gap && to - ends < gap
}

fn continues(page: Shown<'_>, run: &Run, glyph: &Glyph) -> bool {
    let Some(last) = run.glyphs.last().map(|&index| &page.glyphs[index]) else { return false };
    if !are_together(last, glyph) {
        return false;
    }
    let size = run.base_size.max(glyph.size);
    let offset = (glyph.v - run.base_v).abs();
    let is_script = (SCRIPT_SIZE_MIN..0.9).contains(&(glyph.size.min(run.base_size) / size));
    let accent = |glyph| accents::is_spacing_accent(page.text_of(glyph));
    let over_letter = || accent(glyph) || accent(last);
    let off_by = |tolerance: f32| offset > tolerance * size;
    if off_by(BASELINE_TOLERANCE) && (off_by(SCRIPT_TOLERANCE) || !(is_script || over_letter())) {
        return is_mark_of(page, last, glyph);
    }
    let forward = glyph.u0 - last.u1;
    let beside_script = is_script && (last.size < 0.9 * size || glyph.size < 0.9 * size);
    if beside_script
        && glyph.u0 > run.u0
        && forward > -SCRIPT_BACK_TOLERANCE * size.min(glyph.size.max(last.size))
    {
        return true;
    }
    forward > -BACK_TOLERANCE * size
        || (over_letter() && forward > -ACCENT_BACK_TOLERANCE * size)
        || goes_on_leftwards(page, last, glyph, size)
        || is_mark_of(page, last, glyph)
}

/// Whether two glyphs may stand on one line, wherever they are.
fn are_together(last: &Glyph, glyph: &Glyph) -> bool {
    last.degrees == glyph.degrees && last.layer == glyph.layer && !last.tag.parts_from(glyph.tag)
}

/// Whether a glyph is a mark near the letter before it, or the letter near its mark.
fn is_mark_of(page: Shown<'_>, last: &Glyph, glyph: &Glyph) -> bool {
    let mark = |glyph| begins_with_mark(page.text_of(glyph));
    let reach = MARK_TOLERANCE * last.size.max(glyph.size);
    let center = (glyph.u0 + glyph.u1) / 2.0;
    (mark(glyph) || mark(last))
        && (last.u0 - reach..last.u1 + reach).contains(&center)
        && (last.v - glyph.v).abs() < reach
}

/// Right-to-left text drawn in reading order.
fn goes_on_leftwards(page: Shown<'_>, last: &Glyph, glyph: &Glyph, size: f32) -> bool {
    let leftwards = |glyph| page.text_of(glyph).chars().any(|c| is_right_to_left(c) || c == ' ');
    let gap = last.u0 - glyph.u1;
    leftwards(last) && leftwards(glyph) && (-BACK_TOLERANCE * size..2.0 * size).contains(&gap)
}

/// A glyph drawn a second time in almost the same place, to look bold.
fn repeats_last(page: Shown<'_>, run: &Run, glyph: &Glyph) -> bool {
    let Some(last) = run.glyphs.last().map(|&index| &page.glyphs[index]) else { return false };
    let near = |a: f32, b: f32| (a - b).abs() < 0.12 * glyph.size;
    near(last.u0, glyph.u0) && near(last.v, glyph.v) && page.text_of(last) == page.text_of(glyph)
}
