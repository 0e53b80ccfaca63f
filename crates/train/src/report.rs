//! What a run did.

use std::time::Duration;

use document::DocumentId;
use index::DocumentEntry;
use serde::{Serialize, Serializer};

use crate::{Confinement, Failure};

/// What became of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "error", rename_all = "lowercase")]
pub enum Outcome {
    /// The bot did not hold it before.
    Added,
    /// The bot holds it as it is; nothing was read but its hash.
    Unchanged,
    /// New bytes, title or metadata took the place of the old.
    Replaced,
    /// The bot no longer holds it.
    Removed,
    /// It could not be read; where the bot held an earlier state of it, that stays.
    Failed(Failure),
}

/// One document of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentReport {
    /// Where it comes from.
    pub source: String,
    /// The record.
    pub document_id: DocumentId,
    /// What it is called; `None` where it failed.
    pub title: Option<String>,
    /// What became of it: `outcome`, and for a failure `error` beside it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// For added or replaced bytes: another document of the bot that has the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<DocumentId>,
    /// Number of pages; 0 where the format has none.
    pub pages: u32,
    /// Number of chunks.
    pub chunks: u32,
    /// Pages, counted from 1, on which no text was found.
    pub pages_without_text: Vec<u32>,
    /// Pages, counted from 1, that damage or a limit cut short, which `warnings` explain; told
    /// when it is added or replaced.
    pub pages_incomplete: Vec<u32>,
    /// What went wrong without failing it, one sentence each; told when it is added or replaced.
    pub warnings: Vec<String>,
}

impl DocumentReport {
    /// A document the bot holds or held.
    pub(crate) fn of(entry: &DocumentEntry, outcome: Outcome) -> Self {
        let mut report = Self::bare(&entry.source, &entry.id, outcome);
        report.describe(entry);
        report
    }

    /// A document of which nothing more is known.
    pub(crate) fn bare(source: &str, id: &DocumentId, outcome: Outcome) -> Self {
        Self {
            source: source.to_owned(),
            document_id: id.clone(),
            title: None,
            outcome,
            duplicate_of: None,
            pages: 0,
            chunks: 0,
            pages_without_text: Vec::new(),
            pages_incomplete: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(crate) fn describe(&mut self, entry: &DocumentEntry) {
        self.title = Some(entry.title.clone());
        self.pages = entry.pages;
        self.chunks = entry.chunks;
        self.pages_without_text.clone_from(&entry.pages_without_text);
    }
}

/// What a run did. It exists only once all of it is on the disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// Every input in order, then what was removed, by id.
    #[serde(skip)]
    pub documents: Vec<DocumentReport>,
    /// Documents that are new.
    pub added: usize,
    /// Documents that stayed.
    pub unchanged: usize,
    /// Documents with new bytes, title or metadata.
    pub replaced: usize,
    /// Documents that could not be read.
    pub failed: usize,
    /// Documents that are gone.
    pub removed: usize,
    /// Files the caller passed over; it sets this, the run does not know.
    pub skipped: usize,
    /// Chunks the bot holds now.
    pub chunks: u64,
    /// How the processes were confined that parsed; `None` where none was
    /// needed so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Confinement>,
    /// Where the time went.
    pub seconds: Seconds,
}

impl Report {
    pub(crate) fn new(documents: Vec<DocumentReport>, chunks: u64, seconds: Seconds) -> Self {
        let mut report = Self { chunks, seconds, ..Self::default() };
        for document in &documents {
            *report.counter(&document.outcome) += 1;
        }
        report.documents = documents;
        report
    }

    fn counter(&mut self, outcome: &Outcome) -> &mut usize {
        match outcome {
            Outcome::Added => &mut self.added,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Replaced => &mut self.replaced,
            Outcome::Removed => &mut self.removed,
            Outcome::Failed(_) => &mut self.failed,
        }
    }
}

/// Wall time of a run by stage. Parsing and indexing overlap: what both took at once counts as
/// indexing, so the stages add up to the total, but for the time between them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Seconds {
    /// Hashing the inputs.
    #[serde(serialize_with = "seconds")]
    pub hash: Duration,
    /// Waiting for parsed documents.
    #[serde(serialize_with = "seconds")]
    pub parse: Duration,
    /// Putting chunks into the index.
    #[serde(serialize_with = "seconds")]
    pub index: Duration,
    /// Making the new state durable and current.
    #[serde(serialize_with = "seconds")]
    pub publish: Duration,
    /// From beginning to end.
    #[serde(serialize_with = "seconds")]
    pub total: Duration,
}

/// Seconds with three decimals.
fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_has_the_promised_shape() {
        let failure = Failure { code: "NO_TEXT".into(), message: "no text".into() };
        let id = DocumentId::from_source("a.pdf");
        let failed = DocumentReport::bare("a.pdf", &id, Outcome::Failed(failure));
        assert_eq!(
            serde_json::to_value(&failed).unwrap(),
            json!({
                "source": "a.pdf", "documentId": id, "title": null, "outcome": "failed",
                "error": {"code": "NO_TEXT", "message": "no text"},
                "pages": 0, "chunks": 0, "pagesWithoutText": [], "pagesIncomplete": [],
                "warnings": [],
            })
        );
        let seconds = Seconds { total: Duration::from_micros(1_234_567), ..Seconds::default() };
        let added = DocumentReport::bare("b.md", &id, Outcome::Added);
        assert_eq!(
            serde_json::to_value(Report::new(vec![failed, added], 7, seconds)).unwrap(),
            json!({
                "added": 1, "unchanged": 0, "replaced": 0, "failed": 1, "removed": 0,
                "skipped": 0, "chunks": 7,
                "seconds": {
                    "hash": 0.0, "parse": 0.0, "index": 0.0, "publish": 0.0, "total": 1.235,
                },
            })
        );
    }
}
