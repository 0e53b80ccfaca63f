//! Broken files whose text is read all the same, and files made to hurt, each with its end. They
//! are made here, and read in this process and by workers.

// What only the others need.
mod bombs;
mod broken;
mod file;

use std::time::{Duration, Instant};

use ingest::{Config, Ingested};

use bombs::{BOMBS, End};
use file::WORDS;

pub(crate) use broken::files as broken_files;

/// Room for a busy machine and an unoptimised build.
const TIME_MAX: Duration = Duration::from_secs(30);

#[test]
fn broken_files_keep_their_words() {
    let files = broken::files();
    assert!(files.len() >= 50, "{}", files.len());
    let lost: Vec<_> = files.iter().filter_map(|(name, bytes)| lost(name, bytes)).collect();
    assert!(lost.is_empty(), "{} of {}:\n{}", lost.len(), files.len(), lost.join("\n"));
}

/// What is read of a file instead of its words.
fn lost(name: &str, bytes: &[u8]) -> Option<String> {
    match ingest::ingest(bytes, &Config::default()) {
        Ok(ingested) if ingested.document.text.contains(WORDS) => None,
        Ok(ingested) => Some(format!("{name}: {:?}", ingested.document.text)),
        Err(error) => Some(format!("{name}: {error}")),
    }
}

#[test]
fn files_made_to_hurt_come_to_their_ends() {
    let mut wrong = Vec::new();
    for (name, make, end) in BOMBS {
        let bytes = make();
        let begun = Instant::now();
        let parsed = ingest::ingest(&bytes, &Config::default());
        let took = begun.elapsed();
        if took > TIME_MAX || !is_end(&parsed, end) {
            wrong.push(format!("{name}: {} after {took:?}", shown(&parsed)));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), BOMBS.len(), wrong.join("\n"));
}

fn is_end(parsed: &Result<Ingested, ingest::IngestError>, end: &End) -> bool {
    match (parsed, end) {
        (Ok(ingested), End::Read) => ingested.document.text.contains(WORDS),
        (Ok(ingested), End::Warned(says)) => {
            let document = &ingested.document;
            let said = document.warnings.iter().any(|warning| warning.contains(says));
            document.text.contains(WORDS) && said
        }
        (Err(error), End::Refused(code, says)) => {
            error.code() == *code && error.to_string().contains(says)
        }
        _ => false,
    }
}

fn shown(parsed: &Result<Ingested, ingest::IngestError>) -> String {
    match parsed {
        Ok(ingested) => {
            let text: String = ingested.document.text.chars().take(60).collect();
            format!("{text:?} {:?}", ingested.document.warnings)
        }
        Err(error) => format!("{}: {error}", error.code()),
    }
}

/// Through workers each ends as it does here: no wall of theirs is met.
#[cfg(target_os = "linux")]
#[test]
fn workers_bring_hostile_files_to_the_same_ends() {
    use train::Verdict;

    let pool = workers();
    let broken = broken::files().into_iter();
    let files = broken.chain(BOMBS.iter().map(|(name, make, _)| (*name, make())));
    let differ: Vec<_> = files
        .filter_map(|(name, bytes)| {
            let here = Verdict::of(ingest::ingest(&bytes, &Config::default()));
            match pool.parse(&bytes, &Config::default(), 2) {
                Ok(there) if there == here => None,
                Ok(there) => Some(format!("{name}: {:?}", there.parsed.err())),
                Err(error) => Some(format!("{name}: {error}")),
            }
        })
        .collect();
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}

#[cfg(target_os = "linux")]
fn workers() -> train::WorkerPool {
    let two = std::num::NonZeroUsize::new(2).unwrap();
    train::WorkerPool::new(crate::isolation::jely(), train::WorkerLimits::default(), two)
}

/// What the parser of Markdown takes most memory for, as large as a text may be.
#[cfg(target_os = "linux")]
#[test]
fn the_largest_texts_fit_into_a_worker() {
    let pool = workers();
    let bytes_max = ingest::Limits::default().text_bytes_max;
    // As much markup as is read as such, and more.
    let parts = ["[", "a\n", "> ", "+ ", "`a` ", "*a_ "];
    for (markup, count) in parts.map(|part| (part, 1_999_000)).into_iter().chain([
        ("[", 3_999_000),
        ("a\n", 3_999_000),
        ("[", bytes_max / 2),
        ("a\n", bytes_max / 2 - 99),
    ]) {
        let head = format!("# Head\n\n{}", markup.repeat(count));
        let source = format!("{head}{}", "words ".repeat((bytes_max - head.len()) / 6));
        let parsed = pool.parse(source.as_bytes(), &Config::default(), 1).unwrap().parsed;
        assert!(parsed.is_ok(), "{count} of {markup:?}: {:?}", parsed.err());
    }
}
