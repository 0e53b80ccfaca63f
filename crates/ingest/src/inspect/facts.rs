//! The facts of an inspection.

use document::{Document, RemovalReason};
use serde::{Deserialize, Serialize};

/// How much was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextFacts {
    /// Unicode scalar values.
    pub characters: u64,
    /// Runs of characters without blank space.
    pub words: u64,
    /// Paragraphs, headings, list items, tables and pieces of code.
    pub blocks: u64,
    /// Headings among them.
    pub headings: u64,
}

/// Lines that were left out for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RemovedLines {
    /// Why.
    pub reason: RemovalReason,
    /// How many.
    pub lines: u64,
}

/// What a document takes of something that has a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitUse {
    /// A plural with its unit ("bytes of text").
    pub what: String,
    /// How much there is; beyond the limit, how much was seen before reading stopped.
    pub found: u64,
    /// How much is allowed, inclusive.
    pub limit: u64,
}

impl LimitUse {
    /// How much of the limit it takes, in percent, rounded down.
    pub fn percent(&self) -> u64 {
        self.found.saturating_mul(100) / self.limit.max(1)
    }
}

/// What is told of a PDF. Lists and counts are empty where it could not be opened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PdfFacts {
    /// By its header, or its catalog where that names a later one.
    pub version: Option<String>,
    /// The program that wrote the file.
    pub producer: Option<String>,
    /// The program the document was made with.
    pub creator: Option<String>,
    /// Pages, those beyond the limit included; `None` where none were found.
    pub pages: Option<u32>,
    /// Pages without text, counted from 1.
    pub pages_without_text: Vec<u32>,
    /// Pages that damage or a limit cut short.
    pub pages_partial: Vec<PartialPage>,
    /// `None` where it is not encrypted.
    pub encryption: Option<EncryptionFacts>,
    /// Whether it says what is a heading, a paragraph, a cell.
    pub tagged: bool,
    /// Objects in it.
    pub objects: u64,
    /// Those that pages ask for, most used first.
    pub fonts: Vec<FontFacts>,
    /// What was repaired or left out, one sentence each.
    pub repairs: Vec<String>,
    /// Streams that are damaged and were read in part.
    pub damaged_streams: u64,
}

/// A page that is incomplete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PartialPage {
    /// Counted from 1.
    pub page: u32,
    /// Why.
    pub reason: String,
}

/// How a PDF is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EncryptionFacts {
    /// The security handler; `Standard` is the one with passwords.
    pub handler: String,
    /// Of the handler, where it says.
    pub revision: Option<u32>,
    /// With the length of its keys, where it says.
    pub cipher: Option<String>,
    /// How it was opened; `None` where it was not.
    pub opened: Option<Opened>,
}

/// How an encrypted PDF was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Opened {
    /// With the empty password: anybody may read it.
    EmptyPassword,
    /// With the given password.
    GivenPassword,
    /// Only attached files are encrypted.
    TextIsPlain,
}

/// Fonts of one name and kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FontFacts {
    /// Without the mark of a subset; empty where it has none.
    pub name: String,
    /// `Type 1`, `TrueType`, `Type 3`, `CID Type 1`, `CID TrueType`, …
    pub kind: String,
    /// Whether its program is in the file.
    pub embedded: bool,
    /// Whether it has a map from codes to Unicode of its own.
    pub to_unicode: bool,
    /// How many such fonts the file has.
    pub fonts: u32,
    /// Characters shown in it.
    pub characters: u64,
    /// Those of them without known text, which are left out.
    pub unmapped: u64,
}

/// What is told of a Markdown or text file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextFileFacts {
    /// How its bytes stand for characters; `None` where they do not.
    pub encoding: Option<String>,
    /// Metadata before the text.
    pub front_matter: Option<FrontMatter>,
}

/// Metadata at the head of a Markdown file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FrontMatter {
    /// `YAML` or `TOML`.
    pub format: String,
    /// Its keys, in order.
    pub keys: Vec<String>,
}

/// Counts the removed lines of a document, in the order of the reasons.
pub(super) fn removed(document: &Document) -> Vec<RemovedLines> {
    let all = [
        RemovalReason::RunningLine,
        RemovalReason::PlotLabel,
        RemovalReason::Watermark,
        RemovalReason::Hidden,
    ];
    let count = |reason: RemovalReason| {
        let lines = document.removed.iter().filter(|line| line.reason == reason).count() as u64;
        RemovedLines { reason, lines }
    };
    all.into_iter().map(count).filter(|removed| removed.lines > 0).collect()
}
