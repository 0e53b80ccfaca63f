//! Rows of tables, their header, and the cell that a question asks for.

use document::Span;
use index::{Language, each_token};

use super::{Read, signs};
use crate::chunk_text::{Word, hash_of};
use crate::question::{Form, Wants};
use crate::reading::Unit;
use crate::sentences::UnitKind;
use crate::terms::{Matches, Terms};

/// The first row of the table of which the unit at `at` is a further row.
pub(super) fn header_of<'u>(units: &[Read<'u>], at: usize) -> Option<&'u Unit> {
    let unit = units.get(at)?.1;
    if unit.kind != UnitKind::Row {
        return None;
    }
    let first = units.partition_point(|read| read.1.span.start < unit.block.start);
    units.get(first).map(|read| read.1).filter(|header| header.span != unit.span)
}

/// Whether the unit is the first row of a table that has more.
pub(super) fn is_header(units: &[Read<'_>], at: usize) -> bool {
    let block = |at: usize| units.get(at).map(|read| (read.1.kind, read.1.block));
    let here = block(at);
    matches!(here, Some((UnitKind::Row, _)))
        && header_of(units, at).is_none()
        && block(at + 1) == here
}

/// A cell with what names it; places in bytes of the document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell {
    /// The first cell of its row.
    pub(crate) row: Span,
    /// The cell of the header above it.
    pub(crate) column: Span,
    /// The cell.
    pub(crate) value: Span,
    /// Share of the question in the first cell.
    pub(super) share: f32,
}

/// What tells a column.
pub(super) struct Asked<'a> {
    pub(super) terms: &'a Terms,
    pub(super) form: &'a Form,
    pub(super) language: Language,
}

impl Asked<'_> {
    /// The cell of a row that is asked for. Told only where the row is asked for by its first cell,
    /// and the column by its header, by the form of its cell, or by being the only one.
    pub(super) fn cell(&self, header: (&str, Span), row: (&str, Span)) -> Option<Cell> {
        let (columns, cells) = (cells(header.0), cells(row.0));
        let label = cells.first().filter(|label| self.share(label.1) > 0.0)?;
        if columns.len() != cells.len() {
            return None;
        }
        let at = self.by_header(&columns).or_else(|| self.by_form(&cells)).unwrap_or(1);
        let told = cells.len() == 2 || self.by_header(&columns).or(self.by_form(&cells)).is_some();
        let (column, value) = (columns.get(at)?, cells.get(at)?);
        let place = |start: usize, cell: &(usize, &str)| {
            Span::new(start + cell.0, start + cell.0 + cell.1.len())
        };
        let says = |cell: &(usize, &str)| cell.1.contains(char::is_alphanumeric);
        (told && at > 0 && says(column) && says(value)).then(|| Cell {
            row: place(row.1.start, label),
            column: place(header.1.start, column),
            value: place(row.1.start, value),
            share: self.share(label.1),
        })
    }

    /// The column whose header holds most of the question, more than any other. The first one
    /// names the rows, as in "the Climb level", so it has to hold more than the rest.
    fn by_header(&self, columns: &[(usize, &str)]) -> Option<usize> {
        let shares: Vec<f32> = columns.iter().map(|column| self.share(column.1)).collect();
        let (first, rest) = shares.split_first()?;
        let most = rest.iter().copied().fold(0.0, f32::max);
        if *first > most {
            return Some(0);
        }
        only(rest, |share| most > 0.0 && *share >= most).map(|at| at + 1)
    }

    /// The column whose cell shows what the question wants, after the first.
    fn by_form(&self, cells: &[(usize, &str)]) -> Option<usize> {
        let shows = |text: &str| match self.form.wants {
            Wants::When => signs::date(text) >= 1.0,
            Wants::Count => signs::number(text, None) >= 1.0,
            _ => false,
        };
        only(cells.get(1..)?, |cell| shows(cell.1)).map(|at| at + 1)
    }

    fn share(&self, text: &str) -> f32 {
        let mut all = Matches::default();
        each_token(text, self.language, |_, exact, term| {
            let word = Word { stem: hash_of(term), exact: hash_of(exact) };
            if let Some((_, matches)) = self.terms.matches_of(word) {
                all = all.or(matches);
            }
        });
        self.terms.share(all)
    }
}

/// The position of the only one that fits.
fn only<T>(list: &[T], fits: impl Fn(&T) -> bool) -> Option<usize> {
    let mut found = (0..list.len()).filter(|at| list.get(*at).is_some_and(&fits));
    found.next().filter(|_| found.next().is_none())
}

/// The cells of a row without blank space around them, with their place in it. Outer bars are
/// none of them.
fn cells(row: &str) -> Vec<(usize, &str)> {
    let inner = row.strip_prefix('|').unwrap_or(row);
    let mut at = row.len() - inner.len();
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let mut cells = Vec::new();
    for cell in inner.split('|') {
        let blank = cell.len() - cell.trim_start().len();
        cells.push((at + blank, cell.trim()));
        at += cell.len() + 1;
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_their_place() {
        let row = "| E-bike |  €42 |";
        let found = cells(row);
        assert_eq!(found.iter().map(|cell| cell.1).collect::<Vec<_>>(), ["E-bike", "€42"]);
        assert!(found.iter().all(|(at, cell)| row[*at..].starts_with(cell)));
        assert_eq!(cells("a |  | c"), [(0, "a"), (5, ""), (7, "c")]);
        assert_eq!(cells(""), [(0, "")]);
        assert_eq!(cells("|"), [(1, "")]);
    }
}
