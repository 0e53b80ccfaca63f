//! A collection's index in a folder that goes with it.

use std::time::Instant;

use anyhow::{Context, Result};
use eval::{Corpus, Entry, Options, Settings};

use crate::progress::Bar;

/// An index for as long as it is measured.
pub(super) struct Indexed {
    pub(super) corpus: Corpus,
    /// Wall time it took.
    pub(super) seconds: f64,
    _folder: tempfile::TempDir,
}

impl Indexed {
    /// Indexes documents of the collection `name` in chunks as the settings say.
    pub(super) fn of(
        name: &str,
        documents: &[&Entry],
        settings: &Settings,
        options: &Options,
        bar: &Bar,
    ) -> Result<Self> {
        bar.start(name, documents.len());
        let since = Instant::now();
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let embedder = options.embedder.as_deref();
        let corpus =
            Corpus::build(documents, settings.chunking(), folder.path(), embedder, &|| bar.step())?;
        Ok(Self { corpus, seconds: since.elapsed().as_secs_f64(), _folder: folder })
    }
}
