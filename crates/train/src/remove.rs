//! Taking documents out of a bot.

use std::time::Instant;

use document::{BotId, DocumentId};
use index::{Begin, BotWriter, DocumentEntry, IndexError, PipelineKey, Published};

use crate::jobs::jobs;
use crate::pipeline::{Run, entry_of, held, writer};
use crate::plan::Plan;
use crate::{DataFolder, DocumentReport, Options, Outcome, Progress, Report, Seconds, TrainError};

/// Removes documents from `bot`, all of them or, where one is unknown, none. Their originals
/// stay.
///
/// The pipeline of the bot stays as well, so nothing is read again; but where the snapshot is
/// damaged or outdated, the bot is made anew without these documents, under `options`: it may be
/// one of them that stood in the way of a reindex.
///
/// # Errors
///
/// [`TrainError::NoBot`], [`TrainError::NoDocument`], [`TrainError::CannotRebuild`] where the
/// bot must be made anew and another document cannot, and where disk or index refuse. The bot is
/// then as it was.
pub fn remove(
    folder: &DataFolder,
    bot: &BotId,
    ids: &[DocumentId],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, TrainError> {
    let started = Instant::now();
    // Asked first, so that a name that was never trained leaves no trace.
    if !folder.store().bots()?.contains(bot) {
        return Err(TrainError::NoBot { bot: bot.clone() });
    }
    let mut writer = writer(folder, bot)?;
    let Some(pipeline) = writer.manifest().map(|manifest| manifest.pipeline) else {
        return Err(TrainError::NoBot { bot: bot.clone() });
    };
    let held = held(&writer);
    let reports = removals(held.as_slice(), bot, ids)?;
    if reports.is_empty() {
        return Ok(Report::new(reports, held.chunks(), Seconds::default()));
    }
    let removed: Vec<_> = reports.iter().map(|report| report.document_id.clone()).collect();
    let (published, mut seconds) = match take_out(&mut writer, pipeline, &removed) {
        Err(
            IndexError::Damaged { .. }
            | IndexError::Outdated { .. }
            | IndexError::OtherPipeline { .. }
            | IndexError::Tantivy { .. },
        ) => {
            let run = Run { folder, bot, options, progress };
            run.rebuild_without(&mut writer, held.as_slice(), removed)?
        }
        result => (Some(result?), Seconds { index: started.elapsed(), ..Seconds::default() }),
    };
    seconds.total = started.elapsed();
    let chunks = published.map_or_else(|| held.chunks(), |published| published.chunks);
    let isolation = options.confinement();
    Ok(Report { isolation, ..Report::new(reports, chunks, seconds) })
}

/// Removes documents from the current snapshot.
fn take_out(
    writer: &mut BotWriter,
    pipeline: PipelineKey,
    ids: &[DocumentId],
) -> Result<Published, IndexError> {
    let mut transaction = writer.begin(pipeline, Begin::Incremental)?;
    for id in ids {
        transaction.remove(id)?;
    }
    transaction.publish()
}

impl Run<'_> {
    /// Makes the bot anew from what it holds, the documents `removed` left out.
    fn rebuild_without(
        &self,
        writer: &mut BotWriter,
        existing: &[DocumentEntry],
        removed: Vec<DocumentId>,
    ) -> Result<(Option<Published>, Seconds), TrainError> {
        let plan = Plan { removed, ..Plan::default() };
        let jobs = jobs(existing, &[], &plan, self.folder.originals(), true);
        self.apply(writer, &plan, &jobs, Begin::Rebuild, &mut [])
    }
}

/// The report of each removal, by id.
fn removals(
    held: &[DocumentEntry],
    bot: &BotId,
    ids: &[DocumentId],
) -> Result<Vec<DocumentReport>, TrainError> {
    let mut ids: Vec<_> = ids.iter().collect();
    ids.sort();
    ids.dedup();
    let find = |id: &DocumentId| {
        let entry = entry_of(held, id);
        let unknown = || TrainError::NoDocument { bot: bot.clone(), document: id.clone() };
        Ok(DocumentReport::of(entry.ok_or_else(unknown)?, Outcome::Removed))
    };
    ids.into_iter().map(find).collect()
}

#[cfg(test)]
mod tests;
