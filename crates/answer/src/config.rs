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
            confidence_min: crate::confidence::CONFIDENCE_MIN,
            greeting: None,
        }
    }
}
