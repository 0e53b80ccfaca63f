//! Making bots anew with the current pipeline, from extracts and originals.

use std::collections::BTreeSet;
use std::time::Instant;

use document::{BotId, ContentHash};
use index::{BotWriter, DocumentEntry};
use serde::Serialize;

use crate::jobs::jobs;
use crate::pipeline::{Run, documents, writer};
use crate::plan::Plan;
use crate::{DataFolder, Failure, Options, Progress, Seconds, TrainError};

/// What became of one bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "error", rename_all = "lowercase")]
pub enum Rebuild {
    /// Its snapshot is of the current pipeline and whole.
    Unchanged,
    /// It was made anew.
    Rebuilt,
    /// It would be made anew.
    Planned,
    /// It could not be made anew and is as it was.
    Failed(Failure),
}

/// One bot of a reindex.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BotReport {
    /// The bot.
    #[serde(rename = "botId")]
    pub bot: BotId,
    /// What became of it: `outcome`, and for a failure `error` beside it.
    #[serde(flatten)]
    pub outcome: Rebuild,
    /// Documents it holds.
    pub documents: usize,
    /// Distinct contents that the cache of extracts does not have: those were, or would be,
    /// parsed.
    pub parsed: usize,
    /// Where the time went.
    pub seconds: Seconds,
}

/// Makes the named bots anew, or all of them where none is named; one after the other, each with
/// its documents in parallel and published on its own. Bots that are current and whole are left
/// alone; to know the latter, every file of an index is read once. Resumable: what was parsed
/// before an interruption is in the cache.
///
/// With `dry_run` no bot is changed; the reports tell what would be done.
///
/// # Errors
///
/// [`TrainError::NoBot`] for a name that holds nothing, before anything is done. What goes wrong
/// with one bot is in its report, and the bot is as it was.
pub fn reindex(
    folder: &DataFolder,
    bots: &[BotId],
    options: &Options,
    dry_run: bool,
    progress: &dyn Progress,
) -> Result<Vec<BotReport>, TrainError> {
    let known = folder.store().bots()?;
    if let Some(unknown) = bots.iter().find(|bot| !known.contains(bot)) {
        return Err(TrainError::NoBot { bot: unknown.clone() });
    }
    let chosen = if bots.is_empty() { known } else { bots.to_vec() };
    Ok(chosen
        .into_iter()
        .map(|bot| {
            let started = Instant::now();
            let run = Run { folder, bot: &bot, options, progress };
            let mut report = run.rebuild(dry_run).unwrap_or_else(|error| failed(&bot, &error));
            report.seconds.total = started.elapsed();
            report
        })
        .collect())
}

fn failed(bot: &BotId, error: &TrainError) -> BotReport {
    let failure = Failure { code: error.code().to_owned(), message: error.to_string() };
    BotReport {
        bot: bot.clone(),
        outcome: Rebuild::Failed(failure),
        documents: 0,
        parsed: 0,
        seconds: Seconds::default(),
    }
}

impl Run<'_> {
    fn rebuild(&self, dry_run: bool) -> Result<BotReport, TrainError> {
        // The lock is taken for a dry run as well: what it tells is true at one moment.
        let mut writer = writer(self.folder, self.bot)?;
        let existing = documents(&writer);
        let mut report = BotReport {
            bot: self.bot.clone(),
            outcome: Rebuild::Unchanged,
            documents: existing.len(),
            parsed: 0,
            seconds: Seconds::default(),
        };
        if self.is_whole(&writer) && !self.needs_rebuild(&mut writer)? {
            return Ok(report);
        }
        report.parsed = self.unparsed(&existing);
        report.outcome = Rebuild::Planned;
        if !dry_run {
            let plan = Plan::default();
            let jobs = jobs(&existing, &[], &plan, self.folder.originals(), true);
            (_, report.seconds) = self.apply(&mut writer, &plan, &jobs, true, &mut [])?;
            report.outcome = Rebuild::Rebuilt;
        }
        Ok(report)
    }

    /// Whether every file of the current snapshot is as it was published, and it opens. Files are
    /// compared first: what a library makes of damaged ones is anyone's guess.
    fn is_whole(&self, writer: &BotWriter) -> bool {
        writer.verify().is_ok() && self.folder.store().snapshot(self.bot).is_ok()
    }

    /// How many distinct contents must be parsed.
    fn unparsed(&self, existing: &[DocumentEntry]) -> usize {
        let contents: BTreeSet<ContentHash> =
            existing.iter().map(|entry| entry.content_hash).collect();
        let pipeline = self.options.pipeline();
        let is_missing = |hash: &&ContentHash| !self.folder.extracts().contains(pipeline, **hash);
        contents.iter().filter(is_missing).count()
    }
}

#[cfg(test)]
mod tests;
