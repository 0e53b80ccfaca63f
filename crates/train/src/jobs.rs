//! The plan as work: one job for every distinct content.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use document::{BotId, ContentHash, DocumentId};
use index::{CATEGORY, DocumentEntry};

use crate::extract::{Summary, count};
use crate::extractor::{Extractor, Origin};
use crate::plan::{Candidate, Plan, Step};
use crate::{Extract, Failure, Originals, TrainError};

/// Equal bytes, and the documents that are made of them.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) hash: ContentHash,
    /// Size of the bytes.
    pub(crate) bytes: u64,
    pub(crate) drafts: Vec<Draft<'a>>,
}

impl Job<'_> {
    /// Where its bytes come from, for messages.
    pub(crate) fn source(&self) -> &str {
        self.drafts.first().map_or("", |draft| draft.source)
    }
}

/// A document to be made.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    id: DocumentId,
    pub(crate) source: &'a str,
    /// `None`: its own title, else its file name.
    title: Option<&'a str>,
    metadata: &'a BTreeMap<String, String>,
    /// What it is by default; `None`: what its own metadata say.
    category: Option<&'a str>,
    origin: Origin<'a>,
    /// Position among the candidates; `None` for a document that only moves to a new pipeline.
    pub(crate) position: Option<usize>,
    /// What the bot holds and must not lose: taken if the draft itself fails.
    fallback: Option<&'a DocumentEntry>,
}

/// What became of a draft.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// Why the draft failed.
    pub(crate) failure: Option<Failure>,
    /// What goes into the index.
    pub(crate) put: Option<(DocumentEntry, Arc<Extract>)>,
}

/// The work of a plan, in the order of the candidates, then of ids.
///
/// On `rebuild`, what the bot holds is made anew as well: the index starts from nothing.
pub(crate) fn jobs<'a>(
    existing: &'a [DocumentEntry],
    candidates: &'a [Candidate<'a>],
    plan: &Plan,
    originals: &dyn Originals,
    rebuild: bool,
) -> Vec<Job<'a>> {
    let held: HashMap<_, _> = existing.iter().map(|entry| (&entry.id, entry)).collect();
    let mut gathered = Gathered::default();
    let mut done: HashSet<&DocumentId> = plan.removed.iter().collect();
    for (position, (candidate, step)) in candidates.iter().zip(&plan.steps).enumerate() {
        let held = held.get(&candidate.id).copied();
        let Ok(fingerprint) = &candidate.fingerprint else { continue };
        if *step == Step::Keep && !rebuild {
            continue;
        }
        done.insert(&candidate.id);
        let draft = Draft::of_candidate(candidate, step, position, held, rebuild);
        gathered.add(fingerprint.hash, fingerprint.bytes, draft);
    }
    if rebuild {
        for entry in existing.iter().filter(|entry| !done.contains(&entry.id)) {
            let bytes = originals.size(entry.content_hash).ok().flatten().unwrap_or(0);
            gathered.add(entry.content_hash, bytes, Draft::of_held(entry));
        }
    }
    gathered.jobs
}

#[derive(Default)]
struct Gathered<'a> {
    jobs: Vec<Job<'a>>,
    by_hash: HashMap<ContentHash, usize>,
}

impl<'a> Gathered<'a> {
    fn add(&mut self, hash: ContentHash, bytes: u64, draft: Draft<'a>) {
        let position = *self.by_hash.entry(hash).or_insert(self.jobs.len());
        match self.jobs.get_mut(position) {
            Some(job) => job.drafts.push(draft),
            None => self.jobs.push(Job { hash, bytes, drafts: vec![draft] }),
        }
    }
}

impl<'a> Draft<'a> {
    fn of_candidate(
        candidate: &'a Candidate<'a>,
        step: &Step,
        position: usize,
        held: Option<&'a DocumentEntry>,
        rebuild: bool,
    ) -> Self {
        let input = candidate.input;
        let keeps_bytes = matches!(step, Step::Keep | Step::Relabel);
        let kept = held.filter(|_| keeps_bytes);
        let old_title = kept.map(|entry| entry.title.as_str());
        Self {
            id: candidate.id.clone(),
            source: &input.source,
            title: input.title.as_deref().or(old_title),
            metadata: &input.metadata,
            category: kept.and_then(DocumentEntry::category),
            origin: Origin::of(&input.content),
            position: Some(position),
            fallback: held.filter(|_| rebuild),
        }
    }

    fn of_held(entry: &'a DocumentEntry) -> Self {
        Self {
            id: entry.id.clone(),
            source: &entry.source,
            title: Some(&entry.title),
            metadata: &entry.metadata,
            category: None,
            origin: Origin::Stored,
            position: None,
            fallback: Some(entry),
        }
    }

    fn entry(&self, hash: ContentHash, extract: &Extract) -> DocumentEntry {
        let summary = &extract.summary;
        let own_title = || summary.title.clone().filter(|title| !title.trim().is_empty());
        let title = self.title.map(str::to_owned).or_else(own_title);
        DocumentEntry {
            id: self.id.clone(),
            source: self.source.to_owned(),
            title: title.unwrap_or_else(|| name_of(self.source)),
            media_type: summary.media_type,
            content_hash: hash,
            metadata: self.metadata(extract),
            pages: summary.pages,
            pages_without_text: summary.pages_without_text.clone(),
            chunks: count(extract.chunks.len()),
        }
    }

    fn metadata(&self, extract: &Extract) -> BTreeMap<String, String> {
        let mut metadata = self.metadata.clone();
        // What the bot holds was decided when it was put there.
        let own = || own_category(&extract.summary).filter(|_| self.position.is_some());
        if let Some(category) = self.category.or_else(own) {
            metadata.entry(CATEGORY.to_owned()).or_insert_with(|| category.to_owned());
        }
        metadata
    }
}

/// Longest category that is taken from a document, in bytes; what is longer is none.
const CATEGORY_BYTES_MAX: usize = 256;

/// The category that a document gives itself: one line of its metadata.
fn own_category(summary: &Summary) -> Option<&str> {
    let category = summary.metadata.get(CATEGORY)?.trim();
    let fits = !category.is_empty() && category.len() <= CATEGORY_BYTES_MAX;
    (fits && !category.contains('\n')).then_some(category)
}

/// The file name of a source without its extension.
fn name_of(source: &str) -> String {
    let stem = Path::new(source).file_stem().and_then(|stem| stem.to_str());
    stem.unwrap_or(source).to_owned()
}

/// Makes the documents of a job: bytes that did not change since they were hashed are parsed once
/// for all of them.
///
/// # Errors
///
/// What ends the run: our disk, or a document of `bot` that the new pipeline would lose.
pub(crate) fn prepare<'a>(
    job: &Job<'a>,
    bot: &BotId,
    extractor: Extractor<'_, 'a>,
) -> Result<Vec<Prepared>, TrainError> {
    let mut shared: Option<Arc<Extract>> = None;
    let mut prepared = Vec::with_capacity(job.drafts.len());
    for draft in &job.drafts {
        if let Some(extract) = &shared {
            let put = (draft.entry(job.hash, extract), Arc::clone(extract));
            prepared.push(Prepared { failure: None, put: Some(put) });
            continue;
        }
        match extractor.extract(draft.source, job.hash, draft.origin)? {
            Ok((hash, extract)) => {
                let extract = Arc::new(extract);
                let put = (draft.entry(hash, &extract), Arc::clone(&extract));
                prepared.push(Prepared { failure: None, put: Some(put) });
                shared = (hash == job.hash).then_some(extract);
            }
            Err(failure) => prepared.push(fall_back(draft, failure, bot, extractor)?),
        }
    }
    Ok(prepared)
}

/// What stays of a draft that failed: what the bot holds, made anew where that is due.
fn fall_back<'a>(
    draft: &Draft<'a>,
    failure: Failure,
    bot: &BotId,
    extractor: Extractor<'_, 'a>,
) -> Result<Prepared, TrainError> {
    let Some(entry) = draft.fallback else {
        return Ok(Prepared { failure: Some(failure), put: None });
    };
    let lost = |failure| TrainError::CannotRebuild {
        bot: bot.clone(),
        document: entry.id.clone(),
        source_name: entry.source.clone(),
        failure,
    };
    if matches!(draft.origin, Origin::Stored) {
        return Err(lost(failure));
    }
    let (hash, extract) =
        extractor.extract(&entry.source, entry.content_hash, Origin::Stored)?.map_err(lost)?;
    let put = (Draft::of_held(entry).entry(hash, &extract), Arc::new(extract));
    Ok(Prepared { failure: Some(failure), put: Some(put) })
}
