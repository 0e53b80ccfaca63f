//! Tables without ruling lines: text that stands in the same columns over several rows.
//!
//! A table begins where one baseline holds several pieces of text. What follows belongs to it as
//! long as every piece falls into one column; a piece that crosses columns is prose again. Text
//! in later lines of a row (a wrapped cell) has no first column, or stands closer than rows do.

mod rows;

use std::ops::Range;

use super::hyphens::Vocabulary;
use crate::pdf::layout::{Line, is_label};
pub(super) use rows::{Rows, may_be_names, names_columns};

/// Lines looked at for one table.
const LINES_MAX: usize = 400;
/// Columns of a table.
const COLUMNS_MAX: usize = 64;
/// Pieces on one baseline differ in it by less, in em.
const BASELINE_EM: f32 = 0.3;
/// Rows stand closer than this, in em.
const ROW_PITCH_MAX: f32 = 3.5;
/// A lone piece below a row, to be part of it, stands closer than this, in em.
const WRAP_PITCH_MAX: f32 = 1.6;
/// Lines of one cell that are looked back over.
const WRAPPED_LINES_MAX: usize = 4;
/// Lines of one cell stand closer than this, in em.
const LEADING_MAX: f32 = 1.4;
/// Two rows of two cells prove little: their gaps must be wide, in em.
const CLEAR_GAP: f32 = 1.8;

/// A table found on a page.
pub(super) struct Table {
    /// The lines it takes.
    pub(super) lines: Range<usize>,
    columns: usize,
    rows: Vec<Row>,
}

/// Pieces of one row, in reading order.
struct Row {
    pieces: Vec<TablePiece>,
    v: f32,
}

/// A cell of one line: what lies between two wide gaps.
#[derive(Clone)]
struct TablePiece {
    line: usize,
    text: Range<usize>,
    u0: f32,
    u1: f32,
    v: f32,
    column: usize,
}

/// The table that begins with line `start`, if one does. Lines looked at are taken from `budget`.
pub(super) fn find(lines: &[Line], start: usize, budget: &mut usize) -> Option<Table> {
    if *budget == 0 {
        return None;
    }
    let mut builder = Builder::begin(lines, start)?;
    let last = lines.len().min(start + LINES_MAX);
    while builder.end < last && builder.take_baseline(lines) {}
    *budget = budget.saturating_sub(builder.end - start);
    builder.finish(lines, start)
}

struct Builder {
    /// Extents of the columns, left to right.
    columns: Vec<(f32, f32)>,
    baselines: Vec<Row>,
    size: f32,
    degrees: i16,
    end: usize,
    lowest: f32,
    /// Where the text was placed last.
    last_column: usize,
}

impl Builder {
    fn begin(lines: &[Line], start: usize) -> Option<Self> {
        let first = lines.get(start).filter(|line| !line.is_entry)?;
        let end = same_baseline(lines, start);
        let all = (start..end).flat_map(|at| pieces(lines, at));
        let mut pieces: Vec<TablePiece> = all.take(COLUMNS_MAX + 1).collect();
        pieces.sort_by(|a, b| a.u0.total_cmp(&b.u0));
        let apart = pieces.windows(2).all(|pair| pair[0].u1 < pair[1].u0);
        if !(2..=COLUMNS_MAX).contains(&pieces.len()) || !apart {
            return None;
        }
        let columns = pieces.iter().map(|piece| (piece.u0, piece.u1)).collect();
        pieces.iter_mut().enumerate().for_each(|(column, piece)| piece.column = column);
        let baselines = vec![Row { pieces, v: first.v }];
        let (size, degrees) = (first.size, first.degrees);
        let last_column = baselines[0].pieces.len() - 1;
        Some(Self { columns, baselines, size, degrees, end, lowest: first.v, last_column })
    }

    /// Takes the lines of the next baseline; `false` where they are not of this table.
    fn take_baseline(&mut self, lines: &[Line]) -> bool {
        let line = &lines[self.end];
        let end = same_baseline(lines, self.end);
        let all = (self.end..end).flat_map(|at| pieces(lines, at));
        let mut pieces: Vec<TablePiece> = all.take(COLUMNS_MAX + 1).collect();
        let pitch = (self.lowest - line.v) / self.size;
        let pitch_max = if pieces.len() > 1 { ROW_PITCH_MAX } else { WRAP_PITCH_MAX };
        let top = self.row_top() + BASELINE_EM * self.size;
        let fits = line.degrees == self.degrees
            && !line.is_entry
            && (0.8..1.25).contains(&(line.size / self.size))
            && line.v < top
            && pitch < pitch_max;
        let goes_up = line.v > self.lowest + BASELINE_EM * self.size;
        let last_column = self.last_column;
        if !fits
            || pieces.len() > COLUMNS_MAX
            || !self.place(&mut pieces)
            || (goes_up && self.last_column <= last_column)
        {
            return false;
        }
        self.end = end;
        self.lowest = self.lowest.min(line.v);
        self.add(pieces, line.v);
        true
    }

    /// Where a later cell of the current row may still begin: cells are drawn one after the
    /// other, so the text goes back up for each; but never above the last few baselines.
    fn row_top(&self) -> f32 {
        let mut latest: Vec<f32> =
            self.baselines.iter().rev().take(WRAPPED_LINES_MAX).map(|row| row.v).collect();
        latest.sort_by(|a, b| b.total_cmp(a));
        latest.first().copied().unwrap_or(f32::MAX)
    }

    /// Gives each piece its column and widens the columns; `false` where a piece has none.
    fn place(&mut self, pieces: &mut [TablePiece]) -> bool {
        let mut columns = self.columns.clone();
        let mut taken = vec![false; columns.len()];
        for piece in pieces.iter_mut() {
            let mut over = (0..columns.len())
                .filter(|&at| piece.u0 < columns[at].1 && columns[at].0 < piece.u1);
            let (Some(column), None) = (over.next(), over.next()) else { return false };
            if std::mem::replace(&mut taken[column], true) {
                return false;
            }
            columns[column] = (columns[column].0.min(piece.u0), columns[column].1.max(piece.u1));
            piece.column = column;
        }
        self.columns = columns;
        self.last_column = pieces.last().map_or(0, |piece| piece.column);
        true
    }

    fn add(&mut self, pieces: Vec<TablePiece>, v: f32) {
        let near = |row: &&mut Row| (row.v - v).abs() < BASELINE_EM * self.size;
        match self.baselines.iter_mut().rev().take(4).find(near) {
            Some(row) => row.pieces.extend(pieces),
            None => self.baselines.push(Row { pieces, v }),
        }
    }

    fn finish(mut self, lines: &[Line], start: usize) -> Option<Table> {
        self.baselines.sort_by(|a, b| b.v.total_cmp(&a.v));
        let rows = self.merge_wrapped(lines);
        let full = rows.iter().filter(|row| filled(row) > 1).count();
        let clear = self.columns.len() > 2 || rows.len() > 2 || self.clear_gaps();
        let labels = rows.iter().filter(|row| opens_with_label(lines, row)).count();
        let sound = rows.len() > 1
            && !self.numbers_prose(lines, &rows)
            && full > 1
            && full * 2 >= rows.len()
            && clear
            && labels * 2 < rows.len();
        let columns = self.columns.len();
        sound.then_some(Table { lines: start..self.end, columns, rows })
    }

    /// Whether two columns are numbers that count up and sentences beside them: notes.
    fn numbers_prose(&self, lines: &[Line], rows: &[Row]) -> bool {
        const WORDS_MIN: usize = 5;
        let text = |row: &Row, column: usize| -> String {
            let own = row.pieces.iter().filter(|piece| piece.column == column);
            own.filter_map(|piece| lines[piece.line].text.get(piece.text.clone())).collect()
        };
        let numbers: Option<Vec<u32>> =
            rows.iter().map(|row| text(row, 0).trim().parse().ok()).collect();
        let counts = numbers
            .is_some_and(|all| all.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1])));
        let words: usize = rows.iter().map(|row| text(row, 1).split_whitespace().count()).sum();
        self.columns.len() == 2 && counts && words >= WORDS_MIN * rows.len()
    }

    fn clear_gaps(&self) -> bool {
        self.columns.windows(2).all(|pair| pair[1].0 - pair[0].1 > CLEAR_GAP * self.size)
    }

    /// Joins the baselines of wrapped cells to the row they belong to.
    fn merge_wrapped(&mut self, lines: &[Line]) -> Vec<Row> {
        let baselines = std::mem::take(&mut self.baselines);
        let pitches: Vec<f32> = baselines.windows(2).map(|pair| pair[0].v - pair[1].v).collect();
        let least = pitches.iter().copied().fold(f32::MAX, f32::min);
        let most = pitches.iter().copied().fold(0.0, f32::max);
        // Rows set wider apart than the lines within them show which is which.
        let padded = most > least * 1.15;
        let mut rows: Vec<Row> = Vec::new();
        for (at, baseline) in baselines.into_iter().enumerate() {
            let pitch = if at > 0 { pitches[at - 1] } else { f32::MAX };
            let close = pitch < LEADING_MAX * self.size && pitch < least * 1.15;
            let partial = filled(&baseline) < self.columns.len();
            let has_first = baseline.pieces.iter().any(|piece| piece.column == 0);
            let goes_on = if has_first { padded } else { !opens_with_number(lines, &baseline) };
            match rows.last_mut() {
                Some(row) if close && partial && goes_on => row.pieces.extend(baseline.pieces),
                _ => rows.push(baseline),
            }
        }
        rows
    }
}

impl Table {
    /// The rows as text.
    pub(super) fn text(&self, lines: &[Line], vocabulary: &Vocabulary) -> String {
        let row = |row: &Row| {
            let mut cells = vec![String::new(); self.columns];
            let mut pieces: Vec<&TablePiece> = row.pieces.iter().collect();
            pieces.sort_by(|a, b| a.column.cmp(&b.column).then(b.v.total_cmp(&a.v)));
            for piece in pieces {
                let text = lines[piece.line].text.get(piece.text.clone()).unwrap_or("").trim();
                vocabulary.join(&mut cells[piece.column], text);
            }
            cells
        };
        let cells: Vec<Vec<String>> = self.rows.iter().map(row).collect();
        let bold_names =
            self.is_bold_alone(lines) && cells.first().is_some_and(|row| may_be_names(row));
        let has_head = bold_names || names_columns(&cells);
        Rows { cells, has_head }.text()
    }

    /// Whether the first row is set in a heavy face, and it alone.
    fn is_bold_alone(&self, lines: &[Line]) -> bool {
        let bold = |row: &Row| row.pieces.iter().all(|piece| lines[piece.line].bold);
        let mut rows = self.rows.iter();
        rows.next().is_some_and(bold) && !rows.any(bold)
    }
}

/// One past the last of the lines that follow `start` on its baseline.
fn same_baseline(lines: &[Line], start: usize) -> usize {
    let first = &lines[start];
    let same = |line: &&Line| {
        line.degrees == first.degrees && (line.v - first.v).abs() < BASELINE_EM * first.size
    };
    start + lines[start..].iter().take(LINES_MAX).take_while(same).count()
}

fn pieces(lines: &[Line], at: usize) -> impl Iterator<Item = TablePiece> + '_ {
    let line = &lines[at];
    let ends = line.cells.iter().skip(1).map(|cell| cell.start).chain([line.text.len()]);
    line.cells.iter().zip(ends).map(move |(cell, end)| TablePiece {
        line: at,
        text: cell.start..end,
        u0: cell.u0,
        u1: cell.u1,
        v: line.v,
        column: 0,
    })
}

fn filled(row: &Row) -> usize {
    let mut columns: Vec<usize> = row.pieces.iter().map(|piece| piece.column).collect();
    columns.sort_unstable();
    columns.dedup();
    columns.len()
}

/// Figures stand in rows of their own, whatever is missing before them.
fn opens_with_number(lines: &[Line], row: &Row) -> bool {
    let text = |piece: &TablePiece| {
        lines[piece.line].text.get(piece.text.clone()).unwrap_or("").to_owned()
    };
    let first = |piece: &TablePiece| {
        text(piece).trim_start_matches(['-', '−', '+', '€', '$', '£']).chars().next()
    };
    row.pieces.iter().any(|piece| first(piece).is_some_and(char::is_numeric))
}

/// A list item or a reference, whose label is set apart from its text.
fn opens_with_label(lines: &[Line], row: &Row) -> bool {
    let first =
        row.pieces.iter().filter(|piece| piece.column == 0).max_by(|a, b| a.v.total_cmp(&b.v));
    let text =
        first.and_then(|piece| lines[piece.line].text.get(piece.text.clone())).map(str::trim);
    text.is_some_and(|text| is_label(text) || (text.starts_with('[') && text.ends_with(']')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::layout::Piece;

    /// A line from its cells, each with its place; 5 points a character.
    fn line(v: f32, cells: &[(&str, f32)]) -> Line {
        let mut text = String::new();
        let mut places = Vec::new();
        for (cell, u0) in cells {
            if !text.is_empty() {
                text.push(' ');
            }
            places.push(Piece { start: text.len(), u0: *u0, u1: u0 + 5.0 * cell.len() as f32 });
            text.push_str(cell);
        }
        let (u0, u1) = (places[0].u0, places[places.len() - 1].u1);
        Line { cells: places, ..Line::sample(&text, u0, u1, v) }
    }

    fn check(lines: &[Line], expected: Option<&str>) {
        let vocabulary = Vocabulary::of(lines.iter());
        let found = find(lines, 0, &mut 1_000).map(|table| table.text(lines, &vocabulary));
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn aligned_cells_are_rows() {
        let lines = [
            line(100.0, &[("Job", 0.0), ("Price", 100.0)]),
            line(85.0, &[("Wheel", 0.0), ("22", 110.0)]),
            line(70.0, &[("Chain", 0.0), ("16", 110.0)]),
            line(40.0, &[("Work that is not in the list is charged", 0.0)]),
        ];
        check(&lines, Some("Job | Price\n--- | ---\nWheel | 22\nChain | 16"));
    }

    #[test]
    fn wrapped_cells_stay_in_their_row() {
        let lines = [
            line(100.0, &[("When", 0.0), ("What", 60.0), ("Who", 200.0)]),
            line(80.0, &[("Monthly", 0.0), ("clean and", 60.0)]),
            line(68.0, &[("oil", 60.0)]),
            line(80.0, &[("Rider", 200.0)]),
            line(48.0, &[("Yearly", 0.0), ("service", 60.0), ("Shop", 200.0)]),
        ];
        check(
            &lines,
            Some("When | What | Who\nMonthly | clean and oil | Rider\nYearly | service | Shop"),
        );
    }

    #[test]
    fn prose_and_lists_are_no_tables() {
        check(&[line(100.0, &[("One long line of words", 0.0)])], None);
        let list = [
            line(100.0, &[("1.", 0.0), ("first item", 30.0)]),
            line(85.0, &[("2.", 0.0), ("second item", 30.0)]),
            line(70.0, &[("3.", 0.0), ("third item", 30.0)]),
        ];
        check(&list, None);
        let prose = [
            line(100.0, &[("wide gap", 0.0), ("here and", 52.0)]),
            line(88.0, &[("another line of", 0.0), ("it", 88.0)]),
        ];
        check(&prose, None);
    }

    #[test]
    fn columns_are_limited_on_both_sides() {
        let row = |v: f32, columns: usize| {
            let cells: Vec<(&str, f32)> = (0..columns).map(|at| ("9", 20.0 * at as f32)).collect();
            line(v, &cells)
        };
        let is_table = |columns: usize| {
            let lines = [100.0, 85.0, 70.0].map(|v| row(v, columns));
            find(&lines, 0, &mut 1_000).is_some()
        };
        assert!(is_table(COLUMNS_MAX));
        assert!(!is_table(COLUMNS_MAX + 1));
    }

    #[test]
    fn lines_of_a_table_and_of_a_page_are_limited_on_both_sides() {
        let row = |at: usize| line(9_000.0 - 15.0 * at as f32, &[("Job", 0.0), ("22", 100.0)]);
        let lines: Vec<Line> = (0..=LINES_MAX).map(row).collect();
        let taken = |count: usize| find(&lines[..count], 0, &mut 1_000).unwrap().lines.len();
        assert_eq!((taken(LINES_MAX), taken(LINES_MAX + 1)), (LINES_MAX, LINES_MAX));
        let mut budget = LINES_MAX + 1;
        assert!(find(&lines, 0, &mut budget).is_some() && budget == 1);
        assert!(find(&lines, 0, &mut budget).is_some() && budget == 0);
        assert!(find(&lines, 0, &mut budget).is_none());
    }
}
