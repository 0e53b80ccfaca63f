//! What a run has to do: a pure function of what the bot holds and what it is given.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use document::{ContentHash, DocumentId};
use index::{CATEGORY, DocumentEntry};

use crate::hashing::Fingerprint;
use crate::{Failure, Input};

/// An input after the first look.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) id: DocumentId,
    pub(crate) input: &'a Input,
    pub(crate) fingerprint: Result<Fingerprint, Failure>,
}

/// What to do about one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The bot does not hold it. `twin` is another document with the same bytes.
    Add { twin: Option<DocumentId> },
    /// The bot holds it with other bytes.
    Replace { twin: Option<DocumentId> },
    /// The bot holds these bytes under another title or other metadata.
    Relabel,
    /// The bot holds it as it is.
    Keep,
    /// It cannot be read; whatever the bot holds of it stays.
    Fail(Failure),
}

/// What to do, all in all.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// One step per candidate, in order.
    pub(crate) steps: Vec<Step>,
    /// The documents to remove, sorted.
    pub(crate) removed: Vec<DocumentId>,
}

/// Plans a run. `existing` is what the bot holds, sorted by id; no two candidates share an id.
/// `prune` are folders whose documents are removed when no candidate names them, unless their
/// source is an absolute path of which `exists` says that something is there.
pub(crate) fn plan(
    existing: &[DocumentEntry],
    candidates: &[Candidate<'_>],
    prune: &[PathBuf],
    exists: &dyn Fn(&str) -> bool,
) -> Plan {
    let held: HashMap<_, _> = existing.iter().map(|entry| (&entry.id, entry)).collect();
    let given: HashMap<_, _> =
        candidates.iter().map(|candidate| (&candidate.id, candidate)).collect();
    let removed = vanished(existing, candidates, &given, prune, exists);
    let mut twins = first_by_content(existing, &given, &removed);
    let mut steps = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        steps.push(step(candidate, held.get(&candidate.id).copied(), &twins));
        if let Ok(fingerprint) = &candidate.fingerprint {
            twins.entry(fingerprint.hash).or_insert_with(|| candidate.id.clone());
        }
    }
    Plan { steps, removed }
}

fn step(
    candidate: &Candidate<'_>,
    held: Option<&DocumentEntry>,
    twins: &BTreeMap<ContentHash, DocumentId>,
) -> Step {
    let hash = match &candidate.fingerprint {
        Ok(fingerprint) => fingerprint.hash,
        Err(failure) => return Step::Fail(failure.clone()),
    };
    let twin = || twins.get(&hash).cloned();
    match held {
        None => Step::Add { twin: twin() },
        Some(entry) if entry.content_hash != hash => Step::Replace { twin: twin() },
        Some(entry) if is_labelled_alike(entry, candidate.input) => Step::Keep,
        Some(_) => Step::Relabel,
    }
}

fn is_labelled_alike(entry: &DocumentEntry, input: &Input) -> bool {
    input.title.as_ref().is_none_or(|title| *title == entry.title)
        && has_metadata(entry, &input.metadata)
}

/// Whether a document has what its owner attaches to it, its category whatever it is if none is
/// given.
fn has_metadata(entry: &DocumentEntry, given: &BTreeMap<String, String>) -> bool {
    let counts = |name: &String| name != CATEGORY || given.contains_key(CATEGORY);
    entry.metadata.iter().filter(|(name, _)| counts(name)).eq(given)
}

/// Documents under the pruned folders that no candidate names, sorted by id.
fn vanished(
    existing: &[DocumentEntry],
    candidates: &[Candidate<'_>],
    given: &HashMap<&DocumentId, &Candidate<'_>>,
    prune: &[PathBuf],
    exists: &dyn Fn(&str) -> bool,
) -> Vec<DocumentId> {
    // A folder that cannot be listed comes as a candidate that failed: what lies under it is not
    // known to be gone.
    let unknown: Vec<_> = candidates
        .iter()
        .filter(|candidate| candidate.fingerprint.is_err())
        .map(|candidate| Path::new(&candidate.input.source))
        .collect();
    let is_gone = |entry: &&DocumentEntry| {
        let source = Path::new(&entry.source);
        !given.contains_key(&entry.id)
            && prune.iter().any(|folder| source.starts_with(folder))
            && !unknown.iter().any(|folder| source.starts_with(folder))
            // Asked last, it costs a look at the disk. What is there has no candidate where only
            // an earlier run named it, or where it came after the search.
            && (!source.is_absolute() || !exists(&entry.source))
    };
    existing.iter().filter(is_gone).map(|entry| entry.id.clone()).collect()
}

/// The documents that keep the bytes they have, by those; of several the one of the lowest id.
fn first_by_content(
    existing: &[DocumentEntry],
    given: &HashMap<&DocumentId, &Candidate<'_>>,
    removed: &[DocumentId],
) -> BTreeMap<ContentHash, DocumentId> {
    let mut first = BTreeMap::new();
    for entry in existing {
        let candidate = given.get(&entry.id).and_then(|given| given.fingerprint.as_ref().ok());
        let changes = candidate.is_some_and(|new| new.hash != entry.content_hash);
        if !changes && removed.binary_search(&entry.id).is_err() {
            first.entry(entry.content_hash).or_insert_with(|| entry.id.clone());
        }
    }
    first
}

#[cfg(test)]
mod tests;
