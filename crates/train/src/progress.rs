//! What a run tells while it goes on.

use document::BotId;

/// A part of a run; they follow one another in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Inputs are hashed.
    Hash,
    /// Documents are parsed, or taken from the cache, and indexed.
    Parse,
    /// The new state is written out; takes one step.
    Publish,
}

/// Someone who watches a run. Called from several threads; must not block.
pub trait Progress: Sync {
    /// A stage of `total` steps begins.
    fn begin(&self, stage: Stage, total: usize);

    /// One step of the stage is done: the document that came from `source`, of which `pages` were
    /// read; 0 where the format has none or nothing was read.
    fn advance(&self, source: &str, pages: u32);

    /// The document that comes from `source` has `of` pages, of which `done` are read; told some ten
    /// times a second while it is parsed in a child process.
    fn pages(&self, _source: &str, _done: u32, _of: u32) {}

    /// A batch goes on with this bot.
    fn bot(&self, _bot: &BotId) {}
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _stage: Stage, _total: usize) {}

    fn advance(&self, _source: &str, _pages: u32) {}
}
