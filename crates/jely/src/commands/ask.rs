//! `jely ask`.

use std::io;

use ::model::{Key, OpenAi, Settings};
use answer::{Answer, Extractive, Generator, answer};
use anyhow::Result;

use super::existing_folder;
use crate::cli::{Ask, Global, Model};
use crate::embedder;
use crate::exit::{CommandError, Exit};
use crate::output::{Output, one_line, place};

pub(super) fn run(global: &Global, arguments: &Ask, output: &mut Output<'_>) -> Result<Exit> {
    let generator = generator(&arguments.model)?;
    let snapshot = existing_folder(global)?.snapshot(&arguments.bot)?;
    let question = embedder::question(&arguments.question, global)?;
    let answer = answer(&snapshot, &question, &*generator, &answer::Config::default())?;
    if output.is_json() {
        output.json(&answer)?;
    } else {
        print(&answer, output)?;
    }
    let fails = arguments.exit_code && !answer.answered;
    Ok(if fails { Exit::NotAnswered } else { Exit::Done })
}

/// The model that is asked for, or sentences of the documents.
fn generator(model: &Model) -> Result<Box<dyn Generator>> {
    let (Some(name), Some(url)) = (&model.name, &model.url) else {
        return Ok(Box::new(Extractive));
    };
    let settings = Settings { key: key(), ..Settings::new(url, name) };
    let model = OpenAi::new(settings).map_err(|error| CommandError::usage(error.to_string()))?;
    Ok(Box::new(model))
}

/// The key to the model's server; one that is empty is none.
#[expect(
    clippy::disallowed_methods,
    reason = "clap has no option without a command line, where everybody could see the key"
)]
fn key() -> Option<Key> {
    let key = std::env::var("JELY_MODEL_KEY").ok();
    key.filter(|key| !key.trim().is_empty()).map(|key| Key::new(&key))
}

/// The answer, then the place and the words of each source.
pub(super) fn print(answer: &Answer, output: &mut Output<'_>) -> io::Result<()> {
    output.line(answer.answer.trim())?;
    if let Some(why) = &answer.fallback {
        output.line(&format!("\n(Answered without the model: {why}.)"))?;
    }
    if !answer.sources.is_empty() {
        output.line("\nSources:")?;
    }
    for source in &answer.sources {
        output.line(&format!("  {}", place(source)))?;
        output.line(&format!("    “{}”", one_line(&source.excerpt)))?;
    }
    Ok(())
}
