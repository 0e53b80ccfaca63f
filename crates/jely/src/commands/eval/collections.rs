//! Collections, one after the other: index, ask, judge.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use eval::{Collection, Corpus, Entry, METRIC_NAMES, Metrics, Options, Run, Settings, judged};
use serde::Serialize;

use super::table::Table;
use crate::cli::Eval;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::Bar;

/// What was measured.
#[derive(Serialize)]
struct Report {
    collections: BTreeMap<String, Measured>,
    /// Each collection weighs the same.
    mean: Metrics,
    /// Wall time of it all.
    seconds: f64,
}

/// What was measured of one collection.
#[derive(Serialize)]
struct Measured {
    documents: usize,
    /// Documents that hold no text, or none that can be read.
    unreadable: usize,
    /// Judged questions that were asked, or that the judgements name and the collection lacks.
    questions: usize,
    #[serde(flatten)]
    metrics: Metrics,
    seconds: Seconds,
    warnings: Vec<String>,
}

/// Wall time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seconds {
    index: f64,
    /// All rankings.
    query: f64,
    questions_per_second: f64,
}

pub(super) fn run(arguments: &Eval, output: &mut Output<'_>) -> Result<Exit> {
    let since = Instant::now();
    let settings = super::settings(&arguments.settings)?;
    let options = super::options(arguments);
    let collections = eval::read_all(&arguments.folders)?;
    let runs = Runs::of(arguments.run.as_deref(), collections.len())?;
    let bar = Bar::new();
    let mut measured = BTreeMap::new();
    for collection in &collections {
        let found = measure(collection, &settings, &options, &runs, &bar)
            .with_context(|| format!("collection {}", collection.name))?;
        measured.insert(collection.name.clone(), found);
    }
    drop(bar);
    let mean = Metrics::mean(measured.values().map(|one| &one.metrics), measured.len());
    let report = Report { collections: measured, mean, seconds: since.elapsed().as_secs_f64() };
    if output.is_json() {
        output.json(&report)?;
    } else {
        print(&report, output)?;
    }
    Ok(Exit::Done)
}

fn measure(
    collection: &Collection,
    settings: &Settings,
    options: &Options,
    runs: &Runs,
    bar: &Bar,
) -> Result<Measured> {
    let indexed = Indexed::of(collection, bar)?;
    let queries = judged(collection, options);
    bar.start(&collection.name, queries.len());
    let since = Instant::now();
    let config = settings.for_rankings();
    let run = Run::of(&indexed.corpus, &queries, options, &config, &|| bar.step())?;
    let query = since.elapsed().as_secs_f64();
    runs.write(&collection.name, &run)?;
    let asked = queries.len();
    // A sample says nothing of what was not asked.
    let whole = options.questions_max >= asked.max(collection.judged_count());
    let questions = if whole { collection.judged_count() } else { asked };
    let metrics = Metrics::mean(run.judge(collection).values(), questions);
    let questions_per_second = asked as f64 / query.max(f64::EPSILON);
    Ok(Measured {
        documents: collection.documents.len(),
        unreadable: indexed.corpus.failed.len(),
        questions,
        metrics,
        seconds: Seconds { index: indexed.seconds, query, questions_per_second },
        warnings: collection.warnings.clone(),
    })
}

/// A collection's index in a folder that goes with it.
struct Indexed {
    corpus: Corpus,
    seconds: f64,
    _folder: tempfile::TempDir,
}

impl Indexed {
    fn of(collection: &Collection, bar: &Bar) -> Result<Self> {
        let documents: Vec<&Entry> = collection.documents.iter().collect();
        bar.start(&collection.name, documents.len());
        let since = Instant::now();
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let corpus = Corpus::build(&documents, folder.path(), &|| bar.step())?;
        Ok(Self { corpus, seconds: since.elapsed().as_secs_f64(), _folder: folder })
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

fn print(report: &Report, output: &mut Output<'_>) -> Result<()> {
    let mut table = Table::new("collection");
    for name in ["documents", "questions"].iter().chain(&METRIC_NAMES).chain(&["index", "asked"]) {
        table.column(name);
    }
    let metrics = |metrics: &Metrics| metrics.values.map(|value| format!("{value:.4}"));
    for (name, one) in &report.collections {
        let counts = [one.documents.to_string(), one.questions.to_string()];
        let Seconds { index, questions_per_second, .. } = one.seconds;
        let pace = [format!("{index:.1} s"), format!("{questions_per_second:.0}/s")];
        table.row(name, counts.into_iter().chain(metrics(&one.metrics)).chain(pace));
    }
    if report.collections.len() > 1 {
        let none = || [String::new(), String::new()];
        table.row("mean", none().into_iter().chain(metrics(&report.mean)));
    }
    for line in table.lines() {
        output.line(&line)?;
    }
    for (name, one) in &report.collections {
        if one.unreadable > 0 {
            output.line(&format!(
                "{name}: {} documents without text that can be read",
                one.unreadable
            ))?;
        }
        for warning in &one.warnings {
            output.line(&format!("warning: {warning}"))?;
        }
    }
    Ok(())
}
