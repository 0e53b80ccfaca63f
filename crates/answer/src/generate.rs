//! The seam between finding and saying: a generator turns a grounding into a text and names the
//! quotes it rests on.
//!
//! The quotes are places, not texts: whoever calls the generator cuts them out of the passages,
//! so that no generator can cite what is not there.

use document::Span;

use crate::select::{Pick, select};
use crate::sentences::UnitKind;
use crate::{GenerateError, Grounding, Passage};

/// What a generator says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Generated {
    /// The answer; empty where the passages do not hold one.
    pub text: String,
    /// What it rests on, in the order of the answer. Those that lie outside their passage are
    /// dropped, and a text of which no quote is left is not an answer.
    pub quotes: Vec<Quote>,
    /// What made it.
    pub generator: GeneratorKind,
    /// Why a model that was to make it did not.
    pub fallback: Option<String>,
}

/// What makes answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GeneratorKind {
    /// Sentences of the documents as they stand.
    #[default]
    Extractive,
    /// The words of a language model.
    Model,
}

/// A place in a passage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// Position in [`Grounding::passages`].
    pub passage: usize,
    /// Place in the document of that passage, in bytes.
    pub span: Span,
}

/// Makes an answer from passages.
pub trait Generator: Send + Sync {
    /// Answers from the grounding and nothing else.
    fn generate(&self, grounding: &Grounding) -> Result<Generated, GenerateError>;
}

/// Answers with exact sentences of the documents; needs no model and never fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extractive;

impl Generator for Extractive {
    fn generate(&self, grounding: &Grounding) -> Result<Generated, GenerateError> {
        let picks = select(grounding);
        let quotes = picks.iter().map(|pick| Quote { passage: pick.passage, span: pick.span });
        let (text, quotes) = (compose(&picks, &grounding.passages), quotes.collect());
        Ok(Generated { text, quotes, ..Generated::default() })
    }
}

/// The picks as one text: sentences of a passage after each other, everything else on a line of
/// its own, a table's header before its first row, a blank line between passages. Before a table
/// stands the cell that is asked for, where that can be told.
fn compose(picks: &[Pick], passages: &[Passage]) -> String {
    let mut text = String::new();
    let mut before: Option<&Pick> = None;
    for pick in picks {
        let slice = |span: Span| passages.get(pick.passage).and_then(|passage| passage.slice(span));
        text.push_str(before.map_or("", |before| separator(before, pick)));
        let said = before.is_some_and(|b| b.passage == pick.passage && b.header == pick.header);
        if let Some(header) = pick.header.filter(|_| !said).and_then(slice) {
            let table =
                |other: &&Pick| other.passage == pick.passage && other.header == pick.header;
            let named: String =
                picks.iter().filter(table).filter_map(|pick| named(pick, slice)).collect();
            if !named.is_empty() {
                text.push_str(&named);
                text.push('\n');
            }
            text.push_str(&header);
            text.push('\n');
        }
        text.push_str(&slice(pick.span).unwrap_or_default());
        before = Some(pick);
    }
    text
}

/// "E-bike · Per week: €210", in the words of the table, on a line.
fn named(pick: &Pick, slice: impl Fn(Span) -> Option<String>) -> Option<String> {
    let cell = pick.cell?;
    let (row, column, value) = (slice(cell.row)?, slice(cell.column)?, slice(cell.value)?);
    Some(format!("{row} · {column}: {value}\n"))
}

fn separator(before: &Pick, after: &Pick) -> &'static str {
    let prose = |pick: &Pick| pick.kind == UnitKind::Sentence;
    if before.passage != after.passage {
        "\n\n"
    } else if prose(before) && prose(after) {
        " "
    } else {
        "\n"
    }
}
