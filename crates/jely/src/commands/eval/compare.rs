//! Two settings, question by question.

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context, Result};
use eval::{Collection, Comparison, Entry, Options, Query, Run, Settings, judged, replies};
use serde::Serialize;

use super::indexed::Indexed;
use super::table::Table;
use crate::cli::{Eval, Global};
use crate::output::Output;
use crate::progress::Bar;

/// Two settings and how to ask.
struct Plan {
    settings: [Settings; 2],
    options: Options,
    answers: bool,
}

/// Values of each question under the first and the second settings.
#[derive(Default)]
struct Pairs {
    ndcg: Vec<(f64, f64)>,
    reply: Vec<(f64, f64)>,
}

/// What was compared.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared {
    #[serde(rename = "ndcg@10")]
    ndcg: Option<Comparison>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_in_reply: Option<Comparison>,
}

#[derive(Serialize)]
struct Report {
    comparison: Comparisons,
    seconds: f64,
}

#[derive(Serialize)]
struct Comparisons {
    collections: BTreeMap<String, Compared>,
    all: Compared,
}

pub(super) fn run(
    global: &Global,
    arguments: &Eval,
    [a, b]: [&str; 2],
    output: &mut Output<'_>,
) -> Result<()> {
    let since = Instant::now();
    let plan = Plan {
        settings: [super::settings(a)?, super::settings(b)?],
        options: super::options(global, arguments)?,
        answers: !arguments.no_answers,
    };
    let bar = Bar::new();
    let mut all: BTreeMap<String, Pairs> = BTreeMap::new();
    for collection in eval::read_all(&arguments.folders)? {
        let pairs = plan
            .pairs(&collection, &bar)
            .with_context(|| format!("collection {}", collection.name))?;
        all.insert(collection.name, pairs);
    }
    drop(bar);
    let pairs: Vec<&Pairs> = all.values().collect();
    let one = |(name, pairs): (&String, &Pairs)| (name.clone(), Compared::of(&[pairs]));
    let comparison =
        Comparisons { collections: all.iter().map(one).collect(), all: Compared::of(&pairs) };
    let report = Report { comparison, seconds: since.elapsed().as_secs_f64() };
    if output.is_json() {
        output.json(&report)?;
    } else {
        print(&report.comparison, output)?;
    }
    Ok(())
}

impl Plan {
    fn pairs(&self, collection: &Collection, bar: &Bar) -> Result<Pairs> {
        let documents: Vec<&Entry> = collection.documents.iter().collect();
        let index =
            |settings| Indexed::of(&collection.name, &documents, settings, &self.options, bar);
        let queries = judged(collection, &self.options);
        let [a, b] = &self.settings;
        let mut indexed = index(a)?;
        let first = self.values(collection, &indexed, &queries, a, bar)?;
        if a.chunking() != b.chunking() {
            indexed = index(b)?;
        }
        let (a, b) = (first, self.values(collection, &indexed, &queries, b, bar)?);
        let zip = |a: Vec<f64>, b: Vec<f64>| a.into_iter().zip(b).collect();
        Ok(Pairs { ndcg: zip(a.0, b.0), reply: zip(a.1, b.1) })
    }

    /// nDCG@10 of each question, and whether the reply holds the answer where one is known.
    fn values(
        &self,
        collection: &Collection,
        indexed: &Indexed,
        queries: &[&Query],
        settings: &Settings,
        bar: &Bar,
    ) -> Result<(Vec<f64>, Vec<f64>)> {
        let (corpus, options) = (&indexed.corpus, &self.options);
        bar.start(&collection.name, queries.len());
        let run = Run::of(corpus, queries, options, &settings.for_rankings(), &|| bar.step())?;
        let ndcg = run.judge(collection).values().map(eval::Metrics::ndcg_10).collect();
        let known = queries.iter().copied().filter(|query| !query.answers.is_empty());
        let known: Vec<&Query> = known.filter(|_| self.answers).collect();
        bar.start(&collection.name, known.len());
        let said = replies(corpus, &known, options, &settings.for_answers(), &|| bar.step())?;
        let held = said.iter().filter_map(|reply| reply.contained);
        let reply = held.map(|held| if held.reply { 1.0 } else { 0.0 }).collect();
        Ok((ndcg, reply))
    }
}

impl Compared {
    /// Each of the collections weighs the same.
    fn of(pairs: &[&Pairs]) -> Self {
        let groups = |values: fn(&Pairs) -> &Vec<(f64, f64)>| -> Vec<Vec<(f64, f64)>> {
            pairs.iter().map(|pairs| values(pairs).clone()).collect()
        };
        Self {
            ndcg: Comparison::of(&groups(|pairs| &pairs.ndcg)),
            answer_in_reply: Comparison::of(&groups(|pairs| &pairs.reply)),
        }
    }
}

fn print(comparison: &Comparisons, output: &mut Output<'_>) -> Result<()> {
    table("nDCG@10", comparison, |compared| compared.ndcg, output)?;
    if comparison.all.answer_in_reply.is_some() {
        output.line("")?;
        table("answer in reply", comparison, |compared| compared.answer_in_reply, output)?;
    }
    Ok(())
}

fn table(
    name: &str,
    comparison: &Comparisons,
    of: fn(&Compared) -> Option<Comparison>,
    output: &mut Output<'_>,
) -> Result<()> {
    let mut table = Table::new(name);
    for head in ["questions", "A", "B", "B − A", "p", "wins", "losses", "ties"] {
        table.column(head);
    }
    let all = ("all".to_owned(), &comparison.all);
    let each = comparison.collections.iter().map(|(name, one)| (name.clone(), one));
    for (name, compared) in each.chain([all]) {
        let Some(found) = of(compared) else { continue };
        let (a, b) = (format!("{:.4}", found.a), format!("{:.4}", found.b));
        let (difference, p) = (format!("{:+.4}", found.difference), format!("{:.4}", found.p));
        let counts = [found.wins, found.losses, found.ties].map(|count| count.to_string());
        table.row(
            &name,
            [found.questions.to_string(), a, b, difference, p].into_iter().chain(counts),
        );
    }
    for line in table.lines() {
        output.line(&line)?;
    }
    Ok(())
}
