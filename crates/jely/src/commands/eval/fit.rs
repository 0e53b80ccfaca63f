//! Weights of the ranking, fitted.

use std::collections::BTreeMap;
use std::time::Instant;

use answer::Weights;
use anyhow::{Context, Result};
use eval::{Candidates, Collection, Entry, Options, Settings, fit, judged};
use serde::Serialize;

use super::indexed::Indexed;
use super::table::Table;
use crate::cli::{Eval, Global};
use crate::output::Output;
use crate::progress::Bar;

#[derive(Serialize)]
struct Report {
    fit: Fit,
    seconds: f64,
}

#[derive(Serialize)]
struct Fit {
    /// Fitted on all collections.
    weights: Shown,
    collections: BTreeMap<String, Fitted>,
    mean: Measures,
}

/// nDCG@10 of one collection.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fitted {
    #[serde(flatten)]
    measures: Measures,
    /// Fitted on the other collections.
    left_out_weights: Shown,
}

/// nDCG@10 under three sets of weights.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Measures {
    /// In the index's own order.
    index: f64,
    /// With the default weights.
    default: f64,
    /// With weights fitted on the other collections.
    left_out: f64,
}

#[derive(Clone, Copy, Serialize)]
struct Shown {
    sentence: f32,
    pairs: f32,
    frame: f32,
    document: f32,
}

pub(super) fn run(global: &Global, arguments: &Eval, output: &mut Output<'_>) -> Result<()> {
    let since = Instant::now();
    let settings = super::settings(&arguments.settings)?;
    let options = super::options(global, arguments)?;
    let bar = Bar::new();
    let mut found = Vec::new();
    for collection in eval::read_all(&arguments.folders)? {
        let candidates = candidates(&collection, &settings, &options, &bar)
            .with_context(|| format!("collection {}", collection.name))?;
        found.push((collection.name, candidates));
    }
    let fit = fitted(&found, &bar);
    drop(bar);
    let report = Report { fit, seconds: since.elapsed().as_secs_f64() };
    if output.is_json() {
        output.json(&report)?;
    } else {
        print(&report.fit, output)?;
    }
    Ok(())
}

fn candidates(
    collection: &Collection,
    settings: &Settings,
    options: &Options,
    bar: &Bar,
) -> Result<Candidates> {
    let documents: Vec<&Entry> = collection.documents.iter().collect();
    let indexed = Indexed::of(&collection.name, &documents, settings, options, bar)?;
    let queries = judged(collection, options);
    bar.start(&collection.name, queries.len());
    let (corpus, config) = (&indexed.corpus, settings.for_rankings());
    Ok(Candidates::of(collection, corpus, &queries, options, &config, &|| bar.step())?)
}

/// Fits on all collections, and on all but each of them.
fn fitted(found: &[(String, Candidates)], bar: &Bar) -> Fit {
    bar.start("fit", found.len() + 1);
    let all: Vec<&Candidates> = found.iter().map(|(_, candidates)| candidates).collect();
    let (weights, _) = fit(&all);
    bar.step();
    let none = Weights { sentence: 0.0, pairs: 0.0, frame: 0.0, document: 0.0 };
    let collections = found.iter().enumerate().map(|(at, (name, candidates))| {
        let mut others = all.clone();
        others.remove(at);
        let (weights, _) = fit(&others);
        bar.step();
        let measures = Measures {
            index: candidates.ndcg_10(&none),
            default: candidates.ndcg_10(&Weights::default()),
            left_out: candidates.ndcg_10(&weights),
        };
        (name.clone(), Fitted { measures, left_out_weights: Shown::of(weights) })
    });
    let collections: BTreeMap<String, Fitted> = collections.collect();
    let mean = |of: fn(&Measures) -> f64| {
        let sum: f64 = collections.values().map(|fitted| of(&fitted.measures)).sum();
        sum / collections.len().max(1) as f64
    };
    let mean = Measures {
        index: mean(|measures| measures.index),
        default: mean(|measures| measures.default),
        left_out: mean(|measures| measures.left_out),
    };
    Fit { weights: Shown::of(weights), collections, mean }
}

impl Shown {
    fn of(weights: Weights) -> Self {
        let Weights { sentence, pairs, frame, document } = weights;
        // Multiples of .05 print as such.
        let round = |weight: f32| (weight * 100.0).round() / 100.0;
        let [sentence, pairs, frame, document] = [sentence, pairs, frame, document].map(round);
        Self { sentence, pairs, frame, document }
    }

    fn cells(self) -> [String; 4] {
        [self.sentence, self.pairs, self.frame, self.document].map(|weight| format!("{weight:.2}"))
    }
}

fn print(fit: &Fit, output: &mut Output<'_>) -> Result<()> {
    let mut table = Table::new("nDCG@10");
    for head in [
        "index",
        "default",
        "left out",
        "left out − default",
        "sentence",
        "pairs",
        "frame",
        "document",
    ] {
        table.column(head);
    }
    let numbers = |measures: Measures| {
        let Measures { index, default, left_out } = measures;
        let gain = format!("{:+.4}", left_out - default);
        [format!("{index:.4}"), format!("{default:.4}"), format!("{left_out:.4}"), gain]
    };
    for (name, fitted) in &fit.collections {
        table
            .row(name, numbers(fitted.measures).into_iter().chain(fitted.left_out_weights.cells()));
    }
    table.row("all", numbers(fit.mean).into_iter().chain(fit.weights.cells()));
    for line in table.lines() {
        output.line(&line)?;
    }
    Ok(())
}
