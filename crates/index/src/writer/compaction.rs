//! Which segments to merge before a snapshot is published.

/// Segments of similar size that are merged into one. Four keeps a bot of 100,000 chunks, added
/// one document at a time, below some 20 segments, and rewrites each chunk about 6 times.
const FANOUT: usize = 4;

/// Segments up to this many chunks count as similar: merging them costs next to nothing.
const SMALL_CHUNKS: u32 = 64;

/// Share of deleted chunks, in percent, above which a segment is rewritten without them.
const TOMBSTONES_PERCENT_MAX: u32 = 20;

/// The merges after which all is well, each as the places of the segments that become one. No chunk
/// is written twice, and none of a segment that has no live ones.
pub(super) fn merges(segments: &[Counts]) -> Vec<Vec<usize>> {
    let live = segments.iter().enumerate().filter(|(_, counts)| counts.live > 0);
    // What each will be made of, itself at first.
    let mut plan: Vec<(Counts, Vec<usize>)> =
        live.map(|(place, counts)| (*counts, vec![place])).collect();
    let mut merged = vec![false; plan.len()];
    loop {
        let counts: Vec<Counts> = plan.iter().map(|(counts, _)| *counts).collect();
        let Some(chosen) = next_merge(&counts) else { break };
        let (mut live, mut places) = (0, Vec::new());
        for at in chosen.into_iter().rev() {
            merged.remove(at);
            let (counts, own) = plan.remove(at);
            live += counts.live;
            places.extend(own);
        }
        places.sort_unstable();
        plan.push((Counts { live, deleted: 0 }, places));
        merged.push(true);
    }
    let merges = plan.into_iter().zip(merged).filter(|(_, is_merge)| *is_merge);
    merges.map(|((_, places), _)| places).collect()
}

/// Chunks of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) live: u32,
    pub(super) deleted: u32,
}

/// The places of segments that should become one, ascending; `None` where all is well.
fn next_merge(segments: &[Counts]) -> Option<Vec<usize>> {
    let tombstones = segments.iter().position(|counts| has_too_many_tombstones(*counts));
    let level_of = |counts: &Counts| level(counts.live);
    let places = |wanted: u32| {
        let of_level = segments.iter().enumerate().filter(|(_, counts)| level_of(counts) == wanted);
        of_level.map(|(place, _)| place).collect::<Vec<_>>()
    };
    let mut levels: Vec<u32> = segments.iter().map(level_of).collect();
    levels.sort_unstable();
    levels.dedup();
    let crowded = levels.into_iter().map(places).find(|places| places.len() >= FANOUT);
    crowded.or_else(|| tombstones.map(|place| vec![place]))
}

fn has_too_many_tombstones(counts: Counts) -> bool {
    let all = u64::from(counts.live) + u64::from(counts.deleted);
    u64::from(counts.deleted) * 100 > all * u64::from(TOMBSTONES_PERCENT_MAX)
}

/// How often the smallest size must be multiplied by the fanout to hold so many chunks.
fn level(live: u32) -> u32 {
    let mut level = 0;
    let mut size = u64::from(SMALL_CHUNKS);
    while size < u64::from(live) {
        size *= FANOUT as u64;
        level += 1;
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(segments: &[(u32, u32)], expected: Option<&[usize]>) {
        let counts: Vec<_> =
            segments.iter().map(|&(live, deleted)| Counts { live, deleted }).collect();
        assert_eq!(next_merge(&counts).as_deref(), expected, "{segments:?}");
    }

    #[test]
    fn similar_segments_and_tombstones_are_merged() {
        check(&[], None);
        check(&[(9000, 0), (1, 0), (2, 0), (3, 0)], None);
        check(&[(1, 0), (9000, 0), (64, 0), (2, 0), (3, 0)], Some(&[0, 2, 3, 4]));
        check(&[(100, 25)], None);
        check(&[(100, 26)], Some(&[0]));
        check(&[(0, 1)], Some(&[0]));
    }

    #[test]
    fn what_is_merged_again_is_written_once() {
        let counts =
            |live: &[u32]| live.iter().map(|&live| Counts { live, deleted: 0 }).collect::<Vec<_>>();
        assert_eq!(merges(&counts(&[60, 1000])), [[0_usize; 0]; 0]);
        assert_eq!(merges(&counts(&[60; 4])), [[0, 1, 2, 3]]);
        assert_eq!(merges(&counts(&[200, 200, 60, 0, 60, 60, 60, 200])), [[0, 1, 2, 4, 5, 6, 7]]);
        let tombstones = [Counts { live: 100, deleted: 30 }, Counts { live: 0, deleted: 9 }];
        assert_eq!(merges(&tombstones), [[0]]);
    }

    #[test]
    fn adding_one_by_one_keeps_segments_few_and_rewrites_little() {
        let (mut segments, mut rewritten) = (Vec::<Counts>::new(), 0);
        for _ in 0..3000 {
            segments.push(Counts { live: 30, deleted: 0 });
            while let Some(places) = next_merge(&segments) {
                let live = places.iter().map(|&place| segments[place].live).sum();
                let mut place = 0..;
                segments.retain(|_| !places.contains(&place.next().unwrap()));
                segments.push(Counts { live, deleted: 0 });
                rewritten += live;
            }
            assert!(segments.len() <= 20, "{}", segments.len());
        }
        assert!(rewritten < 7 * 30 * 3000, "{rewritten}");
    }
}
