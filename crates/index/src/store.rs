//! All bots of one data folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use document::BotId;

use crate::cache::{Cache, Cached};
use crate::files::create_folder;
use crate::layout::Layout;
use crate::places::Places;
use crate::writer::Workshop;
use crate::{BotWriter, Config, IndexError, Manifest, Shared, Snapshot};

/// How often opening starts over when the current snapshot is replaced meanwhile. Each round
/// reads the pointer anew, so a writer would have to publish that often in a few milliseconds.
const OPEN_ROUNDS_MAX: u32 = 50;

/// All bots of one data folder. Share it: its cache serves all threads, and its writers share the
/// threads and the memory they may use.
#[derive(Debug)]
pub struct Store {
    places: Arc<Places>,
    config: Config,
    cache: Arc<Cache>,
    workshop: Arc<Workshop>,
}

impl Store {
    /// Opens the folder that holds the bots, creating it where it is missing.
    pub fn open(bots_dir: impl Into<PathBuf>, config: Config) -> Result<Self, IndexError> {
        Self::over(bots_dir.into(), None, config)
    }

    /// Opens a folder as a cache of bots that several machines share.
    ///
    /// The folder must hold no bots of its own: what it holds follows what is shared. It may be
    /// thrown away at any time.
    pub fn open_shared(
        bots_dir: impl Into<PathBuf>,
        shared: Shared,
        config: Config,
    ) -> Result<Self, IndexError> {
        Self::over(bots_dir.into(), Some(shared), config)
    }

    fn over(bots_dir: PathBuf, shared: Option<Shared>, config: Config) -> Result<Self, IndexError> {
        create_folder(&bots_dir)?;
        let cache = Cache::new(config.cache_snapshots_max, config.cache_bytes_max).into();
        let places = Arc::new(Places::new(bots_dir, shared, config.pointer_age_max));
        let workshop = Arc::new(Workshop::new(&config));
        Ok(Self { places, config, cache, workshop })
    }

    /// The bots that have a current snapshot, sorted.
    pub fn bots(&self) -> Result<Vec<BotId>, IndexError> {
        self.places.bots()
    }

    /// The current snapshot of a bot; `None` where nothing was published yet.
    ///
    /// The pointer is read each time, so a snapshot published by another process is seen at
    /// once; the snapshot behind it is opened when it differs from the one kept. Where machines
    /// share bots, the shared pointer is read as often as `pointer_age_max` says, and what it leads
    /// to is fetched first; where it cannot be read, the last snapshot that is known answers.
    pub fn snapshot(&self, bot: &BotId) -> Result<Option<Arc<Snapshot>>, IndexError> {
        if !self.places.refresh(bot)? {
            self.cache.remove(bot);
            return Ok(None);
        }
        let kept = self.places.layout(bot).current()?.and_then(|key| self.cache.get(bot, key));
        if let Some(snapshot) = kept.filter(|snapshot| snapshot.is_in_place()) {
            return Ok(Some(snapshot));
        }
        let before = self.cache.peek(bot);
        let open = |folder: &Path| Snapshot::open(folder, &self.config, before.as_deref());
        let opened = self.open_current(bot, open)?.map(Arc::new);
        match &opened {
            Some(snapshot) => self.cache.put(bot, snapshot),
            None => self.cache.remove(bot),
        }
        Ok(opened)
    }

    /// What its cache holds now, within `cache_snapshots_max` and `cache_bytes_max`.
    pub fn cached(&self) -> Cached {
        self.cache.held()
    }

    /// The manifest of the current snapshot of a bot; `None` where nothing was published yet.
    ///
    /// The index behind it is not opened, so this tells what a bot holds even where its index
    /// is damaged or of an older schema.
    pub fn manifest(&self, bot: &BotId) -> Result<Option<Manifest>, IndexError> {
        if !self.places.refresh(bot)? {
            return Ok(None);
        }
        self.open_current(bot, Manifest::read_if_there)
    }

    /// When the current snapshot of a bot was published; `None` where nothing was, or where that
    /// is not told.
    pub fn published_at(&self, bot: &BotId) -> Option<SystemTime> {
        self.places.pointed_at(bot)
    }

    /// The one writer of a bot, which need not exist yet. Takes the bot's lock, which ends with
    /// the writer or its process, and removes what an interrupted writer left.
    ///
    /// Where machines share bots, each may have a writer of the same bot: the first to publish
    /// wins, and the others are [`IndexError::Overtaken`].
    pub fn writer(&self, bot: &BotId) -> Result<BotWriter, IndexError> {
        let (places, workshop) = (Arc::clone(&self.places), Arc::clone(&self.workshop));
        BotWriter::open(bot, places, self.config.clone(), workshop, Arc::clone(&self.cache))
    }

    /// Opens something of the current snapshot. A damaged copy of what is shared is fetched anew.
    fn open_current<T>(
        &self,
        bot: &BotId,
        open: impl Fn(&Path) -> Result<Option<T>, IndexError>,
    ) -> Result<Option<T>, IndexError> {
        let layout = self.places.layout(bot);
        match open_current(&layout, &open) {
            // Where it cannot be fetched, the damage is what is told.
            Err(IndexError::Damaged { .. }) if matches!(self.places.heal(bot), Ok(true)) => {
                open_current(&layout, &open)
            }
            result => result,
        }
    }
}

/// Opens something in the folder of the current snapshot; `open` gives `None` where the folder
/// is gone or about to go.
fn open_current<T>(
    layout: &Layout,
    open: impl Fn(&Path) -> Result<Option<T>, IndexError>,
) -> Result<Option<T>, IndexError> {
    for round in 0..OPEN_ROUNDS_MAX {
        let Some(key) = layout.current()? else { return Ok(None) };
        let opened = open(&layout.snapshot(key));
        // A writer may have moved the pointer and removed the folder before it was held;
        // whatever was found then counts for nothing.
        if layout.current()? != Some(key) {
            continue;
        }
        if let Some(opened) = opened? {
            return Ok(Some(opened));
        }
        thread::sleep(Duration::from_micros(100) * round);
    }
    let current = layout.current()?.map_or_else(|| layout.snapshots(), |key| layout.snapshot(key));
    Err(IndexError::damaged(&current, "the current snapshot is missing"))
}
