//! A bot and its own questions.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use document::BotId;
use eval::{Golden, Outcome, outcomes, read_cases};
use serde::Serialize;

use super::table::Table;
use crate::cli::{Eval, Global};
use crate::embedder;
use crate::output::{Output, counted, shortened};
use crate::progress::Bar;

/// How much of a failure people are shown, in characters.
const SHOWN_CHARS: usize = 160;

/// What came of the questions.
#[derive(Serialize)]
struct Report {
    bot: BotId,
    #[serde(flatten)]
    golden: Golden,
    outcomes: Vec<Outcome>,
    /// Wall time.
    seconds: f64,
}

pub(super) fn run(
    global: &Global,
    bot: &BotId,
    questions: &Path,
    arguments: &Eval,
    output: &mut Output<'_>,
) -> Result<()> {
    let settings = super::settings(&arguments.settings)?;
    let snapshot = super::super::existing_folder(global)?.snapshot(bot)?;
    let cannot = || format!("{}: cannot read", questions.display());
    let text = fs::read_to_string(questions).with_context(cannot)?;
    let cases = read_cases(&text, questions, snapshot.manifest())?;
    let embedder = embedder::kept(global)?;
    let since = Instant::now();
    let bar = Bar::new();
    bar.start(bot.as_str(), cases.len());
    let outcomes = outcomes(&snapshot, &cases, &settings, embedder.as_deref(), &|| bar.step())?;
    drop(bar);
    let golden = Golden::of(&cases, &outcomes);
    let seconds = since.elapsed().as_secs_f64();
    let report = Report { bot: bot.clone(), golden, outcomes, seconds };
    if output.is_json() {
        output.json(&report)?;
    } else {
        print(&report, output)?;
    }
    Ok(())
}

fn print(report: &Report, output: &mut Output<'_>) -> Result<()> {
    let golden = &report.golden;
    let mut table = Table::new("bot");
    let mut cells = vec![golden.questions.to_string()];
    table.column("questions");
    let shares = [
        ("answered", golden.answered),
        ("hit@1", golden.hit_1),
        ("hit@5", golden.hit_5),
        ("page right", golden.page_right),
        ("answer contains", golden.answer_contains),
        ("refused", golden.refused),
    ];
    for (head, share) in shares {
        table.column(head);
        cells.push(share.map_or("–".to_owned(), |share| format!("{share:.3}")));
    }
    table.row(report.bot.as_str(), cells);
    for line in table.lines() {
        output.line(&line)?;
    }
    let failed: Vec<&Outcome> =
        report.outcomes.iter().filter(|outcome| outcome.failure.is_some()).collect();
    if !failed.is_empty() {
        output.line(&format!("\n{}:", counted(failed.len() as u64, "failure")))?;
    }
    for Outcome { line, question, expected, failure, .. } in failed {
        let wanted = if expected.is_empty() { "a refusal" } else { expected };
        let (question, wanted) = (shortened(question, SHOWN_CHARS), shortened(wanted, SHOWN_CHARS));
        output.line(&format!("  line {line}: {question}"))?;
        output.line(&format!("    expected: {wanted}"))?;
        let failure = failure.as_deref().unwrap_or_default();
        output.line(&format!("    {}", shortened(failure, SHOWN_CHARS)))?;
    }
    Ok(())
}
