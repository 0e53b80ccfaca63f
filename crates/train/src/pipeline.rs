//! A run from inputs to a published snapshot.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use document::{BotId, Chunk, DocumentId};
use index::{
    Begin, BotWriter, DocumentEntry, Embedding, IndexError, Manifest, PipelineKey, Published,
    Transaction,
};

use crate::extractor::Extractor;
use crate::hashing::{fingerprint_all, is_on_disk};
use crate::input::{OnPool, last_of_each_source};
use crate::jobs::{Job, Prepared, jobs, prepare};
use crate::ordered::in_order;
use crate::plan::{Candidate, Plan, Step, plan};
use crate::stamps::Stamps;
use crate::storing::storing;
use crate::{
    DataFolder, DocumentReport, Input, Options, Outcome, Progress, Report, Seconds, Stage,
    TrainError,
};

/// Trains `bot` on `inputs`: what is new is added, what changed is replaced, what is as it was
/// costs its hash, or a look at its metadata. The new state is published once, at the end; nothing
/// is published where nothing changed.
///
/// A document that cannot be read is a line of the report, and what the bot holds of it stays. Of
/// several inputs with one source the last one counts. A bot whose snapshot is damaged or was
/// made by another pipeline is made anew as a whole, from extracts and originals.
///
/// # Errors
///
/// Where the disk or the index refuses, where another process is changing the bot, and where a
/// document of the bot would be lost to a new pipeline. The bot is then as it was.
pub fn train(
    folder: &DataFolder,
    bot: &BotId,
    inputs: &[Input],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, TrainError> {
    let started = Instant::now();
    let run = Run { folder, bot, options, progress };
    let mut writer = writer(folder, bot)?;
    let rebuild = run.needs_rebuild(&mut writer)?;
    let inputs = last_of_each_source(inputs);
    progress.begin(Stage::Hash, inputs.len());
    let held = held(&writer);
    let existing = held.as_slice();
    let stamps = Stamps::read(&folder.path().join("stamps"), folder.staging(), bot);
    let candidates = first_look(&inputs, options, stamps, existing, progress);
    let hash = started.elapsed();

    let plan = plan(existing, &candidates, &options.prune, &is_on_disk);
    let jobs = jobs(existing, &candidates, &plan, folder.originals(), rebuild);
    let mut documents = foretold(existing, &candidates, &plan);
    let mode = if rebuild { Begin::Rebuild } else { Begin::Incremental };
    let (published, mut seconds) = run.apply(&mut writer, &plan, &jobs, mode, &mut documents)?;

    seconds.hash = hash;
    seconds.total = started.elapsed();
    let chunks = published.map_or_else(|| held.chunks(), |published| published.chunks);
    let isolation = options.confinement();
    Ok(Report { isolation, ..Report::new(documents, chunks, seconds) })
}

/// Fingerprints the inputs and remembers the stamps of what had to be hashed.
fn first_look<'a>(
    inputs: &[&'a Input],
    options: &Options,
    mut stamps: Stamps<'_>,
    existing: &[DocumentEntry],
    progress: &dyn Progress,
) -> Vec<Candidate<'a>> {
    if options.rehash {
        stamps.forget(inputs.iter().map(|input| input.source.as_str()));
    }
    let mut fresh = BTreeMap::new();
    let looks = fingerprint_all(inputs, options, &mut stamps, progress);
    let candidates = inputs.iter().zip(looks).map(|(input, look)| {
        let fingerprint = look.map(|(fingerprint, stamped)| {
            fresh.extend(stamped.map(|stamped| (input.source.clone(), stamped)));
            fingerprint
        });
        Candidate { id: input.id(), input, fingerprint }
    });
    let candidates: Vec<_> = candidates.collect();
    let named: HashSet<&str> = inputs.iter().map(|input| input.source.as_str()).collect();
    let held: HashSet<&str> = existing.iter().map(|entry| entry.source.as_str()).collect();
    stamps.update(fresh, |source| named.contains(source) || held.contains(source));
    candidates
}

/// The writer of a bot whose documents are known.
pub(crate) fn writer(folder: &DataFolder, bot: &BotId) -> Result<BotWriter, TrainError> {
    let writer = folder.store().writer(bot)?;
    match writer.fault() {
        None => Ok(writer),
        Some(fault) => Err(TrainError::LostManifest { bot: bot.clone(), why: fault.to_string() }),
    }
}

/// What a bot held when a run began.
pub(crate) struct Held(Option<Arc<Manifest>>);

impl Held {
    /// Its documents, sorted by id.
    pub(crate) fn as_slice(&self) -> &[DocumentEntry] {
        self.0.as_ref().map_or(&[], |manifest| &manifest.documents)
    }

    /// How many chunks they have.
    pub(crate) fn chunks(&self) -> u64 {
        self.0.as_ref().map_or(0, |manifest| manifest.chunk_count())
    }
}

/// What the bot holds.
pub(crate) fn held(writer: &BotWriter) -> Held {
    Held(writer.manifest().cloned())
}

/// The entry of a document among those sorted by id.
pub(crate) fn entry_of<'a>(
    documents: &'a [DocumentEntry],
    id: &DocumentId,
) -> Option<&'a DocumentEntry> {
    let position = documents.binary_search_by(|entry| entry.id.cmp(id)).ok()?;
    documents.get(position)
}

/// The report as it will be if every draft succeeds.
fn foretold(
    existing: &[DocumentEntry],
    candidates: &[Candidate<'_>],
    plan: &Plan,
) -> Vec<DocumentReport> {
    let held = |id: &DocumentId| entry_of(existing, id);
    let mut documents: Vec<_> = candidates
        .iter()
        .zip(&plan.steps)
        .map(|(candidate, step)| {
            let (outcome, twin) = match step {
                Step::Add { twin } => (Outcome::Added, twin.clone()),
                Step::Replace { twin } => (Outcome::Replaced, twin.clone()),
                Step::Relabel => (Outcome::Replaced, None),
                Step::Keep => (Outcome::Unchanged, None),
                Step::Fail(failure) => (Outcome::Failed(failure.clone()), None),
            };
            let mut report = DocumentReport::bare(&candidate.input.source, &candidate.id, outcome);
            report.duplicate_of = twin;
            if *step == Step::Keep
                && let Some(entry) = held(&candidate.id)
            {
                report.describe(entry);
            }
            report
        })
        .collect();
    let removed = plan.removed.iter().filter_map(held);
    documents.extend(removed.map(|entry| DocumentReport::of(entry, Outcome::Removed)));
    documents
}

/// What the steps of a run share.
pub(crate) struct Run<'a> {
    pub(crate) folder: &'a DataFolder,
    pub(crate) bot: &'a BotId,
    pub(crate) options: &'a Options,
    pub(crate) progress: &'a dyn Progress,
}

impl Run<'_> {
    /// Whether the bot's snapshot cannot be the base of a change under this pipeline.
    pub(crate) fn needs_rebuild(&self, writer: &mut BotWriter) -> Result<bool, TrainError> {
        let embedder = OnPool::of(self.options);
        let embedding = OnPool::embedding(embedder.as_ref(), self.options);
        match writer.begin_with(self.options.pipeline(), Begin::Incremental, embedding) {
            Ok(_) => Ok(false),
            Err(
                IndexError::Damaged { .. }
                | IndexError::Outdated { .. }
                | IndexError::OtherPipeline { .. }
                | IndexError::OtherModel { .. },
            ) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Does the jobs and the removals of `plan` and publishes; `documents` learns what became of
    /// the drafts. Begins nothing where there is nothing to publish.
    pub(crate) fn apply(
        &self,
        writer: &mut BotWriter,
        plan: &Plan,
        jobs: &[Job<'_>],
        mode: Begin,
        documents: &mut [DocumentReport],
    ) -> Result<(Option<Published>, Seconds), TrainError> {
        let pipeline = self.options.pipeline();
        let rebuild = mode != Begin::Incremental;
        let embedder = OnPool::of(self.options);
        let embedding = OnPool::embedding(embedder.as_ref(), self.options);
        let mut indexing = Indexing::new(writer, pipeline, mode, embedding);
        self.progress.begin(Stage::Parse, jobs.iter().map(|job| job.drafts.len()).sum());
        let unfinished = AtomicUsize::new(jobs.len());
        let (folder, options, unfinished) = (self.folder, self.options, &unfinished);
        let progress = self.progress;
        let parse = storing(folder.originals(), jobs.len(), |storing| {
            let extractor = Extractor { folder, options, pipeline, unfinished, storing, progress };
            in_order(
                &self.options.pool,
                jobs,
                self.options.bytes_in_flight_max,
                |job| job.bytes,
                |job| {
                    let prepared = prepare(job, self.bot, extractor);
                    unfinished.fetch_sub(1, Ordering::Relaxed);
                    prepared
                },
                |job, result| self.take(job, result, &mut indexing, documents),
            )
        })?;
        if !rebuild {
            indexing.remove(plan)?;
        }
        let index = indexing.elapsed;
        self.progress.begin(Stage::Publish, 1);
        let since = Instant::now();
        let published = indexing.publish(rebuild)?;
        self.progress.advance(self.bot.as_str(), 0);
        let publish = since.elapsed();
        Ok((published, Seconds { parse, index, publish, ..Seconds::default() }))
    }

    /// Puts what a job made into the index.
    fn take(
        &self,
        job: &Job<'_>,
        result: Result<Result<Vec<Prepared>, TrainError>, String>,
        indexing: &mut Indexing<'_>,
        documents: &mut [DocumentReport],
    ) -> Result<(), TrainError> {
        let crashed =
            |message| TrainError::Crashed { source_name: job.source().to_owned(), message };
        for (draft, prepared) in job.drafts.iter().zip(result.map_err(crashed)??) {
            let report = draft.position.and_then(|position| documents.get_mut(position));
            if let Some(report) = report {
                note(report, &prepared);
            }
            let pages = prepared.put.as_ref().map_or(0, |(entry, _)| entry.pages);
            if let Some((entry, extract)) = prepared.put {
                indexing.put(entry, &extract.chunks)?;
            }
            self.progress.advance(draft.source, pages);
        }
        Ok(())
    }
}

/// Writes into the report of a draft what became of it.
fn note(report: &mut DocumentReport, prepared: &Prepared) {
    match (&prepared.failure, &prepared.put) {
        (Some(failure), _) => {
            let outcome = Outcome::Failed(failure.clone());
            *report = DocumentReport::bare(&report.source, &report.document_id, outcome);
        }
        (None, Some((entry, extract))) => {
            report.describe(entry);
            if report.outcome != Outcome::Unchanged {
                report.warnings.clone_from(&extract.summary.warnings);
                report.pages_incomplete.clone_from(&extract.summary.pages_incomplete);
            }
        }
        (None, None) => {}
    }
}

/// A transaction that begins with the first change.
pub(crate) struct Indexing<'w> {
    /// `None` once the transaction has begun.
    idle: Option<(&'w mut BotWriter, PipelineKey, Begin, Embedding<'w>)>,
    transaction: Option<Transaction<'w>>,
    /// The time the index took so far.
    pub(crate) elapsed: Duration,
}

impl<'w> Indexing<'w> {
    fn new(
        writer: &'w mut BotWriter,
        pipeline: PipelineKey,
        mode: Begin,
        embedding: Embedding<'w>,
    ) -> Self {
        let idle = Some((writer, pipeline, mode, embedding));
        Self { idle, transaction: None, elapsed: Duration::ZERO }
    }

    fn begin(&mut self) -> Result<(), TrainError> {
        if let Some((writer, pipeline, mode, embedding)) = self.idle.take() {
            self.transaction = Some(writer.begin_with(pipeline, mode, embedding)?);
        }
        Ok(())
    }

    fn put(&mut self, entry: DocumentEntry, chunks: &[Chunk]) -> Result<(), TrainError> {
        let since = Instant::now();
        self.begin()?;
        if let Some(transaction) = &mut self.transaction {
            transaction.put(entry, chunks)?;
        }
        self.elapsed += since.elapsed();
        Ok(())
    }

    fn remove(&mut self, plan: &Plan) -> Result<(), TrainError> {
        for id in &plan.removed {
            self.begin()?;
            if let Some(transaction) = &mut self.transaction {
                transaction.remove(id)?;
            }
        }
        Ok(())
    }

    /// Publishes what was begun; with `even_if_empty` also where nothing was.
    fn publish(mut self, even_if_empty: bool) -> Result<Option<Published>, TrainError> {
        if even_if_empty {
            self.begin()?;
        }
        Ok(self.transaction.map(Transaction::publish).transpose()?)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod vector_tests;
