//! All bots of one data folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fs, io, thread};

use document::BotId;

use crate::cache::{Cache, Cached};
use crate::files::create_folder;
use crate::layout::Layout;
use crate::writer::Workshop;
use crate::{BotWriter, Config, IndexError, Manifest, Snapshot};

/// How often opening starts over when the current snapshot is replaced meanwhile. Each round
/// reads the pointer anew, so a writer would have to publish that often in a few milliseconds.
const OPEN_ROUNDS_MAX: u32 = 50;

/// What part of the cache may be attached to one snapshot, so that one busy bot does not drive
/// out all others: 8 MiB of the default, which hold some 3,000 prepared chunks.
const ATTACHED_SHARE: usize = 32;

/// All bots of one data folder. Share it: its cache serves all threads, and its writers share the
/// threads and the memory they may use.
#[derive(Debug)]
pub struct Store {
    bots_dir: PathBuf,
    config: Config,
    cache: Cache,
    workshop: Arc<Workshop>,
}

impl Store {
    /// Opens the folder that holds the bots, creating it where it is missing.
    pub fn open(bots_dir: impl Into<PathBuf>, config: Config) -> Result<Self, IndexError> {
        let bots_dir = bots_dir.into();
        create_folder(&bots_dir)?;
        let cache = Cache::new(config.cache_snapshots_max, config.cache_bytes_max);
        let workshop = Arc::new(Workshop::new(&config));
        Ok(Self { bots_dir, config, cache, workshop })
    }

    /// The bots that have a current snapshot, sorted.
    pub fn bots(&self) -> Result<Vec<BotId>, IndexError> {
        let mut bots = bot_ids(&self.bots_dir).map_err(IndexError::io(&self.bots_dir))?;
        bots.retain(|bot| matches!(self.layout(bot).current(), Ok(Some(_)) | Err(_)));
        bots.sort();
        Ok(bots)
    }

    /// The current snapshot of a bot; `None` where nothing was published yet.
    ///
    /// The pointer is read each time, so a snapshot published by another process is seen at
    /// once; the snapshot behind it is opened when it differs from the one kept.
    pub fn snapshot(&self, bot: &BotId) -> Result<Option<Arc<Snapshot>>, IndexError> {
        let layout = self.layout(bot);
        let kept = layout.current()?.and_then(|key| self.cache.get(bot, key));
        if let Some(snapshot) = kept.filter(|snapshot| snapshot.is_in_place()) {
            return Ok(Some(snapshot));
        }
        let attached_bytes_max = self.config.cache_bytes_max / ATTACHED_SHARE;
        let open = |folder: &Path| {
            Snapshot::open(folder, self.config.verify_bytes_max, attached_bytes_max)
        };
        let opened = open_current(&layout, open)?.map(Arc::new);
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
        open_current(&self.layout(bot), Manifest::read_if_there)
    }

    /// When the current snapshot of a bot was published; `None` where nothing was, or where the
    /// file system does not tell.
    pub fn published_at(&self, bot: &BotId) -> Option<SystemTime> {
        self.layout(bot).pointed_at()
    }

    /// The one writer of a bot, which need not exist yet. Takes the bot's lock, which ends with
    /// the writer or its process, and removes what an interrupted writer left.
    pub fn writer(&self, bot: &BotId) -> Result<BotWriter, IndexError> {
        let workshop = Arc::clone(&self.workshop);
        BotWriter::open(bot, self.layout(bot), self.config.clone(), workshop)
    }

    fn layout(&self, bot: &BotId) -> Layout {
        Layout::new(self.bots_dir.join(bot.as_str()))
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

fn bot_ids(bots_dir: &Path) -> io::Result<Vec<BotId>> {
    let mut bots = Vec::new();
    for entry in fs::read_dir(bots_dir)? {
        let name = entry?.file_name();
        bots.extend(name.to_str().and_then(|name| name.parse::<BotId>().ok()));
    }
    Ok(bots)
}
