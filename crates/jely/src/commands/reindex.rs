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
    if let Some(by) = arguments.nice {
        train::give_way(by);
    }
    let folder = existing_folder(global)?;
    let mut options = options(global, &arguments.parsing)?;
    if let Some(mebibytes) = arguments.in_flight {
        options.bytes_in_flight_max = u64::from(mebibytes.get()) << 20;
    }
    let what = train::Reindex {
        bots: arguments.bots.clone(),
        dry_run: arguments.dry_run,
        force: arguments.force,
        since: arguments.since,
    };
    let bar = Bar::or_lines(output.is_json());
    let mut totals = Totals::default();
    let mut written = Ok(());
    // A reader that is gone stops no bot from being made anew.
    train::reindex(&folder, &what, &options, &bar, &mut |report| {
        totals.add(&report);
        if written.is_ok() {
            written = tell(&report, output);
        }
    })?;
    drop(bar);
    written.and_then(|()| print(&totals, output)).context(UNREPORTED)?;
    Ok(if totals.failed > 0 { Exit::SomeFailed } else { Exit::Done })
}

/// A bot that is done, told at once: a batch may go on for hours.
fn tell(report: &BotReport, output: &mut Output<'_>) -> io::Result<()> {
    if output.is_json() {
        output.named("bot", report)?;
    } else {
        output.line(&line(report))?;
    }
    output.flush()
}

fn print(totals: &Totals, output: &mut Output<'_>) -> io::Result<()> {
    if output.is_json() {
        output.named("report", totals)?;
    } else if totals.bots == 0 {
        output.line("no bots: nothing to do")?;
    } else {
        output.line(&totals.line())?;
    }
    output.flush()
}

/// How many bots ended how, and what that took.
#[derive(Debug, Default, Serialize)]
struct Totals {
    bots: usize,
    unchanged: usize,
    skipped: usize,
    rebuilt: usize,
    planned: usize,
    failed: usize,
    /// Of all bots.
    documents: usize,
    pages: u64,
    chunks: u64,
    /// Contents parsed, or to be parsed, and their bytes.
    parsed: usize,
    bytes: u64,
    seconds: Seconds,
}

/// Wall time by stage.
#[derive(Debug, Default, Serialize)]
struct Seconds {
    parse: f64,
    index: f64,
    publish: f64,
    total: f64,
}

impl Totals {
    fn add(&mut self, report: &BotReport) {
        *match report.outcome {
            Rebuild::Unchanged => &mut self.unchanged,
            Rebuild::Skipped => &mut self.skipped,
            Rebuild::Rebuilt => &mut self.rebuilt,
            Rebuild::Planned => &mut self.planned,
            Rebuild::Failed(_) => &mut self.failed,
        } += 1;
        self.bots += 1;
        self.documents += report.documents;
        self.pages += report.pages;
        self.chunks += report.chunks;
        self.parsed += report.parsed;
        self.bytes += report.bytes;
        let seconds = &mut self.seconds;
        for (sum, part) in [
            (&mut seconds.parse, report.seconds.parse),
            (&mut seconds.index, report.seconds.index),
            (&mut seconds.publish, report.seconds.publish),
            (&mut seconds.total, report.seconds.total),
        ] {
            *sum += part.as_secs_f64();
            *sum = (*sum * 1000.0).round() / 1000.0;
        }
    }

    fn line(&self) -> String {
        let named = [
            (self.rebuilt, "rebuilt"),
            (self.planned, "to be rebuilt"),
            (self.unchanged, "current"),
            (self.skipped, "skipped"),
            (self.failed, "failed"),
        ];
        let named = named.iter().filter(|(count, _)| *count > 0);
        let named: Vec<String> = named.map(|(count, name)| format!("{count} {name}")).collect();
        format!(
            "{}: {}; {}, {}, {} in {:.1} s",
            counted(self.bots as u64, "bot"),
            named.join(", "),
            counted(self.documents as u64, "document"),
            counted(self.pages, "page"),
            counted(self.chunks, "chunk"),
            self.seconds.total
        )
    }
}

fn line(report: &BotReport) -> String {
    let bot = &report.bot;
    let size = counted(report.documents as u64, "document");
    let parsed = report.parsed;
    match &report.outcome {
        Rebuild::Unchanged => format!("{bot}: current ({size})"),
        Rebuild::Skipped => format!("{bot}: published since, left alone ({size})"),
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
