//! Settings under test: changes to the defaults of chunks, retrieval and answers, as text.

use answer::{Config, Weights};
use ingest::Chunking;

use crate::EvalError;

/// Documents to which a ranking reaches where it can.
const DEPTH: usize = 100;

/// Candidates for each passage of a ranking: neighbours become one and repetitions go, so fewer
/// passages come out than candidates go in. `jely search` asks for as many.
const CANDIDATES_PER_PASSAGE: usize = 4;

/// Largest count that a setting may have: a hundred times what anybody needs.
const COUNT_MAX: usize = 100_000;

/// Largest weight of a signal; that of the index's own score is 1.
const WEIGHT_MAX: f32 = 10.0;

/// A list of changes to [`Config`] and [`Chunking`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    changes: Vec<Change>,
}

/// One change: the position of its key in [`KEYS`] and the value.
#[derive(Debug, Clone, PartialEq)]
struct Change {
    key: usize,
    value: Value,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Count(usize),
    Share(f32),
}

/// Where a setting stands in the configuration.
enum Place {
    Count(fn(&mut Config) -> &mut usize),
    /// From 0 to 1.
    Share(fn(&mut Config) -> &mut f32),
    /// From 0 to [`WEIGHT_MAX`].
    Weight(fn(&mut Weights) -> &mut f32),
    /// Words, at least 1.
    Words(fn(&mut Chunking) -> &mut usize),
}

/// What can be set.
const KEYS: [(&str, Place); 12] = [
    ("candidates", Place::Count(|config| &mut config.candidates)),
    ("passages_max", Place::Count(|config| &mut config.passages_max)),
    ("similarity_weight", Place::Share(|config| &mut config.similarity_weight)),
    ("grounding_tokens_max", Place::Count(|config| &mut config.grounding_tokens_max)),
    ("sentences_max", Place::Count(|config| &mut config.sentences_max)),
    ("confidence_min", Place::Share(|config| &mut config.confidence_min)),
    ("weight_sentence", Place::Weight(|weights| &mut weights.sentence)),
    ("weight_pairs", Place::Weight(|weights| &mut weights.pairs)),
    ("weight_frame", Place::Weight(|weights| &mut weights.frame)),
    ("weight_document", Place::Weight(|weights| &mut weights.document)),
    ("words_soft", Place::Words(|chunking| &mut chunking.words_soft)),
    ("words_hard", Place::Words(|chunking| &mut chunking.words_hard)),
];

impl Settings {
    /// Reads `key=value` pairs, separated by commas, blank space or line ends; from `#` to the end
    /// of its line is a comment. The keys are the fields of [`Config`], those of its
    /// weights with `weight_` before them, and those of [`Chunking`]; no pair at all, or the word
    /// `default`, is the defaults.
    ///
    /// # Errors
    ///
    /// [`EvalError::Settings`] for an unknown key or a value that is none.
    pub fn parse(text: &str) -> Result<Self, EvalError> {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        let parts = lines.flat_map(|line| line.split([',', ' ', '\t']));
        let parts = parts.map(str::trim).filter(|part| !part.is_empty() && *part != "default");
        let changes = parts.map(Change::parse).collect::<Result<_, _>>()?;
        Ok(Self { changes })
    }

    /// The settings under which questions are answered.
    pub fn for_answers(&self) -> Config {
        self.applied(Config::default())
    }

    /// The settings under which documents are ranked: as deep as rankings are judged, with
    /// candidates to fill them, unless these settings say otherwise.
    pub fn for_rankings(&self) -> Config {
        let candidates = DEPTH * CANDIDATES_PER_PASSAGE;
        self.applied(Config { passages_max: DEPTH, candidates, ..Config::default() })
    }

    /// The sizes of the chunks under which documents are indexed.
    pub fn chunking(&self) -> Chunking {
        let mut chunking = Chunking::default();
        for change in &self.changes {
            if let (Some((_, Place::Words(of))), Value::Count(words)) =
                (KEYS.get(change.key), &change.value)
            {
                *of(&mut chunking) = *words;
            }
        }
        chunking
    }

    fn applied(&self, mut config: Config) -> Config {
        for change in &self.changes {
            match (KEYS.get(change.key).map(|(_, place)| place), &change.value) {
                (Some(Place::Count(of)), Value::Count(count)) => *of(&mut config) = *count,
                (Some(Place::Share(of)), Value::Share(share)) => *of(&mut config) = *share,
                (Some(Place::Weight(of)), Value::Share(weight)) => {
                    *of(&mut config.weights) = *weight;
                }
                _ => {}
            }
        }
        config
    }
}

impl Change {
    fn parse(part: &str) -> Result<Self, EvalError> {
        let error = |why: String| EvalError::Settings { text: part.to_owned(), why };
        let (key, value) =
            part.split_once('=').ok_or_else(|| error("expected key=value".to_owned()))?;
        let names = || KEYS.map(|(name, _)| name).join(", ");
        let at = KEYS.iter().position(|(name, _)| *name == key);
        let at = at.ok_or_else(|| error(format!("no setting {key:?}: there are {}", names())))?;
        let count = |least: usize| {
            value.parse().ok().filter(|count| (least..=COUNT_MAX).contains(count)).map(Value::Count)
        };
        let share = |most: f32| {
            value.parse().ok().filter(|share| (0.0..=most).contains(share)).map(Value::Share)
        };
        let (parsed, expected) = match KEYS[at].1 {
            Place::Count(_) => (count(0), format!("a whole number from 0 to {COUNT_MAX}")),
            Place::Words(_) => (count(1), format!("a whole number from 1 to {COUNT_MAX}")),
            Place::Share(_) => (share(1.0), "a number from 0 to 1".to_owned()),
            Place::Weight(_) => (share(WEIGHT_MAX), format!("a number from 0 to {WEIGHT_MAX}")),
        };
        let value = parsed.ok_or_else(|| error(format!("expected {expected}")))?;
        Ok(Self { key: at, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_change_what_they_name_and_nothing_else() {
        let text = "candidates=30, sentences_max=2 # fewer\nconfidence_min=0.5";
        let settings = Settings::parse(text).unwrap();
        let expected =
            Config { candidates: 30, sentences_max: 2, confidence_min: 0.5, ..Config::default() };
        assert_eq!(settings.for_answers(), expected);
        assert_eq!(settings.for_rankings(), Config { passages_max: DEPTH, ..expected });
        let text = "weight_pairs=0 words_soft=120";
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.for_answers().weights, Weights { pairs: 0.0, ..Weights::default() });
        assert_eq!(settings.chunking(), Chunking { words_soft: 120, ..Chunking::default() });
        for defaults in ["", "default", " # nothing\n"] {
            assert_eq!(Settings::parse(defaults).unwrap().for_answers(), Config::default());
        }
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        let check = |text: &str, expected: &str| {
            let message = Settings::parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        };
        check("candidates", "expected key=value");
        check("candidate=3", "no setting \"candidate\": there are candidates, ");
        check("candidates=many", "a whole number from 0 to 100000");
        check("candidates=100001", "a whole number");
        check("words_hard=0", "from 1 to 100000");
        check("weight_frame=11", "a number from 0 to 10");
        check("confidence_min=1.5", "a number from 0 to 1");
        check("confidence_min=NaN", "a number from 0 to 1");
    }
}
