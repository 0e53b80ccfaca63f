//! The command line: one file per command, and what they share.
//!
//! A command reads its arguments, calls the library that does the work and writes what came of
//! it; nothing here decides what is indexed or answered. Everything goes through two writers that
//! [`run`] is given, so a command can be tested without a process and a closed pipe is noticed
//! in one place. Results go to standard output, as text for people or, with `--json`, as one JSON
//! object a line; errors and progress go to standard error.
//!
//! Absent on purpose: retrieval, parsing, and knowledge of what lies where in the data folder.

mod cli;
mod commands;
mod embedder;
mod exit;
mod output;
mod progress;
mod remote;
mod time;
mod walk;

use std::ffi::OsString;
use std::io::{IsTerminal, Write, stdout};
use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;
use train::WorkerCommand;

use crate::cli::Cli;
use crate::output::Output;

pub use exit::Exit;

/// Runs the command that `arguments` name; the first of them is the name of the program.
///
/// Results go to `out`, errors to `err`. Documents are parsed by `worker`, or in this process
/// where there is none.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    worker: Option<WorkerCommand>,
    out: &mut (dyn Write + Send),
    err: &mut dyn Write,
) -> Exit {
    let mut cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(message) => return explain(&message, out, err),
    };
    let json = cli.global.json;
    if cli.command.is_without_isolation() {
        exit::warn("NO_ISOLATION", NO_ISOLATION, json, err);
    }
    cli.global.worker = worker;
    let mut output = Output::new(out, json);
    let result = commands::run(cli, &mut output, err).and_then(|exit| {
        output.flush().context("cannot write to standard output")?;
        Ok(exit)
    });
    result.unwrap_or_else(|error| {
        // What was printed before the error is still worth having.
        let _ = output.flush();
        exit::report(&error, json, err)
    })
}

/// This program as a worker, where the system has what workers need.
pub fn own_worker() -> Option<WorkerCommand> {
    let arguments = vec!["parse-worker".into()];
    Some(WorkerCommand { program: own_program()?, arguments })
}

/// This program, even if another one took its place on the disk since it was started.
#[cfg(target_os = "linux")]
fn own_program() -> Option<PathBuf> {
    Some(PathBuf::from("/proc/self/exe"))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn own_program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

#[cfg(not(unix))]
fn own_program() -> Option<PathBuf> {
    None
}

/// Said where files are parsed in this process.
const NO_ISOLATION: &str = "--no-isolation: files are parsed in this process, and one that \
                            crashes or hangs the parser does so to the whole run";

/// Prints help, version or a usage error.
fn explain(message: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> Exit {
    let text = message.render();
    // A closed pipe is no reason to complain about.
    if message.use_stderr() {
        let _ = write!(err, "{text}");
        return Exit::Usage;
    }
    let _ =
        if stdout().is_terminal() { write!(out, "{}", text.ansi()) } else { write!(out, "{text}") };
    let _ = out.flush();
    Exit::Done
}

#[cfg(test)]
mod tests;
