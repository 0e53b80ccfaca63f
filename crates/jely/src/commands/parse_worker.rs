//! `jely parse-worker`: the child that `train` and the like parse in.

use std::io::{self, Write};

use anyhow::{Context, Result};

use crate::cli::ParseWorker;
use crate::exit::Exit;
use crate::output::Output;

pub(super) fn run(arguments: &ParseWorker, output: &mut Output<'_>) -> Result<Exit> {
    train::serve(&arguments.walls, io::stdin().lock(), Frames(output), ingest::ingest_with)
        .context("parse-worker: it is started by the commands that need it")?;
    Ok(Exit::Done)
}

/// Standard output as it is.
struct Frames<'a, 'b>(&'a mut Output<'b>);

impl Write for Frames<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.bytes(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
