//! `jely search`.

use answer::{Passage, Question, retrieve};
use anyhow::Result;

use super::ask::filter;
use super::existing_folder;
use crate::cli::{Global, Search};
use crate::embedder::Asker;
use crate::exit::Exit;
use crate::output::{Output, place, shortened};

/// Candidates asked of the index for each passage shown: repetitions go and neighbours become
/// one, so fewer passages come out than candidates go in.
const CANDIDATES_PER_PASSAGE: usize = 4;

/// How much of a passage people are shown, in characters.
const SHOWN_CHARS: usize = 320;

pub(super) fn run(global: &Global, arguments: &Search, output: &mut Output<'_>) -> Result<Exit> {
    let snapshot = existing_folder(global)?.snapshot(&arguments.bot)?;
    let limit = usize::try_from(arguments.limit)?;
    let mut config = answer::Config { passages_max: limit, ..answer::Config::default() };
    config.candidates = config.candidates.max(limit * CANDIDATES_PER_PASSAGE);
    let filter = filter(&arguments.within, &arguments.bot, &snapshot)?;
    let question = Question::new(&arguments.query).with_filter(filter);
    let question = Asker::of(global)?.embedded(question)?;
    let passages = retrieve(&snapshot, &question, &config)?;
    let found: Vec<_> = passages.iter().map(Passage::citation).collect();
    if output.is_json() {
        output.named("passages", &found)?;
        return Ok(Exit::Done);
    }
    if found.is_empty() {
        output.line("nothing found")?;
    }
    for (position, passage) in found.iter().enumerate() {
        output.line(&format!("{}. {}  ({:.2})", position + 1, place(passage), passage.score))?;
        output.line(&format!("   {}", shortened(&passage.excerpt, SHOWN_CHARS)))?;
    }
    Ok(Exit::Done)
}
