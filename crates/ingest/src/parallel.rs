//! Many documents at once, and one that may fail alone.
//!
//! A document that panics the parser fails with [`IngestError::Crashed`] and takes no other with
//! it. Results stand in input order and do not depend on the number of threads: every document
//! is a pure function of its bytes.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use document::{Chunk, Document};
use rayon::prelude::*;

use crate::{Config, IngestError, Progress, chunk, parse_with, progress};

/// A document and its chunks.
#[derive(Debug, Clone, PartialEq)]
pub struct Ingested {
    /// The document.
    pub document: Document,
    /// Its chunks, in order; they tile its text.
    pub chunks: Vec<Chunk>,
}

/// Parses and chunks one document; pages run on the current rayon pool.
///
/// # Errors
///
/// What [`parse`](crate::parse) reports; a panic inside becomes [`IngestError::Crashed`].
pub fn ingest(bytes: &[u8], config: &Config) -> Result<Ingested, IngestError> {
    ingest_with(bytes, config, &progress::unheard)
}

/// Parses and chunks one document as [`ingest`] does and tells `progress` of its pages.
///
/// # Errors
///
/// Those of [`ingest`].
pub fn ingest_with(
    bytes: &[u8],
    config: &Config,
    progress: &Progress<'_>,
) -> Result<Ingested, IngestError> {
    caught(|| {
        let document = parse_with(bytes, config, progress)?;
        let chunks = chunk(&document, config.chunking);
        Ok(Ingested { document, chunks })
    })
}

/// Parses and chunks many documents on `pool`, and the pages of each as well, so that one long
/// document at the end does not leave the other threads idle.
///
/// One result per input, in input order, the same for any number of threads.
pub fn ingest_all<B: AsRef<[u8]> + Sync>(
    inputs: &[B],
    config: &Config,
    pool: &rayon::ThreadPool,
) -> Vec<Result<Ingested, IngestError>> {
    pool.install(|| {
        // One document a job: they differ in cost by orders of magnitude.
        let jobs = inputs.par_iter().with_max_len(1);
        jobs.map(|bytes| ingest(bytes.as_ref(), config)).collect()
    })
}

/// Runs `work`; a panic becomes an error.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, IngestError>) -> Result<T, IngestError> {
    // Unwind safe: `work` sees shared data only and its own half-made result is dropped.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(IngestError::Crashed { message: panic_message(&*panic) }))
}

/// What a caught panic said.
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_the_failure_of_one_document() {
        let crashed = caught::<()>(|| panic!("page {} is impossible", 3));
        let message = "page 3 is impossible".to_owned();
        assert_eq!(crashed, Err(IngestError::Crashed { message }));
        assert_eq!(caught(|| Ok(1)), Ok(1));
    }

    #[test]
    fn results_stand_in_input_order_and_failures_stay_alone() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let inputs: Vec<String> = (0..100)
            .map(|n| if n % 10 == 3 { String::new() } else { format!("# Document {n}") })
            .collect();
        let results = ingest_all(&inputs, &Config::default(), &pool);
        assert_eq!(results.len(), inputs.len());
        for (n, result) in results.into_iter().enumerate() {
            match result {
                Ok(ingested) => assert_eq!(ingested.chunks[0].text, format!("Document {n}")),
                Err(error) => assert_eq!((n % 10, error), (3, IngestError::Empty)),
            }
        }
    }
}
