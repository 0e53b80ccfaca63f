//! Weights of the ranking that fit collections best.
//!
//! The signals of every passage found are kept, so that other weights cost a sort and no search.

use answer::{Config, Signals, Weights, retrieve};
use rayon::prelude::*;

use crate::collection::{Collection, Grades, Query};
use crate::corpus::Corpus;
use crate::questions::{Options, question_of};
use crate::{EvalError, Metrics};

/// Weights are multiples of this: finer ones differ by chance.
const STEP: f32 = 0.05;

/// Steps to the largest weight that is tried.
const STEPS_MAX: u8 = 10;

/// Least gain of the mean nDCG@10 for which a weight is changed: less is chance.
const GAIN_MIN: f64 = 0.0002;

/// Rounds over the weights, at most; two or three are the rule.
const ROUNDS_MAX: usize = 8;

/// The weights, one after the other.
const WEIGHTS: [fn(&mut Weights) -> &mut f32; 4] = [
    |weights| &mut weights.sentence,
    |weights| &mut weights.pairs,
    |weights| &mut weights.frame,
    |weights| &mut weights.document,
];

/// What was found for the questions of one collection.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    questions: Vec<Asked>,
}

/// The passages found for one question.
#[derive(Debug, Clone)]
struct Asked {
    grades: Grades,
    /// Documents by number, for `found` to name.
    documents: Vec<String>,
    found: Vec<(Signals, usize)>,
}

impl Candidates {
    /// Asks the questions of a collection on the current rayon pool; `done` hears of each.
    pub fn of(
        collection: &Collection,
        corpus: &Corpus,
        queries: &[&Query],
        options: &Options,
        config: &Config,
        done: &(dyn Fn() + Sync),
    ) -> Result<Self, EvalError> {
        let questions = queries.par_iter().with_max_len(4).map(|query| {
            let passages = retrieve(&corpus.snapshot, &question_of(query, options)?, config)?;
            let mut asked = Asked {
                grades: collection.judgements.get(&query.id).cloned().unwrap_or_default(),
                documents: Vec::new(),
                found: Vec::new(),
            };
            for passage in passages {
                let Some(name) = corpus.name(&passage.document_id) else { continue };
                let known = asked.documents.iter().position(|known| known == name);
                let number = known.unwrap_or(asked.documents.len());
                if known.is_none() {
                    asked.documents.push(name.to_owned());
                }
                asked.found.push((passage.signals, number));
            }
            done();
            Ok(asked)
        });
        Ok(Self { questions: questions.collect::<Result<_, EvalError>>()? })
    }

    /// Mean nDCG@10 of the questions in the order of some weights.
    pub fn ndcg_10(&self, weights: &Weights) -> f64 {
        let all: Vec<Metrics> =
            self.questions.par_iter().map(|asked| asked.judge(weights)).collect();
        Metrics::mean(&all, all.len()).ndcg_10()
    }
}

impl Asked {
    fn judge(&self, weights: &Weights) -> Metrics {
        // The index's order is that of equals.
        let mut order: Vec<(f32, f32, usize)> = self
            .found
            .iter()
            .map(|(signals, document)| (signals.score(weights), signals.index, *document))
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
        let mut ranking: Vec<&str> = Vec::new();
        for (_, _, document) in order {
            let name = self.documents[document].as_str();
            if !ranking.contains(&name) {
                ranking.push(name);
            }
            if ranking.len() == 10 {
                break;
            }
        }
        Metrics::of(&ranking, &self.grades)
    }
}

/// The weights with the best mean nDCG@10 over collections that weigh the same, and that mean.
///
/// From no weight at all, each weight in turn takes its best value, until none gains: a few
/// hundred rankings of everything.
pub fn fit(collections: &[&Candidates]) -> (Weights, f64) {
    let mean = |weights: &Weights| {
        let sum: f64 = collections.iter().map(|candidates| candidates.ndcg_10(weights)).sum();
        sum / collections.len().max(1) as f64
    };
    let mut best = Weights { sentence: 0.0, pairs: 0.0, frame: 0.0, document: 0.0 };
    let mut reached = mean(&best);
    for _ in 0..ROUNDS_MAX {
        let before = reached;
        for weight in WEIGHTS {
            for step in 0..=STEPS_MAX {
                let mut tried = best;
                *weight(&mut tried) = f32::from(step) * STEP;
                let found = mean(&tried);
                if found > reached + GAIN_MIN {
                    (best, reached) = (tried, found);
                }
            }
        }
        if reached <= before {
            break;
        }
    }
    (best, reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question whose relevant document `a` is behind `b` in the index by `gap`, and ahead in
    /// one signal.
    fn asked(gap: f32, ahead: fn(&mut Signals) -> &mut f32) -> Candidates {
        let mut a = Signals { index: 1.0 - gap, ..Signals::default() };
        *ahead(&mut a) = 1.0;
        let b = Signals { index: 1.0, ..Signals::default() };
        let grades = [("a".to_owned(), 1)].into_iter().collect();
        let documents = vec!["b".to_owned(), "a".to_owned()];
        Candidates { questions: vec![Asked { grades, documents, found: vec![(b, 0), (a, 1)] }] }
    }

    #[test]
    fn the_weight_that_helps_is_found_and_the_others_stay_nothing() {
        let candidates = asked(0.22, |signals| &mut signals.pairs);
        let (weights, reached) = fit(&[&candidates]);
        assert!((weights.pairs - 0.25).abs() < 1e-6, "{weights:?}");
        assert_eq!((weights.sentence, weights.frame, weights.document), (0.0, 0.0, 0.0));
        assert_eq!(reached, 1.0);
        assert!(candidates.ndcg_10(&Weights { pairs: 0.2, ..weights }) < 1.0);
    }

    #[test]
    fn collections_weigh_the_same() {
        let helps = asked(0.1, |signals| &mut signals.frame);
        let mut hurts = asked(0.1, |signals| &mut signals.frame);
        let grades = [("b".to_owned(), 1)].into_iter().collect();
        hurts.questions[0].grades = grades;
        let many = Candidates { questions: vec![hurts.questions[0].clone(); 5] };
        let (_, reached) = fit(&[&helps, &helps, &many]);
        assert!(reached > 0.8, "two collections of one question beat one of five: {reached}");
        assert_eq!(fit(&[]).1, 0.0);
    }
}
