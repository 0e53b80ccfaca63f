//! The sizes that cuts aim at.

use super::Chunking;
use super::size::Size;

/// Bytes a word may have on average. Prose has 6, of Devanagari 16; only data without words
/// comes near.
const WORD_BYTES: usize = 64;

/// A section under this share of the soft budget is tiny.
const TINY_SHARE: usize = 8;

/// The grain, as a share of the soft budget, of text without sentences: fine enough to even out
/// chunks, coarse enough to cost nothing.
const GRAIN_SHARE: usize = 4;

/// The budgets that follow from a [`Chunking`]. Each is at least one word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budgets {
    /// Blocks are packed up to this.
    pub(super) soft: Size,
    /// Nothing exceeds this.
    pub(super) hard: Size,
    /// A chunk up to this, a quarter beyond soft, need not be cut for evenness.
    pub(super) loose: Size,
    /// A chunk up to this, half of soft, is short.
    pub(super) short: Size,
    /// A section up to this is tiny.
    pub(super) tiny: Size,
    /// The parts into which a sentence beyond the hard budget is cut.
    pub(super) grain: Size,
}

impl Budgets {
    pub(super) fn new(chunking: Chunking) -> Self {
        let soft = chunking.words_soft.max(1);
        let hard = chunking.words_hard.max(soft);
        Self {
            soft: words(soft),
            hard: words(hard),
            loose: words(soft.saturating_add(soft / 4).min(hard)),
            short: words(soft / 2),
            tiny: words(soft / TINY_SHARE),
            grain: words(soft / GRAIN_SHARE),
        }
    }
}

fn words(count: usize) -> Size {
    let count = count.max(1);
    Size { half_words: count.saturating_mul(2), bytes: count.saturating_mul(WORD_BYTES) }
}
