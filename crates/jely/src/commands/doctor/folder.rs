//! Whether the data folder is whole.

use std::io;

use anyhow::{Context, Result};
use serde::Serialize;
use train::{BotCheck, IndexState, OriginalState, check};

use super::super::{existing_folder, options};
use crate::cli::{Doctor, Global};
use crate::exit::Exit;
use crate::output::{Output, UNREPORTED, counted, one_line};
use crate::progress::Bar;

pub(super) fn run(global: &Global, arguments: &Doctor, output: &mut Output<'_>) -> Result<Exit> {
    let folder = existing_folder(global)?;
    let options = options(global, &arguments.parsing)?;
    let bar = Bar::or_lines(output.is_json());
    let mut totals = Totals::default();
    let mut written = Ok(());
    check(&folder, &options, arguments.repair, &bar, &mut |found| {
        totals.add(&found);
        if written.is_ok() {
            written = tell(&found, output);
        }
    })?;
    drop(bar);
    written.and_then(|()| print(&totals, output)).context(UNREPORTED)?;
    Ok(if totals.unwell > 0 { Exit::SomeFailed } else { Exit::Done })
}

/// How many bots are how.
#[derive(Debug, Default, Serialize)]
struct Totals {
    bots: usize,
    whole: usize,
    outdated: usize,
    damaged: usize,
    repaired: usize,
    recovered: usize,
    lost: usize,
    unchecked: usize,
    /// Documents whose stored bytes are damaged and stayed so.
    originals: usize,
    #[serde(skip)]
    unwell: usize,
}

impl Totals {
    fn add(&mut self, found: &BotCheck) {
        *match found.index {
            IndexState::Whole => &mut self.whole,
            IndexState::Outdated => &mut self.outdated,
            IndexState::Damaged(_) => &mut self.damaged,
            IndexState::Repaired => &mut self.repaired,
            IndexState::Recovered => &mut self.recovered,
            IndexState::Lost(_) => &mut self.lost,
            IndexState::Unchecked(_) => &mut self.unchecked,
        } += 1;
        self.bots += 1;
        let damaged = |state: &OriginalState| matches!(state, OriginalState::Damaged(_));
        self.originals += found.originals.iter().filter(|one| damaged(&one.state)).count();
        self.unwell += usize::from(!found.is_well());
    }
}

fn tell(found: &BotCheck, output: &mut Output<'_>) -> io::Result<()> {
    if output.is_json() {
        output.named("bot", found)?;
        return output.flush();
    }
    let (bot, size) = (&found.bot, counted(found.documents as u64, "document"));
    output.line(&match &found.index {
        IndexState::Whole => format!("{bot}: whole ({size})"),
        IndexState::Outdated => format!("{bot}: of an older release ({size}): reindex it"),
        IndexState::Repaired => format!("{bot}: made anew ({size})"),
        IndexState::Recovered => format!(
            "{bot}: put back to a state that lay beside ({size}): see `jely docs {bot}`, and train \
             what is missing"
        ),
        IndexState::Damaged(failure) => {
            format!("{bot}: damaged ({size}): {} [{}]", one_line(&failure.message), failure.code)
        }
        IndexState::Lost(failure) => {
            let why = one_line(&failure.message);
            format!("{bot}: cannot be made anew ({size}): {why} [{}]", failure.code)
        }
        IndexState::Unchecked(failure) => {
            format!("{bot}: not looked at: {} [{}]", one_line(&failure.message), failure.code)
        }
    })?;
    for original in &found.originals {
        let source = one_line(&original.source);
        output.line(&match &original.state {
            OriginalState::Restored => format!("  {source}: stored again"),
            OriginalState::Damaged(failure) => {
                let why = one_line(&failure.message);
                format!("  {source}: its stored bytes are damaged, train it again: {why}")
            }
        })?;
    }
    output.flush()
}

fn print(totals: &Totals, output: &mut Output<'_>) -> io::Result<()> {
    if output.is_json() {
        output.named("report", totals)?;
    } else {
        let bots = counted(totals.bots as u64, "bot");
        let Totals { whole, outdated, damaged, repaired, recovered, lost, .. } = totals;
        let Totals { originals, unchecked, .. } = totals;
        output.line(&format!(
            "{bots}: {whole} whole, {repaired} repaired, {recovered} put back, {outdated} outdated, \
             {damaged} damaged, {lost} lost, {unchecked} not looked at; stored bytes damaged of {}",
            counted(*originals as u64, "document")
        ))?;
    }
    output.flush()
}
