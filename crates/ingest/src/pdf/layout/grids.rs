//! Tables by their ruling lines: horizontal and vertical rules that cross make a grid, and text
//! belongs to the cell it stands in, whatever order it is drawn in.
//!
//! Cells that no rule parts are one cell. A table that is ruled between its rows only has no grid;
//! alignment finds it.

use std::collections::BTreeMap;

use super::{Line, Piece};
use crate::pdf::glyphs::Rule;
use crate::pdf::structure::CellPlace;

/// Rules of one direction on a page, those in one line being one; more are a drawing.
const RULES_MAX: usize = 1_500;
/// Rules meet, and are in one line, within this distance, in points.
const TOUCH: f32 = 2.5;
/// Rows or columns of one grid.
const TRACKS_MAX: usize = 400;
/// A cell is at least this wide or high, in points.
const TRACK_MIN: f32 = 4.0;
/// Words in a cell on average; a grid with more frames parts of a page.
const CELL_WORDS_MAX: usize = 40;
/// Rules run through this share of their grid on average; those of drawings end anywhere.
const RULED_SHARE: f32 = 0.6;
/// Cells with text; a grid with fewer is the background of a plot, or a form to fill in.
const FILLED_SHARE: f32 = 0.35;
/// One line in so many may have a wide gap inside its cell.
const GAPS_SHARE: usize = 6;
/// Lines of a cell that may be rows of their own, if they are shorter than this share of it.
const STACK_LINES_MIN: usize = 3;
const STACK_FILLED_MAX: f32 = 0.6;
/// Cells that are counted to see how many have text.
const CELLS_MAX: usize = 4_000;
/// Words times rules of one grid.
const LOOKS_MAX: usize = 4_000_000;
/// Tables found by rules are counted from here, so as not to be taken for tagged ones.
const TABLES_FROM: u32 = 1 << 31;

/// Gives the lines in ruled tables their cells and puts them in the order of these. A line that
/// runs through several cells is divided.
pub(super) fn with_cells(lines: Vec<Line>, rules: &[Rule]) -> Vec<Line> {
    with_cells_within(lines, rules, LOOKS_MAX)
}

fn with_cells_within(mut lines: Vec<Line>, rules: &[Rule], looks_max: usize) -> Vec<Line> {
    for (number, grid) in (TABLES_FROM..).zip(grids(rules)) {
        lines = grid.take(lines, number, looks_max);
    }
    lines
}

/// The grids on a page, in the order their first rules were drawn.
fn grids(rules: &[Rule]) -> Vec<Grid> {
    let of = |is_horizontal| {
        let own = rules.iter().filter(|rule| rule.is_horizontal == is_horizontal);
        joined(own.copied().collect())
    };
    let (across, down) = (of(true), of(false));
    if across.len() < 2 || down.is_empty() || across.len().max(down.len()) > RULES_MAX {
        return Vec::new();
    }
    let mut groups = Groups::new(across.len() + down.len());
    for (i, a) in across.iter().enumerate() {
        for (j, d) in down.iter().enumerate() {
            let crosses = (a.from - TOUCH..=a.to + TOUCH).contains(&d.at)
                && (d.from - TOUCH..=d.to + TOUCH).contains(&a.at);
            if crosses {
                groups.unite(i, across.len() + j);
            }
        }
    }
    let mut grids = Vec::new();
    for root in 0..across.len() {
        if groups.root(root) != root {
            continue;
        }
        let mut own = |rules: &[Rule], from: usize| -> Vec<Rule> {
            let members = (0..rules.len()).filter(|at| groups.root(from + at) == root);
            members.map(|at| rules[at]).collect()
        };
        grids.extend(Grid::of(own(&across, 0), own(&down, across.len())));
    }
    grids
}

/// Rules in one line that touch become one.
fn joined(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.from.total_cmp(&b.from)));
    let mut out: Vec<Rule> = Vec::new();
    for rule in rules {
        let touches =
            |known: &&mut Rule| rule.from <= known.to + TOUCH && known.from <= rule.to + TOUCH;
        let in_line = out.iter_mut().rev().take_while(|known| rule.at - known.at < TOUCH);
        if let Some(known) = in_line.take(RULES_MAX).find(touches) {
            (known.from, known.to) = (known.from.min(rule.from), known.to.max(rule.to));
        } else {
            out.push(rule);
        }
        if out.len() > RULES_MAX {
            break;
        }
    }
    out
}

/// Disjoint sets of rules, each named by its least member.
struct Groups(Vec<usize>);

impl Groups {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Rules that cross, and the tracks between them.
struct Grid {
    across: Vec<Rule>,
    down: Vec<Rule>,
    /// Edges of the columns, left to right.
    xs: Vec<f32>,
    /// Edges of the rows, top to bottom.
    ys: Vec<f32>,
}

impl Grid {
    fn of(across: Vec<Rule>, down: Vec<Rule>) -> Option<Self> {
        // A table may be open at its sides: then its rules end where its outer tracks do.
        let edges = |rules: &[Rule], crossing: &[Rule]| {
            let first = crossing.iter().map(|rule| rule.from).min_by(f32::total_cmp);
            let last = crossing.iter().map(|rule| rule.to).max_by(f32::total_cmp);
            distinct(rules.iter().map(|rule| rule.at).chain(first).chain(last).collect())
        };
        let xs = edges(&down, &across);
        let mut ys = edges(&across, &down);
        ys.reverse();
        let tracks = 3..=TRACKS_MAX;
        let is_whole = |rules: &[Rule], edges: &[f32]| {
            let extent = (edges[0] - edges[edges.len() - 1]).abs();
            let ruled: f32 = rules.iter().map(|rule| rule.to - rule.from).sum();
            ruled >= RULED_SHARE * extent * rules.len() as f32
        };
        (tracks.contains(&xs.len()) && tracks.contains(&ys.len()))
            .then_some(Self { across, down, xs, ys })
            .filter(|grid| is_whole(&grid.across, &grid.xs) && is_whole(&grid.down, &grid.ys))
    }

    /// Takes the lines in this grid to its cells, numbered as `table`, unless their words times
    /// its rules are more than `looks_max`.
    fn take(&self, lines: Vec<Line>, table: u32, looks_max: usize) -> Vec<Line> {
        let is_inside = |line: &Line| line.cell.is_none() && line.degrees == 0 && self.holds(line);
        let Some(first) = lines.iter().position(is_inside) else { return lines };
        let own = || lines.iter().filter(|line| is_inside(line));
        let words: usize = own().map(|line| line.words.len()).sum();
        if words.saturating_mul(self.across.len() + self.down.len()) > looks_max {
            return lines;
        }
        let own = own();
        let mut inside: Vec<Line> = own.flat_map(|line| self.divided(line, table)).collect();
        if !self.is_table(&inside) {
            return lines;
        }
        inside.sort_by(|a, b| {
            a.cell.cmp(&b.cell).then(b.v.total_cmp(&a.v)).then(a.u0.total_cmp(&b.u0))
        });
        let mut outside = lines;
        outside.retain(|line| !is_inside(line));
        outside.splice(first..first, inside);
        outside
    }

    fn holds(&self, line: &Line) -> bool {
        let (x, y) = line.middle();
        track(&self.xs, x).is_some() && track(&self.ys, y).is_some()
    }

    /// The parts of a line that stand in different cells.
    fn divided(&self, line: &Line, table: u32) -> Vec<Line> {
        let (_, y) = line.middle();
        let row = track(&self.ys, y).unwrap_or(0);
        let cell_of = |word: &Piece| {
            let middle = (word.u0 + word.u1) / 2.0;
            let column = track(&self.xs, middle).unwrap_or(usize::from(middle > self.xs[0]));
            self.whole_cell(row, column.min(self.xs.len() - 2))
        };
        let mut parts: Vec<Line> = Vec::new();
        let mut from = 0;
        while from < line.words.len() {
            let (row, column) = cell_of(&line.words[from]);
            let same = |word: &&Piece| cell_of(word) == (row, column);
            let count = line.words[from..].iter().take_while(same).count().max(1);
            let mut part = line.part(from..from + count);
            part.cell = Some(CellPlace { table, row, column, is_head: false });
            parts.push(part);
            from += count;
        }
        parts
    }

    /// Whether the text in the grid is that of a table: in several rows and columns, and short.
    fn is_table(&self, lines: &[Line]) -> bool {
        let mut cells: Vec<CellPlace> = lines.iter().filter_map(|line| line.cell).collect();
        cells.sort_unstable();
        cells.dedup();
        let several =
            |of: fn(&CellPlace) -> u32| cells.iter().any(|cell| of(cell) != of(&cells[0]));
        let words: usize = lines.iter().map(|line| line.words.len()).sum();
        cells.len() > 2
            && several(|cell| cell.row)
            && several(|cell| cell.column)
            && words <= CELL_WORDS_MAX * cells.len()
            && !self.is_coarse(lines)
            && cells.len() as f32 >= FILLED_SHARE * self.whole_cells() as f32
    }

    /// Whether there are rows or columns in the cells that no rules part: text with wide gaps, or
    /// several short lines beside several others.
    fn is_coarse(&self, lines: &[Line]) -> bool {
        let gaps = lines.iter().filter(|line| line.cells.len() > 1).count();
        let mut stacks: BTreeMap<(u32, u32), (usize, f32)> = BTreeMap::new();
        for line in lines {
            let Some(cell) = line.cell else { continue };
            let (count, filled) = stacks.entry((cell.row, cell.column)).or_default();
            *count += 1;
            *filled += (line.u1 - line.u0) / self.width_of(cell.column as usize);
        }
        let is_stack = |&(count, filled): &(usize, f32)| {
            count >= STACK_LINES_MIN && filled < STACK_FILLED_MAX * count as f32
        };
        let stacked: Vec<u32> =
            stacks.iter().filter(|(_, stack)| is_stack(stack)).map(|((row, _), _)| *row).collect();
        gaps * GAPS_SHARE > lines.len() || stacked.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn width_of(&self, column: usize) -> f32 {
        let edges = self.xs.get(column..column + 2);
        edges.map_or(1.0, |edges| (edges[1] - edges[0]).max(1.0))
    }

    fn whole_cells(&self) -> usize {
        let (rows, columns) = (self.ys.len() - 1, self.xs.len() - 1);
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        let is_whole = |&(row, column): &(usize, usize)| {
            self.whole_cell(row, column) == (row as u32, column as u32)
        };
        places.take(CELLS_MAX).filter(is_whole).count()
    }

    /// The upper left track of the cell that a place belongs to.
    fn whole_cell(&self, mut row: usize, mut column: usize) -> (u32, u32) {
        while column > 0 && !self.is_parted(&self.down, self.xs[column], &self.ys, row) {
            column -= 1;
        }
        while row > 0 && !self.is_parted(&self.across, self.ys[row], &self.xs, column) {
            row -= 1;
        }
        (row as u32, column as u32)
    }

    /// Whether a rule at `edge` runs through the middle of a track.
    fn is_parted(&self, rules: &[Rule], edge: f32, tracks: &[f32], track: usize) -> bool {
        let middle = (tracks[track] + tracks[track + 1]) / 2.0;
        let parts = |rule: &Rule| {
            (rule.at - edge).abs() < TOUCH + 0.5 && (rule.from..=rule.to).contains(&middle)
        };
        rules.iter().any(parts)
    }
}

/// Sorted values, those closer than a track being one.
fn distinct(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_by(f32::total_cmp);
    values.dedup_by(|next, kept| *next - *kept < TRACK_MIN);
    values
}

/// The track between two edges, in ascending or descending order, that holds a value.
fn track(edges: &[f32], value: f32) -> Option<usize> {
    edges.windows(2).position(|pair| (pair[0].min(pair[1])..=pair[0].max(pair[1])).contains(&value))
}

impl Line {
    /// The part of the line that some of its words make.
    pub(super) fn part(&self, words: std::ops::Range<usize>) -> Self {
        let own = &self.words[words.clone()];
        let start = own.first().map_or(0, |word| word.start);
        let end = self.words.get(words.end).map_or(self.text.len(), |word| word.start);
        let text = self.text.get(start..end).unwrap_or_default().trim_end().to_owned();
        let moved = |piece: &Piece| Piece { start: piece.start - start, ..*piece };
        let own: Vec<Piece> = own.iter().map(moved).collect();
        let inside = |cell: &&Piece| (start + 1..end).contains(&cell.start);
        let cells =
            own.first().copied().into_iter().chain(self.cells.iter().filter(inside).map(moved));
        let mut cells: Vec<Piece> = cells.collect();
        let ends: Vec<usize> = cells.iter().skip(1).map(|c| c.start).chain([end]).collect();
        for (cell, end) in cells.iter_mut().zip(ends) {
            let last = own.iter().rev().find(|word| word.start < end && word.start >= cell.start);
            cell.u1 = last.map_or(cell.u1, |word| word.u1);
        }
        let (u0, u1) = (
            own.iter().map(|word| word.u0).fold(f32::MAX, f32::min),
            own.iter().map(|word| word.u1).fold(f32::MIN, f32::max),
        );
        Self { text, words: own, cells, u0, u1, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(is_horizontal: bool, at: f32, from: f32, to: f32) -> Rule {
        Rule { is_horizontal, at, from, to }
    }

    /// Three columns of 100 points, three rows of 30 points from 700 down.
    fn rules() -> Vec<Rule> {
        let across = [700.0, 670.0, 640.0, 610.0].map(|at| rule(true, at, 100.0, 400.0));
        let down = [100.0, 200.0, 300.0, 400.0].map(|at| rule(false, at, 610.0, 700.0));
        across.into_iter().chain(down).collect()
    }

    fn cells(lines: Vec<Line>, rules: &[Rule]) -> Vec<(String, Option<(u32, u32)>)> {
        let lines = with_cells(lines, rules).into_iter();
        lines.map(|line| (line.text, line.cell.map(|cell| (cell.row, cell.column)))).collect()
    }

    fn text(text: &str, u0: f32, v: f32) -> Line {
        Line::sample(text, u0, u0 + 5.0 * text.len() as f32, v)
    }

    #[test]
    fn text_belongs_to_its_cell_whenever_it_is_drawn() {
        let lines = vec![
            text("Above", 100.0, 720.0),
            text("wide text", 105.0, 680.0),
            text("of two lines", 105.0, 650.0),
            text("B", 205.0, 680.0),
            text("b", 205.0, 650.0),
            text("below it", 105.0, 643.0),
            text("Below", 100.0, 590.0),
        ];
        let expected = [
            ("Above", None),
            ("wide text", Some((0, 0))),
            ("B", Some((0, 1))),
            ("of two lines", Some((1, 0))),
            ("below it", Some((1, 0))),
            ("b", Some((1, 1))),
            ("Below", None),
        ];
        assert_eq!(cells(lines, &rules()), expected.map(|(text, cell)| (text.to_owned(), cell)));
    }

    #[test]
    fn a_line_through_a_rule_is_divided_and_one_through_a_merged_cell_is_not() {
        let mut rules = rules();
        // No rule between the first two cells of the top row.
        rules.retain(|rule| rule.is_horizontal || rule.at != 200.0);
        rules.push(rule(false, 200.0, 610.0, 670.0));
        let line = |v| {
            let mut line = Line::sample("left right", 150.0, 250.0, v);
            line.words = vec![
                Piece { start: 0, u0: 150.0, u1: 190.0 },
                Piece { start: 5, u0: 205.0, u1: 250.0 },
            ];
            line
        };
        let found = cells(vec![line(680.0), line(650.0), text("c", 350.0, 680.0)], &rules);
        let expected = [
            ("left right", Some((0, 0))),
            ("c", Some((0, 2))),
            ("left", Some((1, 0))),
            ("right", Some((1, 1))),
        ];
        assert_eq!(found, expected.map(|(text, cell)| (text.to_owned(), cell)));
    }

    #[test]
    fn a_frame_around_prose_is_no_table() {
        let words = "word ".repeat(60);
        let lines = vec![text("a", 110.0, 680.0), text("b", 210.0, 650.0)];
        let mut prose = text(&words, 110.0, 620.0);
        prose.words = vec![Piece { start: 0, u0: 110.0, u1: 190.0 }; 200];
        let found = cells([lines, vec![prose]].concat(), &rules());
        assert!(found.iter().all(|(_, cell)| cell.is_none()));
    }

    /// A grid of two columns and `rows` rows with a text in each cell, and whether it is one.
    fn is_grid(rows: usize) -> bool {
        let height = 5.0 * rows as f32;
        let across = (0..=rows).map(|at| rule(true, 5.0 * at as f32, 100.0, 300.0));
        let down = [100.0, 200.0, 300.0].map(|at| rule(false, at, 0.0, height));
        let rules: Vec<Rule> = across.chain(down).collect();
        let line =
            |at: usize| text("9", 105.0 + 100.0 * (at % 2) as f32, 5.0 * (at / 2) as f32 + 1.0);
        let lines = with_cells((0..2 * rows).map(line).collect(), &rules);
        lines.iter().all(|line| line.cell.is_some())
    }

    #[test]
    fn rows_are_limited_on_both_sides() {
        // Tracks are counted by their edges.
        assert!(is_grid(TRACKS_MAX - 1));
        assert!(!is_grid(TRACKS_MAX));
    }

    #[test]
    fn rules_are_limited_on_both_sides() {
        let found = |apart: usize| {
            // Rules that cross nothing.
            let beside = (0..apart).map(|at| rule(true, 10_000.0 + 5.0 * at as f32, 0.0, 9.0));
            grids(&rules().into_iter().chain(beside).collect::<Vec<_>>()).len()
        };
        let own = rules().iter().filter(|rule| rule.is_horizontal).count();
        assert_eq!((found(RULES_MAX - own), found(RULES_MAX - own + 1)), (1, 0));
    }

    /// Four of the nine cells, and `words` words in all of them.
    fn filled(words: usize) -> Vec<Line> {
        let mut lines: Vec<Line> = [(110.0, 680.0), (210.0, 680.0), (110.0, 650.0), (310.0, 620.0)]
            .map(|(u0, v)| text("word", u0, v))
            .into();
        lines[3].words = vec![lines[3].words[0]; words - 3];
        lines
    }

    #[test]
    fn words_of_a_cell_are_limited_on_both_sides() {
        let is_table = |words: usize| {
            with_cells(filled(words), &rules()).iter().all(|line| line.cell.is_some())
        };
        assert!(is_table(4 * CELL_WORDS_MAX));
        assert!(!is_table(4 * CELL_WORDS_MAX + 1));
    }

    #[test]
    fn looks_at_words_are_limited_on_both_sides() {
        let is_table = |looks_max: usize| {
            let lines = with_cells_within(filled(4), &rules(), looks_max);
            lines.iter().all(|line| line.cell.is_some())
        };
        let looks = 4 * rules().len();
        assert!(is_table(looks));
        assert!(!is_table(looks - 1));
    }

    #[test]
    fn cells_that_are_counted_are_limited_on_both_sides() {
        let counted = |rows: usize, columns: usize| {
            let (width, height) = (5.0 * columns as f32, 5.0 * rows as f32);
            let across = (0..=rows).map(|at| rule(true, 5.0 * at as f32, 0.0, width)).collect();
            let down = (0..=columns).map(|at| rule(false, 5.0 * at as f32, 0.0, height)).collect();
            Grid::of(across, down).unwrap().whole_cells()
        };
        assert_eq!(counted(20, CELLS_MAX / 20 - 1), CELLS_MAX - 20);
        assert_eq!(counted(20, CELLS_MAX / 20), CELLS_MAX);
        assert_eq!(counted(20, CELLS_MAX / 20 + 1), CELLS_MAX);
    }
}
