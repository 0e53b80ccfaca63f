//! What was measured, for programs and for people.

use std::collections::BTreeMap;

use anyhow::Result;
use eval::{Containment, METRIC_NAMES, Metrics, Silence};
use serde::Serialize;

use super::super::table::Table;
use crate::output::{Output, counted};

/// What was measured.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) collections: BTreeMap<String, Measured>,
    /// Each collection weighs the same.
    pub(super) mean: Metrics,
    /// Wall time of it all.
    pub(super) seconds: f64,
}

/// What was measured of one collection.
#[derive(Serialize)]
pub(super) struct Measured {
    pub(super) documents: usize,
    /// Documents that hold no text, or none that can be read.
    pub(super) unreadable: usize,
    /// Judged questions.
    pub(super) questions: usize,
    #[serde(flatten)]
    pub(super) metrics: Metrics,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answers: Option<Containment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) abstention: Option<Abstention>,
    pub(super) seconds: Seconds,
    pub(super) warnings: Vec<String>,
}

/// Whether the bot knows when to be silent.
#[derive(Serialize)]
pub(super) struct Abstention {
    /// Share of the answerable questions that are refused.
    pub(super) refused: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) foreign: Option<ForeignSilence>,
    /// Questions of the collection itself that it does not answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unanswerable: Option<Silence>,
}

#[derive(Serialize)]
pub(super) struct ForeignSilence {
    pub(super) from: From,
    #[serde(flatten)]
    pub(super) silence: Silence,
}

/// Where foreign questions come from.
#[derive(Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum From {
    OtherCollections,
    OtherHalf,
}

/// Wall time.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seconds {
    pub(super) index: f64,
    /// All rankings.
    pub(super) query: f64,
    /// All replies, those to foreign questions included.
    pub(super) answers: f64,
    /// Rankings.
    pub(super) questions_per_second: f64,
}

/// Writes tables: rankings, answers, silence; then what was odd.
pub(super) fn print(report: &Report, output: &mut Output<'_>) -> Result<()> {
    write(&rankings(report), output)?;
    let all = || report.collections.values();
    if all().any(|one| one.answers.is_some()) {
        output.line("")?;
        write(&answers(report), output)?;
    }
    if all().any(|one| one.abstention.is_some()) {
        output.line("")?;
        write(&silence(report), output)?;
    }
    for (name, one) in &report.collections {
        if one.unreadable > 0 {
            let documents = counted(one.unreadable as u64, "document");
            output.line(&format!("{name}: {documents} without text that can be read"))?;
        }
        for warning in &one.warnings {
            output.line(&format!("warning: {warning}"))?;
        }
    }
    Ok(())
}

fn write(table: &Table, output: &mut Output<'_>) -> Result<()> {
    for line in table.lines() {
        output.line(&line)?;
    }
    Ok(())
}

fn share(value: f64) -> String {
    format!("{value:.4}")
}

fn rankings(report: &Report) -> Table {
    let mut table = Table::new("ranking");
    let heads = ["documents", "questions"].into_iter().chain(METRIC_NAMES);
    for name in heads.chain(["index", "asked"]) {
        table.column(name);
    }
    for (name, one) in &report.collections {
        let counts = [one.documents.to_string(), one.questions.to_string()];
        let Seconds { index, questions_per_second, .. } = one.seconds;
        let pace = [format!("{index:.1} s"), format!("{questions_per_second:.0}/s")];
        table.row(name, counts.into_iter().chain(one.metrics.values.map(share)).chain(pace));
    }
    if report.collections.len() > 1 {
        let none = [String::new(), String::new()];
        table.row("mean", none.into_iter().chain(report.mean.values.map(share)));
    }
    table
}

fn answers(report: &Report) -> Table {
    let mut table = Table::new("answer held");
    for head in ["questions", "in reply", "in first passage", "in first 1,000 words"] {
        table.column(head);
    }
    for (name, one) in &report.collections {
        let Some(held) = one.answers else { continue };
        let shares = [held.reply, held.first_passage, held.first_1000_words].map(share);
        table.row(name, [held.questions.to_string()].into_iter().chain(shares));
    }
    table
}

fn silence(report: &Report) -> Table {
    let mut table = Table::new("silence");
    let heads =
        ["refused", "foreign", "AUROC", "answered", "unanswerable", "AUROC", "answered", "half"];
    for head in heads {
        table.column(head);
    }
    for (name, one) in &report.collections {
        let Some(abstention) = &one.abstention else { continue };
        let cells = |silence: Option<Silence>| match silence {
            None => ["–"; 3].map(str::to_owned),
            Some(s) => [s.questions.to_string(), share(s.auroc), share(s.answered)],
        };
        let foreign = abstention.foreign.as_ref();
        let half = foreign.is_some_and(|foreign| foreign.from == From::OtherHalf);
        let half = if half { "yes" } else { "" };
        let foreign = cells(foreign.map(|foreign| foreign.silence));
        let row = [share(abstention.refused)].into_iter().chain(foreign);
        let row = row.chain(cells(abstention.unanswerable)).chain([half.to_owned()]);
        table.row(name, row);
    }
    table
}
