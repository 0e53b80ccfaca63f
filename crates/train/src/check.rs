//! Whether a data folder is whole, and mending what is not.

use std::collections::BTreeMap;
use std::path::Path;

use document::{BotId, ContentHash};
use index::DocumentEntry;
use serde::Serialize;

use crate::pipeline::{Run, held, writer};
use crate::reindex::Rebuild;
use crate::{Content, DataFolder, Failure, Options, Progress, TrainError, hashing};

/// The state of a bot's index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "error", rename_all = "lowercase")]
pub enum IndexState {
    /// Every file is as it was published, and of the current pipeline.
    Whole,
    /// It is whole, and of another release or other settings: a reindex makes it anew.
    Outdated,
    /// A file is missing or not as it was published.
    Damaged(Failure),
    /// It was damaged or outdated and was made anew.
    Repaired,
    /// The list of its documents was lost, and the bot was put back to the best state that lay
    /// beside it, which may hold other documents than were trained last.
    Recovered,
    /// It was damaged or outdated and cannot be made anew.
    Lost(Failure),
    /// Nothing is known: another process is changing it, the disk refused, or it is of a newer
    /// release.
    Unchecked(Failure),
}

/// The state of the stored bytes of a document that are not as they were stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "error", rename_all = "lowercase")]
pub enum OriginalState {
    /// They are gone, or others.
    Damaged(Failure),
    /// They were, and the file they came from still had them.
    Restored,
}

/// Stored bytes that are not as they were stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OriginalReport {
    /// Where the document came from.
    pub source: String,
    /// What its bytes hash to.
    pub content_hash: ContentHash,
    /// What is wrong with them.
    #[serde(flatten)]
    pub state: OriginalState,
}

/// One bot of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BotCheck {
    /// The bot.
    #[serde(rename = "botId")]
    pub bot: BotId,
    /// Documents it holds.
    pub documents: usize,
    /// Its index.
    #[serde(flatten)]
    pub index: IndexState,
    /// Its documents whose stored bytes are not as they were stored. The bot answers without
    /// them; it cannot be made anew.
    pub originals: Vec<OriginalReport>,
}

impl BotCheck {
    /// Whether nothing is left to do.
    pub fn is_well(&self) -> bool {
        let mended = [IndexState::Whole, IndexState::Repaired, IndexState::Recovered];
        mended.contains(&self.index)
            && self.originals.iter().all(|original| original.state == OriginalState::Restored)
    }
}

/// Looks at every bot: reads all files of its index and all stored bytes, those that bots share
/// once. `told` gets what was found of each. With `repair` stored bytes are taken again from the
/// files they came from, where those have not changed, and indexes are made anew from extracts
/// and originals; a bot whose list of documents is lost is put back to a state that lies beside
/// it. What cannot be mended stays as it was.
///
/// # Errors
///
/// Where the folder itself cannot be listed. What is wrong with a bot is in its report.
pub fn check(
    folder: &DataFolder,
    options: &Options,
    repair: bool,
    progress: &dyn Progress,
    told: &mut dyn FnMut(BotCheck),
) -> Result<(), TrainError> {
    let mut originals = Originals { folder, options, repair, seen: BTreeMap::new() };
    for bot in folder.store().bots()? {
        progress.bot(&bot);
        let run = Run { folder, bot: &bot, options, progress };
        told(run.check(&mut originals));
    }
    Ok(())
}

impl Run<'_> {
    fn check(&self, originals: &mut Originals<'_>) -> BotCheck {
        let bot = self.bot.clone();
        match self.checked(originals) {
            Ok(check) => check,
            Err(error) => {
                let is_damage = matches!(error.code(), "DAMAGED" | "LOST_MANIFEST");
                let state = if is_damage { IndexState::Damaged } else { IndexState::Unchecked };
                let index = state(failure(&error));
                BotCheck { bot, documents: 0, index, originals: Vec::new() }
            }
        }
    }

    fn checked(&self, originals: &mut Originals<'_>) -> Result<BotCheck, TrainError> {
        let recovered = originals.repair && self.folder.store().writer(self.bot)?.adopt()?;
        let mut writer = writer(self.folder, self.bot)?;
        let held = held(&writer);
        let held = held.as_slice();
        // First, so that the index can be made anew from what was restored.
        let faults = held.iter().filter_map(|entry| originals.report(entry)).collect();
        let found = if !self.is_whole(&writer) {
            let error = writer.verify().err().map(TrainError::from);
            let error = error.or_else(|| self.folder.snapshot(self.bot).err());
            let why = error.map_or_else(unknown, |error| failure(&error));
            if why.code == "OUTDATED" { IndexState::Outdated } else { IndexState::Damaged(why) }
        } else if self.needs_rebuild(&mut writer)? {
            IndexState::Outdated
        } else {
            IndexState::Whole
        };
        let mends = originals.repair && found != IndexState::Whole;
        let index = match if mends { self.mended(&mut writer) } else { found } {
            IndexState::Whole | IndexState::Repaired if recovered => IndexState::Recovered,
            index => index,
        };
        Ok(BotCheck { bot: self.bot.clone(), documents: held.len(), index, originals: faults })
    }

    fn mended(&self, writer: &mut index::BotWriter) -> IndexState {
        match self.rebuild(writer, false, false) {
            Ok(report) => match report.outcome {
                Rebuild::Failed(failure) => IndexState::Lost(failure),
                _ => IndexState::Repaired,
            },
            Err(error) => IndexState::Lost(failure(&error)),
        }
    }
}

/// Stored bytes, each looked at once.
struct Originals<'a> {
    folder: &'a DataFolder,
    options: &'a Options,
    repair: bool,
    seen: BTreeMap<ContentHash, Option<OriginalState>>,
}

impl Originals<'_> {
    /// What is wrong with the bytes of a document.
    fn report(&mut self, entry: &DocumentEntry) -> Option<OriginalReport> {
        let hash = entry.content_hash;
        let known = self.seen.get(&hash).cloned();
        let mut state = known.unwrap_or_else(|| self.look(hash));
        // Twins come from several files, and any of them may have the bytes.
        if matches!(state, Some(OriginalState::Damaged(_))) && self.restore(entry) {
            state = Some(OriginalState::Restored);
        }
        self.seen.insert(hash, state.clone());
        let source = entry.source.clone();
        Some(OriginalReport { source, content_hash: hash, state: state? })
    }

    fn look(&self, hash: ContentHash) -> Option<OriginalState> {
        let code = "DAMAGED".to_owned();
        match self.folder.originals().get(hash) {
            Ok(Some(_)) => None,
            Ok(None) => {
                let message = format!("no bytes are stored under {hash}");
                Some(OriginalState::Damaged(Failure { code, message }))
            }
            Err(error) => Some(OriginalState::Damaged(failure(&error))),
        }
    }

    /// Stores the bytes again from where they came from, if they are still the same.
    fn restore(&self, entry: &DocumentEntry) -> bool {
        let path = Path::new(&entry.source);
        if !self.repair || !path.is_absolute() {
            return false;
        }
        let content = Content::Path(path.to_owned());
        let Ok(bytes) = hashing::read(&content, self.options.file_bytes_max()) else {
            return false;
        };
        ContentHash::of(&bytes) == entry.content_hash && self.folder.originals().put(&bytes).is_ok()
    }
}

fn failure(error: &TrainError) -> Failure {
    Failure { code: error.code().to_owned(), message: error.to_string() }
}

fn unknown() -> Failure {
    Failure { code: "DAMAGED".to_owned(), message: "the index cannot be opened".to_owned() }
}

#[cfg(test)]
mod tests;
