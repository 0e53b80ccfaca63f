//! `jely eval`: how good rankings and answers are.

mod collections;
mod compare;
mod fit;
mod golden;
mod indexed;
mod table;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use eval::{Options, Settings};

use crate::cli::{Eval, Global};
use crate::embedder;
use crate::exit::Exit;
use crate::output::Output;

pub(super) fn run(global: &Global, arguments: &Eval, output: &mut Output<'_>) -> Result<Exit> {
    let pool = super::started(arguments.jobs.map_or(0, usize::from));
    pool.install(|| match (&arguments.bot, &arguments.questions) {
        (Some(bot), Some(questions)) => golden::run(global, bot, questions, arguments, output),
        _ => match arguments.compare.as_deref() {
            Some([a, b]) => compare::run(global, arguments, [a, b], output),
            _ if arguments.fit => fit::run(global, arguments, output),
            _ => collections::run(global, arguments, output),
        },
    })?;
    Ok(Exit::Done)
}

/// Which questions to ask, as the command line says.
fn options(global: &Global, arguments: &Eval) -> Result<Options> {
    Ok(Options {
        embedder: embedder::kept(global)?,
        questions_max: arguments.limit.map_or(usize::MAX, usize::from),
        history: !arguments.no_history,
        ..Options::default()
    })
}

/// Settings from a file of that name or, where there is none, from the text itself.
fn settings(text: &str) -> Result<Settings> {
    if !Path::new(text).is_file() {
        return Ok(Settings::parse(text)?);
    }
    let held = fs::read_to_string(text).with_context(|| format!("{text}: cannot read"))?;
    Settings::parse(&held).with_context(|| text.to_owned())
}
