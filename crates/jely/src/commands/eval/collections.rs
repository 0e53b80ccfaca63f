//! Collections, one after the other: index, ask, judge.

mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use eval::{
    Collection, Containment, Corpus, Entry, Foreign, Kinship, Metrics, Options, Query, Reply, Run,
    Settings, Silence, answered, judged, replies, unanswerable,
};

use self::report::{Abstention, ForeignSilence, From, Measured, Report, Seconds, print};
use super::indexed::Indexed;
use crate::cli::{Eval, Global};
use crate::output::Output;
use crate::progress::Bar;

pub(super) fn run(global: &Global, arguments: &Eval, output: &mut Output<'_>) -> Result<()> {
    let since = Instant::now();
    let settings = super::settings(&arguments.settings)?;
    let collections = eval::read_all(&arguments.folders)?;
    let abstention = !arguments.no_answers && !arguments.no_abstention;
    let measuring = Measuring {
        settings,
        options: super::options(global, arguments)?,
        runs: Runs::of(arguments.run.as_deref(), collections.len())?,
        answers: !arguments.no_answers,
        kinship: abstention.then(|| Kinship::of(&collections)),
        bar: Bar::new(),
    };
    let mut measured = BTreeMap::new();
    for (at, collection) in collections.iter().enumerate() {
        let found = measuring.measure(at, collection);
        let found = found.with_context(|| format!("collection {}", collection.name))?;
        measured.insert(collection.name.clone(), found);
    }
    drop(measuring);
    let mean = Metrics::mean(measured.values().map(|one| &one.metrics), measured.len());
    let report = Report { collections: measured, mean, seconds: since.elapsed().as_secs_f64() };
    if output.is_json() {
        output.json(&report)?;
    } else {
        print(&report, output)?;
    }
    Ok(())
}

/// What is measured, and how.
struct Measuring<'a> {
    settings: Settings,
    options: Options,
    runs: Runs,
    /// Whether replies are measured too.
    answers: bool,
    /// Where foreign questions come from, if they are asked.
    kinship: Option<Kinship<'a>>,
    bar: Bar,
}

impl Measuring<'_> {
    fn measure(&self, at: usize, collection: &Collection) -> Result<Measured> {
        let documents: Vec<&Entry> = collection.documents.iter().collect();
        let indexed =
            Indexed::of(&collection.name, &documents, &self.settings, &self.options, &self.bar)?;
        let (corpus, index) = (&indexed.corpus, indexed.seconds);
        let queries = judged(collection, &self.options);
        let since = Instant::now();
        let metrics = self.rank(collection, corpus, &queries)?;
        let query = since.elapsed().as_secs_f64();
        let since = Instant::now();
        let mut said = Vec::new();
        if self.answers {
            said = self.ask(&collection.name, corpus, &queries)?;
        }
        let abstention = self.abstention(at, collection, corpus, &queries, &said)?;
        let questions_per_second = queries.len() as f64 / query.max(f64::EPSILON);
        let answers = since.elapsed().as_secs_f64();
        Ok(Measured {
            documents: documents.len(),
            unreadable: corpus.failed.len(),
            questions: self.counted(collection, &queries),
            metrics,
            answers: Containment::of(&said),
            abstention,
            seconds: Seconds { index, query, answers, questions_per_second },
            warnings: collection.warnings.clone(),
        })
    }

    fn rank(&self, collection: &Collection, corpus: &Corpus, asked: &[&Query]) -> Result<Metrics> {
        self.bar.start(&collection.name, asked.len());
        let config = self.settings.for_rankings();
        let run = Run::of(corpus, asked, &self.options, &config, &|| self.bar.step())?;
        self.runs.write(&collection.name, &run)?;
        let judged = run.judge(collection);
        Ok(Metrics::mean(judged.values(), self.counted(collection, asked)))
    }

    /// Questions that count: those that were asked and, unless a sample was, those that are judged
    /// and of which the collection has no text.
    fn counted(&self, collection: &Collection, asked: &[&Query]) -> usize {
        let judged = collection.judged_count();
        if self.options.questions_max < judged { asked.len() } else { judged }
    }

    fn ask(&self, name: &str, corpus: &Corpus, queries: &[&Query]) -> Result<Vec<Reply>> {
        self.bar.start(name, queries.len());
        let config = self.settings.for_answers();
        Ok(replies(corpus, queries, &self.options, &config, &|| self.bar.step())?)
    }

    /// How well the questions without an answer are told from `queries`, whose replies are `said`.
    fn abstention(
        &self,
        at: usize,
        collection: &Collection,
        corpus: &Corpus,
        queries: &[&Query],
        said: &[Reply],
    ) -> Result<Option<Abstention>> {
        let Some(kinship) = &self.kinship else { return Ok(None) };
        let name = &collection.name;
        let both = queries.iter().zip(said);
        let both = both.filter(|(query, _)| query.answerable != Some(false));
        let own: Vec<Reply> = both.map(|(_, reply)| *reply).collect();
        let twins = self.ask(name, corpus, &unanswerable(collection, &self.options))?;
        let foreign = match kinship.foreign(at, &self.options) {
            None => None,
            Some(Foreign::Others(foreign)) => {
                let silence = Silence::of(&own, &self.ask(name, corpus, &foreign)?);
                silence.map(|silence| ForeignSilence { from: From::OtherCollections, silence })
            }
            Some(Foreign::Half { documents, own, foreign }) => {
                let half = Indexed::of(name, &documents, &self.settings, &self.options, &self.bar)?;
                let own = self.ask(name, &half.corpus, &own)?;
                let silence = Silence::of(&own, &self.ask(name, &half.corpus, &foreign)?);
                silence.map(|silence| ForeignSilence { from: From::OtherHalf, silence })
            }
        };
        let refused = 1.0 - answered(&own);
        Ok(Some(Abstention { refused, foreign, unanswerable: Silence::of(&own, &twins) }))
    }
}

/// Where rankings are written.
enum Runs {
    Nowhere,
    File(PathBuf),
    Folder(PathBuf),
}

impl Runs {
    /// A file for one collection, a folder for several, made where it is missing.
    fn of(path: Option<&Path>, collections: usize) -> Result<Self> {
        Ok(match path {
            None => Self::Nowhere,
            Some(path) if collections == 1 && !path.is_dir() => Self::File(path.to_owned()),
            Some(path) => {
                let cannot = || format!("{}: cannot make the folder", path.display());
                fs::create_dir_all(path).with_context(cannot)?;
                Self::Folder(path.to_owned())
            }
        })
    }

    fn write(&self, name: &str, run: &Run) -> Result<()> {
        match self {
            Self::Nowhere => {}
            Self::File(path) => run.write(path)?,
            Self::Folder(folder) => run.write(&folder.join(format!("{name}.run")))?,
        }
        Ok(())
    }
}
