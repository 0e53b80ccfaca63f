//! The structural units of a document.

use serde::{Deserialize, Serialize};

use crate::Span;

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// A heading; level 1 is the outermost, 6 the innermost.
    Heading {
        /// 1 to 6.
        level: u8,
    },
    /// Running prose, quotations and footnotes included.
    Paragraph,
    /// One item of a list, with its bullet or number.
    ListItem,
    /// A whole table, a row a line, cells separated by ` | `; below the head, where it is known, a
    /// row of dashes.
    Table,
    /// Preformatted lines.
    Code,
}

/// One structural unit: what it is and where it stands in the text of its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Where it stands in [`Document::text`](crate::Document::text), without the blank space
    /// around it.
    pub span: Span,
}
