//! `jely reindex`.

use std::io;

use anyhow::{Context, Result};
use serde::Serialize;
use train::{BotReport, Rebuild};

use super::{existing_folder, options};
use crate::cli::{Global, Reindex};
use crate::exit::Exit;
use crate::output::{Output, UNREPORTED, counted, one_line, time};
use crate::progress::Bar;

pub(super) fn run(global: &Global, arguments: &Reindex, output: &mut Output<'_>) -> Result<Exit> {
    let folder = existing_folder(global)?;
    let options = options(global, &arguments.parsing)?;
    let bar = Bar::new();
    let reports = train::reindex(&folder, &arguments.bots, &options, arguments.dry_run, &bar)?;
    drop(bar);
    let totals = Totals::of(&reports);
    print(&reports, &totals, output).context(UNREPORTED)?;
    Ok(if totals.failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

/// A line for each bot, and for programs a last one for all.
fn print(reports: &[BotReport], totals: &Totals, output: &mut Output<'_>) -> io::Result<()> {
    for report in reports {
        if output.is_json() {
            output.named("bot", report)?;
        } else {
            output.line(&line(report))?;
        }
    }
    if output.is_json() {
        output.named("report", totals)?;
    } else if reports.is_empty() {
        output.line("no bots: nothing to do")?;
    }
    output.flush()
}

/// How many bots ended how.
#[derive(Debug, Default, Serialize)]
struct Totals {
    unchanged: usize,
    rebuilt: usize,
    planned: usize,
    failed: usize,
}

impl Totals {
    fn of(reports: &[BotReport]) -> Self {
        let mut totals = Self::default();
        for report in reports {
            *match report.outcome {
                Rebuild::Unchanged => &mut totals.unchanged,
                Rebuild::Rebuilt => &mut totals.rebuilt,
                Rebuild::Planned => &mut totals.planned,
                Rebuild::Failed(_) => &mut totals.failed,
            } += 1;
        }
        totals
    }
}

fn line(report: &BotReport) -> String {
    let bot = &report.bot;
    let size = counted(report.documents as u64, "document");
    let parsed = report.parsed;
    match &report.outcome {
        Rebuild::Unchanged => format!("{bot}: current ({size})"),
        Rebuild::Rebuilt => {
            format!("{bot}: rebuilt ({size}, {parsed} parsed) in {}", time(report.seconds.total))
        }
        Rebuild::Planned => format!("{bot}: to be rebuilt ({size}, {parsed} to be parsed)"),
        Rebuild::Failed(failure) => {
            format!(
                "{bot}: failed, stays as it was: {} [{}]",
                one_line(&failure.message),
                failure.code
            )
        }
    }
}
