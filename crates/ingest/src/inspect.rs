//! What a file is and what became of it, for the person whose upload failed.
//!
//! An inspection reads a document as [`parse`](crate::parse) does and keeps the facts instead of
//! the text. It never fails: of a file that is refused it tells what could be found out, and why
//! it is refused. Like a parse it is a pure function of bytes and [`Config`].

mod facts;
mod outcome;
mod text_file;

use document::{BlockKind, Document, MediaType};
use serde::{Deserialize, Serialize};

use crate::progress::unheard;
use crate::{Config, IngestError, Progress, media_type, pdf};
pub use facts::{
    EncryptionFacts, FontFacts, FrontMatter, LimitUse, Opened, PartialPage, PdfFacts, RemovedLines,
    TextFacts, TextFileFacts,
};
pub use outcome::Outcome;

/// Everything that is told of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inspection {
    /// Size of the file.
    pub bytes: u64,
    /// What it is; `None` where that is nothing that can be read.
    pub media_type: Option<MediaType>,
    /// What became of it.
    pub outcome: Outcome,
    /// The document's own title, from its metadata or its first heading.
    pub title: Option<String>,
    /// The language it says it is in, as it says it.
    pub language: Option<String>,
    /// What was read; `None` where it is refused before there is any text.
    pub text: Option<TextFacts>,
    /// Lines that were left out, by reason.
    pub removed: Vec<RemovedLines>,
    /// Of a PDF.
    pub pdf: Option<PdfFacts>,
    /// Of a Markdown or text file.
    pub text_file: Option<TextFileFacts>,
    /// How much it takes of what is allowed.
    pub limits: Vec<LimitUse>,
    /// What else went wrong without stopping the reading, one sentence each.
    pub warnings: Vec<String>,
}

/// Inspects a document of any kind. Costs what a parse does, and for one that is refused at most
/// once more the search for its objects.
pub fn inspect(bytes: &[u8], config: &Config) -> Inspection {
    inspect_with(bytes, config, &unheard)
}

/// Inspects a document as [`inspect`] does and tells `progress` of its pages.
pub fn inspect_with(bytes: &[u8], config: &Config, progress: &Progress<'_>) -> Inspection {
    crate::parallel::caught(|| Ok(examined(bytes, config, progress))).unwrap_or_else(|crash| {
        Inspection::unread(bytes, bytes.len() as u64, Outcome::refused(&crash))
    })
}

fn examined(bytes: &[u8], config: &Config, progress: &Progress<'_>) -> Inspection {
    match media_type(bytes) {
        Ok(MediaType::Pdf) => pdf::inspect(bytes, config, progress),
        Ok(kind @ (MediaType::Markdown | MediaType::PlainText)) => {
            text_file::inspect(bytes, kind, config)
        }
        Err(error) => Inspection::of_refused(bytes.len(), &error),
    }
}

impl Inspection {
    /// What the first bytes of a file tell, for a file that could not be inspected: it is too
    /// large to be read, or whoever read it died of it. Looks at no more than a kilobyte.
    pub fn unread(head: &[u8], bytes: u64, outcome: Outcome) -> Self {
        let version = pdf::header_version(head);
        let media_type = version.is_some().then_some(MediaType::Pdf);
        let pdf = version.map(|version| PdfFacts { version: Some(version), ..PdfFacts::default() });
        Self { bytes, media_type, pdf, ..Self::empty(outcome) }
    }

    pub(crate) fn of_refused(bytes: usize, error: &IngestError) -> Self {
        let limits = match error {
            IngestError::TooLarge { what, found, limit } => {
                vec![LimitUse { what: what.clone(), found: *found, limit: *limit }]
            }
            _ => Vec::new(),
        };
        Self { bytes: bytes as u64, limits, ..Self::empty(Outcome::refused(error)) }
    }

    pub(crate) fn of(bytes: usize, document: &Document, outcome: Outcome) -> Self {
        Self {
            bytes: bytes as u64,
            media_type: Some(document.media_type),
            title: document.title.clone(),
            text: Some(TextFacts::of(document)),
            removed: facts::removed(document),
            warnings: document.warnings.clone(),
            ..Self::empty(outcome)
        }
    }

    fn empty(outcome: Outcome) -> Self {
        Self {
            bytes: 0,
            media_type: None,
            outcome,
            title: None,
            language: None,
            text: None,
            removed: Vec::new(),
            pdf: None,
            text_file: None,
            limits: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

impl TextFacts {
    fn of(document: &Document) -> Self {
        let is_heading = |kind| matches!(kind, BlockKind::Heading { .. });
        Self {
            characters: document.text.chars().count() as u64,
            words: document.text.split_whitespace().count() as u64,
            blocks: document.blocks.len() as u64,
            headings: document.blocks.iter().filter(|block| is_heading(block.kind)).count() as u64,
        }
    }
}

#[cfg(test)]
mod tests;
