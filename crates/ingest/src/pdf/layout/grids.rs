//! Tables by their ruling lines: horizontal and vertical rules that cross make a grid, and text
//! belongs to the cell it stands in, whatever order it is drawn in.
//!
//! Cells that no rule parts are one cell. A table that is ruled between its rows only has no grid;
//! alignment finds it.

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
/// Tables found by rules are counted from here, so as not to be taken for tagged ones.
const TABLES_FROM: u32 = 1 << 31;

/// Gives the lines in ruled tables their cells and puts them in the order of these. A line that
/// runs through several cells is divided.
pub(super) fn with_cells(lines: Vec<Line>, rules: &[Rule]) -> Vec<Line> {
    let mut lines = lines;
    for (number, grid) in (TABLES_FROM..).zip(grids(rules)) {
        lines = grid.take(lines, number);
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
        // A table may be open at its sides: then its rules end where its outer columns do.
        let ends = |rules: &[Rule]| rules.iter().flat_map(|rule| [rule.from, rule.to]).collect();
        let edges = |rules: &[Rule], mut ends: Vec<f32>| {
            ends.extend(rules.iter().map(|rule| rule.at));
            distinct(ends)
        };
        let xs = edges(&down, ends(&across));
        let mut ys = edges(&across, ends(&down));
        ys.reverse();
        let tracks = 3..=TRACKS_MAX;
        (tracks.contains(&xs.len()) && tracks.contains(&ys.len())).then_some(Self {
            across,
            down,
            xs,
            ys,
        })
    }

    /// Takes the lines in this grid to its cells, numbered as `table`.
    fn take(&self, lines: Vec<Line>, table: u32) -> Vec<Line> {
        let mut inside: Vec<Line> = Vec::new();
        let mut outside: Vec<Line> = Vec::with_capacity(lines.len());
        let mut first = None;
        for line in &lines {
            if line.cell.is_none() && line.degrees == 0 && self.holds(line) {
                first.get_or_insert(outside.len());
                inside.extend(self.divided(line, table));
            } else {
                outside.push(line.clone());
            }
        }
        let Some(first) = first.filter(|_| is_table(&inside)) else { return lines };
        inside.sort_by(|a, b| {
            a.cell.cmp(&b.cell).then(b.v.total_cmp(&a.v)).then(a.u0.total_cmp(&b.u0))
        });
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

/// Whether the text in a grid is that of a table: in several rows and columns, and short.
fn is_table(lines: &[Line]) -> bool {
    let mut cells: Vec<CellPlace> = lines.iter().filter_map(|line| line.cell).collect();
    cells.sort_unstable();
    cells.dedup();
    let several = |of: fn(&CellPlace) -> u32| cells.iter().any(|cell| of(cell) != of(&cells[0]));
    let words: usize = lines.iter().map(|line| line.words.len()).sum();
    cells.len() > 2
        && several(|cell| cell.row)
        && several(|cell| cell.column)
        && words <= CELL_WORDS_MAX * cells.len()
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
}
