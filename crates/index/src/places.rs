//! The local folder of a store and, where machines share bots, what they share beside it.
//!
//! With nothing shared the local pointer is the only one. Else it is a memory of the shared one:
//! what a bot answered from last, and goes on answering from while the others cannot be reached.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use document::BotId;

use crate::files::{create_folder, remove, sync_file, sync_folder, write_synced};
use crate::layout::Layout;
use crate::lock::FileLock;
use crate::manifest::MANIFEST_FILE;
use crate::sweep::{move_to_trash, sweep};
use crate::{FileEntry, Folder, IndexError, Manifest, Pointer, Pointers, Shared, Target};

/// How often fetching starts over because the pointer has moved meanwhile.
const FETCH_ROUNDS_MAX: u32 = 5;

/// After a shared pointer could not be read, questions are answered from what is known for so long
/// before it is tried again: each try may take as long as its timeouts allow.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Where the bots of a store are.
#[derive(Debug)]
pub(crate) struct Places {
    own: Folder,
    shared: Option<Shared>,
    /// How old a shared pointer may be when a question is answered.
    age_max: Duration,
    asked: Mutex<HashMap<BotId, Asked>>,
}

/// When the shared pointer of a bot was asked for.
#[derive(Debug, Default)]
struct Asked {
    /// Before this it is not asked for again; `None` before the first answer.
    next: Option<Instant>,
    /// Whether somebody is asking.
    busy: bool,
}

impl Places {
    pub(crate) fn new(bots_dir: PathBuf, shared: Option<Shared>, age_max: Duration) -> Self {
        Self { own: Folder::own(bots_dir), shared, age_max, asked: Mutex::default() }
    }

    pub(crate) fn layout(&self, bot: &BotId) -> Layout {
        self.own.layout(bot)
    }

    /// The bots that have a current snapshot, sorted; those known here where the others cannot
    /// be asked.
    pub(crate) fn bots(&self) -> Result<Vec<BotId>, IndexError> {
        let Some(shared) = &self.shared else { return self.own.bots() };
        shared.pointers.bots().or_else(|error| {
            let known = self.own.bots()?;
            if known.is_empty() { Err(error) } else { Ok(known) }
        })
    }

    /// When the pointer of a bot last moved, where that is told.
    pub(crate) fn pointed_at(&self, bot: &BotId) -> Option<SystemTime> {
        match &self.shared {
            None => self.layout(bot).pointed_at(),
            Some(shared) => shared.pointers.read(bot).ok()??.moved,
        }
    }

    /// Makes the local folder follow the shared pointer, unless that was done a moment ago. Where
    /// it cannot be done, what is known here is good enough. `false` where there is no such bot:
    /// what is known of it here counts for nothing then, but stays.
    ///
    /// # Errors
    /// Where nothing is known here either.
    pub(crate) fn refresh(&self, bot: &BotId) -> Result<bool, IndexError> {
        let Some(shared) = &self.shared else { return Ok(true) };
        let is_known = matches!(self.layout(bot).current(), Ok(Some(_)));
        let Some(mut asking) = self.ask(bot, is_known) else { return Ok(true) };
        // Where another process fetches, what is known answers meanwhile.
        let waits = !is_known || self.age_max.is_zero();
        match self.bring(shared, bot, waits) {
            Ok(pointer) => {
                asking.again = pointer.as_ref().map(|_| self.age_max);
                Ok(pointer.is_some())
            }
            Err(_) if is_known => {
                asking.again = Some(self.age_max.max(RETRY_AFTER));
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// The pointer of a bot, what it leads to being in the local folder. For writers: nothing
    /// but the truth is good enough.
    pub(crate) fn pointer(&self, bot: &BotId) -> Result<Option<Pointer>, IndexError> {
        match &self.shared {
            None => self.own.read(bot),
            Some(shared) => match self.bring(shared, bot, true) {
                // Whoever reads the manifest here tells what is wrong.
                Err(IndexError::Damaged { .. }) => shared.pointers.read(bot),
                result => result,
            },
        }
    }

    /// Fetches the current snapshot anew because the local copy is damaged; `false` where nothing
    /// is shared.
    pub(crate) fn heal(&self, bot: &BotId) -> Result<bool, IndexError> {
        let Some(shared) = &self.shared else { return Ok(false) };
        let layout = self.layout(bot);
        create_folder(&layout.snapshots())?;
        let _lock = FileLock::wait(&layout.fetch_lock())?;
        let Some(pointer) = shared.pointers.read(bot)? else { return Ok(false) };
        take_up(shared, bot, &layout, &pointer, true)?;
        Ok(true)
    }

    /// Makes a snapshot current that lies finished in its local place.
    pub(crate) fn publish(
        &self,
        bot: &BotId,
        from: Option<&Pointer>,
        manifest: &Manifest,
    ) -> Result<Pointer, IndexError> {
        let layout = self.layout(bot);
        let version = from.map(|pointer| &pointer.version);
        let Some(shared) = &self.shared else {
            let target = Target { key: manifest.key, place: String::new() };
            let version = self.own.swap(bot, version, &target)?;
            return Ok(Pointer { target: Some(target), version, moved: None });
        };
        let before = from.and_then(|pointer| pointer.target.as_ref());
        let folder = layout.snapshot(manifest.key);
        let target = shared.snapshots.publish(bot, before, manifest, &folder)?;
        let lock = FileLock::wait(&layout.fetch_lock())?;
        let version = shared.pointers.swap(bot, version, &target)?;
        // It is published. Where the memory of it cannot be written, the next look mends that; what
        // cannot be forgotten now is with the next change.
        let _ = layout.point_to(manifest.key);
        drop(lock);
        let _ = shared.snapshots.forget(bot, &target);
        Ok(Pointer { target: Some(target), version, moved: None })
    }

    /// Removes what the local pointer does not reach; whoever calls has the lock of the bot. What
    /// another process fetches at this moment is left to the next time.
    pub(crate) fn sweep(&self, bot: &BotId) -> Result<(), IndexError> {
        let layout = self.layout(bot);
        if self.shared.is_none() {
            return sweep(&layout);
        }
        match FileLock::try_for(&layout.fetch_lock(), Duration::ZERO)? {
            Some(_lock) => sweep(&layout),
            None => Ok(()),
        }
    }

    /// Makes the local folder follow the shared pointer; the pointer. Unless it `waits`, it leaves
    /// that to another process which is at it.
    fn bring(
        &self,
        shared: &Shared,
        bot: &BotId,
        waits: bool,
    ) -> Result<Option<Pointer>, IndexError> {
        let layout = self.layout(bot);
        let pointer = shared.pointers.read(bot)?;
        if pointer.as_ref().is_none_or(|pointer| is_here(&layout, pointer)) {
            return Ok(pointer);
        }
        create_folder(&layout.snapshots())?;
        let _lock = match FileLock::try_for(&layout.fetch_lock(), Duration::ZERO)? {
            Some(lock) => lock,
            None if waits => FileLock::wait(&layout.fetch_lock())?,
            None => return Ok(pointer),
        };
        // Read under the lock, so that the local pointer never goes back.
        let mut pointer = shared.pointers.read(bot)?;
        for round in 1.. {
            let Some(found) = &pointer else { return Ok(None) };
            let Err(error) = take_up(shared, bot, &layout, found, false) else { break };
            // What it led to may have been forgotten since it was read.
            let now = shared.pointers.read(bot)?;
            let has_moved = now.as_ref().map(|now| &now.version) != Some(&found.version);
            if !has_moved || round == FETCH_ROUNDS_MAX {
                return Err(error);
            }
            pointer = now;
        }
        // Where somebody writes, sweeping is theirs; what is not swept now is next time.
        if let Ok(Some(_lock)) = FileLock::try_for(&layout.lock(), Duration::ZERO) {
            let _ = sweep(&layout);
        }
        Ok(pointer)
    }

    /// Leave to ask for the pointer of a bot; `None` where what is known is good enough.
    fn ask(&self, bot: &BotId, is_known: bool) -> Option<Asking<'_>> {
        let mut all = self.lock_asked();
        let asked = all.entry(bot.clone()).or_default();
        let is_fresh = asked.next.is_some_and(|next| Instant::now() < next);
        // One asks, and the others are not kept waiting; unless each wants to know for itself.
        let is_asked_for = asked.busy && !self.age_max.is_zero();
        if is_known && (is_fresh || is_asked_for) {
            return None;
        }
        asked.busy = true;
        Some(Asking { places: self, bot: bot.clone(), again: None })
    }

    fn lock_asked(&self) -> MutexGuard<'_, HashMap<BotId, Asked>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody asks for the pointer of a bot, until this is dropped.
struct Asking<'a> {
    places: &'a Places,
    bot: BotId,
    /// How long what was learned is good enough; `None` where nothing is to be remembered.
    again: Option<Duration>,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut all = self.places.lock_asked();
        match self.again.and_then(|time| Instant::now().checked_add(time)) {
            Some(next) => {
                all.insert(self.bot.clone(), Asked { next: Some(next), busy: false });
            }
            None => {
                all.remove(&self.bot);
            }
        }
    }
}

/// Whether the local pointer leads where the shared one does, and something is there.
fn is_here(layout: &Layout, pointer: &Pointer) -> bool {
    let key = pointer.target.as_ref().map(|target| target.key);
    key.is_some_and(|key| {
        let is_there = layout.snapshot(key).join(MANIFEST_FILE).is_file();
        is_there && matches!(layout.current(), Ok(Some(current)) if current == key)
    })
}

/// Fetches what a pointer leads to, where it is not here or not good enough, and points to it.
/// Whoever calls has the lock for fetching.
fn take_up(
    shared: &Shared,
    bot: &BotId,
    layout: &Layout,
    pointer: &Pointer,
    anew: bool,
) -> Result<(), IndexError> {
    let unreadable = || IndexError::Damaged {
        file: PathBuf::from(format!("the shared pointer of bot {bot}")),
        why: "it holds no snapshot key".to_owned(),
    };
    let target = pointer.target.as_ref().ok_or_else(unreadable)?;
    if anew || !layout.snapshot(target.key).join(MANIFEST_FILE).is_file() {
        fetch(shared, bot, layout, target, anew)?;
    }
    if matches!(layout.current(), Ok(Some(current)) if current == target.key) {
        return Ok(());
    }
    layout.point_to(target.key)
}

/// Fetches a snapshot into a stage, compares it with its checksums, syncs it and gives it its
/// name. Files that the current snapshot has are linked, unless all is to be made `anew`.
fn fetch(
    shared: &Shared,
    bot: &BotId,
    layout: &Layout,
    target: &Target,
    anew: bool,
) -> Result<(), IndexError> {
    let stage = layout.fetch_stage();
    remove(&stage)?;
    fs::create_dir(&stage).map_err(IndexError::io(&stage))?;
    let bytes = shared.snapshots.manifest(bot, target)?;
    let manifest = Manifest::from_bytes(&bytes, &stage.join(MANIFEST_FILE))?;
    check_names(&manifest, target, &stage)?;
    let known = layout.current().ok().flatten().filter(|_| !anew);
    let known = known.map(|key| layout.snapshot(key));
    let missing = link_known(known.as_deref(), &manifest, &stage);
    shared.snapshots.fetch(bot, target, &missing, &stage)?;
    for entry in missing {
        entry.check(&stage)?;
        sync_file(&stage.join(&entry.name))?;
    }
    write_synced(&stage.join(MANIFEST_FILE), &bytes)?;
    sync_folder(&stage)?;
    let place = layout.snapshot(target.key);
    let replaced = place.exists().then(|| move_to_trash(layout, &place)).transpose()?;
    fs::rename(&stage, &place).map_err(IndexError::io(&stage))?;
    sync_folder(&layout.snapshots())?;
    // What cannot be removed now is swept later.
    let _ = replaced.map(|trash| remove(&trash));
    Ok(())
}

/// Refuses a manifest that is another's, or whose files would lie outside their folder.
fn check_names(manifest: &Manifest, target: &Target, stage: &Path) -> Result<(), IndexError> {
    let is_name = |name: &str| {
        Path::new(name).file_name().is_some_and(|file| file == name) && name != MANIFEST_FILE
    };
    let why = if manifest.key != target.key {
        format!("it is that of snapshot {}, expected {}", manifest.key, target.key)
    } else if let Some(entry) = manifest.files.iter().find(|entry| !is_name(&entry.name)) {
        format!("{:?} is no name of a file", entry.name)
    } else {
        return Ok(());
    };
    Err(IndexError::damaged(&stage.join(MANIFEST_FILE), why))
}

/// Links the files into `stage` that a snapshot has, whole, under the same name; the others.
fn link_known<'m>(
    known: Option<&Path>,
    manifest: &'m Manifest,
    stage: &Path,
) -> Vec<&'m FileEntry> {
    let held = known.and_then(|folder| Manifest::read(folder).ok());
    let held: BTreeMap<&str, &FileEntry> =
        held.iter().flat_map(|held| &held.files).map(|entry| (&*entry.name, entry)).collect();
    let is_linked = |entry: &FileEntry| {
        known.filter(|_| held.get(&*entry.name) == Some(&entry)).is_some_and(|folder| {
            let link = || fs::hard_link(folder.join(&entry.name), stage.join(&entry.name));
            entry.check(folder).is_ok() && link().is_ok()
        })
    };
    manifest.files.iter().filter(|entry| !is_linked(entry)).collect()
}
