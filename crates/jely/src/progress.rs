//! A progress bar for people who watch.

use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};
use train::{Progress, Stage};

/// Draws a bar on standard error if that is a terminal, and nothing otherwise.
#[derive(Debug)]
pub(crate) struct Bar {
    visible: bool,
    bar: Mutex<ProgressBar>,
}

impl Bar {
    pub(crate) fn new() -> Self {
        Self { visible: stderr().is_terminal(), bar: Mutex::new(ProgressBar::hidden()) }
    }

    /// Begins a stage of `total` steps.
    pub(crate) fn start(&self, name: &str, total: usize) {
        if !self.visible {
            return;
        }
        let style = ProgressStyle::with_template("{prefix:>10} {bar:30} {pos}/{len} {msg}");
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
        self.start(name, total);
    }

    fn advance(&self, source: &str) {
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
