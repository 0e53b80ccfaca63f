//! `jely train`, and the lines that tell what a run did.

use std::io;

use anyhow::{Context, Result};
use document::BotId;
use index::CATEGORY;
use train::{DocumentReport, Outcome, Report};

use super::{folder, options};
use crate::cli::{Global, Train};
use crate::exit::{CommandError, Exit};
use crate::output::{Output, UNREPORTED, counted, one_line, time};
use crate::progress::Bar;
use crate::walk::find;

pub(super) fn run(global: &Global, arguments: &Train, output: &mut Output<'_>) -> Result<Exit> {
    let mut found = find(&arguments.paths, &global.data);
    if arguments.title.is_some() && !(found.folders.is_empty() && found.inputs.len() == 1) {
        return Err(CommandError::usage("--title names one document: give a single file").into());
    }
    if arguments.prune && found.folders.is_empty() {
        let reason = "--prune removes what is gone from a folder: name at least one folder";
        return Err(CommandError::usage(reason).into());
    }
    let mut options = options(global, &arguments.parsing)?;
    options.rehash = arguments.rehash;
    if arguments.prune {
        options.prune.clone_from(&found.folders);
    }
    for input in &mut found.inputs {
        input.title.clone_from(&arguments.title);
        let category = arguments.category.iter().map(|name| (CATEGORY.to_owned(), name.clone()));
        input.metadata.extend(category);
    }
    let bar = Bar::new();
    let mut report = train::train(&folder(global)?, &arguments.bot, &found.inputs, &options, &bar)?;
    drop(bar);
    report.skipped = found.skipped;
    print(&arguments.bot, &report, output)?;
    Ok(exit(&report))
}

/// How a run with this report ends.
pub(super) fn exit(report: &Report) -> Exit {
    if report.failed > 0 { Exit::SomeFailed } else { Exit::Done }
}

/// A line for each document, where people read without the unchanged ones, and a last one for
/// the whole. The work is done by now, which an error tells.
pub(super) fn print(bot: &BotId, report: &Report, output: &mut Output<'_>) -> Result<()> {
    let written = write(bot, report, output).and_then(|()| output.flush());
    written.with_context(|| format!("bot {bot}: {UNREPORTED}"))
}

fn write(bot: &BotId, report: &Report, output: &mut Output<'_>) -> io::Result<()> {
    if output.is_json() {
        for document in &report.documents {
            output.named("document", document)?;
        }
        return output.named("report", report);
    }
    for document in &report.documents {
        if document.outcome != Outcome::Unchanged {
            output.line(&line(document))?;
            for warning in &document.warnings {
                output.line(&format!("           {}", one_line(warning)))?;
            }
        }
    }
    output.line(&summary(bot, report))
}

fn line(document: &DocumentReport) -> String {
    let word = match &document.outcome {
        Outcome::Added => "added",
        Outcome::Unchanged => "unchanged",
        Outcome::Replaced => "replaced",
        Outcome::Removed => "removed",
        Outcome::Failed(failure) => {
            let message = one_line(&failure.message);
            return format!("failed     {}: {message} [{}]", document.source, failure.code);
        }
    };
    format!("{word:<10} {} ({})", document.source, facts(document).join(", "))
}

fn facts(document: &DocumentReport) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(title) = &document.title {
        facts.push(format!("“{}”", one_line(title)));
    }
    if document.pages > 0 {
        facts.push(counted(document.pages.into(), "page"));
    }
    facts.push(counted(document.chunks.into(), "chunk"));
    if !document.pages_without_text.is_empty() {
        facts.push(format!("no text on page {}", listed(&document.pages_without_text)));
    }
    if !document.pages_incomplete.is_empty() {
        facts.push(format!("incomplete on page {}", listed(&document.pages_incomplete)));
    }
    if let Some(twin) = &document.duplicate_of {
        facts.push(format!("same bytes as {twin}"));
    }
    facts
}

fn listed(pages: &[u32]) -> String {
    pages.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn summary(bot: &BotId, report: &Report) -> String {
    let counts = [
        (report.added, "added"),
        (report.replaced, "replaced"),
        (report.removed, "removed"),
        (report.unchanged, "unchanged"),
        (report.failed, "failed"),
        (report.skipped, "skipped"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts.map(|(count, what)| format!("{count} {what}")).collect();
    let counts = if counts.is_empty() { "nothing to do".to_owned() } else { counts.join(", ") };
    let chunks = counted(report.chunks, "chunk");
    format!("{bot}: {counts}; {chunks} in all, in {}", time(report.seconds.total))
}

#[cfg(test)]
mod tests {
    use document::DocumentId;
    use train::{Failure, Seconds};

    use super::*;

    fn document(outcome: Outcome) -> DocumentReport {
        DocumentReport {
            source: "/docs/a.pdf".into(),
            document_id: DocumentId::from_source("/docs/a.pdf"),
            title: Some("Terms".into()),
            outcome,
            duplicate_of: None,
            pages: 3,
            chunks: 1,
            pages_without_text: vec![2, 3],
            pages_incomplete: vec![1],
            warnings: Vec::new(),
        }
    }

    #[test]
    fn people_read_a_line_for_what_changed_and_a_summary() {
        let failure = Failure { code: "NO_TEXT".into(), message: "no text".into() };
        let documents =
            [Outcome::Added, Outcome::Unchanged, Outcome::Failed(failure)].map(document).to_vec();
        let seconds = Seconds::default();
        let report = Report {
            documents,
            added: 1,
            unchanged: 1,
            failed: 1,
            chunks: 2,
            seconds,
            ..Report::default()
        };
        let mut text = Vec::new();
        let bot = "shop".parse().unwrap();
        print(&bot, &report, &mut Output::new(&mut text, false)).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "added      /docs/a.pdf (“Terms”, 3 pages, 1 chunk, no text on page 2, 3, incomplete on page 1)\n\
             failed     /docs/a.pdf: no text [NO_TEXT]\n\
             shop: 1 added, 1 unchanged, 1 failed; 2 chunks in all, in 0 ms\n"
        );
        assert_eq!(exit(&report), Exit::SomeFailed);
    }
}
