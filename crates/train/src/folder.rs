//! The one folder that holds everything: `version`, `remote`, `originals/`, `extracts/`, `stamps/`, `vectors/`,
//! `bots/`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use document::BotId;
use index::{IndexError, Manifest, Snapshot, Store};

use crate::durable::{LazyStaging, Sync};
use crate::{Extracts, OriginalFiles, Originals, Remote, TrainError};

/// The version of the folder's layout that this release writes, and the newest it reads.
pub const FOLDER_VERSION: u32 = 1;

/// Names the remote in a folder that is its cache.
const REMOTE_FILE: &str = "remote";

/// A data folder: originals, extracts and the bots over them.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    originals: Arc<dyn Originals>,
    /// What the originals are called.
    originals_name: String,
    extracts: Extracts,
    store: Store,
    /// For the files that have no store with a staging folder of its own.
    staging: LazyStaging,
}

impl DataFolder {
    /// Opens the data folder at `path`, creating it where it is missing.
    ///
    /// # Errors
    ///
    /// [`TrainError::NewerFormat`] for a folder of a newer release.
    pub fn open(path: impl Into<PathBuf>, config: index::Config) -> Result<Self, TrainError> {
        let path = path.into();
        let staging = staging(&path);
        write_version(&path, &staging)?;
        Self::at(path, staging, config)
    }

    /// Opens the data folder at `path` as a cache of what several machines share, creating it
    /// where it is missing. It may be thrown away at any time: bots are fetched as they are asked
    /// for, originals are stored with the remote alone, and parsed documents again where the cache
    /// lacks them.
    ///
    /// # Errors
    ///
    /// [`TrainError::Elsewhere`] where the folder holds bots of its own or is a cache of another
    /// remote, and what [`open`](Self::open) reports.
    pub fn open_shared(
        path: impl Into<PathBuf>,
        remote: &Remote,
        config: index::Config,
    ) -> Result<Self, TrainError> {
        let path = path.into();
        let staging = staging(&path);
        write_version(&path, &staging)?;
        let elsewhere = |found| {
            let wanted = Some(remote.name().to_owned());
            TrainError::Elsewhere { path: path.clone(), found, wanted }
        };
        // What is shared is no cache of itself.
        if path.canonicalize().is_ok_and(|path| path.display().to_string() == remote.name()) {
            return Err(elsewhere(None));
        }
        let known = cached_remote(&path)?;
        remote.prepare(known.is_some())?;
        match known {
            Some(name) if name == remote.name() => {}
            Some(name) => return Err(elsewhere(Some(name))),
            None if !Store::open(path.join("bots"), config.clone())?.bots()?.is_empty() => {
                return Err(elsewhere(None));
            }
            None => {
                let text = format!("{}\n", remote.name());
                staging.get()?.write(&path.join(REMOTE_FILE), text.as_bytes(), Sync::Full)?;
            }
        }
        Ok(Self {
            originals: Arc::clone(remote.originals()),
            originals_name: remote.name().to_owned(),
            extracts: Extracts::new(path.join("extracts")),
            store: Store::open_shared(path.join("bots"), remote.bots().clone(), config)?,
            path,
            staging,
        })
    }

    /// Opens the data folder at `path` for commands that only make sense on what exists.
    ///
    /// # Errors
    ///
    /// [`TrainError::NoFolder`] where there is none, and what [`open`](Self::open) reports.
    pub fn open_existing(
        path: impl Into<PathBuf>,
        config: index::Config,
    ) -> Result<Self, TrainError> {
        let path = path.into();
        match read_version(&path)? {
            Some(_) => Self::at(path.clone(), staging(&path), config),
            None => Err(TrainError::NoFolder { path }),
        }
    }

    fn at(path: PathBuf, staging: LazyStaging, config: index::Config) -> Result<Self, TrainError> {
        if let Some(found) = cached_remote(&path)? {
            return Err(TrainError::Elsewhere { path, found: Some(found), wanted: None });
        }
        let originals = path.join("originals");
        Ok(Self {
            originals_name: originals.display().to_string(),
            originals: Arc::new(OriginalFiles::new(originals)),
            extracts: Extracts::new(path.join("extracts")),
            store: Store::open(path.join("bots"), config)?,
            path,
            staging,
        })
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a data folder at `path` has room for what embedders remember; a cache, which may be
    /// deleted.
    pub fn vectors(path: &Path) -> PathBuf {
        path.join("vectors")
    }

    /// The bots.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The bytes of documents.
    pub fn originals(&self) -> &dyn Originals {
        &*self.originals
    }

    /// Where they are, in words.
    pub(crate) fn originals_name(&self) -> &str {
        &self.originals_name
    }

    /// The cache of parsed documents.
    pub fn extracts(&self) -> &Extracts {
        &self.extracts
    }

    /// The current snapshot of a bot.
    ///
    /// # Errors
    ///
    /// [`TrainError::NoBot`] where nothing was published yet.
    pub fn snapshot(&self, bot: &BotId) -> Result<Arc<Snapshot>, TrainError> {
        let snapshot = self.store.snapshot(bot)?;
        snapshot.ok_or_else(|| TrainError::NoBot { bot: bot.clone() })
    }

    /// What the current snapshot of a bot holds, by the list beside it: it tells even where the
    /// snapshot itself is damaged or outdated.
    ///
    /// # Errors
    ///
    /// [`TrainError::NoBot`] where nothing was published yet, [`TrainError::LostManifest`] where
    /// the list is damaged.
    pub fn manifest(&self, bot: &BotId) -> Result<Manifest, TrainError> {
        match self.store.manifest(bot) {
            Ok(manifest) => manifest.ok_or_else(|| TrainError::NoBot { bot: bot.clone() }),
            Err(error @ IndexError::Damaged { .. }) => {
                Err(TrainError::LostManifest { bot: bot.clone(), why: error.to_string() })
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn staging(&self) -> &LazyStaging {
        &self.staging
    }
}

/// The staging folder of a data folder. It is hidden, and no common name: the data may lie in a
/// folder that was there before.
pub(crate) fn staging(folder: &Path) -> LazyStaging {
    LazyStaging::new(folder.join(".staging"))
}

/// Makes a folder a data folder where it is none.
pub(crate) fn write_version(folder: &Path, staging: &LazyStaging) -> Result<(), TrainError> {
    if read_version(folder)?.is_none() {
        let text = format!("{FOLDER_VERSION}\n");
        staging.get()?.write(&folder.join("version"), text.as_bytes(), Sync::Full)?;
    }
    Ok(())
}

/// The name of the remote that a folder is a cache of; `None` where it is none.
pub(crate) fn cached_remote(folder: &Path) -> Result<Option<String>, TrainError> {
    let path = folder.join(REMOTE_FILE);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim_end().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TrainError::Io { path, action: "read", source }),
    }
}

/// The version of the folder, checked; `None` where there is no folder or it has no version.
pub(crate) fn read_version(folder: &Path) -> Result<Option<u32>, TrainError> {
    let path = folder.join("version");
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(TrainError::Io { path, action: "read", source }),
    };
    let text = String::from_utf8_lossy(&bytes);
    match text.trim().parse::<u32>() {
        Ok(found) if (1..=FOLDER_VERSION).contains(&found) => Ok(Some(found)),
        Ok(found) if found > FOLDER_VERSION => Err(TrainError::NewerFormat {
            path: folder.to_owned(),
            found,
            supported: FOLDER_VERSION,
        }),
        _ => Err(TrainError::NotAFolder { path, found: text.chars().take(40).collect() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Result<DataFolder, TrainError> {
        DataFolder::open(path, index::Config::default())
    }

    #[test]
    fn a_folder_is_created_once_and_found_again() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("some/data");
        let missing = DataFolder::open_existing(&path, index::Config::default()).unwrap_err();
        assert!(matches!(missing, TrainError::NoFolder { .. }));
        assert!(!path.exists());
        fs::create_dir_all(path.join(".staging")).unwrap();
        fs::write(path.join(".staging/.tmpA"), b"1").unwrap();
        open(&path).unwrap();
        assert_eq!(fs::read_to_string(path.join("version")).unwrap(), "1\n");
        assert!(!path.join(".staging/.tmpA").exists(), "what a killed process left is swept");
        open(&path).unwrap();
        DataFolder::open_existing(&path, index::Config::default()).unwrap();
    }

    #[test]
    fn newer_and_foreign_folders_are_refused_and_left_alone() {
        let data = tempfile::tempdir().unwrap();
        let check = |version: &str, expected: &str| {
            fs::write(data.path().join("version"), version).unwrap();
            let error = open(data.path()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert_eq!(fs::read_to_string(data.path().join("version")).unwrap(), version);
            assert!(!data.path().join("bots").exists());
        };
        check("2\n", "data folder of version 2, this release reads up to 1: use the newer");
        check("v8.1.2\n", "expected the version of a data folder, found \"v8.1.2\\n\"");
        check("", "found \"\"");
        check("0", "found \"0\"");
    }
}
