//! Files of snapshots by content.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use document::{BotId, ContentHash};
use futures_util::{StreamExt, TryStreamExt, stream};
use index::{FileEntry, IndexError, MANIFEST_FILE, Manifest, Snapshots, Target};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};

use crate::objects::{Objects, is_absent};
use crate::place::{Place, object};

/// Requests under way at a time for one caller.
const AT_A_TIME: usize = 8;

/// A manifest of 100,000 documents takes some 40 MB.
const MANIFEST_BYTES_MAX: u64 = 1 << 30;

/// Days after which an object that no pointer reaches is removed. Its name is given on one day and
/// may be used the day after, where an upload takes long or clocks differ; and whoever fetches it
/// has time to finish.
const KEPT_DAYS: u64 = 3;

/// An upload that takes longer is not published, for its names may be forgotten soon.
const UPLOAD_SECONDS_MAX: u64 = 12 * 60 * 60;

impl Snapshots for Objects {
    fn manifest(&self, bot: &BotId, target: &Target) -> Result<Vec<u8>, IndexError> {
        let place = self.place(bot, target)?;
        let path = self.object(bot, &place, place.manifest)?;
        let read = self.wait(self.read_object(&path, MANIFEST_BYTES_MAX));
        let read = read.map_err(|error| self.failed(&path, error))?;
        read.map(Vec::from).ok_or_else(|| self.damaged(&path, "it is missing"))
    }

    fn fetch(
        &self,
        bot: &BotId,
        target: &Target,
        files: &[&FileEntry],
        into: &FilePath,
    ) -> Result<(), IndexError> {
        let place = self.place(bot, target)?;
        let mut wanted = Vec::new();
        for entry in files {
            wanted.push((self.object(bot, &place, entry.hash)?, into.join(&entry.name)));
        }
        let fetch = |(path, file): (Path, PathBuf)| async move {
            let got = self.get_file(&path, &file).await;
            got.map_err(|error| match error {
                error if is_absent(&error) => self.damaged(&path, "it is missing"),
                error => self.failed(&path, error),
            })
        };
        self.wait(stream::iter(wanted).map(fetch).buffer_unordered(AT_A_TIME).try_collect())
    }

    fn publish(
        &self,
        bot: &BotId,
        before: Option<&Target>,
        manifest: &Manifest,
        folder: &FilePath,
    ) -> Result<Target, IndexError> {
        let (since, today) = (self.seconds(), self.today());
        // What is there is reused where it lies, as long as the pointer reaches it.
        let reached = before.and_then(|before| Place::parse(&before.place));
        let reached = reached.map(|place| place.days).unwrap_or_default();
        let list = folder.join(MANIFEST_FILE);
        let bytes =
            std::fs::read(&list).map_err(|source| IndexError::Io { path: list.clone(), source })?;
        let list = (ContentHash::of(&bytes), list);
        let files = manifest.files.iter().map(|entry| (entry.hash, folder.join(&entry.name)));
        let files: BTreeMap<_, _> = files.chain([list.clone()]).collect();
        let day = |hash: &ContentHash| reached.get(hash).copied().unwrap_or(today);
        let days = files.keys().map(|hash| (*hash, day(hash))).collect();
        let missing = files.into_iter().filter(|(hash, _)| !reached.contains_key(hash));
        let missing: Vec<_> = missing.collect();
        let store = |(hash, file): (ContentHash, PathBuf)| async move {
            self.store(bot, today, hash, &file).await
        };
        self.wait(
            stream::iter(missing).map(store).buffer_unordered(AT_A_TIME).try_collect::<()>(),
        )?;
        let taken = self.seconds().saturating_sub(since);
        if taken > UPLOAD_SECONDS_MAX {
            let source = format!("upload took {taken} s, limit {UPLOAD_SECONDS_MAX} s").into();
            return Err(IndexError::Remote { place: self.name().to_owned(), source });
        }
        let place = Place { manifest: list.0, days }.to_text();
        Ok(Target { key: manifest.key, place })
    }

    fn forget(&self, bot: &BotId, current: &Target) -> Result<(), IndexError> {
        let place = self.place(bot, current)?;
        let folder = Path::from(format!("files/{bot}"));
        let oldest_kept = self.today().saturating_sub(KEPT_DAYS);
        let forget = async {
            let days = self.bulk.list_with_delimiter(Some(&folder)).await?.common_prefixes;
            let day = |path: &Path| path.filename().and_then(|name| name.parse::<u64>().ok());
            for day in days.iter().filter_map(day).filter(|day| *day < oldest_kept) {
                let folder = folder.clone().join(day.to_string());
                let stored: Vec<_> = self.bulk.list(Some(&folder)).try_collect().await?;
                let is_reached = |path: &Path| {
                    let hash = path.filename().and_then(|name| name.parse::<ContentHash>().ok());
                    // What is none of ours is left alone.
                    hash.is_none_or(|hash| place.days.get(&hash) == Some(&day))
                };
                let paths = stored.into_iter().map(|meta| meta.location);
                let gone: Vec<_> = paths.filter(|path| !is_reached(path)).collect();
                let removed = stream::iter(gone).map(async |path| self.bulk.delete(&path).await);
                removed.buffer_unordered(AT_A_TIME).try_collect::<()>().await?;
            }
            Ok(())
        };
        self.wait(forget).map_err(|error| self.failed(&folder, error))
    }
}

impl Objects {
    /// Stores a file under today's name, unless that is there.
    async fn store(
        &self,
        bot: &BotId,
        today: u64,
        hash: ContentHash,
        file: &FilePath,
    ) -> Result<(), IndexError> {
        let path = object(bot.as_str(), today, hash);
        let failed = |error| self.failed(&path, error);
        let bytes = std::fs::metadata(file).map(|metadata| metadata.len());
        let bytes = bytes.map_err(|source| IndexError::Io { path: file.to_owned(), source })?;
        if self.size_of(&path).await.map_err(failed)? == Some(bytes) {
            return Ok(());
        }
        match self.put_file(&path, file, hash).await {
            Err(Error::Precondition { source, .. }) => {
                Err(IndexError::Damaged { file: file.to_owned(), why: source.to_string() })
            }
            result => result.map_err(failed),
        }
    }

    fn place(&self, bot: &BotId, target: &Target) -> Result<Place, IndexError> {
        let unreadable = || IndexError::Damaged {
            file: format!("{}/current/{bot}", self.name()).into(),
            why: "it names no objects".to_owned(),
        };
        Place::parse(&target.place).ok_or_else(unreadable)
    }

    fn object(&self, bot: &BotId, place: &Place, hash: ContentHash) -> Result<Path, IndexError> {
        let unknown = || IndexError::Damaged {
            file: format!("{}/current/{bot}", self.name()).into(),
            why: format!("it does not tell where {hash} is"),
        };
        place.object(bot.as_str(), hash).ok_or_else(unknown)
    }

    fn damaged(&self, path: &Path, why: &str) -> IndexError {
        IndexError::Damaged { file: self.address(path).into(), why: why.to_owned() }
    }
}
