//! Blocks of tagged pages: the document's own structure says which lines belong together.

use std::collections::BTreeMap;

use document::BlockKind;

use super::blocks::{self, Measures, PageBlock};
use super::hyphens::Vocabulary;
use super::tables::Rows;
use crate::pdf::layout::{Line, PageLayout};
use crate::pdf::structure::{CellPlace, Role, Structure, Unit};

/// Words of a cell on average; a table with more was made to place paragraphs.
const CELL_WORDS_MAX: usize = 40;
/// Ends of paragraphs that may stand where the layout shows none, for each line inside one.
const FALSE_ENDS_SHARE: usize = 3;
const FALSE_ENDS_MIN: usize = 6;

/// The structure of a document as far as it is to be believed.
pub(super) struct Tagged<'s> {
    structure: &'s Structure,
    /// Whether its paragraphs are paragraphs, not lines.
    has_paragraphs: bool,
    /// Whether it names headings.
    pub(super) has_headings: bool,
}

impl<'s> Tagged<'s> {
    pub(super) fn of(structure: &'s Structure, pages: &[PageLayout], measures: &Measures) -> Self {
        let has_headings = structure.units.iter().any(|unit| matches!(unit.role, Role::Heading(_)));
        let (mut inside, mut against) = (0, 0);
        for lines in pages.iter().map(|page| &page.lines) {
            for at in 1..lines.len() {
                let (Some(above), Some(below)) = (lines[at - 1].tag.unit(), lines[at].tag.unit())
                else {
                    continue;
                };
                if above == below {
                    inside += 1;
                } else if blocks::goes_on(lines, at - 1, at, measures) {
                    against += 1;
                }
            }
        }
        let has_paragraphs = against < FALSE_ENDS_MIN + FALSE_ENDS_SHARE * inside;
        Self { structure, has_paragraphs, has_headings }
    }

    /// The unit that a line is tagged with.
    pub(super) fn unit(&self, line: &Line) -> Option<Unit> {
        self.structure.units.get(line.tag.unit()?).copied()
    }

    /// The block that begins with line `start` by its tags, and where it ends; `None` where the
    /// layout is to decide.
    pub(super) fn block<'l>(
        &self,
        lines: &'l [Line],
        start: usize,
        vocabulary: &Vocabulary,
    ) -> Option<(usize, PageBlock<'l>)> {
        let unit = self.unit(&lines[start])?;
        if let Some(cell) = unit.cell
            && let Some(table) = self.table(lines, start, cell, vocabulary)
        {
            return Some(table);
        }
        let same = |line: &&Line| line.tag == lines[start].tag;
        let end = start + lines[start..].iter().take_while(same).count();
        let kind = match unit.role {
            Role::Heading(level) => BlockKind::Heading { level: level.unwrap_or(2).clamp(1, 6) },
            Role::ListItem => BlockKind::ListItem,
            Role::Paragraph | Role::Note if self.has_paragraphs => BlockKind::Paragraph,
            Role::Paragraph | Role::Note => return None,
        };
        Some((end, PageBlock { kind, lines: &lines[start..end], rows: None }))
    }

    fn table<'l>(
        &self,
        lines: &'l [Line],
        start: usize,
        first: CellPlace,
        vocabulary: &Vocabulary,
    ) -> Option<(usize, PageBlock<'l>)> {
        let cell = |line: &Line| self.unit(line)?.cell.filter(|cell| cell.table == first.table);
        let own: Vec<CellPlace> = lines[start..].iter().map_while(cell).collect();
        let lines = &lines[start..start + own.len()];
        let mut cells: BTreeMap<(u32, u32), String> = BTreeMap::new();
        for (line, place) in lines.iter().zip(&own) {
            let text = cells.entry((place.row, place.column)).or_default();
            vocabulary.join(text, line.text.trim());
        }
        let words: usize = cells.values().map(|text| text.split_whitespace().count()).sum();
        let columns = own.iter().map(|place| place.column as usize + 1).max()?;
        let first_row = own.iter().map(|place| place.row).min()?;
        let several = own.iter().any(|place| place.row > first_row);
        if columns < 2 || !several || words > CELL_WORDS_MAX * cells.len() {
            return None;
        }
        let mut rows = Rows::default();
        let mut current = None;
        for ((row, column), text) in cells {
            if current.replace(row) != Some(row) {
                rows.cells.push(vec![String::new(); columns]);
            }
            if let Some(place) = rows.cells.last_mut().and_then(|row| row.get_mut(column as usize))
            {
                *place = text;
            }
        }
        let mut in_first = own.iter().filter(|place| place.row == first_row);
        rows.has_head = in_first.all(|place| place.is_head);
        let rows = Some(rows.text());
        let block = PageBlock { kind: BlockKind::Table, lines, rows };
        Some((start + own.len(), block))
    }
}
