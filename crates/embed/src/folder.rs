//! The files of a model: read whole, within limits, each part of the model's key.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::EmbedError;

/// Largest configuration file; real ones have less than 100 KiB.
pub(crate) const JSON_BYTES_MAX: u64 = 1 << 20;

/// Largest `tokenizer.json`; those of 250,000 words have some 17 MiB.
pub(crate) const TOKENIZER_BYTES_MAX: u64 = 64 << 20;

/// Largest `model.safetensors`; a large encoder (560 million weights of 4 bytes) has 2.1 GiB.
pub(crate) const WEIGHTS_BYTES_MAX: u64 = 4 << 30;

/// A model's folder that is being read, and the hash of what was read of it.
pub(crate) struct Folder {
    path: PathBuf,
    hasher: blake3::Hasher,
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), hasher: blake3::Hasher::new() }
    }

    /// The path of a file of the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The bytes of a file.
    pub(crate) fn read(&mut self, name: &str, bytes_max: u64) -> Result<Vec<u8>, EmbedError> {
        let path = self.file(name);
        let missing = || EmbedError::io(&path)(io::Error::from(io::ErrorKind::NotFound));
        self.read_if_there(name, bytes_max)?.ok_or_else(missing)
    }

    /// What a JSON file holds.
    pub(crate) fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, EmbedError> {
        let bytes = self.read(name, JSON_BYTES_MAX)?;
        self.parse(name, &bytes)
    }

    /// What a JSON file holds, `None` where there is no such file.
    pub(crate) fn json_if_there<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, EmbedError> {
        let bytes = self.read_if_there(name, JSON_BYTES_MAX)?;
        bytes.map(|bytes| self.parse(name, &bytes)).transpose()
    }

    /// The hash of all that was read, and of `version`.
    pub(crate) fn hash(mut self, version: u32) -> [u8; 32] {
        self.hasher.update(&version.to_le_bytes());
        *self.hasher.finalize().as_bytes()
    }

    fn parse<T: DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> Result<T, EmbedError> {
        serde_json::from_slice(bytes).map_err(|error| EmbedError::invalid(&self.file(name), &error))
    }

    fn read_if_there(&mut self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, EmbedError> {
        let path = self.file(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(EmbedError::io(&path)(error)),
        };
        let bytes = file.metadata().map_err(EmbedError::io(&path))?.len();
        if bytes > limit {
            return Err(EmbedError::TooLarge { path, bytes, limit });
        }
        let mut held = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
        // It may grow while it is read.
        file.take(limit).read_to_end(&mut held).map_err(EmbedError::io(&path))?;
        for part in [name.as_bytes(), &held] {
            self.hasher.update(&(part.len() as u64).to_le_bytes());
            self.hasher.update(part);
        }
        Ok(Some(held))
    }
}
