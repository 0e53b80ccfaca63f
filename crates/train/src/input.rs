//! What a run is given.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use document::{ContentHash, DocumentId};
use index::{EmbedFailure, Embedder, Embedding, ModelKey, PipelineKey, TextKind};
use rayon::ThreadPool;

use crate::{Confinement, WorkerPool};

/// One document to train on.
#[derive(Debug, Clone)]
pub struct Input {
    /// Where it comes from: a path, an external id. It names the document: new bytes from the
    /// same source replace the old ones.
    pub source: String,
    /// What to call it; by default its own title, else its file name. `None` leaves the title of
    /// a document whose bytes did not change.
    pub title: Option<String>,
    /// Whatever its owner attaches to it. Its [`CATEGORY`](index::CATEGORY) is by default that of
    /// its own metadata (`category` in the front matter of Markdown); where there is none here,
    /// a document whose bytes did not change keeps what it has.
    pub metadata: BTreeMap<String, String>,
    /// Its bytes.
    pub content: Content,
}

impl Input {
    /// An input without title and metadata.
    pub fn new(source: impl Into<String>, content: Content) -> Self {
        Self { source: source.into(), title: None, metadata: BTreeMap::new(), content }
    }

    /// The document this input is about.
    pub fn id(&self) -> DocumentId {
        DocumentId::from_source(&self.source)
    }
}

/// The bytes of an input.
#[derive(Debug, Clone)]
pub enum Content {
    /// In a regular file, read when it is its turn.
    Path(PathBuf),
    /// In memory.
    Bytes(Cow<'static, [u8]>),
    /// Among the originals of the data folder already, read when it is its turn.
    Stored {
        /// Their hash.
        hash: ContentHash,
        /// How many they are.
        bytes: u64,
    },
}

/// The threads that hash and parse. They are started when they are first needed: a run that finds
/// nothing changed starts none.
pub struct Pool(LazyLock<ThreadPool, Box<dyn FnOnce() -> ThreadPool + Send>>);

impl Pool {
    /// The threads that `start` starts, once, on first use.
    pub fn lazy(start: impl FnOnce() -> ThreadPool + Send + 'static) -> Self {
        Self(LazyLock::new(Box::new(start)))
    }

    pub(crate) fn get(&self) -> &ThreadPool {
        &self.0
    }
}

impl From<ThreadPool> for Pool {
    fn from(pool: ThreadPool) -> Self {
        Self::lazy(|| pool)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// Where documents are parsed.
#[derive(Debug, Clone)]
pub enum Isolation {
    /// In this process, on the threads of the run: a document that crashes or hangs the parser
    /// takes the process with it.
    InProcess,
    /// In limited child processes.
    Child(Arc<WorkerPool>),
}

/// Where the vectors of a bot come from.
#[derive(Debug, Clone, Default)]
pub enum Vectors {
    /// What the bot has stays: one without vectors gets none; one with vectors takes no new text.
    #[default]
    Keep,
    /// This model makes them, on the threads of the run.
    With(Arc<dyn Embedder>),
    /// The bot is to have none.
    Without,
}

/// How to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The threads that hash and parse; no others are started for that.
    pub pool: Arc<Pool>,
    /// Where documents are parsed.
    pub isolation: Isolation,
    /// Where vectors come from.
    pub vectors: Vectors,
    /// How documents are read and cut.
    pub ingest: ingest::Config,
    /// Bytes of the documents that are being parsed or wait for the index; one document beyond
    /// the limit runs alone. 256 MiB: five of the largest uploads. Of parsed documents 64 MiB more
    /// may wait to be durable.
    pub bytes_in_flight_max: u64,
    /// Folders whose vanished files are to be forgotten: a document whose source lies under one
    /// of them and is not among the inputs is removed. Where the source is an absolute path, it
    /// is removed only if nothing is there any more.
    pub prune: Vec<PathBuf>,
    /// Whether all files are hashed. By default a file whose size, inode and times are as they
    /// were is taken to hold what it held; that misses a change on file systems that set no time
    /// of change, and stores through a memory map which have yet to reach the file.
    pub rehash: bool,
    /// Whether documents are parsed although the cache holds what was made of them.
    pub reparse: bool,
}

impl Options {
    /// The defaults, on `pool`, in this process.
    pub fn new(pool: Arc<Pool>) -> Self {
        Self {
            pool,
            isolation: Isolation::InProcess,
            vectors: Vectors::Keep,
            ingest: ingest::Config::default(),
            bytes_in_flight_max: 256 * 1024 * 1024,
            prune: Vec::new(),
            rehash: false,
            reparse: false,
        }
    }

    /// The key of what a run under these options makes of bytes.
    pub fn pipeline(&self) -> PipelineKey {
        let chunking = self.ingest.chunking;
        let sizes = [chunking.words_soft as u64, chunking.words_hard as u64].map(u64::to_le_bytes);
        PipelineKey::new(ingest::PARSER_VERSION, sizes.as_flattened())
    }

    /// How the workers are confined, if one was needed.
    pub(crate) fn confinement(&self) -> Option<Confinement> {
        match &self.isolation {
            Isolation::InProcess => None,
            Isolation::Child(workers) => workers.confinement(),
        }
    }

    /// The largest file that any media type allows.
    pub(crate) fn file_bytes_max(&self) -> u64 {
        let limits = &self.ingest.limits;
        limits.pdf_bytes_max.max(limits.text_bytes_max) as u64
    }
}

/// An embedder on the threads of a run.
#[derive(Debug)]
pub(crate) struct OnPool<'a> {
    embedder: &'a dyn Embedder,
    pool: &'a Pool,
}

impl<'a> OnPool<'a> {
    /// The embedder of a run, if it has one.
    pub(crate) fn of(options: &'a Options) -> Option<Self> {
        match &options.vectors {
            Vectors::With(embedder) => Some(Self { embedder: &**embedder, pool: &options.pool }),
            Vectors::Keep | Vectors::Without => None,
        }
    }

    /// What becomes of vectors in a run with these options, `embedder` being theirs.
    pub(crate) fn embedding(embedder: Option<&'a Self>, options: &Options) -> Embedding<'a> {
        match (embedder, &options.vectors) {
            (Some(embedder), _) => Embedding::With(embedder),
            (None, Vectors::Without) => Embedding::Without,
            (None, _) => Embedding::Keep,
        }
    }
}

impl Embedder for OnPool<'_> {
    fn key(&self) -> ModelKey {
        self.embedder.key()
    }

    fn dimensions(&self) -> usize {
        self.embedder.dimensions()
    }

    fn embed(&self, kind: TextKind, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedFailure> {
        self.pool.get().install(|| self.embedder.embed(kind, texts))
    }
}

/// The inputs without those that a later one of the same source supersedes, in order.
pub(crate) fn last_of_each_source(inputs: &[Input]) -> Vec<&Input> {
    let mut seen = HashSet::new();
    let mut last: Vec<_> =
        inputs.iter().rev().filter(|input| seen.insert(input.source.as_str())).collect();
    last.reverse();
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_input_of_a_source_counts() {
        let input = |source: &str, title: &str| Input {
            title: Some(title.to_owned()),
            ..Input::new(source, Content::Bytes(Cow::Borrowed(b"")))
        };
        let inputs = [input("a", "1"), input("b", "2"), input("a", "3")];
        let titles: Vec<_> = last_of_each_source(&inputs)
            .iter()
            .filter_map(|input| input.title.as_deref())
            .collect();
        assert_eq!(titles, ["2", "3"]);
    }
}
