//! Taking documents out of a bot.

use std::time::Instant;

use document::{BotId, DocumentId};
use index::Begin;

use crate::pipeline::{chunks, documents, entry_of, writer};
use crate::{DataFolder, DocumentReport, Outcome, Report, Seconds, TrainError};

/// Removes documents from `bot`, all of them or, where one is unknown, none. Their originals
/// stay.
///
/// # Errors
///
/// [`TrainError::NoBot`], [`TrainError::NoDocument`], and where disk or index refuse.
pub fn remove(folder: &DataFolder, bot: &BotId, ids: &[DocumentId]) -> Result<Report, TrainError> {
    let started = Instant::now();
    // Asked first, so that a name that was never trained leaves no trace.
    if !folder.store().bots()?.contains(bot) {
        return Err(TrainError::NoBot { bot: bot.clone() });
    }
    let mut writer = writer(folder, bot)?;
    let Some(pipeline) = writer.manifest().map(|manifest| manifest.pipeline) else {
        return Err(TrainError::NoBot { bot: bot.clone() });
    };
    let existing = documents(&writer);
    let mut reports = removals(&existing, bot, ids)?;
    reports.dedup_by(|left, right| left.document_id == right.document_id);
    let mut seconds = Seconds::default();
    let mut chunks_left = chunks(&existing);
    if !reports.is_empty() {
        let mut transaction = writer.begin(pipeline, Begin::Incremental)?;
        for report in &reports {
            transaction.remove(&report.document_id)?;
        }
        seconds.index = started.elapsed();
        chunks_left = transaction.publish()?.chunks;
        seconds.publish = started.elapsed().saturating_sub(seconds.index);
    }
    seconds.total = started.elapsed();
    Ok(Report::new(reports, chunks_left, seconds))
}

/// The report of each removal, by id.
fn removals(
    held: &[index::DocumentEntry],
    bot: &BotId,
    ids: &[DocumentId],
) -> Result<Vec<DocumentReport>, TrainError> {
    let mut ids: Vec<_> = ids.iter().collect();
    ids.sort();
    let find = |id: &DocumentId| {
        let entry = entry_of(held, id);
        let unknown = || TrainError::NoDocument { bot: bot.clone(), document: id.clone() };
        Ok(DocumentReport::of(entry.ok_or_else(unknown)?, Outcome::Removed))
    };
    ids.into_iter().map(find).collect()
}
