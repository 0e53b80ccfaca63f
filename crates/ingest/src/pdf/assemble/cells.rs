//! Tables whose cells are known, by ruling lines or by the document's own structure.

use std::collections::BTreeMap;

use document::BlockKind;

use super::blocks::PageBlock;
use super::hyphens::Vocabulary;
use super::tables::{Rows, may_be_names, names_columns};
use crate::pdf::layout::Line;
use crate::pdf::structure::CellPlace;

/// Words of a cell on average; a table with more was made to place paragraphs.
const CELL_WORDS_MAX: usize = 40;

/// Lines in cells: a table, or where it was made to place paragraphs, lines to be read as text.
pub(super) enum Found<'l> {
    Table(PageBlock<'l>),
    Layout,
}

/// What the cells that begin with line `start` are, and where they end.
pub(super) fn find<'l>(
    lines: &'l [Line],
    start: usize,
    vocabulary: &Vocabulary,
) -> Option<(usize, Found<'l>)> {
    let table = lines.get(start)?.cell?.table;
    let places = lines[start..].iter().map_while(|line| line.cell.filter(|c| c.table == table));
    let places: Vec<CellPlace> = places.collect();
    let end = start + places.len();
    let found = table_of(&lines[start..end], &places, vocabulary);
    Some((end, found.map_or(Found::Layout, Found::Table)))
}

fn table_of<'l>(
    lines: &'l [Line],
    places: &[CellPlace],
    vocabulary: &Vocabulary,
) -> Option<PageBlock<'l>> {
    let mut cells: BTreeMap<(u32, u32), String> = BTreeMap::new();
    for (line, place) in lines.iter().zip(places) {
        let text = cells.entry((place.row, place.column)).or_default();
        vocabulary.join(text, line.text.trim());
    }
    let words: usize = cells.values().map(|text| text.split_whitespace().count()).sum();
    let cells_count = cells.len();
    let cells = in_rows(cells);
    let is_one = cells.len() > 1 && cells[0].len() > 1 && words <= CELL_WORDS_MAX * cells_count;
    is_one.then(|| {
        let has_head = first_row_is_head(lines, places, &cells[0]) || names_columns(&cells);
        let rows = Some(Rows { cells, has_head }.text());
        PageBlock { kind: BlockKind::Table, lines, rows }
    })
}

/// The cells row by row; columns without any text are left out.
fn in_rows(cells: BTreeMap<(u32, u32), String>) -> Vec<Vec<String>> {
    let mut columns: Vec<u32> = cells.keys().map(|(_, column)| *column).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for ((row, column), text) in cells {
        let row = rows.entry(row).or_insert_with(|| vec![String::new(); columns.len()]);
        if let Ok(at) = columns.binary_search(&column) {
            row[at] = text;
        }
    }
    rows.into_values().collect()
}

/// Whether the first row is tagged as head, or is in a heavy face as no other row is.
fn first_row_is_head(lines: &[Line], places: &[CellPlace], row: &[String]) -> bool {
    let Some(first) = places.iter().map(|place| place.row).min() else { return false };
    let (head, body): (Vec<_>, Vec<_>) =
        lines.iter().zip(places).partition(|(_, place)| place.row == first);
    let tagged = head.iter().all(|(_, place)| place.is_head);
    let in_bold = head.iter().all(|(line, _)| line.bold) && !body.iter().all(|(line, _)| line.bold);
    tagged || (in_bold && may_be_names(row))
}
