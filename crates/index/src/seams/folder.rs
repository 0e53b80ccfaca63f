//! Pointers and snapshots in a folder.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use document::BotId;

use super::{Pointer, Pointers, Snapshots, Target, Version};
use crate::files::{create_folder, read_if_there, remove, sync_file, sync_folder};
use crate::layout::Layout;
use crate::lock::FileLock;
use crate::manifest::MANIFEST_FILE;
use crate::sweep::{move_to_trash, sweep};
use crate::{FileEntry, IndexError, Manifest};

/// How long a change of a shared folder waits for another: as long as it may take to copy a
/// large snapshot over a slow network.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(60);

/// The folder of all bots, `<bot>/current` and `<bot>/snapshots/<key>/`.
///
/// It is what a [`Store`](crate::Store) works in, and on a file system that several machines mount
/// it is what they share. Such a file system must keep locks (`flock`) among the machines, as
/// NFS from version 4 on does.
#[derive(Debug)]
pub struct Folder {
    bots_dir: PathBuf,
    /// Whether changes take the lock of the bot; in the folder of a store its writer has it.
    locks: bool,
}

impl Folder {
    /// A folder that several machines share. Where it is missing nothing is known of its bots.
    pub fn shared(bots_dir: impl Into<PathBuf>) -> Self {
        Self { bots_dir: bots_dir.into(), locks: true }
    }

    /// The folder a store works in; whoever changes the state of a bot has its lock.
    pub(crate) fn own(bots_dir: PathBuf) -> Self {
        Self { bots_dir, locks: false }
    }

    pub(crate) fn layout(&self, bot: &BotId) -> Layout {
        Layout::new(self.bots_dir.join(bot.as_str()))
    }

    /// A folder that is not mounted holds no bots, but that says nothing about them.
    fn check_there(&self) -> Result<(), IndexError> {
        fs::metadata(&self.bots_dir).map(drop).map_err(IndexError::io(&self.bots_dir))
    }

    fn lock(&self, bot: &BotId, layout: &Layout) -> Result<Option<FileLock>, IndexError> {
        if !self.locks {
            return Ok(None);
        }
        self.check_there()?;
        create_folder(&layout.snapshots())?;
        let lock = FileLock::try_for(&layout.lock(), LOCK_WAIT_MAX)?;
        lock.map(Some).ok_or_else(|| IndexError::Locked { bot: bot.clone() })
    }
}

impl Pointers for Folder {
    fn bots(&self) -> Result<Vec<BotId>, IndexError> {
        let mut bots = bot_ids(&self.bots_dir).map_err(IndexError::io(&self.bots_dir))?;
        bots.retain(|bot| matches!(self.layout(bot).pointer(), Ok(Some(_)) | Err(_)));
        bots.sort();
        Ok(bots)
    }

    fn read(&self, bot: &BotId) -> Result<Option<Pointer>, IndexError> {
        let layout = self.layout(bot);
        let Some(bytes) = layout.pointer()? else {
            self.check_there()?;
            return Ok(None);
        };
        let target = Layout::key_of(&bytes).map(|key| Target { key, place: String::new() });
        let version = Version(String::from_utf8_lossy(&bytes).into_owned());
        Ok(Some(Pointer { target, version, moved: layout.pointed_at() }))
    }

    fn swap(
        &self,
        bot: &BotId,
        from: Option<&Version>,
        to: &Target,
    ) -> Result<Version, IndexError> {
        let layout = self.layout(bot);
        let _lock = self.lock(bot, &layout)?;
        let overtaken = || IndexError::Overtaken { bot: bot.clone() };
        if self.read(bot)?.map(|pointer| pointer.version).as_ref() != from {
            return Err(overtaken());
        }
        // Who came first may have forgotten it already, though the pointer is back where it was.
        if !layout.snapshot(to.key).join(MANIFEST_FILE).is_file() {
            return Err(overtaken());
        }
        layout.point_to(to.key)?;
        Ok(Version(Layout::pointer_to(to.key)))
    }
}

impl Snapshots for Folder {
    fn manifest(&self, bot: &BotId, target: &Target) -> Result<Vec<u8>, IndexError> {
        let file = self.layout(bot).snapshot(target.key).join(MANIFEST_FILE);
        read_if_there(&file)?.ok_or_else(|| IndexError::damaged(&file, "it is missing"))
    }

    fn fetch(
        &self,
        bot: &BotId,
        target: &Target,
        files: &[&FileEntry],
        into: &Path,
    ) -> Result<(), IndexError> {
        let from = self.layout(bot).snapshot(target.key);
        for entry in files {
            let file = from.join(&entry.name);
            fs::copy(&file, into.join(&entry.name)).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => IndexError::damaged(&file, "it is missing"),
                _ => IndexError::io(&file)(error),
            })?;
        }
        Ok(())
    }

    fn publish(
        &self,
        bot: &BotId,
        before: Option<&Target>,
        manifest: &Manifest,
        folder: &Path,
    ) -> Result<Target, IndexError> {
        let layout = self.layout(bot);
        let place = layout.snapshot(manifest.key);
        let target = Target { key: manifest.key, place: String::new() };
        if place == folder {
            return Ok(target);
        }
        let _lock = self.lock(bot, &layout)?;
        if is_whole(&place, manifest) {
            return Ok(target);
        }
        let stage = layout.push_stage();
        remove(&stage)?;
        fs::create_dir(&stage).map_err(IndexError::io(&stage))?;
        let before = before.map(|before| layout.snapshot(before.key));
        copy_snapshot(folder, manifest, before.as_deref(), &stage)?;
        let damaged = place.exists().then(|| move_to_trash(&layout, &place)).transpose()?;
        fs::rename(&stage, &place).map_err(IndexError::io(&stage))?;
        sync_folder(&layout.snapshots())?;
        // What cannot be removed now is swept later.
        let _ = damaged.map(|trash| remove(&trash));
        Ok(target)
    }

    fn forget(&self, bot: &BotId, _: &Target) -> Result<(), IndexError> {
        let layout = self.layout(bot);
        let _lock = self.lock(bot, &layout)?;
        sweep(&layout)
    }
}

fn is_whole(place: &Path, manifest: &Manifest) -> bool {
    let found = Manifest::read(place);
    found.is_ok_and(|found| found.key == manifest.key && found.check_files(place).is_ok())
}

/// Copies the files of a snapshot and its manifest, synced; files that `before` has are linked.
fn copy_snapshot(
    from: &Path,
    manifest: &Manifest,
    before: Option<&Path>,
    to: &Path,
) -> Result<(), IndexError> {
    let had = before.and_then(|before| Manifest::read(before).ok());
    let had = had.iter().flat_map(|manifest| &manifest.files).collect::<Vec<_>>();
    for entry in &manifest.files {
        let (old, new) = (from.join(&entry.name), to.join(&entry.name));
        let linked = before.filter(|_| had.contains(&entry)).is_some_and(|before| {
            let there = entry.check(before).is_ok();
            there && fs::hard_link(before.join(&entry.name), &new).is_ok()
        });
        if !linked {
            fs::copy(&old, &new).map_err(IndexError::io(&old))?;
            sync_file(&new)?;
        }
    }
    let name = to.join(MANIFEST_FILE);
    fs::copy(from.join(MANIFEST_FILE), &name).map_err(IndexError::io(&name))?;
    sync_file(&name)?;
    sync_folder(to)
}

fn bot_ids(bots_dir: &Path) -> io::Result<Vec<BotId>> {
    let mut bots = Vec::new();
    for entry in fs::read_dir(bots_dir)? {
        let name = entry?.file_name();
        bots.extend(name.to_str().and_then(|name| name.parse::<BotId>().ok()));
    }
    Ok(bots)
}
