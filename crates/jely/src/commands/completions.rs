//! `jely completions`.

use anyhow::Result;
use clap::CommandFactory;

use crate::cli::{Cli, Completions};
use crate::exit::Exit;
use crate::output::Output;

pub(super) fn run(arguments: &Completions, output: &mut Output<'_>) -> Result<Exit> {
    // Into memory first: the generator panics where its writer fails, as a closed pipe does.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "jely", &mut script);
    output.bytes(&script)?;
    Ok(Exit::Done)
}
