//! The documents of a collection as the index of a bot.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use answer::{Config, Question, answer};
use document::{BotId, ContentHash, DocumentId, MediaType};
use index::{Begin, DocumentEntry, Embedder, Embedding, PipelineKey, Snapshot, Store};
use ingest::{Chunking, IngestError, Ingested};
use rayon::prelude::*;

use crate::EvalError;
use crate::collection::Entry;

/// An indexed collection.
#[derive(Debug)]
pub struct Corpus {
    /// The index.
    pub snapshot: Arc<Snapshot>,
    /// Documents that could not be read, with the reason; nothing finds them.
    pub failed: Vec<(String, IngestError)>,
    names: BTreeMap<DocumentId, String>,
}

impl Corpus {
    /// Indexes documents in a folder, which must be empty. Each is read as the bytes of a file would
    /// be, with default settings but for the chunks, on the current rayon pool; `done` hears of
    /// each. With vectors where there is an embedder.
    pub fn build(
        documents: &[&Entry],
        chunking: Chunking,
        folder: &Path,
        embedder: Option<&dyn Embedder>,
        done: &(dyn Fn() + Sync),
    ) -> Result<Self, EvalError> {
        let config = ingest::Config { chunking, ..ingest::Config::default() };
        let read = documents.par_iter().with_max_len(8).map(|entry| {
            let read = ingest::ingest(entry.text.as_bytes(), &config);
            done();
            read
        });
        let read: Vec<Result<Ingested, IngestError>> = read.collect();
        let store = Store::open(folder, index::Config::default())?;
        let bot: BotId = "collection".parse().expect("letters only");
        let mut writer = store.writer(&bot)?;
        let pipeline = PipelineKey::new(ingest::PARSER_VERSION, b"default");
        let embedding = embedder.map_or(Embedding::Without, Embedding::With);
        let mut transaction = writer.begin_with(pipeline, Begin::Rebuild, embedding)?;
        let (mut names, mut failed) = (BTreeMap::new(), Vec::new());
        for (entry, read) in documents.iter().zip(read) {
            match read {
                Ok(Ingested { chunks, .. }) => {
                    let row = row(entry);
                    names.insert(row.id.clone(), entry.id.clone());
                    transaction.put(row, &chunks)?;
                }
                Err(error) => failed.push((entry.id.clone(), error)),
            }
        }
        transaction.publish()?;
        let snapshot = store.snapshot(&bot)?.expect("it was published just now");
        Ok(Self { snapshot, failed, names })
    }

    /// What the collection calls a document.
    pub fn name(&self, id: &DocumentId) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }

    /// Documents for a question, best first: each where its best passage stands, with that
    /// passage's score.
    pub fn rank(&self, question: &Question, config: &Config) -> Result<Vec<Ranked>, EvalError> {
        let mut ranking: Vec<Ranked> = Vec::new();
        for passage in answer::retrieve(&self.snapshot, question, config)? {
            let Some(name) = self.name(&passage.document_id) else { continue };
            if !ranking.iter().any(|ranked| ranked.document == name) {
                ranking.push(Ranked { document: name.to_owned(), score: passage.score });
            }
        }
        Ok(ranking)
    }

    /// The reply of the extractive generator, however unsure it is: a refusal only where nothing
    /// at all was found.
    pub fn reply(&self, question: &Question, config: &Config) -> Result<answer::Answer, EvalError> {
        let config = Config { confidence_min: 0.0, ..config.clone() };
        Ok(answer(&self.snapshot, question, &answer::Extractive, &config)?)
    }
}

/// A document in a ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Its id in the collection.
    pub document: String,
    /// Score of its best passage.
    pub score: f32,
}

/// The document as the index lists it.
fn row(entry: &Entry) -> DocumentEntry {
    DocumentEntry {
        id: DocumentId::from_source(&entry.id),
        source: entry.id.clone(),
        title: entry.title.clone(),
        media_type: MediaType::PlainText,
        content_hash: ContentHash::of(entry.text.as_bytes()),
        metadata: BTreeMap::new(),
        pages: 0,
        pages_without_text: Vec::new(),
        chunks: 0,
    }
}
