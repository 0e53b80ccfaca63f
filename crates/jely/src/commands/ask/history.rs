//! A conversation in a file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use answer::Turn;
use anyhow::{Context, Result};

use crate::exit::CommandError;

/// Largest file that is read, in bytes: some hundred times what counts.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads messages, a JSON object a line, oldest first; empty lines are passed over.
pub(super) fn read(path: &Path) -> Result<Vec<Turn>> {
    let name = path.display();
    let mut text = String::new();
    let file = File::open(path).with_context(|| format!("{name}: cannot read the conversation"))?;
    file.take(BYTES_MAX + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("{name}: cannot read the conversation"))?;
    if text.len() as u64 > BYTES_MAX {
        return Err(CommandError::usage(format!("{name}: larger than {BYTES_MAX} bytes")).into());
    }
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let turns = lines.map(|(at, line)| {
        serde_json::from_str(line).map_err(|error| {
            CommandError::usage(format!(
                "{name}, line {}: expected {{\"role\":\"user\" or \"assistant\",\"text\":\"…\"}}: {error}",
                at + 1
            ))
            .into()
        })
    });
    turns.collect()
}
