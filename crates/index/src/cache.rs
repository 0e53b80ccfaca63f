//! Open snapshots, the most recently used ones, bounded in number and in bytes.
//!
//! A snapshot grows after it was given away: whoever asks it reads blocks and keeps prepared
//! chunks. So what is in use is measured anew by each call until nobody else holds it, and once
//! more then: what the cache believes to hold is right but for questions under way.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use document::BotId;

use crate::{Snapshot, SnapshotKey};

/// A bounded set of open snapshots, at most one per bot.
#[derive(Debug)]
pub(crate) struct Cache {
    snapshots_max: usize,
    bytes_max: usize,
    entries: Mutex<Entries>,
}

/// What the cache of a [`Store`](crate::Store) holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cached {
    /// Open snapshots.
    pub snapshots: usize,
    /// What they take in memory, about, in bytes; files that are mapped left out.
    pub bytes: usize,
}

/// When something was used: counts the calls.
type Tick = u64;

#[derive(Debug, Default)]
struct Entries {
    now: Tick,
    /// The least recently used first.
    by_use: BTreeMap<Tick, Entry>,
    /// When a bot was last used.
    used: HashMap<BotId, Tick>,
    /// What may have grown since it was measured.
    in_use: Vec<Tick>,
    bytes: usize,
    /// Snapshots that are about to be current, see [`Cache::announce`].
    next: HashMap<BotId, Arc<Snapshot>>,
}

#[derive(Debug)]
struct Entry {
    bot: BotId,
    snapshot: Arc<Snapshot>,
    /// As last measured.
    bytes: usize,
}

impl Cache {
    pub(crate) fn new(snapshots_max: usize, bytes_max: usize) -> Self {
        Self { snapshots_max, bytes_max, entries: Mutex::default() }
    }

    /// The snapshot of a bot, if it is the one of this key.
    pub(crate) fn get(&self, bot: &BotId, key: SnapshotKey) -> Option<Arc<Snapshot>> {
        let mut entries = self.lock();
        if let Some(next) = entries.next.get(bot).filter(|next| next.key() == key) {
            return Some(Arc::clone(next));
        }
        entries.measure();
        let used = *entries.used.get(bot)?;
        let kept = entries.by_use.get(&used).filter(|entry| entry.snapshot.key() == key)?;
        let snapshot = Arc::clone(&kept.snapshot);
        entries.remove(bot);
        entries.insert(bot, &snapshot);
        let evicted = entries.evict(self.snapshots_max, self.bytes_max);
        // Unmapping takes its time, and nobody needs to wait for it.
        drop(entries);
        drop(evicted);
        Some(snapshot)
    }

    /// The snapshot of a bot, whichever it is; that is no use of it.
    pub(crate) fn peek(&self, bot: &BotId) -> Option<Arc<Snapshot>> {
        let entries = self.lock();
        let kept = entries.by_use.get(entries.used.get(bot)?)?;
        Some(Arc::clone(&kept.snapshot))
    }

    /// Has a snapshot ready that is about to be the bot's current one, for whoever asks for it by
    /// its key; the one before stays until then.
    pub(crate) fn announce(self: &Arc<Self>, bot: &BotId, next: Arc<Snapshot>) -> Announced {
        let earlier = self.lock().next.insert(bot.clone(), Arc::clone(&next));
        drop(earlier);
        Announced { cache: Arc::clone(self), bot: bot.clone(), next }
    }

    /// Keeps a snapshot in place of the bot's earlier one.
    pub(crate) fn put(&self, bot: &BotId, snapshot: &Arc<Snapshot>) {
        let mut entries = self.lock();
        entries.measure();
        let earlier = entries.remove(bot);
        entries.insert(bot, snapshot);
        let evicted = entries.evict(self.snapshots_max, self.bytes_max);
        drop(entries);
        drop((earlier, evicted));
    }

    /// Forgets the snapshot of a bot.
    pub(crate) fn remove(&self, bot: &BotId) {
        let earlier = self.lock().remove(bot);
        drop(earlier);
    }

    /// What is held now.
    pub(crate) fn held(&self) -> Cached {
        let mut entries = self.lock();
        entries.measure();
        Cached { snapshots: entries.by_use.len(), bytes: entries.bytes }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A snapshot that is about to be current; forgotten when this is dropped, unless it is kept.
#[derive(Debug)]
pub(crate) struct Announced {
    cache: Arc<Cache>,
    bot: BotId,
    next: Arc<Snapshot>,
}

impl Announced {
    /// Keeps it in place of the bot's earlier one.
    pub(crate) fn keep(self) {
        self.cache.put(&self.bot, &self.next);
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        let next = self.cache.lock().next.remove(&self.bot);
        drop(next);
    }
}

impl Entries {
    /// Measures what is in use, and what was when it was last measured.
    fn measure(&mut self) {
        let Self { by_use, in_use, bytes, .. } = self;
        in_use.retain(|used| {
            let Some(entry) = by_use.get_mut(used) else { return false };
            // Asked first: who lets go between the two has grown it by then.
            let is_in_use = Arc::strong_count(&entry.snapshot) > 1;
            let measured = entry.snapshot.bytes();
            *bytes = *bytes - entry.bytes + measured;
            entry.bytes = measured;
            is_in_use
        });
    }

    fn insert(&mut self, bot: &BotId, snapshot: &Arc<Snapshot>) {
        self.now += 1;
        let bytes = snapshot.bytes();
        let entry = Entry { bot: bot.clone(), snapshot: Arc::clone(snapshot), bytes };
        self.bytes += bytes;
        self.by_use.insert(self.now, entry);
        self.used.insert(bot.clone(), self.now);
        self.in_use.push(self.now);
    }

    fn remove(&mut self, bot: &BotId) -> Option<Entry> {
        let entry = self.by_use.remove(&self.used.remove(bot)?)?;
        self.bytes -= entry.bytes;
        Some(entry)
    }

    /// Takes out the least recently used ones until the rest is within its bounds. The last
    /// used one stays whatever its size: its user holds it anyway.
    fn evict(&mut self, snapshots_max: usize, bytes_max: usize) -> Vec<Entry> {
        let mut evicted = Vec::new();
        while self.by_use.len() > snapshots_max || (self.bytes > bytes_max && self.by_use.len() > 1)
        {
            let Some((_, entry)) = self.by_use.pop_first() else { break };
            self.used.remove(&entry.bot);
            self.bytes -= entry.bytes;
            evicted.push(entry);
        }
        evicted
    }
}
