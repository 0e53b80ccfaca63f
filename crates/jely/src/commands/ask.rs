//! `jely ask`.

use std::io;

use answer::{Answer, Extractive, Question, answer};
use anyhow::Result;

use super::existing_folder;
use crate::cli::{Ask, Global};
use crate::exit::Exit;
use crate::output::{Output, one_line, place};

pub(super) fn run(global: &Global, arguments: &Ask, output: &mut Output<'_>) -> Result<Exit> {
    let snapshot = existing_folder(global)?.snapshot(&arguments.bot)?;
    let question = Question::new(&arguments.question);
    let answer = answer(&snapshot, &question, &Extractive, &answer::Config::default())?;
    if output.is_json() {
        output.json(&answer)?;
    } else {
        print(&answer, output)?;
    }
    let fails = arguments.exit_code && !answer.answered;
    Ok(if fails { Exit::NotAnswered } else { Exit::Done })
}

/// The answer, then the place and the words of each source.
pub(super) fn print(answer: &Answer, output: &mut Output<'_>) -> io::Result<()> {
    output.line(answer.answer.trim())?;
    if !answer.sources.is_empty() {
        output.line("\nSources:")?;
    }
    for source in &answer.sources {
        output.line(&format!("  {}", place(source)))?;
        output.line(&format!("    “{}”", one_line(&source.excerpt)))?;
    }
    Ok(())
}
