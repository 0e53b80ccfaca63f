//! `jely doctor`: what a file is and what becomes of it, for the person whose upload failed; and
//! whether a data folder is whole, for the one who runs it.

mod folder;
mod rows;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::thread::available_parallelism;

use anyhow::{Context, Result, bail};
use ingest::{Config, IngestError, Inspection, Outcome};
use train::{Isolation, WorkerError};

use super::{isolation, started};
use crate::cli::{Doctor, Global};
use crate::exit::Exit;
use crate::output::Output;

/// Bytes that are read of a file that is too large to be read: its header stands there.
const HEAD_BYTES: u64 = 1024;

pub(super) fn run(global: &Global, arguments: &Doctor, output: &mut Output<'_>) -> Result<Exit> {
    let Some(file) = &arguments.file else {
        return folder::run(global, arguments, output);
    };
    let name = file.display();
    let inspection = inspection(global, file, arguments).with_context(|| name.to_string())?;
    if output.is_json() {
        output.json(&inspection)?;
    } else {
        for line in rows::lines(&name.to_string(), &inspection) {
            output.line(&line)?;
        }
    }
    Ok(if inspection.outcome.is_read() { Exit::Done } else { Exit::SomeFailed })
}

fn inspection(global: &Global, file: &Path, arguments: &Doctor) -> Result<Inspection> {
    let config = Config { password: arguments.parsing.password.clone(), ..Config::default() };
    let limit = config.limits.pdf_bytes_max.max(config.limits.text_bytes_max) as u64;
    let (bytes, found) = read(file, limit)?;
    if found > limit {
        let error = IngestError::TooLarge { what: "bytes".to_owned(), found, limit };
        return Ok(Inspection::unread(&bytes, found, Outcome::refused(&error)));
    }
    let threads = arguments.parsing.jobs.or_else(|| available_parallelism().ok());
    let threads = threads.map_or(1, usize::from);
    match isolation(global, &arguments.parsing) {
        Isolation::InProcess => Ok(started(threads).install(|| ingest::inspect(&bytes, &config))),
        Isolation::Child(workers) => match workers.inspect(&bytes, &config, threads) {
            Ok(inspection) => Ok(inspection),
            Err(error @ WorkerError::NoWorker { .. }) => Err(train::TrainError::from(error).into()),
            Err(error) => Ok(Inspection::unread(&bytes, found, stopped(&error))),
        },
    }
}

/// What became of a file that its reader did not survive.
fn stopped(error: &WorkerError) -> Outcome {
    Outcome { code: error.code().to_owned(), message: error.to_string(), advice: None }
}

/// The bytes of a regular file and how many it has; where that is more than the limit, the first
/// of them only.
fn read(path: &Path, limit: u64) -> Result<(Vec<u8>, u64)> {
    // Asked by name first: opening a pipe would wait for its writer.
    let metadata = fs::metadata(path).context("cannot read")?;
    if !metadata.is_file() {
        bail!("cannot read: it is not a regular file");
    }
    let wanted = if metadata.len() > limit { HEAD_BYTES } else { limit.saturating_add(1) };
    let mut bytes = Vec::new();
    let read = |bytes: &mut Vec<u8>| -> io::Result<usize> {
        File::open(path)?.take(wanted).read_to_end(bytes)
    };
    read(&mut bytes).context("cannot read")?;
    let found = metadata.len().max(bytes.len() as u64);
    Ok((bytes, found))
}
