//! Making bots anew with the current pipeline, from extracts and originals.

use std::collections::BTreeSet;
use std::time::{Instant, SystemTime};

use document::{BotId, ContentHash};
use index::{Begin, BotWriter, DocumentEntry};
use serde::Serialize;

use crate::jobs::jobs;
use crate::pipeline::{Run, held, writer};
use crate::plan::Plan;
use crate::{DataFolder, Failure, Options, Progress, Seconds, TrainError};

/// Codes of the failures of a bot that another process is changing, or has changed first.
const LOCKED: [&str; 2] = ["LOCKED", "OVERTAKEN"];

/// Which bots are made anew, and when.
#[derive(Debug, Clone, Default)]
pub struct Reindex {
    /// These; all of them where none is named.
    pub bots: Vec<BotId>,
    /// Change nothing; the reports tell what would be done.
    pub dry_run: bool,
    /// Make bots anew that are current and whole as well, and parse their documents although they
    /// are in the cache.
    pub force: bool,
    /// Leave bots alone that were published at this time or later: what an interrupted run with
    /// `force` has done already.
    pub since: Option<SystemTime>,
}

/// What became of one bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "error", rename_all = "lowercase")]
pub enum Rebuild {
    /// Its snapshot is of the current pipeline and whole.
    Unchanged,
    /// It was published since the time given, and not looked at.
    Skipped,
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
    /// Their pages.
    pub pages: u64,
    /// Chunks it holds; where it was rebuilt, those of the new index.
    pub chunks: u64,
    /// Distinct contents that the cache of extracts does not have, or that are parsed all the
    /// same: those were, or would be, parsed.
    pub parsed: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Where the time went.
    pub seconds: Seconds,
}

/// Makes bots anew, one after the other, each with its documents in parallel and published on its
/// own; `told` gets the report of each when it is done. Bots that are current and whole are left
/// alone; to know the latter, every file of an index is read once. A bot that another process is
/// changing is tried again when all others are done.
///
/// Resumable: what was published before an interruption is current, what was parsed is in the
/// cache. Memory is that of one bot, within the limits of `options`.
///
/// # Errors
///
/// [`TrainError::NoBot`] for a name that holds nothing, before anything is done. What goes wrong
/// with one bot is in its report, and the bot is as it was.
pub fn reindex(
    folder: &DataFolder,
    what: &Reindex,
    options: &Options,
    progress: &dyn Progress,
    told: &mut dyn FnMut(BotReport),
) -> Result<(), TrainError> {
    let known = folder.store().bots()?;
    if let Some(unknown) = what.bots.iter().find(|bot| !known.contains(bot)) {
        return Err(TrainError::NoBot { bot: unknown.clone() });
    }
    let chosen = if what.bots.is_empty() { known } else { what.bots.clone() };
    let options = Options { reparse: options.reparse || what.force, ..options.clone() };
    let one = |bot: &BotId| {
        progress.bot(bot);
        let started = Instant::now();
        let run = Run { folder, bot, options: &options, progress };
        let mut report = run.reindex(what).unwrap_or_else(|error| failed(bot, &error));
        report.seconds.total = started.elapsed();
        report
    };
    let mut locked = Vec::new();
    for bot in chosen {
        let report = one(&bot);
        match &report.outcome {
            Rebuild::Failed(failure) if LOCKED.contains(&&*failure.code) => locked.push(bot),
            _ => told(report),
        }
    }
    locked.iter().for_each(|bot| told(one(bot)));
    Ok(())
}

fn failed(bot: &BotId, error: &TrainError) -> BotReport {
    let failure = Failure { code: error.code().to_owned(), message: error.to_string() };
    BotReport::new(bot, &[], Rebuild::Failed(failure))
}

impl BotReport {
    fn new(bot: &BotId, held: &[DocumentEntry], outcome: Rebuild) -> Self {
        Self {
            bot: bot.clone(),
            outcome,
            documents: held.len(),
            pages: held.iter().map(|entry| u64::from(entry.pages)).sum(),
            chunks: held.iter().map(|entry| u64::from(entry.chunks)).sum(),
            parsed: 0,
            bytes: 0,
            seconds: Seconds::default(),
        }
    }
}

impl Run<'_> {
    fn reindex(&self, what: &Reindex) -> Result<BotReport, TrainError> {
        let published = self.folder.store().published_at(self.bot);
        if what.since.is_some_and(|since| published.is_some_and(|at| at >= since)) {
            let held = self.folder.manifest(self.bot)?.documents;
            return Ok(BotReport::new(self.bot, &held, Rebuild::Skipped));
        }
        // The lock is taken for a dry run as well: what it tells is true at one moment.
        let mut writer = writer(self.folder, self.bot)?;
        self.rebuild(&mut writer, what.dry_run, what.force)
    }

    /// Makes the bot anew where it is not current and whole, or where `force` says so.
    pub(crate) fn rebuild(
        &self,
        writer: &mut BotWriter,
        dry_run: bool,
        force: bool,
    ) -> Result<BotReport, TrainError> {
        let held = held(writer);
        let existing = held.as_slice();
        let mut report = BotReport::new(self.bot, existing, Rebuild::Unchanged);
        if !force && self.is_whole(writer) && !self.needs_rebuild(writer)? {
            return Ok(report);
        }
        (report.parsed, report.bytes) = self.unparsed(existing);
        report.outcome = Rebuild::Planned;
        if !dry_run {
            let plan = Plan::default();
            let jobs = jobs(existing, &[], &plan, self.folder.originals(), true);
            let mode = if force { Begin::Anew } else { Begin::Rebuild };
            let (published, seconds) = self.apply(writer, &plan, &jobs, mode, &mut [])?;
            report.chunks = published.map_or(report.chunks, |published| published.chunks);
            report.seconds = seconds;
            report.outcome = Rebuild::Rebuilt;
        }
        Ok(report)
    }

    /// Whether every file of the current snapshot is as it was published, and it opens. Files are
    /// compared first: what a library makes of damaged ones is anyone's guess.
    pub(crate) fn is_whole(&self, writer: &BotWriter) -> bool {
        writer.verify().is_ok() && self.folder.store().snapshot(self.bot).is_ok()
    }

    /// How many distinct contents must be parsed, and their bytes.
    fn unparsed(&self, existing: &[DocumentEntry]) -> (usize, u64) {
        let contents: BTreeSet<ContentHash> =
            existing.iter().map(|entry| entry.content_hash).collect();
        let pipeline = self.options.pipeline();
        let is_missing = |hash: &&ContentHash| {
            self.options.reparse || !self.folder.extracts().contains(pipeline, **hash)
        };
        let missing = contents.iter().filter(is_missing);
        missing.fold((0, 0), |(count, bytes), hash| {
            let size = self.folder.originals().size(*hash).ok().flatten();
            (count + 1, bytes + size.unwrap_or(0))
        })
    }
}

#[cfg(test)]
mod tests;
