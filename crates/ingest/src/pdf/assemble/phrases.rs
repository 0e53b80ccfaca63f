//! Where lines of Thai, Lao, Myanmar and Khmer end: these scripts have spaces between phrases only.
//!
//! Most programs break such lines between words, where no space belongs. Those that do not know
//! the words break at spaces, and their lines end as far from the margin as phrases are long.

use crate::pdf::layout::{Line, has_spaces_between_phrases};

/// Lines that end between words are shorter than the longest by half a word, about an em; those
/// that end between phrases by half a phrase, some five em.
const PHRASE_EM: f32 = 2.5;
/// Distance of the lines of a paragraph, in em.
const LEADING_EM: std::ops::Range<f32> = 0.8..2.2;

/// How far lines end from the margin, in em, for all pairs of lines of such a script.
#[derive(Default)]
pub(super) struct PhraseEnds {
    column: Option<Column>,
    sum: f32,
    count: u32,
}

/// Lines one after the other with one left edge.
struct Column {
    last: Place,
    /// The furthest right any of them goes.
    right: f32,
    /// Ends of those that another line follows.
    ends: Vec<f32>,
}

/// What counts of a line.
#[derive(Clone, Copy)]
struct Place {
    u0: f32,
    u1: f32,
    v: f32,
    size: f32,
}

impl PhraseEnds {
    pub(super) fn add(&mut self, line: &Line) {
        let place = Place { u0: line.u0, u1: line.u1, v: line.v, size: line.size };
        let is_phrased = line.text.ends_with(has_spaces_between_phrases);
        match self.column.as_mut().filter(|column| is_phrased && column.goes_on_with(place)) {
            Some(column) => column.push(place),
            None => {
                self.close();
                let column = Column { last: place, right: place.u1, ends: Vec::new() };
                self.column = is_phrased.then_some(column);
            }
        }
    }

    /// Whether lines end where phrases do.
    pub(super) fn are_usual(mut self) -> bool {
        self.close();
        self.sum > PHRASE_EM * self.count as f32
    }

    fn close(&mut self) {
        let Some(column) = self.column.take() else { return };
        for end in &column.ends {
            self.sum += (column.right - end) / column.last.size;
        }
        self.count = self.count.saturating_add(column.ends.len() as u32);
    }
}

impl Column {
    fn goes_on_with(&self, line: Place) -> bool {
        (line.u0 - self.last.u0).abs() < line.size && line.v < self.last.v
    }

    fn push(&mut self, line: Place) {
        let leading = (self.last.v - line.v) / line.size;
        let same_size = (line.size - self.last.size).abs() < 0.1 * line.size;
        if same_size && LEADING_EM.contains(&leading) {
            self.ends.push(self.last.u1);
        }
        self.right = self.right.max(line.u1);
        self.last = line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_usual(rights: &[f32]) -> bool {
        let mut ends = PhraseEnds::default();
        for (row, right) in rights.iter().enumerate() {
            ends.add(&Line::sample("ภาษาไทย", 50.0, *right, 700.0 - 15.0 * row as f32));
        }
        ends.are_usual()
    }

    #[test]
    fn lines_far_from_the_margin_end_with_a_phrase() {
        assert!(are_usual(&[500.0, 420.0, 490.0, 445.0, 120.0]));
        assert!(!are_usual(&[500.0, 492.0, 497.0, 485.0, 120.0]));
        assert!(!are_usual(&[500.0, 500.0, 500.0, 500.0, 300.0]));
        assert!(!are_usual(&[]));
    }
}
