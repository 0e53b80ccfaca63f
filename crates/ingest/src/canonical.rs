//! The canonical text while it is written.

use std::collections::BTreeMap;

use document::{Block, BlockKind, Document, MediaType, Span};

use crate::{Config, IngestError, limits};

/// How a block follows the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// After a blank line.
    Apart,
    /// On the next line: items of one list.
    NextLine,
}

/// A text and its blocks, kept such that blocks are in order, apart and never blank.
#[derive(Debug, Default)]
pub(crate) struct Canonical {
    text: String,
    blocks: Vec<Block>,
}

impl Canonical {
    /// Appends a block that `write` writes at the end of the text; nothing if that is blank.
    /// `lead` goes before it: an indent, a bullet, a label. The indent is not of the block.
    /// Returns whether there is a block.
    pub(crate) fn push(
        &mut self,
        kind: BlockKind,
        join: Join,
        lead: &str,
        write: impl FnOnce(&mut String),
    ) -> bool {
        let before = self.text.len();
        if before > 0 {
            self.text.push_str(if join == Join::Apart { "\n\n" } else { "\n" });
        }
        self.text.push_str(if before > 0 { lead } else { lead.trim_start() });
        let content = self.text.len();
        write(&mut self.text);
        let written = self.text.get(content..).unwrap_or_default().trim_end().len();
        if written == 0 {
            self.text.truncate(before);
            return false;
        }
        self.text.truncate(content + written);
        let appended = &self.text[before..];
        let start = self.text.len() - appended.trim_start().len();
        self.blocks.push(Block { kind, span: Span::new(start, self.text.len()) });
        true
    }

    /// The kind of the last block.
    pub(crate) fn last_kind(&self) -> Option<BlockKind> {
        self.blocks.last().map(|block| block.kind)
    }

    /// The text of the first level-1 heading, else of the first heading.
    fn title(&self) -> Option<String> {
        let mut headings = self.blocks.iter().filter_map(|block| match block.kind {
            BlockKind::Heading { level } => Some((level, block.span)),
            _ => None,
        });
        let first = headings.clone().next();
        let (_, span) = headings.find(|(level, _)| *level == 1).or(first)?;
        span.of(&self.text).map(str::to_owned)
    }

    /// The finished document. The title is `title`, else that of the headings.
    ///
    /// # Errors
    ///
    /// [`IngestError::NoText`] without any block, [`IngestError::TooLarge`] beyond the limit.
    pub(crate) fn finish(
        self,
        media_type: MediaType,
        title: Option<String>,
        metadata: BTreeMap<String, String>,
        config: &Config,
    ) -> Result<Document, IngestError> {
        if self.blocks.is_empty() {
            return Err(IngestError::NoText { pages: Vec::new() });
        }
        limits::check("bytes of extracted text", self.text.len(), config.limits.output_bytes_max)?;
        Ok(Document {
            media_type,
            title: title.or_else(|| self.title()),
            metadata,
            text: self.text,
            blocks: self.blocks,
            regions: Vec::new(),
            pages: Vec::new(),
            removed: Vec::new(),
            warnings: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_everything_visible_and_no_edge_blanks() {
        let mut canonical = Canonical::default();
        canonical.push(BlockKind::Code, Join::Apart, "", |text| text.push_str("  first\n x\n"));
        canonical.push(BlockKind::Paragraph, Join::Apart, "- ", |_| {});
        canonical.push(BlockKind::ListItem, Join::Apart, "  - ", |text| text.push_str("item "));
        assert_eq!(canonical.text, "  first\n x\n\n  - item");
        let spans: Vec<_> = canonical.blocks.iter().map(|block| block.span).collect();
        assert_eq!(spans, [Span::new(2, 10), Span::new(14, 20)]);
    }
}
