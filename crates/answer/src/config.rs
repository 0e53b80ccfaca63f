//! What an answer may cost and when it is withheld.

/// Settings of retrieval and answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Chunks asked of the index. The best 20, or twice `passages_max` where that is more, are
    /// read and ranked; the rest only tell which documents are about the matter.
    pub candidates: usize,
    /// Passages returned, and given to a generator.
    pub passages_max: usize,
    /// How much the similarity of vectors counts against that of words, 0 to 1, where bot and
    /// question have vectors.
    pub similarity_weight: f32,
    /// Tokens of text given to a generator, by the estimate of
    /// [`estimate_tokens`](crate::estimate_tokens).
    pub grounding_tokens_max: usize,
    /// Units (sentences, list items, table rows) in an extractive answer; a list of steps is one.
    pub sentences_max: usize,
    /// How much each signal counts beside the score of the index.
    pub weights: Weights,
    /// Least confidence with which a question is answered, 0 to 1.
    pub confidence_min: f32,
    /// What is said to a greeting; by default a sentence in the language of the greeting.
    pub greeting: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            candidates: 50,
            passages_max: 5,
            similarity_weight: crate::dense::WEIGHT,
            // Five passages of the largest size, and half of the smallest context in use.
            grounding_tokens_max: 4_000,
            sentences_max: 3,
            weights: Weights::default(),
            confidence_min: crate::confidence::CONFIDENCE_MIN,
            greeting: None,
        }
    }
}

/// Weights of the signals of a candidate, see [`Signals`](crate::Signals); the score of the index
/// over that of its best hit has weight 1.
///
/// The defaults were measured on 14 development collections (encyclopedia, papers, abstracts, a
/// manual, dialogue, seven languages): with these no collection falls below the index's own order.
/// Weights several times as large gain more on encyclopedic questions and lose it again on keyword
/// searches over abstracts, so the small ones travel better. `jely eval --fit` finds the best of
/// one's own collections.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// The answer stands in one sentence; the words of a chance match are scattered.
    pub sentence: f32,
    /// Words that stand together in the question belong together.
    pub pairs: f32,
    /// Sections of manuals are asked for by their headings.
    pub frame: f32,
    /// A long document that is about the matter has more than one chunk about it.
    pub document: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self { sentence: 0.15, pairs: 0.2, frame: 0.15, document: 0.05 }
    }
}
