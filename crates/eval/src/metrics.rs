//! How good a ranking is, and how well scores tell two kinds of questions apart.
//!
//! The measures are those of `trec_eval`: gains are the grades themselves, discounted by
//! log2(rank + 1); the ideal ranking holds all relevant documents, found or not.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::collection::Grades;

/// Names of the measures, in the order of [`Metrics::values`].
pub const METRIC_NAMES: [&str; 6] =
    ["ndcg@10", "recall@5", "recall@10", "mrr@10", "hit@1", "hit@5"];

/// Measures of one ranking, or their means over several; each from 0 to 1. Serialized as an
/// object with [`METRIC_NAMES`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Metrics {
    /// In the order of [`METRIC_NAMES`].
    pub values: [f64; 6],
}

impl Metrics {
    /// Measures a ranking of document ids, best first, against the grades of its question.
    pub fn of(ranking: &[&str], grades: &Grades) -> Self {
        let relevant = |document: &&str| grades.get(*document).is_some_and(|&grade| grade > 0);
        let all = grades.values().filter(|&&grade| grade > 0).count().max(1) as f64;
        let found = |depth: usize| ranking.iter().take(depth).filter(|d| relevant(d)).count();
        let first = ranking.iter().take(10).position(relevant);
        let hit = |depth: usize| if found(depth) > 0 { 1.0 } else { 0.0 };
        Self {
            values: [
                ndcg(ranking, grades, 10),
                found(5) as f64 / all,
                found(10) as f64 / all,
                first.map_or(0.0, |at| 1.0 / (at + 1) as f64),
                hit(1),
                hit(5),
            ],
        }
    }

    /// nDCG@10.
    pub fn ndcg_10(&self) -> f64 {
        self.values[0]
    }

    /// The means of measures over `count` questions; those that are missing count as 0.
    pub fn mean<'a>(all: impl IntoIterator<Item = &'a Self>, count: usize) -> Self {
        let mut values = [0.0; 6];
        for metrics in all {
            for (sum, value) in values.iter_mut().zip(metrics.values) {
                *sum += value;
            }
        }
        Self { values: values.map(|sum| sum / count.max(1) as f64) }
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (name, value) in METRIC_NAMES.iter().zip(self.values) {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

/// Normalised discounted cumulative gain of the first `depth` documents, 0 to 1.
fn ndcg(ranking: &[&str], grades: &Grades, depth: usize) -> f64 {
    let gain = |grade: i32| f64::from(grade.max(0));
    let found = ranking.iter().map(|document| grades.get(*document).copied().map_or(0.0, gain));
    let mut ideal: Vec<f64> = grades.values().map(|&grade| gain(grade)).collect();
    ideal.sort_by(|a, b| b.total_cmp(a));
    let best = discounted(ideal.into_iter().take(depth));
    if best > 0.0 { discounted(found.take(depth)) / best } else { 0.0 }
}

fn discounted(gains: impl Iterator<Item = f64>) -> f64 {
    gains.enumerate().map(|(at, gain)| gain / ((at + 2) as f64).log2()).sum()
}

/// The probability that a positive scores above a negative, ties counting half (the area under
/// the ROC curve); `None` where either is missing. Costs a sort.
pub fn auroc(positives: &[f32], negatives: &[f32]) -> Option<f64> {
    if positives.is_empty() || negatives.is_empty() {
        return None;
    }
    let all = |scores: &[f32], positive: bool| -> Vec<(f32, bool)> {
        scores.iter().map(|&score| (score, positive)).collect()
    };
    let mut scores = all(positives, true);
    scores.extend(all(negatives, false));
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins) = (0.0, 0.0);
    for tied in scores.chunk_by(|a, b| a.0 == b.0) {
        let above = tied.iter().filter(|(_, positive)| *positive).count() as f64;
        let beside = tied.len() as f64 - above;
        wins += above * (below + beside / 2.0);
        below += beside;
    }
    Some(wins / (positives.len() as f64 * negatives.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grades(list: &[(&str, i32)]) -> Grades {
        list.iter().map(|&(id, grade)| (id.to_owned(), grade)).collect()
    }

    fn check(ranking: &[&str], judged: &[(&str, i32)], expected: [f64; 6]) {
        let found = Metrics::of(ranking, &grades(judged)).values;
        for ((name, found), expected) in METRIC_NAMES.iter().zip(found).zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{name}: {found}, not {expected}");
        }
    }

    #[test]
    fn measures_are_those_computed_by_hand() {
        check(&["a"], &[("a", 1)], [1.0; 6]);
        check(&[], &[("a", 1)], [0.0; 6]);
        // Relevant at ranks 2 and 4 of two relevant: (1/log2 3 + 1/log2 5) / (1 + 1/log2 3).
        let ndcg = (0.630_929_753_571_457_4 + 0.430_676_558_073_393_06) / 1.630_929_753_571_457_4;
        check(&["x", "a", "y", "b"], &[("a", 1), ("b", 1)], [ndcg, 1.0, 1.0, 0.5, 0.0, 1.0]);
        // Grades are gains; the one that was not found counts in the ideal. One at rank 7.
        let (found, ideal) = (2.0 / 3.0, 3.0 + 2.0 / 1.584_962_500_721_156);
        let ranking = ["1", "2", "3", "4", "5", "6", "a"];
        let judged = [("a", 2), ("b", 3), ("1", 0), ("2", -1)];
        check(&ranking, &judged, [found / ideal, 0.0, 0.5, 1.0 / 7.0, 0.0, 0.0]);
    }

    #[test]
    fn ranks_beyond_ten_count_nothing() {
        let ranking = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "a"];
        check(&ranking, &[("a", 1)], [0.0; 6]);
    }

    #[test]
    fn a_missing_question_counts_as_nothing_found() {
        let one = Metrics { values: [1.0; 6] };
        assert_eq!(Metrics::mean([&one], 4).values, [0.25; 6]);
        assert_eq!(Metrics::mean([], 0).values, [0.0; 6]);
    }

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let check = |positives: &[f32], negatives: &[f32], expected: Option<f64>| {
            assert_eq!(auroc(positives, negatives), expected);
        };
        check(&[0.9, 0.8], &[0.1], Some(1.0));
        check(&[0.1], &[0.9, 0.8], Some(0.0));
        check(&[0.5], &[0.5], Some(0.5));
        // Pairs: .9 above both, .4 above .2 and beside .4: 3.5 of 4.
        check(&[0.9, 0.4], &[0.4, 0.2], Some(0.875));
        check(&[], &[0.4], None);
    }
}
