//! Rankings of many questions, and their TREC form.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use answer::Config;
use rayon::prelude::*;

use crate::collection::{Collection, Query};
use crate::corpus::{Corpus, Ranked};
use crate::questions::{Options, question_of};
use crate::{EvalError, Metrics};

/// The last column of a run: who made it.
const TAG: &str = "jely";

/// Rankings of the questions of a collection, each beside the id of its question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    rankings: Vec<(String, Vec<Ranked>)>,
}

impl Run {
    /// Ranks the documents for each of the questions, on the current rayon pool; the result does
    /// not depend on it. `done` hears of each question.
    pub fn of(
        corpus: &Corpus,
        queries: &[&Query],
        options: &Options,
        config: &Config,
        done: &(dyn Fn() + Sync),
    ) -> Result<Self, EvalError> {
        let rankings = queries.par_iter().with_max_len(4).map(|query| {
            let ranking = corpus.rank(&question_of(query, options)?, config)?;
            done();
            Ok((query.id.clone(), ranking))
        });
        Ok(Self { rankings: rankings.collect::<Result<_, EvalError>>()? })
    }

    /// The measures of each judged question, by its id; those of the collection that were not asked
    /// are left out.
    pub fn judge(&self, collection: &Collection) -> BTreeMap<String, Metrics> {
        let judged = self.rankings.iter().filter_map(|(query, ranking)| {
            let grades = collection.judgements.get(query)?;
            let ids: Vec<&str> = ranking.iter().map(|ranked| ranked.document.as_str()).collect();
            Some((query.clone(), Metrics::of(&ids, grades)))
        });
        judged.collect()
    }

    /// Writes `query-id Q0 doc-id rank score tag` lines, ranks counted from 1.
    ///
    /// # Errors
    ///
    /// [`EvalError::Unwritable`] for an id with blank space in it.
    pub fn write(&self, path: &Path) -> Result<(), EvalError> {
        let file = std::fs::File::create(path).map_err(EvalError::io(path))?;
        let mut file = std::io::BufWriter::new(file);
        for (query, ranking) in &self.rankings {
            for (rank, Ranked { document, score }) in (1..).zip(ranking) {
                let (query, document) = (writable(query)?, writable(document)?);
                writeln!(file, "{query} Q0 {document} {rank} {score} {TAG}")
                    .map_err(EvalError::io(path))?;
            }
        }
        file.flush().map_err(EvalError::io(path))
    }
}

fn writable(id: &str) -> Result<&str, EvalError> {
    let blank = id.is_empty() || id.contains(char::is_whitespace);
    if blank { Err(EvalError::Unwritable { id: id.to_owned() }) } else { Ok(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(query: &str, document: &str) -> Run {
        let ranked = |document: &str, score| Ranked { document: document.to_owned(), score };
        Run { rankings: vec![(query.to_owned(), vec![ranked(document, 0.75), ranked("b", 0.1)])] }
    }

    #[test]
    fn a_run_is_written_as_trec_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.run");
        run("q1", "a#0").write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "q1 Q0 a#0 1 0.75 jely\nq1 Q0 b 2 0.1 jely\n");
        let error = run("q 1", "a").write(&path).unwrap_err();
        assert!(matches!(error, EvalError::Unwritable { .. }), "{error}");
        let error = run("q1", "a").write(folder.path()).unwrap_err();
        assert!(matches!(error, EvalError::Io { .. }), "{error}");
    }
}
