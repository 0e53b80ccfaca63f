//! One file per command.

mod accounts;
mod ask;
mod completions;
mod demo;
mod docs;
mod doctor;
mod eval;
mod parse_worker;
mod reindex;
mod remove;
mod search;
mod serve;
mod text;
mod train;

use std::io::Write;
use std::num::NonZeroUsize;
use std::sync::Arc;

use ::train::{DataFolder, Isolation, Options, Pool, WorkerLimits, WorkerPool};

use crate::cli::{Cli, Command, Global, Parsing};
use crate::embedder;
use crate::exit::Exit;
use crate::output::Output;
use crate::remote;

/// Stack of a thread that parses. The parsers do not recurse over their input; what lies below
/// them was not written here.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Runs a command; `err` is told what is no error.
pub(crate) fn run(cli: Cli, output: &mut Output<'_>, err: &mut dyn Write) -> anyhow::Result<Exit> {
    let global = cli.global;
    match cli.command {
        Command::Train(arguments) => train::run(&global, &arguments, output),
        Command::Ask(arguments) => ask::run(&global, &arguments, output),
        Command::Search(arguments) => search::run(&global, &arguments, output),
        Command::Docs(arguments) => docs::run(&global, &arguments, output),
        Command::Doctor(arguments) => doctor::run(&global, &arguments, output),
        Command::Eval(arguments) => eval::run(&global, &arguments, output),
        Command::Serve(arguments) => serve::run(&global, &arguments, output),
        Command::Keys(arguments) => accounts::run_keys(&global, &arguments, output),
        Command::Accounts(arguments) => accounts::run(&global, &arguments, output),
        Command::Remove(arguments) => remove::run(&global, &arguments, output),
        Command::Text(arguments) => text::run(&arguments, output, err),
        Command::Reindex(arguments) => reindex::run(&global, &arguments, output),
        Command::Demo => demo::run(&global, output),
        Command::Completions(arguments) => completions::run(&arguments, output),
        Command::ParseWorker(arguments) => parse_worker::run(&arguments, output),
    }
}

/// The data folder, created where it is missing.
fn folder(global: &Global) -> anyhow::Result<DataFolder> {
    let config = index::Config::default();
    Ok(match &global.remote {
        None => DataFolder::open(&global.data, config)?,
        Some(address) => DataFolder::open_shared(&global.data, &remote::open(address)?, config)?,
    })
}

/// The data folder, for commands that need one to be there; a cache may be empty.
fn existing_folder(global: &Global) -> anyhow::Result<DataFolder> {
    if global.remote.is_some() {
        return folder(global);
    }
    Ok(DataFolder::open_existing(&global.data, index::Config::default())?)
}

/// How to train, as the command line says.
fn options(global: &Global, parsing: &Parsing) -> anyhow::Result<Options> {
    // 0 is one thread per processor.
    let threads = parsing.jobs.map_or(0, usize::from);
    let mut options = Options::new(Arc::new(Pool::lazy(move || started(threads))));
    options.ingest.password.clone_from(&parsing.password);
    options.isolation = isolation(global, parsing);
    options.vectors = embedder::vectors(global)?;
    Ok(options)
}

/// Where documents are parsed: apart, if there is a program for it and nobody objects.
fn isolation(global: &Global, parsing: &Parsing) -> Isolation {
    let Some(worker) = global.worker.clone().filter(|_| !parsing.no_isolation) else {
        return Isolation::InProcess;
    };
    // Each thread that parses waits for one worker: no more of them are ever asked for.
    let workers = WorkerPool::new(worker, WorkerLimits::default(), NonZeroUsize::MAX);
    Isolation::Child(Arc::new(workers))
}

/// Starts `threads` threads; where the system refuses them, the calling thread does the work.
fn started(threads: usize) -> rayon::ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK_BYTES)
        .thread_name(|number| format!("parse-{number}"))
        .build();
    pool.or_else(|_| rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build())
        .expect("the calling thread is in no pool, and no other is started")
}
