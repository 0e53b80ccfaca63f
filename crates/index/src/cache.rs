//! Open snapshots, the most recently used ones.

use std::sync::{Arc, Mutex, PoisonError};

use document::BotId;

use crate::{Snapshot, SnapshotKey};

/// A bounded set of open snapshots, at most one per bot.
#[derive(Debug)]
pub(crate) struct Cache {
    snapshots_max: usize,
    /// The least recently used first. A scan of a few dozen ids costs less than opening a file.
    entries: Mutex<Vec<(BotId, Arc<Snapshot>)>>,
}

impl Cache {
    pub(crate) fn new(snapshots_max: usize) -> Self {
        Self { snapshots_max, entries: Mutex::default() }
    }

    /// The snapshot of a bot, if it is the one of this key.
    pub(crate) fn get(&self, bot: &BotId, key: SnapshotKey) -> Option<Arc<Snapshot>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let at = entries.iter().position(|(id, kept)| id == bot && kept.key() == key)?;
        let entry = entries.remove(at);
        let snapshot = Arc::clone(&entry.1);
        entries.push(entry);
        Some(snapshot)
    }

    /// Keeps a snapshot in place of the bot's earlier one.
    pub(crate) fn put(&self, bot: &BotId, snapshot: &Arc<Snapshot>) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|(id, _)| id != bot);
        entries.push((bot.clone(), Arc::clone(snapshot)));
        let surplus = entries.len().saturating_sub(self.snapshots_max);
        entries.drain(..surplus);
    }

    /// Forgets the snapshot of a bot that has none any more.
    pub(crate) fn remove(&self, bot: &BotId) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|(id, _)| id != bot);
    }
}
