//! `jely demo`: the main job, end to end, on the handbook that is built in.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Instant;

use answer::{Answer, Extractive, Question, answer};
use anyhow::{Context, Result};
use document::BotId;
use index::Snapshot;
use serde::Serialize;
use train::{Content, Input, Report, train};

use super::{ask, folder, options};
use crate::cli::{Global, Parsing};
use crate::exit::Exit;
use crate::output::{Output, counted, time};
use crate::progress::Bar;

/// Begins the source of every document of the handbook.
const FOLDER: &str = "handbook";

pub(super) fn run(global: &Global, output: &mut Output<'_>) -> Result<Exit> {
    let bot: BotId = "demo".parse()?;
    let folder = folder(global)?;
    let mut options = options(global, &Parsing::default())?;
    // A handbook of another release may have had other chapters.
    options.prune = vec![PathBuf::from(FOLDER)];
    let inputs = handbook();
    tell(
        &format!("Training the bot `demo` on {} files of a shop's handbook …", inputs.len()),
        output,
    )?;
    output.flush()?;
    let bar = Bar::new();
    let report =
        train(&folder, &bot, &inputs, &options, &bar).context("cannot train the bot `demo`")?;
    drop(bar);
    print_report(&bot, &report, output)?;
    let snapshot = folder.snapshot(&bot)?;
    for question in fixtures::DEMO_QUESTIONS {
        print_answer(&snapshot, question, output)?;
    }
    tell(&next_steps(global), output)?;
    Ok(super::train::exit(&report))
}

fn handbook() -> Vec<Input> {
    let files = fixtures::handbook().iter();
    let input = |file: &fixtures::File| {
        let source = format!("{FOLDER}/{}", file.name);
        Input::new(source, Content::Bytes(Cow::Borrowed(file.bytes)))
    };
    files.map(input).collect()
}

/// Words for people only.
fn tell(text: &str, output: &mut Output<'_>) -> Result<()> {
    if !output.is_json() {
        output.line(text)?;
    }
    Ok(())
}

fn print_report(bot: &BotId, report: &Report, output: &mut Output<'_>) -> Result<()> {
    if output.is_json() || report.failed > 0 {
        return super::train::print(bot, report, output);
    }
    let documents = report.added + report.replaced + report.unchanged;
    let documents = counted(documents as u64, "document");
    let chunks = counted(report.chunks, "chunk");
    let seconds = time(report.seconds.total);
    tell(&format!("It knows {documents} in {chunks} now; that took {seconds}."), output)
}

/// An answer beside its question, for programs.
#[derive(Serialize)]
struct Asked<'a> {
    question: &'a str,
    #[serde(flatten)]
    answer: &'a Answer,
}

fn print_answer(snapshot: &Snapshot, question: &str, output: &mut Output<'_>) -> Result<()> {
    let since = Instant::now();
    let answer =
        answer(snapshot, &Question::new(question), &Extractive, &answer::Config::default())?;
    let took = since.elapsed();
    if output.is_json() {
        return Ok(output.json(&Asked { question, answer: &answer })?);
    }
    output.line(&format!("\n> {question}   ({})", time(took)))?;
    ask::print(&answer, output)?;
    Ok(output.flush()?)
}

fn next_steps(global: &Global) -> String {
    let data = match global.data.to_str() {
        Some("./data") => String::new(),
        _ => format!(" --data {}", global.data.display()),
    };
    format!(
        "\nNext:\n  \
         jely ask demo \"How do I reach the workshop?\"{data}    ask it yourself\n  \
         jely search demo \"battery\"{data}                      see the passages behind an answer\n  \
         jely train mybot ./docs{data}                         train a bot on your own files\n  \
         jely ask mybot \"…\"{data}                              and ask it\n\
         From a source tree, write `cargo run --release --` for `jely`."
    )
}
