//! Pieces to chunks.

use std::ops::Range;

use super::budget::Budgets;
use super::piece::Piece;
use super::size::Size;

/// The byte at which each chunk begins, in order.
pub(super) fn chunk_starts(pieces: &[Piece], budgets: &Budgets) -> Vec<usize> {
    let mut starts = Vec::new();
    for group in groups(pieces, budgets) {
        let group = &pieces[group];
        starts.extend(cuts(group, budgets).into_iter().map(|cut| group[cut].start));
    }
    starts
}

/// A run of headings and what follows it up to the next heading.
#[derive(Debug, Clone)]
struct Section {
    pieces: Range<usize>,
    size: Size,
    /// The level of the first heading, of the last one, and of the outermost; 0 without any.
    first_level: u8,
    last_level: u8,
    level_min: u8,
}

fn sections(pieces: &[Piece]) -> Vec<Section> {
    let begins = |left: &Piece, right: &Piece| left.heading.is_some() || right.heading.is_none();
    let mut start = 0;
    let runs = pieces.chunk_by(begins).map(|run| {
        let levels = || run.iter().map_while(|piece| piece.heading);
        let section = Section {
            pieces: start..start + run.len(),
            size: total(run),
            first_level: levels().next().unwrap_or(0),
            last_level: levels().last().unwrap_or(0),
            level_min: levels().min().unwrap_or(0),
        };
        start += run.len();
        section
    });
    runs.collect()
}

/// Sections that are packed as one: tiny ones are joined, see the module above.
fn groups(pieces: &[Piece], budgets: &Budgets) -> Vec<Range<usize>> {
    let mut groups = Vec::new();
    let mut open: Option<Group> = None;
    for section in sections(pieces) {
        match &mut open {
            Some(group) if group.takes(&section, budgets) => group.add(&section, budgets),
            _ => {
                let done = open.replace(Group::new(&section, budgets));
                groups.extend(done.map(|group| group.pieces));
            }
        }
    }
    groups.extend(open.map(|group| group.pieces));
    groups
}

struct Group {
    pieces: Range<usize>,
    size: Size,
    level_min: u8,
    /// The level of the last section that is not tiny, or of the first one.
    level: u8,
    all_tiny: bool,
}

impl Group {
    fn new(section: &Section, budgets: &Budgets) -> Self {
        Self {
            pieces: section.pieces.clone(),
            size: section.size,
            level_min: section.level_min,
            level: section.last_level,
            all_tiny: section.size.fits(budgets.tiny),
        }
    }

    fn takes(&self, next: &Section, budgets: &Budgets) -> bool {
        let is_tiny = next.size.fits(budgets.tiny);
        let belongs = next.first_level > self.level && self.level > 0;
        let leads = next.first_level > self.level && self.size.fits(budgets.tiny);
        let joins = leads || (is_tiny && (belongs || self.all_tiny));
        // Not less deep than where the group began: still under the same parent.
        joins && next.level_min >= self.level_min && (self.size + next.size).fits(budgets.soft)
    }

    fn add(&mut self, next: &Section, budgets: &Budgets) {
        self.pieces.end = next.pieces.end;
        self.size += next.size;
        if !next.size.fits(budgets.tiny) {
            self.level = next.last_level;
            self.all_tiny = false;
        }
    }
}

/// The pieces of a group that begin a chunk.
fn cuts(pieces: &[Piece], budgets: &Budgets) -> Vec<usize> {
    let mut cuts = vec![0];
    let mut start = 0;
    let mut size = Size::default();
    for (index, piece) in pieces.iter().enumerate() {
        let grown = size + piece.size;
        let is_short = size.fits(budgets.short) || pieces[start..index].iter().all(|p| p.leads);
        let limit = if is_short { budgets.hard } else { budgets.soft };
        if index > start && !grown.fits(limit) {
            start = cut_before(pieces, start, index, budgets);
            cuts.push(start);
            size = total(&pieces[start..index]);
        }
        size += piece.size;
    }
    even_out(pieces, &mut cuts, budgets);
    cuts
}

/// Where the chunk `start..index` ends: before the pieces at its end that lead into the next
/// one, if it can hold them as well.
fn cut_before(pieces: &[Piece], start: usize, index: usize, budgets: &Budgets) -> usize {
    let leading = pieces[start..index].iter().rev().take_while(|piece| piece.leads).count();
    let cut = index - leading;
    if cut > start && total(&pieces[cut..=index]).fits(budgets.hard) { cut } else { index }
}

/// Merges a short last chunk with the one before it, or cuts the two in even halves.
fn even_out(pieces: &[Piece], cuts: &mut Vec<usize>, budgets: &Budgets) {
    let [.., before, last] = cuts[..] else { return };
    if !total(&pieces[last..]).fits(budgets.short) {
        return;
    }
    let whole = total(&pieces[before..]);
    cuts.pop();
    if whole.fits(budgets.loose) {
        return;
    }
    let mut best = (usize::MAX, last);
    let mut left = Size::default();
    for (cut, pair) in (before + 1..).zip(pieces[before..].windows(2)) {
        left += pair[0].size;
        let right = whole.minus(left);
        let larger = left.half_words.max(right.half_words);
        let allowed = !pair[0].leads && left.fits(budgets.hard) && right.fits(budgets.hard);
        if allowed && larger <= best.0 {
            best = (larger, cut);
        }
    }
    cuts.push(best.1);
}

fn total(pieces: &[Piece]) -> Size {
    pieces.iter().fold(Size::default(), |sum, piece| sum + piece.size)
}
