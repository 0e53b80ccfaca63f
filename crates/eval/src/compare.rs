//! Whether two settings differ by more than chance.

use serde::Serialize;

/// Random sign flips of a test.
const PERMUTATIONS: usize = 10_000;

/// Two values closer than this are a tie: sums in another order differ by less.
const TIE: f64 = 1e-9;

/// The outcome of a paired randomisation test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// Questions asked under both settings.
    pub questions: usize,
    /// Mean under the first.
    pub a: f64,
    /// Mean under the second.
    pub b: f64,
    /// `b - a`.
    pub difference: f64,
    /// How likely a difference as large as this one, in either direction, is by chance.
    pub p: f64,
    /// Questions that are better under the second.
    pub wins: usize,
    /// Questions that are worse.
    pub losses: usize,
    /// Questions that are the same.
    pub ties: usize,
}

impl Comparison {
    /// Compares pairs of values, those of the first and of the second settings, in groups that
    /// weigh the same: the means are those over groups. `None` without a pair.
    ///
    /// The p value is that of Fisher's randomisation test: were the settings alike, each pair might
    /// as well be the other way round. 10,000 times each is turned or not, by a fixed seed; the
    /// observed one counts as one of them, so that p is never 0.
    pub fn of(groups: &[Vec<(f64, f64)>]) -> Option<Self> {
        let groups: Vec<&Vec<(f64, f64)>> = groups.iter().filter(|g| !g.is_empty()).collect();
        let mean = |value: fn(&(f64, f64)) -> f64| {
            let means = groups.iter().map(|g| g.iter().map(value).sum::<f64>() / g.len() as f64);
            means.sum::<f64>() / groups.len() as f64
        };
        if groups.is_empty() {
            return None;
        }
        let pairs = groups.iter().flat_map(|group| group.iter().map(|pair| (pair, group.len())));
        // What each pair adds to the difference of the means; ties add nothing either way round.
        let parts: Vec<f64> =
            pairs.map(|((a, b), size)| (b - a) / (size * groups.len()) as f64).collect();
        let differences = || groups.iter().flat_map(|group| group.iter().map(|(a, b)| b - a));
        let questions = parts.len();
        let wins = differences().filter(|d| *d > TIE).count();
        let losses = differences().filter(|d| *d < -TIE).count();
        let (a, b) = (mean(|pair| pair.0), mean(|pair| pair.1));
        let ties = questions - wins - losses;
        Some(Self { questions, a, b, difference: b - a, p: p_value(&parts), wins, losses, ties })
    }
}

/// The share of sign flips whose sum is at least as far from 0 as that of `parts`.
fn p_value(parts: &[f64]) -> f64 {
    let parts: Vec<f64> = parts.iter().copied().filter(|part| *part != 0.0).collect();
    let observed = parts.iter().sum::<f64>().abs() - TIE;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut as_far = 1;
    for _ in 0..PERMUTATIONS {
        let mut sum = 0.0;
        for part in parts.chunks(64) {
            let mut signs = random.next();
            for value in part {
                sum += if signs & 1 == 0 { *value } else { -value };
                signs >>= 1;
            }
        }
        as_far += usize::from(sum.abs() >= observed);
    }
    as_far as f64 / (PERMUTATIONS + 1) as f64
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_means_are_those_computed_by_hand() {
        let groups = [vec![(0.0, 1.0), (0.5, 0.5)], vec![], vec![(1.0, 0.5)]];
        let found = Comparison::of(&groups).unwrap();
        // Groups weigh the same: (.25 + 1) / 2 against (.75 + .5) / 2.
        assert_eq!((found.a, found.b, found.difference), (0.625, 0.625, 0.0));
        assert_eq!((found.questions, found.wins, found.losses, found.ties), (3, 1, 1, 1));
        assert_eq!(found.p, 1.0, "any flip is as far from 0 as 0");
        assert_eq!(Comparison::of(&[vec![]]), None);
    }

    #[test]
    fn p_is_the_share_of_flips_as_far_from_nothing() {
        // Of four equal gains 2 of 16 sign patterns are as far: p = 1/8.
        let p = Comparison::of(&[vec![(0.0, 0.3); 4]]).unwrap().p;
        assert!((p - 0.125).abs() < 0.015, "{p}");
        // Gains 3 and 1: |sum| >= 4 in 2 of 4.
        let p = Comparison::of(&[vec![(0.0, 0.75), (0.0, 0.25)]]).unwrap().p;
        assert!((p - 0.5).abs() < 0.025, "{p}");
        // Twenty gains in a row: below anything that 10,000 flips can tell.
        let p = Comparison::of(&[vec![(0.0, 0.1); 20]]).unwrap().p;
        assert!(p < 0.0005, "{p}");
        assert_eq!(Comparison::of(&[vec![(0.4, 0.4); 9]]).unwrap().p, 1.0);
    }

    #[test]
    fn two_directions_and_two_runs_agree() {
        let pairs: Vec<(f64, f64)> =
            (0..200).map(|n| (f64::from(n % 7) / 7.0, f64::from(n % 5) / 5.0)).collect();
        let turned = pairs.iter().map(|&(a, b)| (b, a)).collect();
        let (one, other) = (
            Comparison::of(std::slice::from_ref(&pairs)).unwrap(),
            Comparison::of(&[turned]).unwrap(),
        );
        assert_eq!(Comparison::of(&[pairs]), Some(one));
        assert_eq!((one.wins, one.p), (other.losses, other.p));
    }
}
