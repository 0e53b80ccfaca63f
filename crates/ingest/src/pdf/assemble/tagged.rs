//! Blocks of tagged pages: the document's own structure says which lines belong together.

use document::BlockKind;

use super::blocks::{self, Measures, PageBlock};
use crate::pdf::layout::{Line, PageLayout};
use crate::pdf::structure::{Role, Structure, Unit};

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
    ) -> Option<(usize, PageBlock<'l>)> {
        let unit = self.unit(&lines[start])?;
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
}
