//! A progress bar for people who watch.

use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, PoisonError};

use document::BotId;
use indicatif::{ProgressBar, ProgressStyle};
use train::{Progress, Stage};

mod lines;

use lines::Lines;

/// Draws a bar on standard error if that is a terminal, and nothing otherwise.
#[derive(Debug)]
pub(crate) struct Bar {
    visible: bool,
    bar: Mutex<ProgressBar>,
    /// The bot of a batch.
    bot: Mutex<Option<BotId>>,
    /// For programs, where nobody watches.
    lines: Option<Lines>,
}

impl Bar {
    pub(crate) fn new() -> Self {
        let bar = Mutex::new(ProgressBar::hidden());
        Self { visible: stderr().is_terminal(), bar, bot: Mutex::default(), lines: None }
    }

    /// A bar on a terminal; lines of JSON on standard error elsewhere, if results are wanted so.
    pub(crate) fn or_lines(json: bool) -> Self {
        let mut bar = Self::new();
        bar.lines = (json && !bar.visible).then(Lines::new);
        bar
    }

    /// Begins a stage of `total` steps.
    pub(crate) fn start(&self, name: &str, total: usize) {
        if !self.visible {
            return;
        }
        let style = ProgressStyle::with_template(
            "{prefix:>10} {bar:30} {pos}/{len} {per_sec} {eta} left {msg}",
        );
        self.with(|bar| {
            bar.finish_and_clear();
            *bar = ProgressBar::new(total as u64).with_prefix(name.to_owned());
            // A template that does not parse leaves the plain bar.
            if let Ok(style) = style {
                bar.set_style(style);
            }
        });
    }

    /// One step is done.
    pub(crate) fn step(&self) {
        if self.visible {
            self.with(|bar| bar.inc(1));
        }
    }

    fn with(&self, act: impl FnOnce(&mut ProgressBar)) {
        // A bar that a panic left half drawn is drawn again by the next step.
        act(&mut self.bar.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Bar {
    fn begin(&self, stage: Stage, total: usize) {
        let name = match stage {
            Stage::Hash => "looking",
            Stage::Parse => "reading",
            Stage::Publish => "publishing",
        };
        let bot = self.bot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(lines) = &self.lines {
            lines.begin(bot.as_ref(), stage, total);
        }
        match bot {
            Some(bot) => self.start(&format!("{bot}: {name}"), total),
            None => self.start(name, total),
        }
    }

    fn bot(&self, bot: &BotId) {
        *self.bot.lock().unwrap_or_else(PoisonError::into_inner) = Some(bot.clone());
    }

    fn advance(&self, source: &str, pages: u32) {
        if let Some(lines) = &self.lines {
            lines.advance(pages);
        }
        if self.visible {
            let name = source.rsplit('/').next().unwrap_or(source);
            let name: String = name.chars().filter(|char| !char.is_control()).take(40).collect();
            self.with(|bar| {
                bar.set_message(name);
                bar.inc(1);
            });
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.with(|bar| bar.finish_and_clear());
    }
}
