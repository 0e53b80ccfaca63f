//! A data folder for tests, with a bot and a way to see what became of documents.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use document::{BotId, DocumentId};

use crate::{
    BotReport, Content, DataFolder, Input, Options, Outcome, Reindex, Report, Silent, TrainError,
    reindex, remove, train,
};

pub(crate) struct Fixture {
    _home: tempfile::TempDir,
    pub(crate) home: PathBuf,
    pub(crate) folder: DataFolder,
    pub(crate) bot: BotId,
    pub(crate) options: Options,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let home = temporary.path().canonicalize().unwrap();
        let folder = DataFolder::open(home.join("data"), index::Config::default()).unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        Self {
            _home: temporary,
            home,
            folder,
            bot: "shop".parse().unwrap(),
            options: Options::new(Arc::new(pool.into())),
        }
    }

    pub(crate) fn try_train(&self, inputs: &[Input]) -> Result<Report, TrainError> {
        train(&self.folder, &self.bot, inputs, &self.options, &Silent)
    }

    pub(crate) fn train(&self, inputs: &[Input]) -> Report {
        self.try_train(inputs).unwrap()
    }

    pub(crate) fn remove(&self, ids: &[DocumentId]) -> Result<Report, TrainError> {
        remove(&self.folder, &self.bot, ids, &self.options, &Silent)
    }

    /// Makes bots anew; the report of each.
    pub(crate) fn reindex(&self, what: &Reindex) -> Vec<BotReport> {
        let mut reports = Vec::new();
        let told = &mut |report| reports.push(report);
        reindex(&self.folder, what, &self.options, &Silent, told).unwrap();
        reports
    }

    /// Options of another pipeline key.
    pub(crate) fn other_pipeline(&mut self) {
        self.options.ingest.chunking.words_soft -= 1;
    }

    /// What the bot holds: the text of each document by source.
    pub(crate) fn held(&self) -> String {
        let Some(snapshot) = self.folder.store().snapshot(&self.bot).unwrap() else {
            return "nothing".to_owned();
        };
        let mut lines: Vec<_> = snapshot
            .manifest()
            .documents
            .iter()
            .map(|entry| {
                let chunks = snapshot.chunks(&entry.id).unwrap();
                let text: String = chunks.into_iter().map(|chunk| chunk.text).collect();
                format!("{}: {}", entry.source, text.trim())
            })
            .collect();
        lines.sort();
        lines.join("; ")
    }

    /// Paths of the files under a subfolder of the data folder, but for locks, sorted.
    pub(crate) fn files(&self, subfolder: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        gather(&self.folder.path().join(subfolder), &mut files);
        files.retain(|file| file.file_name().unwrap() != "lock");
        files.sort();
        files
    }
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { gather(&path, files) } else { files.push(path) }
    }
}

pub(crate) fn bytes(source: &str, text: &str) -> Input {
    Input::new(source, Content::Bytes(Cow::Owned(text.as_bytes().to_vec())))
}

/// The report, a word for each document.
pub(crate) fn shown(report: &Report) -> String {
    let mut shown = String::new();
    for document in &report.documents {
        let outcome = match &document.outcome {
            Outcome::Added => "added",
            Outcome::Unchanged => "unchanged",
            Outcome::Replaced => "replaced",
            Outcome::Removed => "removed",
            Outcome::Failed(failure) => &failure.code,
        };
        write!(shown, "{} {outcome}; ", document.source).unwrap();
    }
    shown.trim_end_matches("; ").to_owned()
}
